// SPDX-License-Identifier: GPL-2.0-only
/*
 * carrier.c - which host thread runs which kernel context
 *
 * Theory of operation
 *
 * A context is a task on its kernel stack. A virtual CPU has one current
 * context, as any CPU has. The host thread whose id is in vcpu->owner carries
 * it: it has swapped its own stack for the context's, and goes on carrying
 * whatever the scheduler switches to. Ownership changes only by
 *
 *   0 -> id	compare-and-swap by the thread that wants to carry
 *   id -> 0	by the owner, once it is back on its host stack (release)
 *   id -> id2	by the owner, likewise; id2 is parked or about to park and
 *		finds the virtual CPU in its carry field (handoff). Only an
 *		undertaker can be handed a second one meanwhile (death.c)
 *
 * While the CPU is free its current context is either at rump_leave(), and
 * vcpu->resume is its stack pointer, or in user mode: resume is 0, its kernel
 * stack is empty, and for the scheduler it runs. So a thread that comes back
 * with its task still current needs no scheduler: that is the fast path in
 * entry.S. Anybody else who enters starts on the empty stack in
 * rump_user_context(), as an interrupt from user mode would, and the task
 * there sleeps when another one has something to do.
 *
 * A request that does not find its CPU free is posted: pushed on
 * vcpu->requests, with RUMP_IRQ_REQUEST pending. Invariant: a pending bit is
 * seen. The raiser sets the bit (a full barrier) and then tries the
 * compare-and-swap; the owner sets owner to 0 (a full barrier) and then reads
 * pending. One of the two sees the other.
 *
 * Before it posts, it waits a moment for a release (own.c).
 *
 * A carrier's own call may be done while it carries somebody else's context.
 * It then leaves at the next switch (rump_post_switch()) by giving the CPU to the thread
 * whose context comes next, or to the helper, a host thread that has no
 * task; a server stays until there is work for it. Contexts that touch user memory are carried
 * by threads of their own process only, so who carries elsewhere meanwhile is called from there.
 *
 * Timers are guard.c's subject.
 *
 * With RUMP_THREADS=bound a context is carried only by the host thread that
 * was made for it, so every switch hands the CPU over.
 */
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/sched/stat.h>
#include <linux/kthread.h>
#include <linux/resume_user_mode.h>
#include <linux/syscalls.h>
#include <asm/carrier.h>
#include <asm/drivers.h>
#include <asm/mmu_context.h>
#include <asm/switch_to.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

struct rump_vcpu rump_vcpus[RUMP_MAX_NCPU];

/* Tasks of host threads that are switched out in the middle of a call. */
atomic_t rump_blocked = ATOMIC_INIT(0);

/*
 * On host stacks. No current here, no per-CPU data, no locks of the kernel.
 */

/**
 * rump_hthread_wake() - Make a host thread look at its fields again
 * @ht:	thread, parked or not
 *
 * Return: whether it was
 */
bool rump_hthread_wake(struct rump_hthread *ht)
{
	u32 parked = 0;

	asm volatile("xchgl %0, %1" : "+r"(parked), "+m"(ht->word) :: "memory");
	if (parked)
		hyp->wake(&ht->word);
	return parked;
}

/**
 * rump_kick() - See to it that pending interrupts of a free virtual CPU run
 * @v:	virtual CPU, with a pending bit set before the call
 */
void rump_kick(struct rump_vcpu *v)
{
	if (!READ_ONCE(v->owner))
		rump_wake_helper(v);
}

/* Go on with what is on @v, which @ht owns. */
static void __noreturn vcpu_carry(struct rump_vcpu *v, struct rump_hthread *ht)
{
	unsigned long sp = v->resume;

	v->carrier = ht;
	ht->owns = v;
	rump_vmap_catch_up();
	if (sp) {
		v->resume = 0;
		rump_resume(sp);
	}
	rump_resume_user((unsigned long)task_pt_regs(v->curr));
}

/* Interrupts of a free CPU are run by whoever sees them. */
static void vcpu_run_pending(struct rump_vcpu *v, struct rump_hthread *ht)
{
	if (READ_ONCE(v->pending) && rump_vcpu_own(v, ht))
		vcpu_carry(v, ht);
}

/**
 * rump_run_pending() - Run the interrupts of the thread's virtual CPU if that is free
 * @ht:	thread that owns none; it may leave through its host stack's rump_host_loop()
 */
void rump_run_pending(struct rump_hthread *ht)
{
	vcpu_run_pending(ht->vcpu, ht);
}

/**
 * rump_run_pending_once() - The same for a thread without a call, by rump_host_call()
 * @ht:		the thread
 * @unused:	NULL
 *
 * Return: 0
 */
