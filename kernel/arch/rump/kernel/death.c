// SPDX-License-Identifier: GPL-2.0-only
/*
 * death.c - processes that were killed, and a kernel that cannot go on
 *
 * Theory of operation
 *
 * A process that was killed leaves nothing undone here but what its tasks have begun
 * (fork.c ends that), unless one of its host threads
 *
 *   - owned a virtual CPU: it had been handed one, which its undertaker gets instead; or it was in
 *     the middle of kernel code, or of taking or handing over, and then the kernel is lost: nobody
 *     can tell what was half done;
 *   - was about to wake somebody: the word said so already, so all whose word does are woken again;
 *   - held a lock of host words, for a few instructions (guard.c): it is given up.
 *
 * rump_settle() finds out. Invariant: a thread that owns a virtual CPU has it in its carry field, or
 * has taken it from there, but for the moment in which somebody hands it over, who is its giver then, and
 * may be slow. So what a dead one owns without that for half a second, while there is no giver
 * alive, will not come back. Each undertaker looks after its own process.
 *
 * Death. When the kernel is lost, or the process is gone whose threads do its work, or it was
 * halted while processes use it, rump_dead says so, for good. Then
 *
 *   - virtual CPUs that are free get an owner that is nobody, so the fast way in finds them taken,
 *     and the slow way looks at rump_dead;
 *   - who carries is interrupted, and leaves the context that it carries for ever;
 *   - who waits is woken, on the host too, as it may wait for an eventfd that nobody will ring.
 *
 * Invariant: who parks looks at rump_dead after it has set its word, and the word is cleared after
 * rump_dead is set; so nobody sleeps through it.
 */
#include <linux/sched.h>
#include <linux/time64.h>
#include <asm/carrier.h>

#define STUCK_TIME	(500 * NSEC_PER_MSEC)

u32 rump_dead;

/**
 * rump_die() - The kernel is dead
 * @why:	RUMP_DEAD_
 * @self:	process of the caller
 *
 * Any host thread may call this, in a signal handler too, and several may at once.
 */
void rump_die(unsigned int why, struct rump_process *self)
{
	bool first = host_cmpxchg(&rump_dead, 0, why) == 0;
	unsigned int i;

	for (i = 0; i < rump_boot.ncpu; i++) {
		rump_raise(&rump_vcpus[i], RUMP_IRQ_DEATH);
		host_cmpxchg(&rump_vcpus[i].owner, 0, RUMP_OWNER_NONE);
	}
	/* The first one sees to all; should it be killed meanwhile, the others to their own. */
	rump_hthread_alarm(first ? NULL : self);
	rump_fail_births();
}

/**
 * rump_abandon() - Leave the current context, which nobody will ever carry on
 */
void __noreturn rump_abandon(void)
{
	struct rump_vcpu *v = kstack_base()->vcpu;

	for (;;)
		rump_leave(v->carrier, v, RUMP_LEAVE_RELEASE);
}

/**
 * rump_redirect() - Give a virtual CPU to another thread than it was handed to
 * @v:		virtual CPU
 * @from:	it, dead
 * @to:		undertaker
 *
 * Return: whether @from had it to take
 */
bool rump_redirect(struct rump_vcpu *v, struct rump_hthread *from, struct rump_hthread *to)
{
	if (!host_clear_bit(&from->carry, v->cpu))
		return false;
	WRITE_ONCE(v->owner, to->id);
	host_or(&to->carry, 1U << v->cpu);
	rump_hthread_wake(to);
	return true;
}

/*
 * Is a virtual CPU with a thread of the undertaker's process, which cannot take it or give it back? A
 * vfork child that makes calls as such a thread may be alive, and can.
 */
static bool is_stuck(struct rump_vcpu *v, struct rump_hthread *undertaker)
{
	struct rump_hthread *owner = rump_hthread_of(READ_ONCE(v->owner));

	if (!owner || owner == undertaker || READ_ONCE(owner->proc) != undertaker->proc)
		return false;
	return READ_ONCE(owner->lent) == RUMP_LENT_OUT || !rump_redirect(v, owner, undertaker);
}

/* Is somebody else about to say that the virtual CPU has been handed over? */
static bool has_giver(const struct rump_vcpu *v, const struct rump_hthread *undertaker)
{
	struct rump_hthread *giver = rump_hthread_of(READ_ONCE(v->giver));
	struct rump_process *proc = giver ? READ_ONCE(giver->proc) : NULL;

	return proc && proc != undertaker->proc && !READ_ONCE(proc->undertaker) &&
	       READ_ONCE(proc->state) != RUMP_PROC_GONE;
}

/* @slow: one that is, will be given. */
static bool anything_stuck(struct rump_hthread *undertaker, bool *slow)
{
	unsigned int i;

	for (i = 0; i < rump_boot.ncpu; i++) {
		if (!is_stuck(&rump_vcpus[i], undertaker))
			continue;
		*slow = has_giver(&rump_vcpus[i], undertaker);
		return true;
	}
	return false;
}

/**
 * rump_settle() - A process was killed, and its undertaker is known: see to what it held
 * @undertaker:	thread of that process
 *
 * Return: false if the kernel is lost
 */
bool rump_settle(struct rump_hthread *undertaker)
{
	u64 end = hyp->clock_mono() + STUCK_TIME;
	bool slow = false;

	rump_hthread_wake_lost();
	while (anything_stuck(undertaker, &slow)) {
		if (slow)
			end = hyp->clock_mono() + STUCK_TIME;
		if (hyp->clock_mono() > end || READ_ONCE(rump_dead))
			return false;
		hyp->yield();
	}
	if (rump_hostwork_waiting())
		rump_hostwork_wake();
	return true;
}
