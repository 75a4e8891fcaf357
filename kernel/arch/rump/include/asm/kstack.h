/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_KSTACK_H
#define _ASM_RUMP_KSTACK_H

#include <linux/const.h>

/*
 * A kernel stack says who runs on it. Which host thread carries a context may
 * change at every sleep, and the process too, so neither thread-local storage
 * nor a segment register can name the current task; the stack pointer can. The
 * lowest words of each stack hold what would be per-CPU registers elsewhere.
 *
 * A signal frame of the host may land on a kernel stack, and with AVX-512 it
 * takes 3.5 KB: hence 32 KiB, of which only touched pages exist.
 */
#define THREAD_SIZE_ORDER	3
#define THREAD_SIZE		(_AC(4096, UL) << THREAD_SIZE_ORDER)

#ifndef __ASSEMBLY__

struct task_struct;
struct rump_vcpu;

struct kstack_base {
	unsigned long magic;		/* STACK_END_MAGIC, see end_of_stack() */
	struct task_struct *task;
	struct rump_vcpu *vcpu;		/* valid while the context runs */
	unsigned long pcpu_off;		/* likewise: __per_cpu_offset[] of that CPU */
	unsigned int *pending;		/* likewise: interrupts of that CPU */
	unsigned int irqs_off;		/* the interrupt flag of this context */
	unsigned int glances;		/* calls of should_resched() */
};

register unsigned long current_stack_pointer asm("rsp");

static __always_inline struct kstack_base *kstack_base(void)
{
	return (struct kstack_base *)(current_stack_pointer & ~(THREAD_SIZE - 1));
}

#endif /* !__ASSEMBLY__ */

#endif
