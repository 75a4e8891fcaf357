/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_CPUFEATURES_H
#define _ASM_RUMP_CPUFEATURES_H

/*
 * The x86 headers that are borrowed ask for one feature only, cmpxchg16b.
 * rump_init() refuses to boot on a processor without it (the first x86-64s).
 */
#define X86_FEATURE_CX16	0
#define boot_cpu_has(feature)	1

#endif
