// SPDX-License-Identifier: GPL-2.0-only
/*
 * signal.c - signals of this kernel go to the host
 *
 * A program's handlers are known to the host only. What this kernel sends one
 * of its tasks (SIGPIPE, SIGXFSZ, SIGIO, its timers' signals) is taken off the task's queue
 * on the way out of a call and queued to the host thread, which takes it when
 * the call has returned.
 *
 * The other way round a host signal makes a blocked call return: rump_interrupt()
 * leads to rump_notify(), and the result is one of the ERESTART codes, for
 * librump to go by.
 */
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/task_work.h>
#include <asm/carrier.h>
#include <asm/watch.h>

/* The process ends, by itself or by the host, and its host threads do no more. */
static void __noreturn die(struct rump_hthread *ht)
{
	rump_watch_task_exit();
	if (ht) {
		current->thread.ht = NULL;
		ht->task = NULL;
		if (READ_ONCE(ht->proc->executing) && !ht->request_queued && !ht->signal_queued)
			rump_hthread_put(ht);
	}
	current->clear_child_tid = NULL;
#ifdef CONFIG_FUTEX
	current->robust_list = NULL;
#endif
	do_exit(SIGKILL);
}

/**
 * rump_notify() - Make the call of a task return, as there is a host signal to take
 * @task:	task of a host thread
 *
 * Either flag alone may be cleared before the call has seen it: TIF_SIGPENDING by a
 * change of the signal mask, since no signal of this kernel is pending, and
 * TIF_NOTIFY_SIGNAL by io_uring, which takes it for work of its own.
 */
void rump_notify(struct task_struct *task)
{
	set_tsk_thread_flag(task, TIF_SIGPENDING);
	set_notify_signal(task);
}

/* Send the host thread what is pending and not blocked. */
static void take_signals(struct rump_hthread *ht)
{
	kernel_siginfo_t info;
	enum pid_type type;
	siginfo_t user;
	int sig, host = 0;

	if (ht && ht->proc != rump_carrier()->proc)
		host = ht->proc->hostpid;
	for (;;) {
		spin_lock_irq(&current->sighand->siglock);
		sig = dequeue_signal(&current->blocked, &info, &type);
		spin_unlock_irq(&current->sighand->siglock);
		if (sig <= 0)
			return;
		memset(&user, 0, sizeof(user));
		memcpy(&user, &info, sizeof(info));
		if (host)
			hyp->signal(host, ht->tid, sig, &user);
		else if (ht)
			hyp->raise(ht->tid, sig, &user);
	}
}

/**
 * rump_signal_work() - Take what interrupted the current call off the task
 */
void rump_signal_work(void)
{
	struct rump_hthread *ht = current->thread.ht;

	clear_notify_signal();
	if (unlikely(READ_ONCE(current->signal->oom_mm)))
		rump_oom_over();
	if (task_work_pending(current))
		task_work_run();
	if (fatal_signal_pending(current) &&
	    (!ht || ht->proc->undertaker || READ_ONCE(ht->proc->executing) ||
	     READ_ONCE(ht->proc->state) != RUMP_PROC_ALIVE))
		die(ht);
	/* A call that was interrupted waited with a mask of its own: what interrupted it comes first. */
	take_signals(ht);
	if (test_and_clear_restore_sigmask()) {
		__set_current_blocked(&current->saved_sigmask);
		take_signals(ht);
	}
	spin_lock_irq(&current->sighand->siglock);
	recalc_sigpending();
	spin_unlock_irq(&current->sighand->siglock);
}
