// SPDX-License-Identifier: GPL-2.0-only
/*
 * group.c - the numbers of the host's processes, and the groups that they are in
 *
 * Theory of operation
 *
 * What sends signals to the members of a process group, F_SETOWN and FIOSETOWN, looks for them in
 * this kernel. So a process is in the group here that it is in on the host. A child has its
 * parent's; who changes a group on the host then tells this kernel, which asks the host (RUMP_CALL_GROUP).
 *
 * Invariant: the host is asked, and what it says is done, with @changes held. Who changed a group last asks
 * after that, so the last answer is the truth, however many change it at the same time.
 *
 * A group has the number of its leader, which may be no process of this kernel, or not yet, or not any
 * more. Then the struct pid of that number has members of the group and no task. If its process comes, it takes
 * it over: so those who own a file go on to mean the same group.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/init_task.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <asm/carrier.h>

static DEFINE_MUTEX(changes);

/**
 * struct number - A struct pid that is to be given to a task
 * @pid:	referenced
 * @made:	nobody has had it before; it is to be freed if nobody gets it
 */
struct number {
	struct pid *pid;
	bool made;
};

static bool is_used(struct pid *pid)
{
	enum pid_type type;

	for (type = 0; type < PIDTYPE_MAX; type++)
		if (pid_has_task(pid, type))
			return true;
	return false;
}

/* With @changes held. Who changes it may have no right to choose, but the host has chosen. */
static int number_get(struct number *number, int nr)
{
	const struct cred *before;
	pid_t chosen = nr;

	rcu_read_lock();
	number->pid = get_pid(find_pid_ns(nr, &init_pid_ns));
	rcu_read_unlock();
	number->made = !number->pid;
	if (number->pid)
		return 0;
	before = override_creds(&init_cred);
	number->pid = alloc_pid(&init_pid_ns, &chosen, 1);
	revert_creds(before);
	if (IS_ERR(number->pid))
		return PTR_ERR(number->pid);
	get_pid(number->pid);
	return 0;
}

/*
 * With tasklist_lock held. One that exists without a task is about to be a new task's, which may
 * fail, or about to be freed.
 */
static bool number_is_there(const struct number *number)
{
	return number->made || is_used(number->pid);
}

/* With tasklist_lock still held, as one that has been given away may be freed by who gives it up. */
static void number_settle(const struct number *number)
{
	if (number->made && !is_used(number->pid))
		free_pid(number->pid);
}

/**
 * rump_take_number() - In the first run of a process's leader: have the number that the host has given it
 * @proc:	the process
 *
 * Unless another task has it.
 */
void rump_take_number(const struct rump_process *proc)
{
	struct number number;

	if (task_pid_nr(current) == proc->hostpid)
		return;
	mutex_lock(&changes);
	if (!number_get(&number, proc->hostpid)) {
		write_lock_irq(&tasklist_lock);
		if (number_is_there(&number) && !pid_has_task(number.pid, PIDTYPE_PID) &&
		    !pid_has_task(number.pid, PIDTYPE_TGID)) {
			change_pid(current, PIDTYPE_TGID, number.pid);
			change_pid(current, PIDTYPE_PID, number.pid);
			WRITE_ONCE(current->pid, proc->hostpid);
			WRITE_ONCE(current->tgid, proc->hostpid);
		}
		number_settle(&number);
		write_unlock_irq(&tasklist_lock);
		put_pid(number.pid);
	}
	mutex_unlock(&changes);
}

/* With tasklist_lock held: the leader of a process that has not ended, and is still the host's @hostpid. */
static struct task_struct *leader_of(const struct rump_process *proc, int hostpid)
{
	struct task_struct *leader;

	leader = pid_task(find_pid_ns(proc->pid, &init_pid_ns), PIDTYPE_TGID);
	return leader && leader == proc->leader && proc->hostpid == hostpid ? leader : NULL;
}

/* Return: -EAGAIN if the number is about to go, or to come. */
static int join(const struct rump_process *proc, int hostpid, int group)
{
	struct task_struct *leader;
	struct number number;
	int err;

	err = number_get(&number, group);
	if (err)
		return err == -EEXIST ? -EAGAIN : err;
	write_lock_irq(&tasklist_lock);
	leader = leader_of(proc, hostpid);
	if (!leader)
		err = -ESRCH;
	else if (!number_is_there(&number))
		err = -EAGAIN;
	else if (task_pgrp(leader) != number.pid)
		change_pid(leader, PIDTYPE_PGID, number.pid);
	number_settle(&number);
	write_unlock_irq(&tasklist_lock);
	put_pid(number.pid);
	return err;
}

/**
 * rump_group() - The process group of a process may have changed on the host
 * @hostpid:	process, or 0 for the caller's
 *
 * Return: 0 or -errno: -ESRCH if it is none of this kernel's
 */
long rump_group(int hostpid)
{
	struct rump_process *self = current->thread.ht->proc, *proc;
	int group, err;

	if (!hostpid)
		hostpid = self->hostpid;
	proc = hostpid == self->hostpid ? self : rump_process_of(hostpid);
	if (!proc)
		return -ESRCH;
	if (mutex_lock_killable(&changes))
		return -EINTR;
	do {
		group = hyp->group(hostpid);
		err = group < 0 ? group : join(proc, hostpid, group);
		if (err == -EAGAIN)
			schedule_timeout_uninterruptible(1);
	} while (err == -EAGAIN);
	mutex_unlock(&changes);
	return err;
}
