// SPDX-License-Identifier: GPL-2.0-only
/*
 * fork.c - several processes of the host in one kernel: birth, departure, burial
 *
 * Theory of operation
 *
 * Birth. The parent's thread claims a struct for the child (FORK_PREPARE), forks
 * on the host, and then clones its task here under the child's host pid (FORK).
 * The child waits for that in rump_fork_child(), so what it inherits is as of the
 * fork. It maps the same memory and calls the kernel directly.
 *
 * Departure. A thread that is about to end its process says so (LEAVE). From then on
 * the process's other threads do not take a virtual CPU of their own accord, and give it away when
 * they switch to what is none of theirs; so when they have exited here, and
 * this one goes, none of them can be killed by the host while it carries. It carries itself until its call
 * is done, so a process of one thread ends without waking anybody.
 *
 * Burial. The parent's library waits on the host for the child's end. If the child did not
 * leave, it was killed, in its own code or while its calls were blocked. Its tasks are
 * to end; they run their calls' ends for it, and would write to memory that is
 * gone. So the parent forks on the host once more, an undertaker, that has a copy of
 * its memory to be written to in vain. It is the carrier for all threads of the
 * dead process, takes over a virtual CPU that was just being handed to one of
 * them, and goes when process 1, which does the burial, says that all tasks are gone.
 *
 * A process that was killed while it ran kernel code cannot be buried: the
 * kernel's state is lost.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/mm.h>
#include <asm/carrier.h>

#define BIRTH_SLICE	(100 * NSEC_PER_MSEC)

static struct rump_process processes[RUMP_PROCESSES];
static struct llist_head burials;
static struct task_struct *undertaking;	/* process 1 */

/* Processes but the first one; from the first fork on. */
static u32 nr_forked;

/**
 * rump_alone() - Is the first process the only one?
 *
 * Return: true if so
 */
bool rump_alone(void)
{
	return !READ_ONCE(nr_forked);
}

/*
 * In the parent, in calls of its own.
 */

static struct rump_process *process_get(void)
{
	struct rump_process *proc;

	for (proc = processes; proc < processes + RUMP_PROCESSES; proc++) {
		if (READ_ONCE(proc->used) || host_cmpxchg(&proc->used, 0, 1))
			continue;
		memset(proc, 0, offsetof(struct rump_process, used));
		return proc;
	}
	return NULL;
}

/* Who hears of its birth only now finds that this is not the process any more. */
static void process_put(struct rump_process *proc)
{
	WRITE_ONCE(proc->hostpid, 0);
	smp_store_release(&proc->used, 0);
}

/**
 * rump_fork_prepare() - The calling process is about to fork on the host
 *
 * Return: what names the child to be, or -EAGAIN
 */
long rump_fork_prepare(void)
{
	struct rump_process *proc;

	proc = process_get();
	if (!proc)
		return -EAGAIN;
	proc->claimer = current->thread.ht->proc;
	proc->main = rump_hthread_get(RUMP_HT_THREAD, proc, 0);
	if (!proc->main) {
		process_put(proc);
		return -EAGAIN;
	}
	return (long)proc;
}

static void birth(struct rump_process *proc, u32 how)
{
	smp_store_release(&proc->birth, how);
	hyp->wake(&proc->birth);
}

/* What a parent waits for, on its stack. */
struct delivery {
	struct rump_process *proc;
	struct completion over;
	int err;
};

/* First run of a forked process's leader. */
static int child_start(void *arg)
{
	struct delivery *delivery = arg;
	struct rump_process *proc = delivery->proc;
	int err;

	rump_take_number(proc);
	err = rump_lead(proc);
	delivery->err = err;
	complete(&delivery->over);
	if (err) {
		birth(proc, RUMP_BIRTH_FAILED);
		do_exit(0);
	}
	rump_become(proc->main);
	birth(proc, RUMP_BIRTH_DONE);
	return 0;
}

