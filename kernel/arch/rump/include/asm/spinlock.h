/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_SPINLOCK_H
#define _ASM_RUMP_SPINLOCK_H

#include <linux/atomic.h>
#include <asm/processor.h>

/*
 * Test and set. A queue would be wrong here: the host may preempt the thread
 * that is next in line, and everybody behind it would wait for that.
 */
void rump_spin_wait(arch_spinlock_t *lock);

static __always_inline int arch_spin_is_locked(arch_spinlock_t *lock)
{
	return READ_ONCE(lock->lock) != 0;
}

static __always_inline int arch_spin_value_unlocked(arch_spinlock_t lock)
{
	return !lock.lock;
}

static __always_inline int arch_spin_trylock(arch_spinlock_t *lock)
{
	unsigned int old = 0;

	return likely(try_cmpxchg_acquire(&lock->lock, &old, 1));
}

static __always_inline void arch_spin_lock(arch_spinlock_t *lock)
{
	if (!arch_spin_trylock(lock))
		rump_spin_wait(lock);
}

static __always_inline void arch_spin_unlock(arch_spinlock_t *lock)
{
	smp_store_release(&lock->lock, 0);
}

static __always_inline int arch_spin_is_contended(arch_spinlock_t *lock)
{
	return 0;
}

#include <asm/qrwlock.h>

#endif
