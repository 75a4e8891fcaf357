/* SPDX-License-Identifier: BSD-2-Clause */
/* vdso.h - functions that the host kernel maps into every process */
#ifndef RUMPUSER_BARE_VDSO_H
#define RUMPUSER_BARE_VDSO_H

const void *vdso_symbol(const char *name);

#endif