static struct rump_process *process_of(unsigned long name)
{
	unsigned long at = name - (unsigned long)processes;
	struct rump_process *proc = (void *)name;

	if (at >= sizeof(processes) || at % sizeof(*proc))
		return NULL;
	return proc->used && proc->birth == RUMP_BIRTH_PENDING && !proc->hostpid ? proc : NULL;
}

/**
 * rump_fork() - The host has forked: clone the current task for the child
 * @name:	from rump_fork_prepare()
 * @flags:	CLONE_FILES, CLONE_FS
 * @pid:	the child's host pid; negative if there is no child after all
 *
 * Return: 0 or -errno; the child is told as well
 */
long rump_fork(unsigned long name, unsigned long flags, int pid)
{
	struct rump_process *proc = process_of(name);
	struct delivery delivery = { .proc = proc };
	pid_t tid = pid;
	struct kernel_clone_args args = {
		.flags		= flags & (CLONE_FILES | CLONE_FS),
		.exit_signal	= SIGCHLD,
		.fn		= child_start,
		.fn_arg		= &delivery,
		.set_tid	= &tid,
		.set_tid_size	= 1,
	};
	pid_t ret;

	if (!proc)
		return -EINVAL;
	if (pid <= 0) {
		rump_hthread_put(proc->main);
		process_put(proc);
		return 0;
	}
	proc->hostpid = pid;
	init_completion(&delivery.over);
	asm volatile("lock; incl %0" : "+m"(nr_forked));
	ret = kernel_clone(&args);
	if (ret == -EEXIST || ret == -EPERM || ret == -EINVAL) {
		/* Taken, or no right to choose: it takes the number when it runs, if it can. */
		args.set_tid_size = 0;
		ret = kernel_clone(&args);
	}
	if (ret == -ERESTARTNOINTR) {
		/* A signal came; it is made again. */
		asm volatile("lock; decl %0" : "+m"(nr_forked));
		proc->hostpid = 0;
		return ret;
	}
	if (ret < 0) {
		birth(proc, RUMP_BIRTH_FAILED);
		return ret;
	}
	wait_for_completion(&delivery.over);
	return delivery.err;
}

/* Does a thread of a process but @self carry on another virtual CPU than @but? */
static bool carries(const struct rump_process *proc, const struct rump_vcpu *but,
		    const struct rump_hthread *self)
{
	struct rump_hthread *ht;
	unsigned int i;

	for (i = 0; i < rump_boot.ncpu; i++) {
		ht = rump_hthread_of(READ_ONCE(rump_vcpus[i].owner));
		if (ht && ht != self && &rump_vcpus[i] != but && READ_ONCE(ht->proc) == proc)
			return true;
	}
	return false;
}

static void kill_others(void)
{
	spin_lock_irq(&current->sighand->siglock);
	zap_other_threads(current);
	spin_unlock_irq(&current->sighand->siglock);
}

/**
 * rump_leave_process() - The current process ends
 *
 * The calling thread has no task afterwards, and it is the last that had one.
 *
 * Return: -EINVAL for the first process, which halts the kernel instead
 */
long rump_leave_process(void)
{
	struct rump_hthread *ht = current->thread.ht;
	struct rump_process *proc = ht->proc;
	unsigned int turns = 0;

	if (proc == &rump_first_process)
		return -EINVAL;
	WRITE_ONCE(proc->leaver, ht);
	WRITE_ONCE(proc->state, RUMP_PROC_LEAVING);
	current->signal->flags = SIGNAL_GROUP_EXIT;
	kill_others();
	while (atomic_read(&current->signal->live) > 1 || carries(proc, kstack_base()->vcpu, ht)) {
		if (++turns < 100) {
			yield();
			continue;
		}
		usleep_range(20, 50);
		/* A thread that was being attached has come since. */
		if (turns % 16 == 0)
			kill_others();
	}
	rump_carry_self();
	current->thread.ht = NULL;
	ht->task = NULL;
	WRITE_ONCE(proc->leaver, NULL);
	WRITE_ONCE(proc->state, RUMP_PROC_GONE);
	rump_complete(ht, 0);
	do_exit(0);
}

