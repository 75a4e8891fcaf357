// SPDX-License-Identifier: BSD-2-Clause
/* reap.c - what a killed child had is free when its parent has waited for it
 *
 * On one kernel it is, as a process gives back its files and locks before it can be waited for. Here the
 * host tells at once that a child was killed, and the server ends its tasks in the rump kernel at
 * the same time (server.c). So a wait that tells of such a child comes back when its task is gone.
 * A child that ends by itself has left the rump kernel before.
 */
#include <asm/errno.h>
#include <asm/siginfo.h>
#include <linux/time_types.h>

#include "route.h"
#include "special.h"
#include "str.h"

#define BURIAL_TURNS 2000 /* a second, on a machine that is not busy */
#define BURIAL_NAP   500000

/**
 * await_burial() - Wait until a process that was killed is gone in the rump kernel
 *
 * Not for ever: its parent there may be another process, that has stopped.
 */
static void await_burial(int pid)
{
	struct __kernel_timespec nap = {0};

	for (int turn = 0; turn < BURIAL_TURNS; turn++) {
		if (kernel_call(__NR_kill, pid, 0, 0, 0, 0, 0) == -ESRCH)
			return;
		nap.tv_nsec = turn < 10 ? BURIAL_NAP / 10 : BURIAL_NAP;
		raw2(__NR_nanosleep, &nap, NULL);
	}
}

/**
 * route_wait4() - wait4(2)
 */
long route_wait4(struct hijack_call *call)
{
	struct hijack_call copy = *call;
	int status = 0;
	long pid;

	if (!kernel_up)
		return hijack_pass(call);
	if (!copy.arg[1])
		copy.arg[1] = (unsigned long)&status;
	pid = hijack_host(&copy);
	/* By a signal: its number. 0 is an exit; 0x7f that it was stopped or goes on. */
	if (pid > 0 && peek(&status, (void *)copy.arg[1], sizeof(status)) && (status & 0x7f) &&
	    (status & 0x7f) != 0x7f)
		await_burial((int)pid);
	return pid;
}

/**
 * route_waitid() - waitid(2)
 */
long route_waitid(struct hijack_call *call)
{
	struct hijack_call copy = *call;
	siginfo_t info;
	long result;

	if (!kernel_up)
		return hijack_pass(call);
	memset(&info, 0, sizeof(info));
	if (!copy.arg[2])
		copy.arg[2] = (unsigned long)&info;
	result = hijack_host(&copy);
	if (!result && peek(&info, (void *)copy.arg[2], sizeof(info)) &&
	    (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED))
		await_burial(info.si_pid);
	return result;
}
