/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_PTRACE_H
#define _ASM_RUMP_PTRACE_H

#include <uapi/asm/ptrace.h>

#ifndef __ASSEMBLY__

/*
 * What a system call left of itself at the top of the kernel stack. The
 * registers proper stay with the host thread: nothing here returns through
 * them.
 */
struct pt_regs {
	unsigned long args[6];
	unsigned long nr;		/* -1 outside a system call */
	unsigned long ret;
	unsigned long ip;
	unsigned long sp;
	unsigned long user;		/* non-zero: user mode was interrupted */
	unsigned long __pad;
};

#define user_mode(regs)			((regs)->user != 0)
#define instruction_pointer(regs)	((regs)->ip)
#define user_stack_pointer(regs)	((regs)->sp)
#define kernel_stack_pointer(regs)	((unsigned long)(regs))
#define profile_pc(regs)		instruction_pointer(regs)
#define regs_return_value(regs)		((regs)->ret)
#define is_syscall_success(regs)	(!IS_ERR_VALUE((regs)->ret))
#define frame_pointer(regs)		(0UL)
#define current_user_stack_pointer()	user_stack_pointer(current_pt_regs())

static inline void instruction_pointer_set(struct pt_regs *regs, unsigned long ip)
{
	regs->ip = ip;
}

#define arch_has_single_step()	(0)

#endif

#endif