/*
 * In process 1: burials.
 */

static void bury(struct rump_hthread *undertaker)
{
	struct rump_process *proc = undertaker->proc;
	unsigned long patience = jiffies + LENT_TIME;
	struct task_struct *leader;
	bool there;

	while (READ_ONCE(proc->birth) == RUMP_BIRTH_PENDING)
		schedule_timeout_uninterruptible(1);
	/* A vfork child outlives its parent, and is about to be the clone of its task. */
	while (rump_lent(proc) && time_before(jiffies, patience))
		schedule_timeout_uninterruptible(1);
	do {
		rcu_read_lock();
		leader = find_task_by_vpid(proc->pid);
		there = leader && leader == proc->leader;
		if (there)
			/* To the group, as the leader may have ended before. */
			do_send_sig_info(SIGKILL, SEND_SIG_PRIV, leader, PIDTYPE_TGID);
		rcu_read_unlock();
		if (there)
			schedule_timeout_uninterruptible(1);
	} while (there);
	WRITE_ONCE(proc->state, RUMP_PROC_GONE);
	rump_complete(undertaker, 0);
}

/**
 * rump_bury_request() - In interrupt context: an undertaker has come
 * @ht:	its thread
 */
void rump_bury_request(struct rump_hthread *ht)
{
	llist_add(&ht->request_node, &burials);
	if (undertaking)
		wake_up_process(undertaking);
}

/**
 * rump_bury_forever() - What process 1 does
 */
void __noreturn rump_bury_forever(void)
{
	struct rump_hthread *ht, *next;
	struct llist_node *node;

	undertaking = current;
	for (;;) {
		set_current_state(TASK_IDLE);
		node = llist_del_all(&burials);
		if (!node) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		llist_for_each_entry_safe(ht, next, node, request_node) {
			ht->req = RUMP_REQ_RUNNING;
			WRITE_ONCE(ht->attaching, 0);
			WRITE_ONCE(ht->request_queued, 0);
			bury(ht);
		}
	}
}

/*
 * On host stacks.
 */

/**
 * rump_fork_child() - In the forked process: wait until it is one of the kernel's
 * @proc:	from rump_fork_prepare()
 * @pid:	host process id of the caller
 * @tid:	host thread id of the caller
 * @orphan:	has the parent ended? Then there will be no answer
 *
 * Return: what identifies the thread in calls, or NULL: this process has no kernel
 */
struct rump_hthread *rump_fork_child(struct rump_process *proc, int pid, int tid,
				     int (*orphan)(void))
{
	struct rump_hthread *ht = proc->main;
	bool over = false;
	u32 how;

	/* The window's mappings are the parent's. */
	hyp->unmap(RUMP_WINDOW_ADDR, RUMP_WINDOW_END - RUMP_WINDOW_ADDR);
	for (;;) {
		how = smp_load_acquire(&proc->birth);
		if (how == RUMP_BIRTH_DONE)
			break;
		if (how == RUMP_BIRTH_FAILED || over || READ_ONCE(rump_dead))
			return NULL;
		hyp->park(&proc->birth, RUMP_BIRTH_PENDING, hyp->clock_mono() + BIRTH_SLICE);
		/* It may have answered before it ended: look once more. */
		over = orphan();
	}
	/*
	 * If the parent was killed, the claim was given up and may be another process's by now. In
	 * another pid namespace the process has a number that means nothing to others.
	 */
	if (proc->hostpid != pid)
		return NULL;
	ht->tid = tid;
	return ht;
}

static long bury_and_wait(struct rump_hthread *ht, void *unused)
{
	return rump_enter_slow(ht, ht->vcpu, 0);
}

