/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_PROCESSOR_H
#define _ASM_RUMP_PROCESSOR_H

#include <asm/page.h>
#include <asm/kstack.h>
#include <asm/ptrace.h>

struct task_struct;
struct rump_hthread;

/* User memory is the process's own, anywhere the host may have mapped it. */
#define TASK_SIZE		_AC(0x7ffffffff000, UL)
#define TASK_SIZE_MAX		TASK_SIZE
#define STACK_TOP		_AC(RUMP_WINDOW_END, UL)
#define STACK_TOP_MAX		STACK_TOP
#define TASK_UNMAPPED_BASE	_AC(RUMP_WINDOW_ADDR, UL)

#ifndef __ASSEMBLY__

struct thread_struct {
	unsigned long sp;		/* context while switched out */
	struct rump_hthread *ht;	/* host thread whose calls this task runs */
	int (*fn)(void *);		/* kernel thread: its function */
	void *fn_arg;
	struct rump_hthread *own;	/* host thread made for it, RUMP_THREADS=bound */
	u32 blocked;			/* switched out in the middle of a call */
	u32 in_user;			/* asleep in user mode */
	u32 moving;			/* on the way to its own host thread */
};

#define INIT_THREAD	{ }

/* On the top of each stack, kept 16-aligned by the size of struct pt_regs. */
#define task_pt_regs(tsk) \
	((struct pt_regs *)((unsigned long)task_stack_page(tsk) + THREAD_SIZE) - 1)

#define KSTK_EIP(tsk)	(0UL)
#define KSTK_ESP(tsk)	(0UL)

unsigned long __get_wchan(struct task_struct *p);
void start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp);
void rump_cpu_relax(void);

#define cpu_relax()	rump_cpu_relax()

#define ARCH_HAS_PREFETCH
static inline void prefetch(const void *x)
{
	__builtin_prefetch(x);
}

#define ARCH_HAS_PREFETCHW
static inline void prefetchw(const void *x)
{
	__builtin_prefetch(x, 1);
}

#endif /* !__ASSEMBLY__ */

#endif
