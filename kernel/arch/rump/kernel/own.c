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
 * rump_waiters. Whoever releases goes on with its program and may be back before the thread
 * that it has woken; that one tries again, as long as there are releases. What takes long
 * without any is posted in the end, and the kernel's scheduler shares the CPU out.
 *
 * A CPU between two calls of one thread is free, but to take it costs a switch of contexts,
 * and another one for the way back: more than a short call takes. Who spins therefore leaves it to that
 * thread while it comes back at once, and takes it when it does not, or when its own slice of
 * waiting is over.
 *
 * Invariant: a release is seen. A waiter sets rump_waiters (a full barrier) and then
 * tries to own; who has set owner to 0 (a full barrier) reads rump_waiters.
 * The flag is cleared by who wakes, and set again by who was woken, as more may sleep.
 * While somebody spins alone nobody is woken, as it sees the release itself; the wake-up is owed, and
 * becomes a flag again when it spins no longer. Who owes says so (a full barrier) and looks again whether
 * it spins; who ends to spin says so (a full barrier) and looks what is owed. A waiter that is killed
 * leaves one wake-up in vain; one that was woken or was spinning, and is killed, lets others sleep until
 * their time is over. Who spins alone says until when, so nobody waits for its end.
 *
 * All of it runs on host stacks.
 */
#include <asm/carrier.h>

/* Turns are of pause, some 10 to 40 ns; times in units of 1,024 ns. */
#define SPIN_TURNS	100	/* some microseconds, as a short call takes */
#define UNUSED_TURNS	50	/* how long a CPU is left to who used it last: as a switch takes */
#define ALONE_TURNS	100	/* between looks at the clock; more than the former */
#define ALONE_TIME	64
#define SLICE		20	/* of ALONE_TIME: then any free CPU is taken */
#define WAIT_TURNS	4	/* of sleep while no CPU changes hands */
#define WAIT_LONGEST	100000	/* while some do */
#define WAIT_NS		100000	/* of the first sleep; each is twice as long as the one before */
#define WAIT_NS_LONGEST	10000000

/* A flag, and the futex of those who sleep. */
u32 rump_waiters ____cacheline_aligned;

/* Until when somebody spins for long, by now(), or 0; and whether somebody is to be woken after it. */
static u32 alone_until, owed;

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
		     READ_ONCE(ht->proc->undertaker) != ht && READ_ONCE(ht->proc->leaver) != ht)) {
		rump_kick(v);
		return false;
	}
	return !READ_ONCE(v->owner) && !READ_ONCE(rump_dead) &&
	       host_cmpxchg(&v->owner, 0, ht->id) == 0;
}

/*
 * Take any, the thread's own first; *spared: one is free and left to who used it last, unless @all. One look
 * at each tells both: with a second one ten threads took 2.4 ms for what they did in 1.4, as it disturbs
 * those that come and go.
 */
static struct rump_vcpu *own_any(struct rump_hthread *ht, bool all, bool *spared)
{
	struct rump_vcpu *v = ht->vcpu;
	unsigned int i;

	*spared = false;
	/* A task that is in user mode somewhere stays there. */
	if (READ_ONCE(v->curr) == READ_ONCE(ht->task))
		return rump_vcpu_own(v, ht) ? v : NULL;
	for (i = 0; i < rump_boot.ncpu; i++) {
		if (!READ_ONCE(v->owner)) {
			if (!all && !READ_ONCE(v->resume))
				*spared = true;
			else if (rump_vcpu_own(v, ht))
				return v;
		}
		v = v->cpu + 1 < rump_boot.ncpu ? v + 1 : rump_vcpus;
	}
	return NULL;
}

static struct rump_vcpu *spin(struct rump_hthread *ht, unsigned int turns)
{
	unsigned int turn, unused = 0;
	struct rump_vcpu *v;
	bool spared;

	for (turn = 0; turn < turns && READ_ONCE(ht->proc->state) == RUMP_PROC_ALIVE; turn++) {
		v = own_any(ht, unused >= UNUSED_TURNS, &spared);
		if (v)
			return v;
		unused = spared ? unused + 1 : 0;
		asm volatile("pause");
	}
	return NULL;
}

/* How often a CPU has gone from one thread to another, or might have. */
static u32 turns(void)
{
	unsigned int i;
	u32 sum = 0;

	for (i = 0; i < rump_boot.ncpu; i++)
		sum += READ_ONCE(rump_vcpus[i].turns);
	return sum;
}

/* Spin for long, if nobody else does. No call of the host is made: a sandbox might not allow it. */
static struct rump_vcpu *spin_alone(struct rump_hthread *ht)
{
	u32 before = READ_ONCE(alone_until), until = (now() + ALONE_TIME) | 1;
	struct rump_vcpu *v;
	bool spared;

	if ((before && until - before <= ALONE_TIME) || host_cmpxchg(&alone_until, before, until) != before)
		return NULL;
	do {
		v = spin(ht, ALONE_TURNS);
		if (!v && until - now() <= ALONE_TIME - SLICE)
			v = own_any(ht, true, &spared);
	} while (!v && (s32)(until - now()) > 0 && READ_ONCE(ht->proc->state) == RUMP_PROC_ALIVE &&
		 !READ_ONCE(rump_dead));
	if (host_cmpxchg(&alone_until, until, 0) == until && READ_ONCE(owed)) {
		WRITE_ONCE(owed, 0);
		WRITE_ONCE(rump_waiters, 1);
	}
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
	u32 begin = now(), seen = turns(), turn = 0, one, sleep = WAIT_NS;
	struct rump_vcpu *v = spin(ht, SPIN_TURNS);
	bool slept = false, spared;

	while (!v && !(v = spin_alone(ht))) {
		if (READ_ONCE(ht->interrupted) || READ_ONCE(ht->proc->state) != RUMP_PROC_ALIVE ||
		    READ_ONCE(rump_dead))
			return NULL;
		if (seen == turns() ? ++turn > WAIT_TURNS : now() - begin > WAIT_LONGEST)
			return NULL;
		seen = turns();
		one = 1;
		asm volatile("xchgl %0, %1" : "+r"(one), "+m"(rump_waiters) :: "memory");
		v = own_any(ht, true, &spared);
		if (v)
			return v;
		hyp->park(&rump_waiters, 1, hyp->clock_mono() + sleep);
		if (sleep < WAIT_NS_LONGEST)
			sleep *= 2;
		slept = true;
		v = spin(ht, SPIN_TURNS);
	}
	if (slept)
		WRITE_ONCE(rump_waiters, 1);
	return v;
}

/**
 * rump_wake_waiter() - A virtual CPU has been released
 */
void rump_wake_waiter(void)
{
	u32 one = 1;

	if (!READ_ONCE(rump_waiters))
		return;
	WRITE_ONCE(rump_waiters, 0);
	if (READ_ONCE(alone_until)) {
		asm volatile("xchgl %0, %1" : "+r"(one), "+m"(owed) :: "memory");
		if (READ_ONCE(alone_until))
			return;
	}
	hyp->wake(&rump_waiters);
}
