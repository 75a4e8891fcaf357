/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_IRQFLAGS_H
#define _ASM_RUMP_IRQFLAGS_H

#include <asm/kstack.h>

/*
 * Interrupts are bits in the virtual CPU's pending word, and code polls them
 * where it enables interrupts. Raisers that are not on the virtual CPU find it
 * either free, and run them, or owned, and then the owner's poll does.
 */
#define ARCH_IRQ_DISABLED	1
#define ARCH_IRQ_ENABLED	0

void rump_irq_poll(void);

static __always_inline unsigned long arch_local_save_flags(void)
{
	return READ_ONCE(kstack_base()->irqs_off);
}

static __always_inline void arch_local_irq_disable(void)
{
	WRITE_ONCE(kstack_base()->irqs_off, ARCH_IRQ_DISABLED);
	barrier();
}

static __always_inline void arch_local_irq_enable(void)
{
	struct kstack_base *base = kstack_base();

	barrier();
	WRITE_ONCE(base->irqs_off, ARCH_IRQ_ENABLED);
	if (unlikely(READ_ONCE(*base->pending)))
		rump_irq_poll();
}

static __always_inline unsigned long arch_local_irq_save(void)
{
	struct kstack_base *base = kstack_base();
	unsigned long flags = READ_ONCE(base->irqs_off);

	WRITE_ONCE(base->irqs_off, ARCH_IRQ_DISABLED);
	barrier();
	return flags;
}

static __always_inline bool arch_irqs_disabled_flags(unsigned long flags)
{
	return flags;
}

static __always_inline void arch_local_irq_restore(unsigned long flags)
{
	if (!arch_irqs_disabled_flags(flags))
		arch_local_irq_enable();
	else
		arch_local_irq_disable();
}

static __always_inline bool arch_irqs_disabled(void)
{
	return arch_local_save_flags();
}

#endif
