/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exit.c - the end of the process
 *
 * exit() and a return from main() run the destructor, signals that end the
 * process rump__exit() by way of signals.c. The kernel makes its disks clean
 * once; whoever comes second waits for that by being in the same process's
 * call queue.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "internal.h"

/*
 * While the process ends nobody else comes back from the kernel, as nobody comes
 * back from a call when the host's kernel ends a process: what a thread would see
 * is closed descriptors. Calls enter here then, with the registers of
 * rump__enter_once(); all but the ending thread's wait for the end.
 */
_Static_assert(offsetof(struct rump__thread, ending) == 8, "in the assembly below");
__asm__(".text\n"
	".type enter_ending, @function\n"
	"enter_ending:\n"
	"	movq	rump__self@gottpoff(%rip), %rcx\n"
	"	cmpq	$0, %fs:8(%rcx)\n"
	"	je	1f\n"
	"	jmp	*real_enter(%rip)\n"
	"1:	movl	$34, %eax\n" /* pause(2) */
	"	syscall\n"
	"	jmp	1b\n"
	".size enter_ending, . - enter_ending\n");
extern void enter_ending(void) __attribute__((visibility("hidden")));
__attribute__((used, visibility("hidden"))) void (*real_enter)(void);

static atomic_flag exiting = ATOMIC_FLAG_INIT;

/**
 * rump__exit() - Make the disks clean
 */
void rump__exit(void)
{
	/* A forked child has the memory but not the kernel. */
	if (!rump__kernel.up || getpid() != rump__kernel.pid ||
	    atomic_flag_test_and_set(&exiting))
		return;
	real_enter = rump__enter_image;
	rump__self.ending = 1;
	__atomic_store_n(&rump__enter_image, enter_ending, __ATOMIC_SEQ_CST);
	if (rump__enter(RUMP_CALL_HALT, 0, 0, 0, 0, 0, 0) < 0)
		rump__error("a file system could not be made clean; it recovers at its next mount");
}

__attribute__((destructor)) static void at_exit(void)
{
	rump__exit();
}
