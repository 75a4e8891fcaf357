// SPDX-License-Identifier: BSD-2-Clause
/* lock.c - a lock that a signal handler cannot deadlock on
 *
 * Signals are blocked while it is held, so no handler of the holder can want it. It is a futex with
 * three states: free, held, held and waited for. A fork child sets its locks free itself: their
 * holder may be a thread that was not forked.
 */
#include <asm/signal.h>
#include <linux/futex.h>

#include "lock.h"
#include "raw.h"

enum lock_state {
	LOCK_FREE,
	LOCK_HELD,
	LOCK_CONTENDED,
};

/**
 * lock_take_but() - Block signals and take a lock
 * @open:	signals that stay as they are: those whose handlers the holder depends on
 *
 * Return: the signal mask, for lock_release()
 */
unsigned long lock_take_but(struct lock *lock, unsigned long open)
{
	unsigned long set = ~open, before = 0;
	uint32_t state = LOCK_FREE;

	raw4(__NR_rt_sigprocmask, SIG_BLOCK, &set, &before, sizeof(set));
	if (__atomic_compare_exchange_n(&lock->word, &state, LOCK_HELD, false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED))
		return before;
	while (__atomic_exchange_n(&lock->word, LOCK_CONTENDED, __ATOMIC_ACQUIRE) != LOCK_FREE)
		raw4(__NR_futex, &lock->word, FUTEX_WAIT_PRIVATE, LOCK_CONTENDED, 0);
	return before;
}

/**
 * lock_take() - Block all signals and take a lock
 *
 * Return: the signal mask, for lock_release()
 */
unsigned long lock_take(struct lock *lock)
{
	return lock_take_but(lock, 0);
}

/**
 * lock_release() - Release a lock and restore the signal mask
 */
void lock_release(struct lock *lock, unsigned long mask)
{
	if (__atomic_exchange_n(&lock->word, LOCK_FREE, __ATOMIC_RELEASE) == LOCK_CONTENDED)
		raw3(__NR_futex, &lock->word, FUTEX_WAKE_PRIVATE, 1);
	raw4(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, sizeof(mask));
}
