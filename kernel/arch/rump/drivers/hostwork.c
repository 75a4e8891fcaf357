// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostwork.c - host calls that may block, made without a virtual CPU
 *
 * Theory of operation
 *
 * Work is queued on a kernel stack and done on a host stack, by
 *
 *   - a thread that is about to park while its own task waits for a device:
 *     it has nothing better to do, and no other thread need be woken;
 *   - a server, a host thread for nothing else, if the queue is not empty and a
 *     thread goes back to its program, or more than one piece is queued.
 *
 * Invariant: whoever takes work and leaves some behind wakes a server, and a
 * thread that goes back to its program with work queued does; so queued work
 * is never left to nobody. A server that goes to sleep says so in its word, a full barrier, and
 * then looks at the queue; who queues looks at the words afterwards.
 *
 * The queue is shared by host threads, so its lock is one of host words, held for a few
 * instructions: by who carries, and by threads of the first process. Threads of others, which may be
 * killed while the kernel goes on, only wake servers, for which they need no lock.
 *
 * The result comes back as an interrupt of the virtual CPU that queued it.
 */
#include <linux/sched.h>
#include <asm/carrier.h>
#include <asm/drivers.h>

static struct rump_hostwork *queue, **queue_tail = &queue;
static struct rump_hthread *servers[RUMP_SERVERS];
static u32 nr_servers, nr_queued, queue_lock;
static struct llist_head finished;

static void lock(void)
{
	while (host_cmpxchg(&queue_lock, 0, 1) != 0 && !READ_ONCE(rump_dead))
		hyp->yield();
}

static void unlock(void)
{
	smp_store_release(&queue_lock, 0);
}

/**
 * rump_hostwork_submit() - Queue a host call
 * @work:	fn and done filled in; belongs to the queue until done is called
 */
void rump_hostwork_submit(struct rump_hostwork *work)
{
	bool more;

	work->next = NULL;
	work->cpu = raw_smp_processor_id();
	lock();
	*queue_tail = work;
	queue_tail = &work->next;
	WRITE_ONCE(nr_queued, nr_queued + 1);
	more = nr_queued > 1;
	unlock();
	/* One piece waits for the carrier to park; with more of them begin at once. */
	if (more)
		rump_hostwork_wake();
}

/**
 * rump_hostwork_waiting() - Is work queued that nobody has taken?
 *
 * Return: true if so
 */
bool rump_hostwork_waiting(void)
{
	return READ_ONCE(nr_queued) != 0;
}

static struct rump_hostwork *take(bool *more)
{
	struct rump_hostwork *work;

	lock();
	work = queue;
	if (work) {
		queue = work->next;
		if (!queue)
			queue_tail = &queue;
		WRITE_ONCE(nr_queued, nr_queued - 1);
	}
	*more = queue != NULL;
	unlock();
	return work;
}

/**
 * rump_hostwork_wake() - Somebody is to take what is queued
 *
 * On a host stack, or a kernel stack: it only wakes.
 */
void rump_hostwork_wake(void)
{
	struct rump_hthread *ht;
	unsigned int i;

	for (i = 0; i < RUMP_SERVERS; i++) {
		ht = smp_load_acquire(&servers[i]);
		if (ht && rump_hthread_wake(ht))
			return;
	}
}

static void run(struct rump_hostwork *work, struct rump_hthread *ht)
{
	struct rump_vcpu *v = &rump_vcpus[work->cpu];

	work->ret = work->fn(work);
	host_push(&finished, (struct llist_node *)&work->next);
	rump_raise(v, RUMP_IRQ_HOSTWORK);
	ht->vcpu = v;
}

/* Does the thread's own task wait for a device, so that it has time? */
static bool waits_for_device(struct rump_hthread *ht)
{
	/* Other processes do not have the descriptors of disks. */
	unsigned int state = ht->task && ht->proc == &rump_first_process ?
				     READ_ONCE(ht->task->__state) : 0;

	return (state & TASK_UNINTERRUPTIBLE) && !(state & TASK_NOLOAD);
}

/**
 * rump_hostwork_serve() - A thread is about to park: is there work for it?
 * @ht:	the thread
 *
 * Return: true if it has done some, and has to look at its fields again
 */
bool rump_hostwork_serve(struct rump_hthread *ht)
{
	struct rump_hostwork *work;
	bool more;

	if (!rump_hostwork_waiting())
		return false;
	if (!waits_for_device(ht)) {
		rump_hostwork_wake();
		return false;
	}
	work = take(&more);
	if (!work)
		return false;
	if (more)
		rump_hostwork_wake();
	run(work, ht);
	rump_run_pending(ht);
	return true;
}

static void serve_one(struct rump_hthread *ht)
{
	struct rump_hostwork *work;
	bool more;
	u32 word;

	for (;;) {
		work = take(&more);
		if (work) {
			if (more)
				rump_hostwork_wake();
			run(work, ht);
			return;
		}
		word = 1;
		asm volatile("xchgl %0, %1" : "+r"(word), "+m"(ht->word) :: "memory");
		if (!rump_hostwork_waiting() && !READ_ONCE(rump_dead))
			hyp->park(&ht->word, 1, ~0ULL);
		/* It is the next one's turn to be woken until this one is back. */
		WRITE_ONCE(ht->word, 0);
		if (READ_ONCE(rump_dead))
			return;
	}
}

/**
 * rump_serve() - Be one of RUMP_SERVERS servers until the kernel is dead
 * @tid:	host thread id of the caller
 */
void rump_serve(int tid)
{
	struct rump_hthread *ht = rump_hthread_get(RUMP_HT_SERVER, &rump_first_process, tid);
	u32 place = 1;

	if (!ht)
		return;
	asm volatile("lock; xaddl %0, %1" : "+r"(place), "+m"(nr_servers));
	smp_store_release(&servers[place], ht);
	while (!READ_ONCE(rump_dead)) {
		serve_one(ht);
		rump_host_call(ht, rump_run_pending_once, NULL);
	}
}

/**
 * rump_hostwork_irq() - Finished work comes back
 *
 * Context: hard interrupt
 */
void rump_hostwork_irq(void)
{
	struct llist_node *node = llist_reverse_order(host_take_all(&finished));
	struct rump_hostwork *work;

	while (node) {
		work = container_of((void *)node, struct rump_hostwork, next);
		node = node->next;
		work->done(work);
	}
}
