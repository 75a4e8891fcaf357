/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exit.c - the end of the process
 *
 * Whoever ends the process calls rump__exit(): librump's destructor, the shim at
 * exit_group(2), signals.c for signals that end it. The kernel makes its disks clean
 * once; whoever comes second waits for that by being in the same process's
 * call queue.
 */
#include <asm/unistd.h>

#include "bare/raw.h"

#include "core.h"

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

static bool exiting;

/**
 * rump__wait_for_end() - If another thread ends this process: do not come back
 *
 * For a thread without a task, which has no call that could wait.
 */
void rump__wait_for_end(void)
{
	while (__atomic_load_n(&exiting, __ATOMIC_SEQ_CST) && !rump__self.ending &&
	       raw0(__NR_getpid) == rump__kernel.pid)
		raw0(__NR_pause);
}

/**
 * rump__exit() - Make the disks clean, or leave the kernel of another process
 */
void rump__exit(void)
{
	/* A forked child has the memory but not the kernel. */
	if (!rump__kernel.up || raw0(__NR_getpid) != rump__kernel.pid || rump__self.ending)
		return;
	/* A second signal that ends the process must not end it before the first has made it clean. */
	while (__atomic_test_and_set(&exiting, __ATOMIC_SEQ_CST))
		raw0(__NR_pause);
	real_enter = rump__enter_image;
	rump__self.ending = 1;
	__atomic_store_n(&rump__enter_image, enter_ending, __ATOMIC_SEQ_CST);
	/* What is mapped is held; a thread that touches it now waits for the end as well. */
	if (rump__kernel.windowed)
		rump__enter(__NR_munmap, RUMP_WINDOW_ADDR, RUMP_WINDOW_END - RUMP_WINDOW_ADDR, 0, 0, 0, 0);
	if (rump__kernel.proc) {
		rump__enter(RUMP_CALL_LEAVE, 0, 0, 0, 0, 0, 0);
		rump__kernel.up = false;
		rump__self.ht = NULL;
		if (rump__setup.left)
			rump__setup.left();
		return;
	}
	if (rump__enter(RUMP_CALL_HALT, 0, 0, 0, 0, 0, 0) < 0)
		rump__error("a file system could not be made clean; it recovers at its next mount");
	rumpuser_ext_net_end();
}
