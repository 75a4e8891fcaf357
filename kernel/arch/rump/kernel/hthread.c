// SPDX-License-Identifier: GPL-2.0-only
/*
 * hthread.c - host threads become known to the kernel, and leave it
 *
 * A slot of the table lies in the image, so that threads of any process can
 * wake each other. Slots are claimed and freed on host stacks, by
 * compare-and-swap on their used word.
 *
 * The task of a host thread is cloned by the spawner of its process, a task
 * in the same thread group: nobody else has the memory, files and signal
 * handlers that the new one shares.
 */
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/sched/signal.h>
#include <asm/carrier.h>

#define HTHREADS	8192

static struct rump_hthread hthreads[HTHREADS] __page_aligned_bss;
static u32 hthreads_hint, hthreads_top;	/* where to look first; above are none */

static void note_top(u32 n)
{
	u32 top = READ_ONCE(hthreads_top);

	while (n > top) {
		u32 seen = host_cmpxchg(&hthreads_top, top, n);

		if (seen == top)
			break;
		top = seen;
	}
}

/**
 * rump_hthread_get() - Claim a slot
 * @kind:	RUMP_HT_
 * @proc:	process it belongs to
 * @tid:	host thread id
 *
 * Return: the slot, zeroed but for these, or NULL when all are taken
 */
struct rump_hthread *rump_hthread_get(unsigned int kind, struct rump_process *proc, int tid)
{
	unsigned int i, n = READ_ONCE(hthreads_hint);

	for (i = 0; i < HTHREADS; i++) {
		struct rump_hthread *ht = &hthreads[(n + i) % HTHREADS];

		if (READ_ONCE(ht->used) || host_cmpxchg(&ht->used, 0, 1) != 0)
			continue;
		memset(ht, 0, offsetof(struct rump_hthread, used));
		ht->kind = kind;
		ht->proc = proc;
		ht->tid = tid;
		ht->id = ht - hthreads + 1;
		ht->vcpu = &rump_vcpus[0];
		WRITE_ONCE(hthreads_hint, (n + i + 1) % HTHREADS);
		note_top(ht - hthreads + 1);
		return ht;
	}
	return NULL;
}

void rump_hthread_put(struct rump_hthread *ht)
{
	/* Used again first, as its memory is there. */
	WRITE_ONCE(hthreads_hint, ht - hthreads);
	smp_store_release(&ht->used, 0);
}

/**
 * rump_hthread_of() - Who owns a virtual CPU
 * @owner:	the word of the virtual CPU that says it
 *
 * Return: the thread, or NULL if none does
 */
struct rump_hthread *rump_hthread_of(u32 owner)
{
	return owner - 1 < HTHREADS ? &hthreads[owner - 1] : NULL;
}

/**
 * rump_hthread_wake_lost() - Wake those whose waker was killed before it did
 *
 * It had said so in their words. Others are not disturbed: a server that waits is on a list.
 */
void rump_hthread_wake_lost(void)
{
	struct rump_hthread *ht, *end = hthreads + READ_ONCE(hthreads_top);

	for (ht = hthreads; ht < end; ht++)
		if (READ_ONCE(ht->used) && !READ_ONCE(ht->word))
			hyp->wake(&ht->word);
}

/**
 * rump_hthread_alarm() - The kernel is dead: nobody is to wait for it any more
 * @self:	signal threads of this process only, which may wait on the host for this kernel too;
 *		NULL for all
 */
void rump_hthread_alarm(const struct rump_process *self)
{
	struct rump_hthread *ht, *end = hthreads + READ_ONCE(hthreads_top);
	u32 tid = hyp->tid();

	for (ht = hthreads; ht < end; ht++) {
		const struct rump_process *proc = READ_ONCE(ht->proc);

		if (!READ_ONCE(ht->used))
			continue;
		WRITE_ONCE(ht->word, 0);
		hyp->wake(&ht->word);
		/* One without a number is claimed for a child that is not there yet. */
		if (ht->kind != RUMP_HT_THREAD || !proc || proc == &rump_first_process ||
		    (self && proc != self) || READ_ONCE(proc->executing) ||
		    READ_ONCE(proc->state) == RUMP_PROC_GONE || !READ_ONCE(ht->tid) || ht->tid == tid)
			continue;
		hyp->signal(proc->hostpid, ht->tid, SIGBUS, NULL);
	}
}

