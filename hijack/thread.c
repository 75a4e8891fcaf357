// SPDX-License-Identifier: BSD-2-Clause
/* thread.c - host threads of the kernel's own
 *
 * The program must not notice them, and libc knows nothing of them: a thread is one raw clone, with
 * a mapping that holds, from below, a guard page, a stack, and thread-local storage as far as
 * rump__self, the one variable that kernel threads use, with a thread control block behind it. Its
 * calls come from the shim's text and from the kernel image, never through a rewritten site. All
 * signals are blocked but those of faults.
 */
#include <asm/signal.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/sched.h>

#include "../kernel/lib/core.h"
#include "raw.h"
#include "state.h"
#include "str.h"
#include "thread.h"

#define GUARD_SIZE  4096ul
#define STACK_SIZE  (64ul << 10)
#define TCB_SIZE    1024ul /* more than libc's functions look at, were one called */
#define TLS_ALIGN   64ul
#define NAME_ROOM   16
#define THREAD_FLAGS                                                                               \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |        \
	 CLONE_SETTLS)

/* At the top of the stack. */
struct start {
	void (*fn)(void *argument);
	void *argument;
	unsigned long mapping;
	unsigned long size;
	char name[NAME_ROOM];
};

/* The beginning of the thread control block, psABI: %fs:0 is its own address. */
struct tcb {
	struct tcb *self;
	void *dtv;
	void *thread;
};

/**
 * thread_main() - The first function of a kernel thread
 */
static _Noreturn __attribute__((used)) void thread_main(const struct start *start)
{
	raw2(__NR_prctl, PR_SET_NAME, start->name);
	start->fn(start->argument);
	hijack_unmap_and_exit(start->mapping, start->size);
}

/**
 * clone_thread() - The raw clone
 * @start:	on the new thread's stack, which begins below it
 *
 * Return: thread id, or a negated errno
 */
static long clone_thread(struct start *start, struct tcb *tcb)
{
	register unsigned long r10 __asm__("r10") = 0;
	register struct tcb *r8 __asm__("r8") = tcb;
	long result;

	__asm__ volatile("syscall\n"
			 "	test	%%eax, %%eax\n"
			 "	jnz	1f\n"
			 "	xor	%%ebp, %%ebp\n"
			 "	mov	%%rsp, %%rdi\n"
			 "	call	*%[main]\n"
			 "1:\n"
			 : "=a"(result)
			 : "a"(__NR_clone), "D"((unsigned long)THREAD_FLAGS), "S"(start), "d"(0ul),
			   "r"(r10), "r"(r8), [main] "b"(thread_main)
			 : "rcx", "r11", "memory", "cc");
	return result;
}

/**
 * thread_start() - Start a host thread for the kernel
 * @fn:		what it runs
 * @name:	cut to what the host takes
 *
 * Return: 0 or a negated errno
 */
int thread_start(void (*fn)(void *argument), void *argument, const char *name)
{
	unsigned long others = ~RUMP__FAULTS, mask = 0, before, tls, size, top;
	struct start *start;
	struct tcb *tcb;
	long at, result;

	/* The distance from a variable to the thread control block is the same in every thread. */
	__asm__("mov %%fs:0, %0" : "=r"(before));
	tls = (before - (unsigned long)&rump__self + TLS_ALIGN - 1) & ~(TLS_ALIGN - 1);
	size = (GUARD_SIZE + STACK_SIZE + tls + TCB_SIZE + GUARD_SIZE - 1) & ~(GUARD_SIZE - 1);
	at = raw_call(__NR_mmap, 0, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (raw_failed(at))
		return (int)at;
	raw3(__NR_mprotect, at, GUARD_SIZE, PROT_NONE);
	tcb = (struct tcb *)(((unsigned long)at + size - TCB_SIZE) & ~(TLS_ALIGN - 1));
	tcb->self = tcb;
	tcb->thread = tcb;
	top = ((unsigned long)tcb - tls - sizeof(*start)) & ~15ul;
	start = (struct start *)top;
	start->fn = fn;
	start->argument = argument;
	start->mapping = (unsigned long)at;
	start->size = size;
	str_printf(start->name, sizeof(start->name), "%s", name);

	raw4(__NR_rt_sigprocmask, SIG_SETMASK, &others, &mask, sizeof(mask));
	result = clone_thread(start, tcb);
	raw4(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, sizeof(mask));
	if (!raw_failed(result))
		return 0;
	raw2(__NR_munmap, at, size);
	return (int)result;
}