long rump_run_pending_once(struct rump_hthread *ht, void *unused)
{
	ht->done = 1;
	ht->ret = 0;
	rump_run_pending(ht);
	ht->done = 0;
	return 0;
}

static void hthread_park(struct rump_hthread *ht)
{
	struct rump_vcpu *v = ht->vcpu;
	u64 until = ~0ULL;
	u32 parked = 1;

	if (rump_hostwork_serve(ht))
		return;
	asm volatile("xchgl %0, %1" : "+r"(parked), "+m"(ht->word) :: "memory");
	if (READ_ONCE(ht->done) || READ_ONCE(ht->carry) || READ_ONCE(rump_dead))
		goto out;
	/* An owner that has not seen the last expiry yet will check when it releases. */
	if (!READ_ONCE(v->owner) || !(READ_ONCE(v->pending) & (1U << RUMP_IRQ_TIMER)))
		until = rump_guard_take(v, ht);
	if (!READ_ONCE(v->owner) && READ_ONCE(v->pending))
		goto leave;
	hyp->park(&ht->word, 1, until);
leave:
	if (until != ~0ULL) {
		rump_guard_leave(v, ht);
		if (hyp->clock_mono() >= READ_ONCE(v->deadline))
			rump_raise(v, RUMP_IRQ_TIMER);
		else if (READ_ONCE(ht->done) || READ_ONCE(ht->carry))
			rump_guard_check(v);
	}
out:
	WRITE_ONCE(ht->word, 0);
	if (!READ_ONCE(ht->carry))
		vcpu_run_pending(v, ht);
	else if (READ_ONCE(v->pending)) /* its call may be done when it comes back */
		rump_kick(v);
}

/*
 * @ht hands @v over. Its heir may be found dead at the same time: the undertaker says that it has come
 * and looks at carry then, and here it is the other way round, so one of the two sees the other. Or it
 * sees that somebody is about to.
 */
static void hand_over(struct rump_vcpu *v, struct rump_hthread *ht, struct rump_hthread *heir)
{
	struct rump_process *proc = heir->proc;
	struct rump_hthread *undertaker;

	v->carrier = NULL;
	WRITE_ONCE(v->turns, v->turns + 1);
	smp_store_release(&v->giver, ht->id);
	smp_store_release(&v->owner, heir->id);
	host_or(&heir->carry, 1U << v->cpu);
	host_cmpxchg(&v->giver, ht->id, 0);
	rump_hthread_wake(heir);
	undertaker = READ_ONCE(proc->undertaker);
	if (unlikely(undertaker && undertaker != heir))
		rump_redirect(v, heir, undertaker);
}

/**
 * rump_host_loop() - What a host thread does that is on its own stack again
 * @ht:		the thread
 * @v:		virtual CPU it has just left, or NULL
 * @action:	RUMP_LEAVE_
 *
 * Return: the result of its call, once that is done
 */
asmlinkage long rump_host_loop(struct rump_hthread *ht, struct rump_vcpu *v, int action)
{
	u32 next = READ_ONCE(rump_dead) ? RUMP_OWNER_NONE : 0;

	if (v) {
		WRITE_ONCE(ht->wanted, 0);
		WRITE_ONCE(ht->waits, 0);
		WRITE_ONCE(ht->owns, NULL);
		if (action == RUMP_LEAVE_HANDOFF && !next) {
			hand_over(v, ht, v->heir);
		} else {
			v->carrier = NULL;
			WRITE_ONCE(v->turns, v->turns + 1);
			asm volatile("xchgl %0, %1" : "+r"(next), "+m"(v->owner) :: "memory");
			vcpu_run_pending(v, ht);
			rump_wake_waiter();
			/* One that waits here guards the CPU that its own task ran on. */
			if (READ_ONCE(ht->done) || ht->vcpu != v)
				rump_guard_check(v);
		}
	}
	for (;;) {
		u32 carry = READ_ONCE(ht->carry);

		if (carry && !READ_ONCE(rump_dead)) {
			v = &rump_vcpus[__ffs(carry)];
			host_clear_bit(&ht->carry, v->cpu);
			vcpu_carry(v, ht);
		}
		if (smp_load_acquire(&ht->done)) {
			ht->done = 0;
			if (unlikely(rump_hostwork_waiting()))
				rump_hostwork_wake();
			return ht->ret;
		}
		if (unlikely(READ_ONCE(rump_dead)))
			return -RUMP_EDEAD;
		hthread_park(ht);
	}
}