/* Is its request neither on a list nor in the hands of who took one, and never will be? */
static bool never_posted(void)
{
	unsigned int i;

	for (i = 0; i < rump_boot.ncpu; i++) {
		struct rump_vcpu *v = &rump_vcpus[i];

		if (READ_ONCE(v->requests.first) || READ_ONCE(v->signals.first))
			return false;
		smp_rmb();
		if (READ_ONCE(v->owner))
			return false;
	}
	return true;
}

/*
 * Lists of requests are emptied by whoever carries next; but the thread may have been
 * killed between the word and the list.
 */
static void put_unlisted(struct rump_hthread *ht)
{
	while ((READ_ONCE(ht->request_queued) || READ_ONCE(ht->signal_queued)) &&
	       !never_posted() && !READ_ONCE(rump_dead)) {
		rump_kick(ht->vcpu);
		hyp->yield();
	}
	rump_hthread_put(ht);
}

/**
 * rump_lend() - A vfork child makes its first calls as the thread that waits for it
 * @ht:		the thread
 * @begins:	whether it begins to, or has ended
 *
 * The thread's process may be killed meanwhile. Its burial lets the child finish first, for a time
 * (fork.c); a child that was stopped for longer finds that its call has ended, and has the slot.
 */
void rump_lend(struct rump_hthread *ht, int begins)
{
	u32 lent = begins ? RUMP_LENT_OUT : RUMP_LENT_NOT;

	asm volatile("xchgl %0, %1" : "+r"(lent), "+m"(ht->lent) :: "memory");
	if (!begins && lent == RUMP_LENT_INHERITED)
		put_unlisted(ht);
}

/**
 * rump_lent() - Does a vfork child make calls as a thread of a process?
 * @proc:	the process
 */
bool rump_lent(const struct rump_process *proc)
{
	struct rump_hthread *ht, *end = hthreads + READ_ONCE(hthreads_top);

	for (ht = hthreads; ht < end; ht++)
		if (READ_ONCE(ht->used) && READ_ONCE(ht->proc) == proc &&
		    READ_ONCE(ht->lent) == RUMP_LENT_OUT)
			return true;
	return false;
}

/* Is the task in user mode, on a virtual CPU that nobody has? */
static bool rests(const struct task_struct *task)
{
	unsigned int i;

	for (i = 0; i < rump_boot.ncpu; i++) {
		const struct rump_vcpu *v = &rump_vcpus[i];

		if (READ_ONCE(v->curr) == task)
			return !READ_ONCE(v->owner) && !READ_ONCE(v->resume);
	}
	return false;
}

/**
 * rump_hthread_busy() - Can another thread of a process be in a call?
 * @but:	thread of that process, which is in one itself
 * @held:	the others do not begin any
 */
bool rump_hthread_busy(const struct rump_hthread *but, bool held)
{
	struct rump_hthread *ht, *end = hthreads + READ_ONCE(hthreads_top);
	struct task_struct *task;
	struct rump_vcpu *v;
	bool busy = false;

	rcu_read_lock();
	for (ht = hthreads; ht < end && !busy; ht++) {
		if (!READ_ONCE(ht->used) || ht == but || READ_ONCE(ht->proc) != but->proc)
			continue;
		task = READ_ONCE(ht->task);
		/* The fast way out leaves this as it is. */
		v = READ_ONCE(ht->owns);
		busy = !held || READ_ONCE(ht->attaching) || READ_ONCE(ht->req) != RUMP_REQ_NONE ||
		       (v && READ_ONCE(v->owner) == ht->id) ||
		       (task && !READ_ONCE(task->thread.in_user) && !rests(task));
	}
	rcu_read_unlock();
	return busy;
}

/**
 * rump_hthread_put_all() - Free the slots of a process that is no more
 * @proc:	the process
 */
