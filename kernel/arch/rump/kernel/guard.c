// SPDX-License-Identifier: GPL-2.0-only
/*
 * guard.c - who wakes when a timer of a free virtual CPU is due
 *
 * Theory of operation
 *
 * A virtual CPU that is owned looks at its clock by itself. While it is free
 * and has a deadline, some host thread, its guard, is to wake by then.
 * Invariant: vcpu->guarded <= vcpu->deadline. A thread that waits for its own
 * call is guard if it can, else the helper is.
 *
 * Whoever releases the CPU, and a guard that goes, checks this, in the same
 * order as carrier.c does for pending: owner = 0 before reading guarded;
 * guarded = ~0 before reading owner.
 *
 * All of it runs on host stacks, but for rump_wake_helper().
 */
#include <asm/carrier.h>

/**
 * rump_wake_helper() - Make the helper of a virtual CPU look at everything
 * @v:	virtual CPU; its helper may not have come yet, and looks when it does
 */
void rump_wake_helper(struct rump_vcpu *v)
{
	struct rump_hthread *helper = smp_load_acquire(&v->helper);

	if (helper)
		rump_hthread_wake(helper);
}

static void guard_lock(struct rump_vcpu *v)
{
	while (host_cmpxchg(&v->guard_lock, 0, 1) != 0 && !READ_ONCE(rump_dead))
		hyp->yield();
}

static void guard_unlock(struct rump_vcpu *v)
{
	smp_store_release(&v->guard_lock, 0);
}

/**
 * rump_guard_take() - Become guard, if nobody wakes early enough
 * @v:	virtual CPU
 * @ht:	thread that is about to park
 *
 * Return: when it is to wake, or ~0 if others see to it
 */
u64 rump_guard_take(struct rump_vcpu *v, struct rump_hthread *ht)
{
	u64 until = ~0ULL;

	guard_lock(v);
	if (v->deadline < v->guarded) {
		until = v->deadline;
		v->guarded = until;
		v->guard = ht;
	}
	guard_unlock(v);
	return until;
}

/**
 * rump_guard_leave() - Be guard no more
 * @v:	virtual CPU
 * @ht:	thread that was told by rump_guard_take() to wake; another may have followed it
 */
void rump_guard_leave(struct rump_vcpu *v, struct rump_hthread *ht)
{
	guard_lock(v);
	if (v->guard == ht) {
		v->guard = NULL;
		v->guarded = ~0ULL;
	}
	guard_unlock(v);
	smp_mb();
}

/**
 * rump_guard_check() - See to it that a released virtual CPU has its guard
 * @v:	virtual CPU, released by a thread that will not wait here itself
 */
void rump_guard_check(struct rump_vcpu *v)
{
	if (READ_ONCE(v->deadline) < READ_ONCE(v->guarded) && !READ_ONCE(v->owner))
		rump_wake_helper(v);
}
