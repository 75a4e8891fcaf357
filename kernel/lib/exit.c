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
#include <unistd.h>

#include "internal.h"

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
	if (rump__enter(RUMP_CALL_HALT, 0, 0, 0, 0, 0, 0) < 0)
		rump__error("a file system could not be made clean; it recovers at its next mount");
}

__attribute__((destructor)) static void at_exit(void)
{
	rump__exit();
}
