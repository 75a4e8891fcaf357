/* SPDX-License-Identifier: BSD-2-Clause */
/* public.h - the public headers, with the visibility that definitions need */
#ifndef RUMP_LIB_PUBLIC_H
#define RUMP_LIB_PUBLIC_H

#pragma GCC visibility push(default)
#include <rump/rump.h>
#pragma GCC visibility pop

#endif
