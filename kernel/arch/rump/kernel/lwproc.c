// SPDX-License-Identifier: GPL-2.0-only
/*
 * lwproc.c - tasks that one host thread runs calls as, in turns
 *
 * rump_pub_lwproc_rfork() and its kin give a thread processes of its own
 * choosing: with other descriptors, another working directory, other credentials. They
 * share the memory of the host process they live in. Which task a host thread
 * runs as is changed between calls, on its own stack; a task that is nobody's
 * sleeps in user mode.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/completion.h>
#include <asm/carrier.h>

static int lwp_start(void *clear)
{
	if (clear)
		rump_close_files();
	return 0;
}

/*
 * A task by the number that kernel_clone() returned. It needs no reference, as
 * nobody ends it but the thread that runs as it.
 */
static long task_of(pid_t pid)
{
	struct task_struct *task;

	if (pid < 0)
		return pid;
	rcu_read_lock();
	task = find_task_by_vpid(pid);
	rcu_read_unlock();
	return task ? (long)task : -ESRCH;
}

/**
 * rump_lwp_rfork() - A new process with one task
 * @files:	RUMP_RFFD_
 *
 * Return: the task, or -errno
 */
long rump_lwp_rfork(unsigned long files)
{
	struct kernel_clone_args args = {
		/* The parent is process 1, which reaps what exits. */
		.flags		= CLONE_VM | CLONE_PARENT,
		.exit_signal	= SIGCHLD,
		.fn		= lwp_start,
		.fn_arg		= files == RUMP_RFFD_CLEAR ? current : NULL,
	};

	if (files > RUMP_RFFD_CLEAR)
		return -EINVAL;
	if (files == RUMP_RFFD_SHARE)
		args.flags |= CLONE_FILES;
	return task_of(kernel_clone(&args));
}

static long new_thread(void)
{
	struct kernel_clone_args args = {
		.flags	= CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM | CLONE_IO,
		.fn	= lwp_start,
	};

	return task_of(kernel_clone(&args));
}

struct new_work {
	struct callback_head head;
	struct completion done;
	long result;
};

static void new_in_process(struct callback_head *head)
{
	struct new_work *work = container_of(head, struct new_work, head);

	work->result = new_thread();
	complete(&work->done);
}

/**
 * rump_lwp_new() - A new task in a process
 * @pid:	the process
 *
 * Made by the process's main task, as soon as that is in no call.
 *
 * Return: the task, or -errno
 */
long rump_lwp_new(pid_t pid)
{
	struct task_struct *leader;
	struct new_work work;
	int err;

	if (pid == task_tgid_vnr(current))
		return new_thread();
	rcu_read_lock();
	leader = find_task_by_vpid(pid);
	if (leader && !(leader->flags & PF_KTHREAD) && !is_global_init(leader))
		get_task_struct(leader);
	else
		leader = NULL;
	rcu_read_unlock();
	if (!leader)
		return -ESRCH;
	init_task_work(&work.head, new_in_process);
	init_completion(&work.done);
	err = task_work_add(leader, &work.head, TWA_SIGNAL);
	if (!err)
		wait_for_completion(&work.done);
	put_task_struct(leader);
	return err ? -ESRCH : work.result;
}

/*
 * On the host stack of the thread, which is in no call.
 */

void *rump_lwp(struct rump_hthread *ht)
{
	return ht->task;
}

void rump_lwp_switch(struct rump_hthread *ht, void *lwp)
{
	struct task_struct *next = lwp;

	if (ht->task)
		WRITE_ONCE(ht->task->thread.ht, NULL);
	ht->ksp = (unsigned long)task_pt_regs(next);
	WRITE_ONCE(ht->task, next);
	smp_store_release(&next->thread.ht, ht);
}

void rump_lwp_release(struct rump_hthread *ht, void *next)
{
	rump_exit_task(ht);
	rump_lwp_switch(ht, next);
}
