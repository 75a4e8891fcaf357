/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_LINKAGE_H
#define _ASM_RUMP_LINKAGE_H

/* Debuggers of the running image unwind through assembly too. */
#define SYM_FUNC_START(name)				\
	SYM_START(name, SYM_L_GLOBAL, SYM_A_ALIGN)	\
	.cfi_startproc
#define SYM_FUNC_END(name)				\
	.cfi_endproc ;					\
	SYM_END(name, SYM_T_FUNC)

#ifdef __ASSEMBLY__
#define RET	ret
#endif

#endif
