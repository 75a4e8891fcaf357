// SPDX-License-Identifier: GPL-2.0-only
/*
 * exec.c - a process of the host executes a program
 *
 * The process stays what it is; its memory is new, and what is to be closed is. That is
 * done when the new program has joined again, as until then the execution may fail.
 *
 * Threads that the host is about to end must not be inside. The caller has them wait outside of the
 * kernel (librump's stop.c), and is told whether one is inside yet. Their tasks, in user
 * mode, are ended by the new program too; so if there is none, the threads go on.
 */
#include <linux/cgroup.h>
#include <linux/delay.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>
#include <asm/carrier.h>
#include <asm/files.h>
#include <asm/watch.h>

/**
 * rump_exec_prepare() - The current process is about to execute a program
 * @how:	RUMP_EXEC_
 *
 * Return: 0, or 1 if it is too early, because of its other threads
 */
long rump_exec_prepare(unsigned long how)
{
	struct rump_hthread *ht = current->thread.ht;
	struct rump_process *proc = ht->proc;

	if (how == RUMP_EXEC_FAILED) {
		WRITE_ONCE(proc->executing, 0);
		/* What was to be dropped meanwhile. */
		hyp->unmap(RUMP_WINDOW_ADDR, RUMP_WINDOW_END - RUMP_WINDOW_ADDR);
		return 0;
	}
	if (rump_hthread_busy(ht, how == RUMP_EXEC_HELD))
		return 1;
	proc->main = ht;
	WRITE_ONCE(proc->executing, 1);
	return 0;
}

/* Is there a thread of the process but the current one and the spawner? With @kill, end it. */
static bool others(bool kill)
{
	struct task_struct *spawner = current->thread.ht->proc->spawner, *t;
	bool any = false;

	spin_lock_irq(&current->sighand->siglock);
	for_each_thread(current, t) {
		if (t == current || t == spawner || t->exit_state)
			continue;
		any = true;
		if (kill && !(t->flags & PF_EXITING)) {
			sigaddset(&t->pending.signal, SIGKILL);
			signal_wake_up(t, 1);
		}
	}
	spin_unlock_irq(&current->sighand->siglock);
	return any;
}

/* Who executes is the leader afterwards, as on any kernel: fs/exec.c's de_thread(). */
static void become_leader(struct rump_process *proc)
{
	struct task_struct *leader = current->group_leader;

	if (leader == current)
		return;
	cgroup_threadgroup_change_begin(current);
	write_lock_irq(&tasklist_lock);
	current->start_time = leader->start_time;
	current->start_boottime = leader->start_boottime;
	exchange_tids(current, leader);
	transfer_pid(leader, current, PIDTYPE_TGID);
	transfer_pid(leader, current, PIDTYPE_PGID);
	transfer_pid(leader, current, PIDTYPE_SID);
	list_replace_rcu(&leader->tasks, &current->tasks);
	list_replace_init(&leader->sibling, &current->sibling);
	current->group_leader = current;
	leader->group_leader = current;
	/* Beyond de_thread(), as the spawner stays: the leader is the first. */
	proc->spawner->group_leader = current;
	list_del_rcu(&current->thread_node);
	list_add_rcu(&current->thread_node, &current->signal->thread_head);
	current->exit_signal = SIGCHLD;
	leader->exit_signal = -1;
	leader->exit_state = EXIT_DEAD;
	write_unlock_irq(&tasklist_lock);
	cgroup_threadgroup_change_end(current);
	WRITE_ONCE(proc->leader, current);
	release_task(leader);
}

/* The host has ended the other threads. A vfork child may be making its first calls as one. */
static void end_others(struct rump_process *proc)
{
	unsigned long patience = jiffies + LENT_TIME;

	while (rump_lent(proc) && time_before(jiffies, patience))
		schedule_timeout_uninterruptible(1);
	if (others(true))
		while (others(false))
			usleep_range(20, 50);
	become_leader(proc);
}

/*
 * The descriptors are the process's alone from now on: its own and its spawner's,
 * as it is the spawner's table that further threads share.
 */
static int own_files(void)
{
	struct task_struct *spawner = current->thread.ht->proc->spawner;
	struct files_struct *before = current->files;
	int err;

	if (spawner->files == before && atomic_read(&before->count) == 2)
		return 0;
	err = unshare_files();
	if (err || current->files == before)
		return err;
	atomic_inc(&current->files->count);
	task_lock(spawner);
	before = spawner->files;
	spawner->files = current->files;
	task_unlock(spawner);
	put_files_struct(before);
	return 0;
}

/**
 * rump_exec_done() - It has, and has joined again
 * @bits:	gets a bit for each descriptor that is open
 * @n:		bits, a multiple of 64
 *
 * Return: one more than the largest descriptor, or -errno
 */
long rump_exec_done(unsigned long __user *bits, unsigned int n)
{
	int err;

	end_others(current->thread.ht->proc);
	rump_watch_task_exit();
	err = vm_munmap(RUMP_WINDOW_ADDR, RUMP_WINDOW_END - RUMP_WINDOW_ADDR);
	if (!err)
		err = own_files();
	if (!err)
		err = rump_fd_mirror();
	if (err)
		return err;
	WRITE_ONCE(current->thread.ht->proc->executing, 0);
	do_close_on_exec(current->files);
	return rump_fd_list(bits, n);
}
