/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_THREAD_INFO_H
#define _ASM_RUMP_THREAD_INFO_H

#include <asm/kstack.h>

#ifndef __ASSEMBLY__

struct thread_info {
	unsigned long		flags;
	unsigned long		syscall_work;
	int			preempt_count;
	u32			cpu;
};

#define INIT_THREAD_INFO(tsk)			\
{						\
	.preempt_count = INIT_PREEMPT_COUNT,	\
}

#endif

#define TIF_NOTIFY_RESUME	1	/* task work to run before going back */
#define TIF_SIGPENDING		2	/* a signal of this kernel's own */
#define TIF_NEED_RESCHED	3
#define TIF_NOTIFY_SIGNAL	4	/* the host thread has a signal to take */
#define TIF_MEMDIE		5
#define TIF_RESTORE_SIGMASK	6
/* Generic code asks for these; nobody traces calls here. */
#define TIF_SYSCALL_TRACE	7
#define TIF_SYSCALL_AUDIT	8
#define TIF_SYSCALL_TRACEPOINT	9
#define TIF_SECCOMP		10

#define _TIF_NOTIFY_RESUME	(1 << TIF_NOTIFY_RESUME)
#define _TIF_SIGPENDING		(1 << TIF_SIGPENDING)
#define _TIF_NEED_RESCHED	(1 << TIF_NEED_RESCHED)
#define _TIF_NOTIFY_SIGNAL	(1 << TIF_NOTIFY_SIGNAL)
#define _TIF_RESTORE_SIGMASK	(1 << TIF_RESTORE_SIGMASK)
#define _TIF_WORK_MASK		(_TIF_NOTIFY_RESUME | _TIF_SIGPENDING | \
				 _TIF_NOTIFY_SIGNAL | _TIF_RESTORE_SIGMASK)

#endif
