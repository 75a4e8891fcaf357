/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_VCPU_H
#define _ASM_RUMP_VCPU_H

#include <linux/types.h>
#include <linux/cache.h>
#include <linux/llist.h>
#include <asm/rump.h>

struct task_struct;

/* Interrupts of a virtual CPU: bits in its pending word. */
#define RUMP_IRQ_TIMER		0
#define RUMP_IRQ_REQUEST	1	/* host threads posted requests */
#define RUMP_IRQ_SIGNAL		2	/* host threads have signals to take */
#define RUMP_IRQ_HOSTWORK	3	/* blocking host calls have returned */
#define RUMP_IRQ_RESCHED	4
#define RUMP_IRQ_CALL		5	/* smp_call_function */
#define RUMP_IRQ_NET		6
#define RUMP_IRQ_GROW		7
#define RUMP_IRQ_DEATH		8	/* the kernel is dead, leave it */

/* Who owns a virtual CPU of a dead kernel, death.c. */
#define RUMP_OWNER_NONE		(~0U)

/*
 * struct rump_vcpu - a virtual CPU; theory in kernel/carrier.c
 *
 * The first line is what entry and exit touch.
 */
struct rump_vcpu {
	u32 owner;			/* id of the carrying host thread, 0 = free */
	u32 pending;			/* interrupts */
	struct task_struct *curr;	/* the context on this CPU */
	unsigned long resume;		/* its stack pointer while nobody carries it */
	struct rump_hthread *carrier;	/* who owns */
	u64 deadline;			/* next timer event, monotonic ns */
	u64 guarded;			/* a host thread wakes by then */
	u32 cpu;
	u32 turns;			/* how often it was released or handed over */
	/* slow paths */
	struct llist_head requests ____cacheline_aligned;
	struct llist_head signals;
	struct rump_hthread *helper;
	struct rump_hthread *guard;
	struct rump_hthread *heir;	/* whom a handoff goes to */
	u32 guard_lock;			/* of guard and guarded: id of the host thread that has it */
	u32 giver;			/* id of a host thread that is handing it over just now */
} ____cacheline_aligned;

/* What the carrier does once it has left the kernel stack, see rump_leave(). */
#define RUMP_LEAVE_RELEASE	0
#define RUMP_LEAVE_HANDOFF	1

enum rump_request_state {
	RUMP_REQ_NONE,
	RUMP_REQ_POSTED,
	RUMP_REQ_RUNNING,
};

/*
 * struct rump_hthread - a host thread that is known to the kernel
 *
 * Lies in the image, so that threads of any process can wake each other. The
 * assembly in entry.S knows the first fields by offset (asm-offsets.c).
 */
struct rump_hthread {
	unsigned long host_sp;		/* host stack while on a kernel stack */
	unsigned long ksp;		/* where its task's kernel stack starts */
	struct rump_vcpu *vcpu;		/* where its task ran last */
	struct task_struct *task;	/* NULL: a helper */
	u32 tid;
	u32 id;				/* as an owner: its place in the table, from 1 */
	u32 word;			/* futex: 1 = parked */
	u32 done;			/* the call has its result */
	u32 req;			/* enum rump_request_state */
	u32 interrupted;		/* the call shall return for a host signal */
	u32 carry;			/* virtual CPUs handed to this thread, a bit each */
	u32 wanted;			/* by one of which only it may carry the context */
	u32 waits;			/* for a thread that is wanted */
	long ret;
	long nr;
	unsigned long args[6];
	struct rump_vcpu *owns;		/* the virtual CPU it carries */
	struct rump_process *proc;
	struct llist_node request_node;
	struct llist_node signal_node;
	u32 attaching;			/* the request is for a task */
	u32 request_queued;		/* request_node is on a list, or about to be */
	u32 signal_queued;
	u32 counted;			/* among rump_waiting, user.c */
	u32 lent;			/* enum rump_lent */
	u32 used;
	u32 kind;
} ____cacheline_aligned;

enum rump_lent {
	RUMP_LENT_NOT,
	RUMP_LENT_OUT,		/* a vfork child makes calls as this thread */
	RUMP_LENT_INHERITED,	/* and the thread's process was killed meanwhile */
};

#define RUMP_HT_THREAD	0
#define RUMP_HT_HELPER	1
#define RUMP_HT_SERVER	2
#define RUMP_HT_BOUND	3

#define RUMP_ATTACH_TASK	1	/* clone a task */
#define RUMP_ATTACH_BURIAL	2	/* end the tasks of a process that was killed */

enum rump_process_state {
	RUMP_PROC_ALIVE,
	RUMP_PROC_LEAVING,	/* its threads must not carry any more, but the leaver */
	RUMP_PROC_GONE,		/* it has no tasks any more */
};

enum rump_process_birth {
	RUMP_BIRTH_PENDING,
	RUMP_BIRTH_DONE,
	RUMP_BIRTH_FAILED,
};

struct rump_process {
	struct task_struct *spawner;
	struct task_struct *leader;
	int pid;			/* here; the host's unless that was taken */
	int hostpid;
	struct llist_head attaching;
	struct rump_hthread *main;	/* a forked process's first thread */
	struct rump_hthread *undertaker; /* carries for its threads, which were killed */
	struct rump_hthread *leaver;	/* ends the process, and carries yet when the others must not */
	struct rump_process *claimer;	/* who has claimed this, to fork */
	u32 birth;			/* futex: enum rump_process_birth */
	u32 state;			/* enum rump_process_state */
	u32 executing;			/* a program: its handlers are about to go, and its memory */
	u32 zap;			/* window mappings are to be dropped, see mm/fault.c */
	unsigned long zap_start, zap_end;
	u32 used;
};

extern struct rump_vcpu rump_vcpus[];
extern struct rump_bootinfo rump_boot;

/* Hypercalls: a table at a fixed address, private to each process. */
#define hyp	((const struct rump_hyp *)RUMP_HYP_ADDR)

#endif
