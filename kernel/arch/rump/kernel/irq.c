// SPDX-License-Identifier: GPL-2.0-only
/*
 * irq.c - interrupts are bits that the owner of a virtual CPU polls
 *
 * Who may poll when: carrier.c. Here they run, with interrupts disabled, in
 * hard-interrupt context as far as generic code can tell.
 */
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <asm/carrier.h>
#include <asm/irq_regs.h>
#include <asm/drivers.h>

static struct pt_regs kernel_regs;
static struct pt_regs user_regs = { .user = 1 };

/* Another virtual CPU whose current task it is: in user mode it stays there, and takes the request. */
static struct rump_vcpu *current_elsewhere(struct rump_vcpu *v, struct task_struct *task)
{
	unsigned int i;

	for (i = 0; i < rump_boot.ncpu; i++)
		if (&rump_vcpus[i] != v && READ_ONCE(rump_vcpus[i].curr) == task)
			return &rump_vcpus[i];
	return NULL;
}

/* Wake a task for its own thread, which carries this CPU: on another one it would be in wait of it. */
static void wake_here(struct task_struct *task)
{
	struct wait_queue_entry entry = { .private = task, .func = default_wake_function };
	DECLARE_WAIT_QUEUE_HEAD_ONSTACK(head);

	__add_wait_queue(&head, &entry);
	__wake_up_on_current_cpu(&head, TASK_NORMAL, NULL);
}

static void run_requests(struct rump_vcpu *v)
{
	struct llist_node *node = host_take_all(&v->requests);
	struct rump_hthread *ht, *next;
	struct rump_vcpu *elsewhere;
	bool own;

	llist_for_each_entry_safe(ht, next, node, request_node) {
		struct task_struct *task = READ_ONCE(ht->task);

		if (READ_ONCE(ht->attaching)) {
			/* It waits; the spawner takes the node over. */
			rump_attach_request(ht);
			continue;
		}
		elsewhere = task ? current_elsewhere(v, task) : NULL;
		if (unlikely(elsewhere)) {
			host_push(&elsewhere->requests, &ht->request_node);
			rump_raise(elsewhere, RUMP_IRQ_REQUEST);
			rump_kick(elsewhere);
			continue;
		}
		own = ht == v->carrier;
		/* From then on an exiting thread's slot may be gone. */
		smp_store_release(&ht->request_queued, 0);
		if (!task)
			continue;
		rump_request_waits(ht);
		if (own)
			wake_here(task);
		else
			wake_up_process(task);
	}
}

/* Is the task in the middle of a call, or about to begin one? */
static bool in_call(struct rump_hthread *ht, struct task_struct *task, bool user)
{
	return READ_ONCE(ht->req) != RUMP_REQ_NONE || READ_ONCE(task->thread.blocked) ||
	       (task == current && !user);
}

static void run_signals(struct rump_vcpu *v, bool user)
{
	struct llist_node *node = host_take_all(&v->signals);
	struct rump_hthread *ht, *next;

	llist_for_each_entry_safe(ht, next, node, signal_node) {
		WRITE_ONCE(ht->signal_queued, 0);
		smp_mb();
		if (ht->task && in_call(ht, ht->task, user))
			rump_notify(ht->task);
		else if (READ_ONCE(ht->done))
			WRITE_ONCE(ht->interrupted, 0);
	}
}

/**
 * rump_run_irqs() - Run what is pending on this virtual CPU
 * @user:	user mode was interrupted
 *
 * Context: interrupts disabled, and again when it returns
 */
void rump_run_irqs(bool user)
{
	struct pt_regs *old = set_irq_regs(user ? &user_regs : &kernel_regs);
	struct rump_vcpu *v = kstack_base()->vcpu;
	u32 bits = 0;

	irq_enter();
	while (READ_ONCE(v->pending)) {
		asm volatile("xchgl %0, %1" : "+r"(bits), "+m"(v->pending) :: "memory");
		if (bits & (1U << RUMP_IRQ_DEATH))
			rump_abandon();
		if (bits & (1U << RUMP_IRQ_TIMER))
			rump_timer_irq(v);
		if (bits & (1U << RUMP_IRQ_REQUEST))
			run_requests(v);
		if (bits & (1U << RUMP_IRQ_SIGNAL))
			run_signals(v, user);
		if (bits & (1U << RUMP_IRQ_HOSTWORK))
			rump_hostwork_irq();
#ifdef CONFIG_NETDEVICES
		if (bits & (1U << RUMP_IRQ_NET))
			rump_net_irq();
#endif
		if (bits & (1U << RUMP_IRQ_RESCHED))
			scheduler_ipi();
		if (bits & (1U << RUMP_IRQ_CALL))
			generic_smp_call_function_interrupt();
		if (bits & (1U << RUMP_IRQ_GROW))
			rump_grow_irq();
		bits = 0;
	}
	irq_exit();
	set_irq_regs(old);
}

/**
 * rump_irq_poll() - Interrupts have been enabled and something is pending
 */
void rump_irq_poll(void)
{
	struct kstack_base *base = kstack_base();

	do {
		WRITE_ONCE(base->irqs_off, ARCH_IRQ_DISABLED);
		rump_run_irqs(false);
		WRITE_ONCE(base->irqs_off, ARCH_IRQ_ENABLED);
	} while (READ_ONCE(*base->pending));
}

/**
 * rump_look_around() - Take the interrupts that are due, the timer's among them
 * @base:	of the current stack, interrupts enabled
 *
 * No guard watches the timer of a virtual CPU whose owner stays in the kernel, see guard.c.
 */
void rump_look_around(struct kstack_base *base)
{
	struct rump_vcpu *v = base->vcpu;

	if (hyp->clock_mono() >= v->deadline)
		rump_raise(v, RUMP_IRQ_TIMER);
	if (READ_ONCE(v->pending))
		rump_irq_poll();
}

void __init init_IRQ(void)
{
}
