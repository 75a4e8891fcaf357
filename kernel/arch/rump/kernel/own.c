// SPDX-License-Identifier: GPL-2.0-only
/*
 * own.c - how a host thread gets a virtual CPU, and waits for one
 *
 * Theory of operation
 *
 * A request that finds no CPU free can be posted (carrier.c), but while threads make
 * short calls in turns that costs two switches of host threads for every call: the CPU
 * goes from one to the next by handoff, and stands still until that one is
 * scheduled. So a thread first waits for a release: it spins, one at a time for as long
 * as it takes the host to wake a processor that has gone to sleep, then sleeps on
 * rump_waiters, a few times and not for long. Whoever releases goes on with its program
 * and may be back before the thread that it has woken; that one tries again. What
 * takes long is posted in the end, and the kernel's scheduler shares the CPU out.
 *
 * Invariant: a release is seen. A waiter sets rump_waiters (a full barrier) and then
 * tries to own; who has set owner to 0 (a full barrier) reads rump_waiters.
 * The flag is cleared by who wakes, and set again by who was woken, as more may sleep.
 * A waiter that is killed leaves one wake-up in vain; one that was woken and
 * killed lets others sleep until their time is over. Who spins alone says until when, so nobody
 * waits for its end. Nothing is counted.
 *
 * All of it runs on host stacks.
 */
#include <asm/carrier.h>

#define SPIN_TURNS	100	/* of pause: some microseconds, as a short call takes */
#define ALONE_TURNS	20	/* of pause between looks at the clock */
#define ALONE_TIME	64	/* units of 1,024 ns */
#define WAIT_TURNS	4
#define WAIT_NS		100000

/* A flag, and the futex of those who sleep. */
u32 rump_waiters ____cacheline_aligned;

/* Until when somebody spins for long, by now(), or 0. */
static u32 alone_until;

static u32 now(void)
{
	return hyp->clock_mono() >> 10;
}

/**
 * rump_vcpu_own() - Take a virtual CPU that is free
 * @v:	virtual CPU
 * @ht:	thread that is to carry
 *
 * Return: whether it has it
 */
bool rump_vcpu_own(struct rump_vcpu *v, struct rump_hthread *ht)
{
	/* The threads of a process that ends may be killed at any moment (fork.c). */
	if (unlikely(READ_ONCE(ht->proc->state) != RUMP_PROC_ALIVE &&
		     READ_ONCE(ht->proc->undertaker) != ht)) {
		rump_kick(v);
		return false;
	}
	return !READ_ONCE(v->owner) && !READ_ONCE(rump_dead) &&
	       host_cmpxchg(&v->owner, 0, ht->id) == 0;
}

/* Take any, the thread's own first. */
static struct rump_vcpu *own_any(struct rump_hthread *ht)
{
	struct rump_vcpu *v = ht->vcpu;
	unsigned int i;

	if (rump_vcpu_own(v, ht))
		return v;
	for (i = 0; i < rump_boot.ncpu; i++)
		if (rump_vcpu_own(&rump_vcpus[i], ht))
			return &rump_vcpus[i];
	return NULL;
}

static struct rump_vcpu *spin(struct rump_hthread *ht, unsigned int turns)
{
	struct rump_vcpu *v = own_any(ht);
	unsigned int turn;

	for (turn = 0; !v && turn < turns; turn++) {
		if (READ_ONCE(ht->proc->state) != RUMP_PROC_ALIVE)
			break;
		asm volatile("pause");
		v = own_any(ht);
	}
	return v;
}

/* Spin for long, if nobody else does. No call of the host is made: a sandbox might not allow it. */
static struct rump_vcpu *spin_alone(struct rump_hthread *ht)
{
	u32 before = READ_ONCE(alone_until), until = (now() + ALONE_TIME) | 1;
	struct rump_vcpu *v;

	if ((before && until - before <= ALONE_TIME) ||
	    host_cmpxchg(&alone_until, before, until) != before)
		return NULL;
	do
		v = spin(ht, ALONE_TURNS);
	while (!v && (s32)(until - now()) > 0 && READ_ONCE(ht->proc->state) == RUMP_PROC_ALIVE &&
	       !READ_ONCE(rump_dead));
	host_cmpxchg(&alone_until, until, 0);
	return v;
}

/**
 * rump_vcpu_wait() - Before a request is posted: take a virtual CPU, if one is released soon
 * @ht:	thread that is to carry
 *
 * Return: the CPU or NULL
 */
struct rump_vcpu *rump_vcpu_wait(struct rump_hthread *ht)
{
	unsigned int turn;
	struct rump_vcpu *v;
	u32 one;

	for (turn = 0; turn < WAIT_TURNS; turn++) {
		v = spin(ht, SPIN_TURNS) ?: spin_alone(ht);
		if (v) {
			if (turn)
				WRITE_ONCE(rump_waiters, 1);
			return v;
		}
		if (READ_ONCE(ht->interrupted) || READ_ONCE(ht->proc->state) != RUMP_PROC_ALIVE ||
		    READ_ONCE(rump_dead))
			break;
		one = 1;
		asm volatile("xchgl %0, %1" : "+r"(one), "+m"(rump_waiters) :: "memory");
		v = own_any(ht);
		if (v)
			return v;
		hyp->park(&rump_waiters, 1, hyp->clock_mono() + WAIT_NS);
	}
	return NULL;
}

/**
 * rump_wake_waiter() - A virtual CPU has been released
 */
void rump_wake_waiter(void)
{
	if (READ_ONCE(rump_waiters)) {
		WRITE_ONCE(rump_waiters, 0);
		hyp->wake(&rump_waiters);
	}
}
