// SPDX-License-Identifier: GPL-2.0-only
/*
 * bound.c - RUMP_THREADS=bound: a host thread for every kernel thread
 *
 * At its first run a kernel thread asks for a host thread of its name (host
 * work, as creating one may block); until that is there, the helper carries
 * it, and from then on only the host thread does (rump_post_switch()). The host
 * thread ends when the task's memory is freed, when nobody can switch to it any more.
 */
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <asm/carrier.h>
#include <asm/drivers.h>

struct bound_work {
	struct rump_hostwork work;
	struct task_struct *task;
	u32 bound;		/* futex: the host thread has registered */
};

static long bound_loop(struct rump_hthread *ht, void *unused)
{
	return rump_host_loop(ht, NULL, 0);
}

/* A new host thread, on its own stack. */
static void bound_main(void *arg)
{
	struct bound_work *w = arg;
	struct rump_hthread *ht;

	ht = rump_hthread_get(RUMP_HT_BOUND, &rump_first_process, hyp->tid());
	if (ht)
		smp_store_release(&w->task->thread.own, ht);
	/* From here on @w and the task may be gone. */
	smp_store_release(&w->bound, 1);
	hyp->wake(&w->bound);
	if (!ht)
		return;
	rump_host_call(ht, bound_loop, NULL);
	rump_hthread_put(ht);
}

static long bound_create(struct rump_hostwork *work)
{
	struct bound_work *w = container_of(work, struct bound_work, work);
	int err;

	/* kthreadd names itself only when it runs, and that may not be yet. */
	err = hyp->thread(bound_main, w, w->task->pid == 2 ? "kthreadd" : w->task->comm);
	if (err)
		return err;
	while (!smp_load_acquire(&w->bound))
		hyp->park(&w->bound, 0, ~0ULL);
	return 0;
}

static void bound_created(struct rump_hostwork *work)
{
	struct bound_work *w = container_of(work, struct bound_work, work);

	if (work->ret)
		pr_err("no host thread for %s: %ld\n", w->task->comm, work->ret);
	put_task_struct(w->task);
	kfree(w);
}

/**
 * rump_bind() - The current task wants a host thread of its own
 */
void rump_bind(void)
{
	struct bound_work *w = kzalloc(sizeof(*w), GFP_KERNEL);

	if (!w)
		return;
	get_task_struct(current);
	w->task = current;
	w->work.fn = bound_create;
	w->work.done = bound_created;
	rump_hostwork_submit(&w->work);
	rump_hostwork_wake();
}

void arch_release_task_struct(struct task_struct *tsk)
{
	struct rump_hthread *own = READ_ONCE(tsk->thread.own);

	if (own) {
		smp_store_release(&own->done, 1);
		rump_hthread_wake(own);
	}
}
