/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_PREEMPT_H
#define _ASM_RUMP_PREEMPT_H

#define should_resched	generic_should_resched
#include <asm-generic/preempt.h>
#undef should_resched

#include <asm/kstack.h>

void rump_look_around(struct kstack_base *base);

/*
 * cond_resched() and its like. A loop that waits this way for another task need not enable
 * interrupts ever, and the tick that is to take the CPU from it is one.
 */
static __always_inline bool should_resched(int preempt_offset)
{
	struct kstack_base *base = kstack_base();

	if (!READ_ONCE(base->irqs_off) &&
	    unlikely(READ_ONCE(*base->pending) || !(++base->glances & 0x3f)))
		rump_look_around(base);
	return generic_should_resched(preempt_offset);
}

#endif
