/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lost.c - the kernel is dead, or not for this process, which goes on
 *
 * arch/rump/kernel/death.c says how that comes. Its calls fail with EIO from then on, which the
 * process says once.
 */
#include <asm/errno.h>

#include "bare/raw.h"

#include "core.h"

/**
 * rump__lost() - A call found the kernel dead
 *
 * Return: the call's result
 */
long rump__lost(void)
{
	static bool said;
	const char *why = "it was halted";

	/* By this very process, which ends. */
	rump__wait_for_end();
	if (__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		return -EIO;
	switch (*rump__kernel.ops->dead) {
	case RUMP_DEAD_SERVER:
		why = "the process that kept it has ended";
		break;
	case RUMP_DEAD_KILLED:
		why = "a process was killed in the middle of it";
		break;
	}
	rump__error("process %d has lost its kernel, as %s; calls fail with EIO from now on",
		    (int)raw0(__NR_getpid), why);
	return -EIO;
}

/**
 * rump__is_lost() - Whether there is a kernel no more
 */
bool rump__is_lost(void)
{
	return rump__kernel.ops && __atomic_load_n(rump__kernel.ops->dead, __ATOMIC_RELAXED);
}

/**
 * rump__foreign() - A process that has no kernel calls it, as it is in another pid namespace than that
 *
 * The kernel knows processes by the host's ids.
 *
 * Return: the call's result
 */
long rump__foreign(void)
{
	static bool said;

	if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		rump__error("process %d cannot use the kernel, as it is in another pid namespace",
			    (int)raw0(__NR_getpid));
	return -ENXIO;
}
