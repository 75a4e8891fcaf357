/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_CARRIER_H
#define _ASM_RUMP_CARRIER_H

#include <linux/linkage.h>
#include <linux/llist.h>
#include <asm/kstack.h>
#include <asm/page.h>
#include <asm/vcpu.h>

/*
 * Words that host threads without a virtual CPU write too. The kernel's own
 * atomics lose their lock prefix on one virtual CPU (asm/alternative.h); these
 * keep it. xchg locks by itself.
 */
static __always_inline u32 host_cmpxchg(u32 *p, u32 old, u32 new)
{
	asm volatile("lock; cmpxchgl %2, %1" : "+a"(old), "+m"(*p) : "r"(new) : "memory", "cc");
	return old;
}

static __always_inline void host_or(u32 *p, u32 bits)
{
	asm volatile("lock; orl %1, %0" : "+m"(*p) : "r"(bits) : "memory", "cc");
}

static __always_inline bool host_clear_bit(u32 *p, u32 bit)
{
	bool was;

	asm volatile("lock; btrl %2, %1" : "=@ccc"(was), "+m"(*p) : "r"(bit) : "memory", "cc");
	return was;
}

static __always_inline void host_push(struct llist_head *head, struct llist_node *node)
{
	struct llist_node *first = READ_ONCE(head->first), *seen;

	for (;;) {
		WRITE_ONCE(node->next, first);
		seen = first;
		asm volatile("lock; cmpxchgq %2, %1"
			     : "+a"(seen), "+m"(head->first) : "r"(node) : "memory", "cc");
		if (likely(seen == first))
			return;
		first = seen;
	}
}

static __always_inline struct llist_node *host_take_all(struct llist_head *head)
{
	struct llist_node *first = NULL;

	asm volatile("xchgq %0, %1" : "+r"(first), "+m"(head->first) :: "memory");
	return first;
}

static __always_inline void rump_raise(struct rump_vcpu *v, unsigned int irq)
{
	host_or(&v->pending, 1U << irq);
}

/* entry.S */
asmlinkage void rump_enter(void);
asmlinkage long rump_host_call(struct rump_hthread *ht, long (*fn)(struct rump_hthread *, void *),
			       void *arg);
asmlinkage void rump_leave(struct rump_hthread *ht, struct rump_vcpu *v, int action);
asmlinkage void __noreturn rump_leave_user(struct rump_hthread *ht, struct rump_vcpu *v,
					   int action);
asmlinkage void __noreturn rump_resume(unsigned long sp);
asmlinkage void __noreturn rump_resume_user(unsigned long sp);
asmlinkage void __noreturn rump_call_on(unsigned long sp, void (*fn)(void));
asmlinkage struct task_struct *rump_switch(unsigned long *prev_sp, unsigned long next_sp,
					   struct task_struct *prev);
void rump_ret_from_fork(void);

/* own.c, on a host stack */
extern u32 rump_waiters;
bool rump_vcpu_own(struct rump_vcpu *v, struct rump_hthread *ht);
struct rump_vcpu *rump_vcpu_wait(struct rump_hthread *ht);
void rump_wake_waiter(void);

/* carrier.c, on a host stack */
bool rump_hthread_wake(struct rump_hthread *ht);
void rump_kick(struct rump_vcpu *v);
asmlinkage long rump_host_loop(struct rump_hthread *ht, struct rump_vcpu *v, int action);
asmlinkage long rump_enter_slow(struct rump_hthread *ht, struct rump_vcpu *v, int owned);
asmlinkage long rump_after_release(struct rump_hthread *ht, struct rump_vcpu *v, long ret);
void rump_run_pending(struct rump_hthread *ht);
long rump_run_pending_once(struct rump_hthread *ht, void *unused);

/* guard.c */
void rump_wake_helper(struct rump_vcpu *v);
u64 rump_guard_take(struct rump_vcpu *v, struct rump_hthread *ht);
void rump_guard_leave(struct rump_vcpu *v, struct rump_hthread *ht);
void rump_guard_check(struct rump_vcpu *v);
bool rump_guard_locked(const struct rump_process *proc);
void rump_guard_bury(const struct rump_process *proc);

/* carrier.c, on a kernel stack */
extern atomic_t rump_blocked;
void rump_carry_self(void);
void rump_handoff(struct rump_vcpu *v, struct rump_hthread *heir);

static inline struct rump_vcpu *rump_this_vcpu(void)
{
	return READ_ONCE(kstack_base()->vcpu);
}

