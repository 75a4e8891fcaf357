// SPDX-License-Identifier: GPL-2.0-only
/*
 * user.c - the tasks of host threads between user mode and a call
 *
 * carrier.c tells who runs them. User mode is the program's code, on a stack of the host; a task
 * that is there has an empty kernel stack. From there it takes the request of its host thread,
 * does what the kernel wants done before a return to user mode, and makes room for others.
 */
#include <linux/sched.h>
#include <linux/sched/stat.h>
#include <linux/resume_user_mode.h>
#include <linux/syscalls.h>
#include <asm/carrier.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

/**
 * rump_complete() - Give a host thread the result of its call
 * @ht:		host thread of the current task
 * @ret:	result
 */
void rump_complete(struct rump_hthread *ht, long ret)
{
	ht->ret = ret;
	WRITE_ONCE(ht->req, RUMP_REQ_NONE);
	smp_store_release(&ht->done, 1);
	if (rump_this_vcpu()->carrier != ht)
		rump_hthread_wake(ht);
}

/*
 * Calls that have been asked for and have not begun: their tasks are in user mode, and so
 * are not among rump_blocked.
 */
static atomic_t rump_waiting = ATOMIC_INIT(0);

/**
 * rump_request_waits() - A call has been asked for while another one was made
 * @ht:	who asked
 */
void rump_request_waits(struct rump_hthread *ht)
{
	if (READ_ONCE(ht->req) == RUMP_REQ_POSTED && !xchg(&ht->counted, 1))
		atomic_inc(&rump_waiting);
}

static void request_begins(struct rump_hthread *ht)
{
	if (READ_ONCE(ht->counted) && xchg(&ht->counted, 0))
		atomic_dec(&rump_waiting);
}

/* Should the current task, which is in user mode, make room for others? */
static bool others_first(struct rump_vcpu *v, struct rump_hthread *ht)
{
	if (need_resched())
		return true;
	if (single_task_running())
		return false;
	/*
	 * Kernel threads that nobody waits for can run at the next tick or the next time
	 * somebody sleeps; the thread whose call is done goes back now.
	 */
	return v->carrier != ht || atomic_read(&rump_blocked) > 0 || atomic_read(&rump_waiting) > 0;
}

static void sleep_in_user_mode(struct rump_hthread *ht)
{
	current->thread.in_user = 1;
	/* Interruptible, as a signal for the program is to be passed on at once. */
	set_current_state(TASK_INTERRUPTIBLE);
	if (ht && READ_ONCE(ht->req) == RUMP_REQ_POSTED)
		__set_current_state(TASK_RUNNING);
	local_irq_enable();
	schedule();
	local_irq_disable();
	current->thread.in_user = 0;
}

/**
 * rump_user_context() - The current task is in user mode, its kernel stack empty
 *
 * Entered by any carrier: for interrupts, for a posted request of the task, or
 * after a call that could not go back the fast way.
 */
asmlinkage void __noreturn rump_user_context(void)
{
	struct rump_hthread *ht = current->thread.ht;
	bool ticked = false;
	struct rump_vcpu *v;
	long ret;

	local_irq_disable();
	for (;;) {
		v = rump_this_vcpu();
		if (READ_ONCE(v->pending)) {
			ticked |= !!(v->pending & (1U << RUMP_IRQ_TIMER));
			rump_run_irqs(true);
			continue;
		}
		if (READ_ONCE(current_thread_info()->flags) & _TIF_WORK_MASK) {
			local_irq_enable();
			rump_exit_work(0);
			local_irq_disable();
			continue;
		}
		ht = READ_ONCE(current->thread.ht);
		if (ht && READ_ONCE(ht->req) == RUMP_REQ_POSTED) {
			if (unlikely(READ_ONCE(ht->proc->undertaker)) &&
			    READ_ONCE(ht->lent) != RUMP_LENT_OUT) {
				WRITE_ONCE(ht->req, RUMP_REQ_NONE);
				request_begins(ht);
				continue;
			}
			/* Never in another process; it takes this CPU when it has left the one it may own. */
			if (v->carrier != ht && (ht->proc != v->carrier->proc ||
						 (rump_boot.bound && !READ_ONCE(ht->owns)))) {
				rump_handoff(v, ht);
				continue;
			}
			WRITE_ONCE(ht->req, RUMP_REQ_RUNNING);
			request_begins(ht);
			ticked = false;
			local_irq_enable();
			ret = rump_do_call(ht);
			local_irq_disable();
			rump_complete(ht, ret);
			continue;
		}
		if (others_first(v, ht) || (ticked && v->carrier != ht)) {
			ticked = false;
			sleep_in_user_mode(ht);
			continue;
		}
		/* The fast way in expects them on; what is pending is seen after the release. */
		WRITE_ONCE(kstack_base()->irqs_off, ARCH_IRQ_ENABLED);
		rump_leave_user(v->carrier, v, RUMP_LEAVE_RELEASE);
	}
}

