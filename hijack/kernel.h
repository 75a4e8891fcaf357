/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel.h - the rump kernel, for the layers of the shim
 *
 * The kernel is booted by the first call that needs it, and RUMP_MOUNT is mounted. A call into it
 * is kernel_call(): number and arguments as on the host, the result a value or a negated errno.
 * Bad pointers give EFAULT. Signal handlers run before it returns, with nothing of the kernel on the
 * stack; they may leave by longjmp(), so no lock may be held across it.
 */
#ifndef HIJACK_KERNEL_H
#define HIJACK_KERNEL_H

#include <stdbool.h>

#include "../kernel/lib/core.h"
#include "../kernel/lib/enter.h"

/* It has booted, and what RUMP_MOUNT says is mounted. False in a fork child. */
extern bool kernel_up;

/*
 * Boot it, unless it is up: from any thread, a signal handler, with any signal mask. 0, or -ENXIO in
 * a process that has none (a fork child; a vfork child of a process that has not joined; before the
 * program's thread-local storage exists). If it cannot
 * boot or mount, there is a message and the process ends with status 1.
 */
long kernel_need(void);

/* server.c: boot it in this process, mount, bring the loopback interface up; a failure ends the process. */
void kernel_boot(void);

/* A system call in the kernel, which must be up. The first one of a thread makes its task. */
static inline long kernel_call(long nr, long a, long b, long c, long d, long e, long f)
{
	return rump__enter(nr, a, b, c, d, e, f);
}

/* What a wait on the host for both kernels ends with that an error has ended. */
static inline long kernel_wait_failed(long error)
{
	return rump__is_lost() ? rump__lost() : error;
}

/*
 * Around a fork of a process without the kernel: waits for a thread that is about to join it, or keeps all
 * from that until both processes have called kernel_settled(). In between signals are blocked. What is
 * forked or executed finds the same server.
 */
void kernel_settle(void);
void kernel_settled(void);
/* Around the life of a vfork child that a process without the kernel has made: it has none either. */
void kernel_lend(bool to_child);
bool kernel_is_lent(void);
/* The program's thread-local storage is not there yet, and so no kernel can be. */
bool kernel_is_early(void);
/* The calling thread ends: its task does, if it has one. From hijack_on_thread_exit(). */
void kernel_thread_exit(void);
/* The process ends: sync and unmount. From hijack_on_exit(). */
void kernel_exit(void);
/* In a fork child, which has no kernel. From hijack_on_child(HIJACK_FORK). */
void kernel_forget(bool is_foreign);

/* init.c: check the configuration, before the program starts; a mistake ends it with status 2. */
void kernel_configure(void);

#endif