/**
 * rump_enter_slow() - A call that did not find its task current on a free CPU
 * @ht:		calling thread, with number and arguments filled in
 * @v:		virtual CPU of its task
 * @owned:	@v is already owned by the caller
 *
 * Return: result of the call
 */
asmlinkage long rump_enter_slow(struct rump_hthread *ht, struct rump_vcpu *v, int owned)
{
	struct rump_vcpu *got;

	if (unlikely(READ_ONCE(rump_dead))) {
		if (owned)
			WRITE_ONCE(v->owner, RUMP_OWNER_NONE);
		return -RUMP_EDEAD;
	}
	if (!owned && (got = rump_vcpu_wait(ht))) {
		owned = 1;
		v = got;
	}
	ht->req = RUMP_REQ_POSTED;
	/* Its task may run the request before the list is looked at, so it may still be there. */
	if (host_cmpxchg(&ht->request_queued, 0, 1) == 0)
		host_push(&v->requests, &ht->request_node);
	rump_raise(v, RUMP_IRQ_REQUEST);
	if (owned || rump_vcpu_own(v, ht))
		vcpu_carry(v, ht);
	return rump_host_loop(ht, NULL, 0);
}

/**
 * rump_after_release() - The fast path left @v free with something to do
 * @ht:		thread, its call done
 * @v:		virtual CPU
 * @ret:	result of the call
 *
 * Return: @ret
 */
asmlinkage long rump_after_release(struct rump_hthread *ht, struct rump_vcpu *v, long ret)
{
	ht->ret = ret;
	ht->done = 1;
	ht->owns = NULL;
	vcpu_run_pending(v, ht);
	rump_wake_waiter();
	rump_guard_check(v);
	ht->done = 0;
	if (unlikely(READ_ONCE(rump_dead)))
		host_cmpxchg(&v->owner, 0, RUMP_OWNER_NONE);
	return ret;
}

/*
 * On kernel stacks.
 */

/**
 * rump_handoff() - Give this virtual CPU to another host thread, and come back when it is this one's turn
 * @v:		virtual CPU
 * @heir:	who is to carry
 */
void rump_handoff(struct rump_vcpu *v, struct rump_hthread *heir)
{
	v->heir = heir;
	rump_leave(v->carrier, v, RUMP_LEAVE_HANDOFF);
}

/*
 * Does the host thread of the task wait for a call's result? A task that has ended may have a little
 * to do still, without user memory, when its process has been buried.
 */
static bool in_call(struct task_struct *tsk)
{
	struct rump_hthread *ht = tsk->thread.ht;

	return ht && !tsk->exit_state && (!tsk->thread.in_user || READ_ONCE(ht->req) != RUMP_REQ_NONE);
}

/* Not by its owns: the fast way in and out does not touch that. */
static bool is_carrying(const struct rump_hthread *ht)
{
	unsigned int i;

	for (i = 0; i < rump_boot.ncpu; i++)
		if (READ_ONCE(rump_vcpus[i].owner) == ht->id)
			return true;
	return false;
}

/* Who carries for a host thread: itself, unless it was killed. */
static struct rump_hthread *carrier_for(struct rump_hthread *ht)
{
	return READ_ONCE(ht->proc->undertaker) ?: ht;
}

/* The host thread a context is bound to, RUMP_THREADS=bound. */
static struct rump_hthread *bound_to(struct rump_vcpu *v, struct task_struct *tsk)
{
	if (in_call(tsk))
		return carrier_for(tsk->thread.ht);
	return tsk->thread.own ?: v->helper;
}

/*
 * Its call is done, or another thread ends its process and it shall carry no other's context than its own.
 * A server has nothing better to do than what its work has set going, but for more work.
 */
static bool may_go(struct rump_hthread *c)
{
	/* Another virtual CPU has a context that nobody else may carry. */
	if (READ_ONCE(c->wanted) || READ_ONCE(c->carry))
		return true;
	if (READ_ONCE(c->proc->state) == RUMP_PROC_LEAVING && READ_ONCE(c->proc->leaver) != c)
		return true;
	return c->done && (c->kind != RUMP_HT_SERVER || rump_hostwork_waiting());
}

/**
 * rump_carry_self() - The current task's context is to be carried by its own host thread
 */
void rump_carry_self(void)
{
	struct rump_hthread *ht = carrier_for(current->thread.ht);
	struct rump_vcpu *v = rump_this_vcpu();

	if (v->carrier != ht && !is_carrying(ht))
		rump_handoff(v, ht);
}