void rump_hthread_put_all(struct rump_process *proc)
{
	struct rump_hthread *ht, *end = hthreads + READ_ONCE(hthreads_top);

	for (ht = hthreads; ht < end; ht++) {
		if (!READ_ONCE(ht->used) || READ_ONCE(ht->proc) != proc)
			continue;
		if (host_cmpxchg(&ht->lent, RUMP_LENT_OUT, RUMP_LENT_INHERITED) == RUMP_LENT_OUT) {
			WRITE_ONCE(ht->ret, -EOWNERDEAD);
			smp_store_release(&ht->done, 1);
			rump_hthread_wake(ht);
			continue;
		}
		put_unlisted(ht);
	}
}

static long post_and_wait(struct rump_hthread *ht, void *unused)
{
	return rump_enter_slow(ht, ht->vcpu, 0);
}

/**
 * rump_attach() - The calling host thread wants to make calls
 * @proc:	its process, NULL for the first one
 * @tid:	its host thread id
 *
 * Return: what identifies it in calls, or NULL: no slot, or no memory for a task
 */
struct rump_hthread *rump_attach(struct rump_process *proc, int tid)
{
	struct rump_hthread *ht;

	ht = rump_hthread_get(RUMP_HT_THREAD, proc ?: &rump_first_process, tid);
	if (ht)
		ht->attaching = RUMP_ATTACH_TASK;
	if (ht && rump_host_call(ht, post_and_wait, NULL) < 0) {
		rump_hthread_put(ht);
		ht = NULL;
	}
	return ht;
}

/**
 * rump_exit_task() - End the task of the calling thread
 * @ht:	the thread, which has none afterwards
 */
void rump_exit_task(struct rump_hthread *ht)
{
	ht->nr = RUMP_CALL_EXIT;
	rump_host_call(ht, post_and_wait, NULL);
}

/**
 * rump_detach() - The calling thread makes no more calls: its task exits
 * @ht:	from rump_attach() or the boot
 */
void rump_detach(struct rump_hthread *ht)
{
	rump_exit_task(ht);
	/* Its nodes may still be on lists that nobody has looked at. */
	while ((READ_ONCE(ht->request_queued) || READ_ONCE(ht->signal_queued)) &&
	       !READ_ONCE(rump_dead)) {
		rump_host_call(ht, rump_run_pending_once, NULL);
		hyp->yield();
	}
	rump_hthread_put(ht);
}

/* In interrupt context: a host thread without a task has posted a request. */
void rump_attach_request(struct rump_hthread *ht)
{
	struct rump_process *proc = ht->proc;

	if (ht->attaching == RUMP_ATTACH_BURIAL) {
		rump_bury_request(ht);
		return;
	}
	llist_add(&ht->request_node, &proc->attaching);
	wake_up_process(proc->spawner);
}

static long helper_loop(struct rump_hthread *ht, void *unused)
{
	return rump_host_loop(ht, NULL, 0);
}

/**
 * rump_helper() - Be the helper of a virtual CPU until the process ends
 * @cpu:	virtual CPU
 * @tid:	host thread id of the caller
 */
void rump_helper(unsigned int cpu, int tid)
{
	struct rump_hthread *ht = rump_hthread_get(RUMP_HT_HELPER, &rump_first_process, tid);

	ht->vcpu = &rump_vcpus[cpu];
	smp_store_release(&rump_vcpus[cpu].helper, ht);
	rump_host_call(ht, helper_loop, NULL);
}

/**
 * rump_interrupt() - A host signal wants its thread: let the call return
 * @ht:	the thread, in a call
 *
 * Called in a signal handler, on whatever stack. The thread itself runs the
 * interrupt if it is parked, as the signal ends the wait; else the owner
 * polls it.
 *
 * The call may not have begun yet: the thread is about to enter, or its request
 * waits, and what notices the interrupt in user mode forgets it. So @interrupted stays set until
 * a call has seen it. One that was over already leaves it to the next, which returns to be made again.
 */
void rump_interrupt(struct rump_hthread *ht)
{
	struct rump_vcpu *v = ht->vcpu;

	WRITE_ONCE(ht->interrupted, 1);
	if (host_cmpxchg(&ht->signal_queued, 0, 1) == 0)
		host_push(&v->signals, &ht->signal_node);
	rump_raise(v, RUMP_IRQ_SIGNAL);
	/* Only a parked thread re-reads pending; its word says whether it will. */
	WRITE_ONCE(ht->word, 0);
}
