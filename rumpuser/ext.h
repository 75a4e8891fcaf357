/* SPDX-License-Identifier: BSD-2-Clause */
/* ext.h - the extension group, with the visibility its definitions need */
#ifndef RUMPUSER_EXT_H
#define RUMPUSER_EXT_H

#pragma GCC visibility push(default)
#include <rump/rumpuser_ext.h>
#pragma GCC visibility pop

#endif