/* A call is done that cannot go back the fast way. The stack starts anew. */
static noinline void __noreturn exit_slow(struct rump_hthread *ht, long ret)
{
	rump_complete(ht, ret);
	rump_resume_user((unsigned long)task_pt_regs(current));
}

/**
 * rump_call_exit() - End of a call that came in the fast way
 * @ret:	its result
 *
 * Return: the result and the virtual CPU, which the caller owns and releases
 */
asmlinkage struct rump_exit rump_call_exit(long ret)
{
	struct kstack_base *base = kstack_base();
	struct rump_hthread *ht = base->task->thread.ht;
	struct rump_vcpu *v;

	if (unlikely(READ_ONCE(base->task->thread_info.flags) & _TIF_WORK_MASK)) {
		ret = rump_exit_work(ret);
		WRITE_ONCE(ht->interrupted, 0);
	}
	v = READ_ONCE(base->vcpu);
	if (unlikely(v->carrier != ht || READ_ONCE(v->pending) ||
		     rump_hostwork_waiting() || others_first(v, ht)))
		exit_slow(ht, ret);
	ht->vcpu = v;
	return (struct rump_exit){ ret, v };
}

/**
 * rump_exit_work() - What is to be done before a call's result goes back
 * @ret:	result so far
 *
 * Return: result
 */
long rump_exit_work(long ret)
{
	unsigned long flags;

	while ((flags = READ_ONCE(current_thread_info()->flags)) & _TIF_WORK_MASK) {
		if (flags & (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL | _TIF_RESTORE_SIGMASK))
			rump_signal_work();
		if (flags & _TIF_NOTIFY_RESUME)
			resume_user_mode_work(task_pt_regs(current));
	}
	return ret;
}

/**
 * rump_do_call() - Run the request of the current task's host thread
 * @ht:	host thread
 *
 * Return: result, also of numbers that do not exist
 */
long rump_do_call(struct rump_hthread *ht)
{
	unsigned long nr = ht->nr;
	long ret;

	if (unlikely(rump_ender && rump_ender != current)) {
		if (ht->proc != &rump_first_process)
			return -RUMP_EDEAD;
		for (;;) {
			set_current_state(TASK_IDLE);
			schedule();
		}
	}
	task_pt_regs(current)->nr = nr;
	if (unlikely(READ_ONCE(ht->interrupted)))
		rump_notify(current);
	if (likely(nr < NR_syscalls))
		ret = sys_call_table[nr](ht->args[0], ht->args[1], ht->args[2], ht->args[3],
					 ht->args[4], ht->args[5]);
	else
		ret = rump_call(nr, ht->args);
	if (unlikely(READ_ONCE(current_thread_info()->flags) & _TIF_WORK_MASK)) {
		ret = rump_exit_work(ret);
		WRITE_ONCE(ht->interrupted, 0);
	}
	ht->vcpu = rump_this_vcpu();
	return ret;
}