/*
 * Hand the current context to its own host thread. That may carry another virtual CPU: then it is told to
 * come at its next switch; told too late, it hands over once in vain. Until it comes, interrupts of this one
 * are taken and others run here, as what it carries may wait for them. An undertaker does carry two (death.c).
 *
 * Invariant: those who wait here for each other do not go on to. Who waits says so (a full barrier) and
 * then looks whether the other one does, so of two at least one sees the other, and leaves.
 */
static void handoff_to_own(void)
{
	struct thread_struct *t = &current->thread;
	struct rump_hthread *ht, *c;
	u32 one;

	/* Switched to again in the middle of this: it goes on. */
	if (t->moving)
		return;
	t->moving = 1;
	for (;;) {
		c = rump_this_vcpu()->carrier;
		ht = carrier_for(t->ht);
		one = 1;
		asm volatile("xchgl %0, %1" : "+r"(one), "+m"(c->waits) :: "memory");
		if (ht == c || !is_carrying(ht) || READ_ONCE(ht->waits) ||
		    ht == READ_ONCE(ht->proc->undertaker))
			break;
		WRITE_ONCE(ht->wanted, 1);
		cpu_relax();
		if (need_resched()) {
			WRITE_ONCE(c->waits, 0);
			schedule();
		}
	}
	t->moving = 0;
	if (ht == c)
		WRITE_ONCE(c->waits, 0);
	else
		rump_handoff(rump_this_vcpu(), ht);
}

/* Who is to carry the current context, instead of one that has something else to do? */
static void relieve(struct rump_vcpu *v, struct rump_hthread *c, struct rump_hthread *ht, bool incall)
{
	struct rump_hthread *helper = v->helper;

	if (incall && ht == c)
		return;
	if (incall && !is_carrying(ht))
		rump_handoff(v, ht);
	else if (helper && helper != c && (!incall || helper->proc == ht->proc))
		rump_handoff(v, helper);
	else if (incall && READ_ONCE(c->proc->state) == RUMP_PROC_LEAVING)
		handoff_to_own();
}

/**
 * rump_post_switch() - A context has been switched to: is this thread to carry it?
 *
 * Runs at the end of finish_task_switch(), with no lock held and interrupts enabled. The
 * run-queue lock must not be held over a handoff, or everybody who wakes a task waits
 * for a host thread to be scheduled.
 */
void rump_post_switch(void)
{
	struct rump_vcpu *v = rump_this_vcpu();
	struct rump_hthread *c = v->carrier, *ht = current->thread.ht;
	bool incall = in_call(current);

	if (incall)
		ht = carrier_for(ht);
	if (unlikely(rump_boot.bound)) {
		struct rump_hthread *own = bound_to(v, current);

		if (own && own != c && !is_carrying(own))
			rump_handoff(v, own);
		return;
	}
	if (is_idle_task(current))
		return;
	if (unlikely(incall && ht->proc != c->proc))
		handoff_to_own();
	else if (unlikely(may_go(c)))
		relieve(v, c, ht, incall);
	else if (unlikely(v->deadline < v->guarded))
		rump_wake_helper(v);
}

struct task_struct *__switch_to(struct task_struct *prev, struct task_struct *next)
{
	struct kstack_base *from = task_stack_page(prev), *to = task_stack_page(next);
	struct rump_vcpu *v = from->vcpu;

	to->vcpu = v;
	to->pcpu_off = from->pcpu_off;
	to->pending = from->pending;
	to->irqs_off = ARCH_IRQ_DISABLED;
	v->curr = next;
	if (prev->thread.ht && !prev->thread.in_user) {
		prev->thread.blocked = 1;
		atomic_inc(&rump_blocked);
	}
	if (next->thread.blocked) {
		next->thread.blocked = 0;
		atomic_dec(&rump_blocked);
	}
	return rump_switch(&prev->thread.sp, next->thread.sp, prev);
}

/**
 * rump_first_run() - First run of a task, from rump_ret_from_fork
 * @prev:	task that was switched from
 */
asmlinkage void __noreturn rump_first_run(struct task_struct *prev)
{
	struct thread_struct *t = &current->thread;

	schedule_tail(prev);
	if (t->fn) {
		if (unlikely(rump_boot.bound) && !is_global_init(current))
			rump_bind();
		t->fn(t->fn_arg);
		/* Only threads that become user tasks come back; process 1 has no host thread. */
		t->fn = NULL;
		if (is_global_init(current))
			rump_init_user();
	}
	rump_resume_user((unsigned long)task_pt_regs(current));
}

void arch_cpu_idle(void)
{
	struct rump_vcpu *v = rump_this_vcpu();

	if (!READ_ONCE(v->pending))
		rump_leave(v->carrier, v, RUMP_LEAVE_RELEASE);
	raw_local_irq_enable();
	raw_local_irq_disable();
}