/* user.c */
void rump_request_waits(struct rump_hthread *ht);	/* on a host stack */
asmlinkage void __noreturn rump_user_context(void);
void rump_complete(struct rump_hthread *ht, long ret);
long rump_exit_work(long ret);
long rump_do_call(struct rump_hthread *ht);
long rump_call(unsigned long nr, unsigned long *args);
void rump_notify(struct task_struct *task);
void rump_signal_work(void);
long rump_halt(void);
extern struct task_struct *rump_ender;
long rump_user_fault(unsigned long addr, unsigned long access);

struct rump_exit {
	long ret;
	struct rump_vcpu *v;
};
asmlinkage struct rump_exit rump_call_exit(long ret);

/* The host thread that runs this. */
static inline struct rump_hthread *rump_carrier(void)
{
	return READ_ONCE(rump_this_vcpu()->carrier);
}
asmlinkage void __noreturn rump_first_run(struct task_struct *prev);

/* mm/fault.c */
int rump_zap(struct rump_process *proc);
struct mm_struct;
pte_t *rump_pte(struct mm_struct *mm, unsigned long addr);

/* mm/vmap.c */
void rump_vmap_catch_up(void);
int rump_vmap_fault(unsigned long addr);

/* mm/grow.c */
void rump_grow_irq(void);
void rump_oom_over(void);

/* irq.c */
void rump_run_irqs(bool user);

/* hostwork.c, on a host stack */
bool rump_hostwork_serve(struct rump_hthread *ht);
bool rump_hostwork_waiting(void);
void rump_hostwork_wake(void);

/* death.c */
extern u32 rump_dead;
void rump_die(unsigned int why, struct rump_process *self);
void __noreturn rump_abandon(void);
bool rump_redirect(struct rump_vcpu *v, struct rump_hthread *from, struct rump_hthread *to);
bool rump_settle(struct rump_hthread *undertaker);

/* bound.c */
void rump_bind(void);

/* lwproc.c */
long rump_lwp_rfork(unsigned long files);
long rump_lwp_new(pid_t pid);
void *rump_lwp(struct rump_hthread *ht);
void rump_lwp_switch(struct rump_hthread *ht, void *lwp);
void rump_lwp_release(struct rump_hthread *ht, void *next);
void rump_set_handlers(void);
void rump_close_files(void);

/* init.c */
void rump_become(struct rump_hthread *ht);
int rump_lead(struct rump_process *proc);

/* fork.c */
bool rump_alone(void);
long rump_fork_prepare(void);
long rump_fork(unsigned long name, unsigned long flags, int pid);
long rump_leave_process(void);
long rump_kill(long whom, const long call[5]);
void rump_bury_request(struct rump_hthread *ht);
void __noreturn rump_bury_forever(void);
struct rump_hthread *rump_fork_child(struct rump_process *proc, int pid, int tid,
				      int (*orphan)(void));
int rump_bury(struct rump_process *proc, int tid);
int rump_process_pid(struct rump_process *proc);
int rump_left(struct rump_process *proc);
void rump_forget(struct rump_process *proc);
struct rump_process *rump_process_at(unsigned int i);
struct rump_process *rump_process_of(int hostpid);
void rump_fail_births(void);

/* group.c */
void rump_take_number(const struct rump_process *proc);
long rump_group(int hostpid);

/* creds.c */
int rump_take_over(const struct rump_bootinfo *info);

/* hthread.c */
struct rump_hthread *rump_hthread_get(unsigned int kind, struct rump_process *proc, int tid);
void rump_hthread_put(struct rump_hthread *ht);
void rump_lend(struct rump_hthread *ht, int begins);
bool rump_lent(const struct rump_process *proc);
#define LENT_TIME	(HZ / 2)	/* how long the end of a thread waits for that */
bool rump_hthread_busy(const struct rump_hthread *but, bool held);
void rump_hthread_put_all(struct rump_process *proc);
struct rump_hthread *rump_hthread_of(u32 owner);
void rump_hthread_wake_lost(void);
void rump_hthread_alarm(const struct rump_process *self);
struct rump_hthread *rump_attach(struct rump_process *proc, int tid);
void rump_detach(struct rump_hthread *ht);
void rump_exit_task(struct rump_hthread *ht);
void rump_helper(unsigned int cpu, int tid);
void rump_serve(int tid);
void rump_interrupt(struct rump_hthread *ht);
void rump_attach_request(struct rump_hthread *ht);

extern struct rump_process rump_first_process;
extern struct rump_hthread *rump_boot_hthread;

/* boot */
void rump_own_pids(void);
int rump_init_user(void);
void rump_setup_memory(void);
void rump_setup_cpus(void);
void rump_timer_start(void);

#endif
