/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_XOR_H
#define _ASM_RUMP_XOR_H

#include <asm-generic/xor.h>

/* Measuring the candidates would take longer than the rest of the boot. */
#undef XOR_SELECT_TEMPLATE
#define XOR_SELECT_TEMPLATE(fastest)	(&xor_block_32regs_p)

#endif