/**
 * rump_bury() - End what a killed process has left, in a process for that purpose only
 * @proc:	the dead one
 * @tid:	host thread id of the caller, which must not use its own memory's contents
 *
 * Return: 0, or not if the kernel is lost
 */
int rump_bury(struct rump_process *proc, int tid)
{
	struct rump_hthread *ht = rump_hthread_get(RUMP_HT_THREAD, proc, tid);

	if (!ht)
		return -EAGAIN;
	WRITE_ONCE(*(u32 *)RUMP_USER_GONE, 1);
	ht->attaching = RUMP_ATTACH_BURIAL;
	smp_store_release(&proc->undertaker, ht);
	smp_mb();
	rump_guard_bury(proc);
	if (!rump_settle(ht))
		return -EIO;
	return rump_host_call(ht, bury_and_wait, NULL);
}

/**
 * rump_process_pid() - The host pid of a forked process
 * @proc:	the process
 *
 * Return: pid
 */
int rump_process_pid(struct rump_process *proc)
{
	return proc->hostpid;
}

/**
 * rump_process_at() - One of the processes
 * @i:	counts from 0 to RUMP_PROCESSES
 *
 * Return: NULL if there is none that has been born
 */
struct rump_process *rump_process_at(unsigned int i)
{
	struct rump_process *proc = &processes[i];

	return READ_ONCE(proc->used) && READ_ONCE(proc->hostpid) > 0 &&
	       READ_ONCE(proc->birth) == RUMP_BIRTH_DONE ? proc : NULL;
}

/**
 * rump_process_of() - The process of the host with an id
 * @hostpid:	that
 *
 * Return: NULL if there is none; it has a leader, but may still be being born
 */
struct rump_process *rump_process_of(int hostpid)
{
	struct rump_process *proc;

	for (proc = processes; proc < processes + RUMP_PROCESSES; proc++)
		if (READ_ONCE(proc->used) && READ_ONCE(proc->hostpid) == hostpid &&
		    READ_ONCE(proc->leader))
			return proc;
	return NULL;
}

/**
 * rump_fail_births() - The kernel is dead: nobody is born any more
 */
void rump_fail_births(void)
{
	struct rump_process *proc;

	for (proc = processes; proc < processes + RUMP_PROCESSES; proc++)
		if (READ_ONCE(proc->used) &&
		    host_cmpxchg(&proc->birth, RUMP_BIRTH_PENDING, RUMP_BIRTH_FAILED) == 0)
			hyp->wake(&proc->birth);
}

/**
 * rump_left() - Did a process that has ended leave, so that it needs no burial?
 * @proc:	the process
 *
 * It may have been killed in the last moment, while its thread still carried what came next, or held a
 * lock; then there is a burial all the same.
 *
 * Return: 1 if so; also if it could not be born
 */
int rump_left(struct rump_process *proc)
{
	return (smp_load_acquire(&proc->birth) == RUMP_BIRTH_FAILED ||
		READ_ONCE(proc->state) == RUMP_PROC_GONE) &&
	       !carries(proc, NULL, NULL) && !rump_guard_locked(proc);
}

/* What a process has claimed for a child and then did not fork, as it was killed. */
static void forget_claims(struct rump_process *claimer)
{
	struct rump_process *proc;

	for (proc = processes; proc < processes + RUMP_PROCESSES; proc++) {
		if (!READ_ONCE(proc->used) || READ_ONCE(proc->claimer) != claimer)
			continue;
		if (proc->hostpid) {
			proc->claimer = NULL;
			continue;
		}
		if (proc->main)
			rump_hthread_put(proc->main);
		process_put(proc);
	}
}

/**
 * rump_forget() - A process has ended and been buried: free what names it
 * @proc:	the process
 */
void rump_forget(struct rump_process *proc)
{
	forget_claims(proc);
	rump_guard_bury(proc);
	rump_hthread_wake_lost();
	rump_hthread_put_all(proc);
	asm volatile("lock; decl %0" : "+m"(nr_forked));
	process_put(proc);
}
