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
 * The lock is held for a few instructions, by a thread that may be killed meanwhile. It says who
 * holds it, and what it protects can be given up at any moment: the undertaker does (fork.c).
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

static void guard_lock(struct rump_vcpu *v, struct rump_hthread *ht)
{
	while (host_cmpxchg(&v->guard_lock, 0, ht->id) != 0 && !READ_ONCE(rump_dead))
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

	guard_lock(v, ht);
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
	guard_lock(v, ht);
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

/* Does a thread of @proc hold the lock? */
static bool holds_lock(const struct rump_vcpu *v, const struct rump_process *proc)
{
	struct rump_hthread *ht = rump_hthread_of(READ_ONCE(v->guard_lock));

	return ht && READ_ONCE(ht->proc) == proc;
}

/**
 * rump_guard_locked() - Does a process that is no more hold a lock?
 * @proc:	the process
 */
bool rump_guard_locked(const struct rump_process *proc)
{
	unsigned int i;

	for (i = 0; i < rump_boot.ncpu; i++)
		if (holds_lock(&rump_vcpus[i], proc))
			return true;
	return false;
}

/**
 * rump_guard_bury() - Threads that have ended wake for no timer, and hold no lock
 * @proc:	their process
 */
void rump_guard_bury(const struct rump_process *proc)
{
	struct rump_hthread *guard;
	struct rump_vcpu *v;

	for (v = rump_vcpus; v < rump_vcpus + rump_boot.ncpu; v++) {
		if (holds_lock(v, proc)) {
			/* A guard that is alive wakes all the same. */
			v->guard = NULL;
			v->guarded = ~0ULL;
			guard_unlock(v);
			smp_mb();
			rump_guard_check(v);
		}
		guard = READ_ONCE(v->guard);
		if (guard && guard->proc == proc) {
			rump_guard_leave(v, guard);
			rump_guard_check(v);
		}
	}
}
