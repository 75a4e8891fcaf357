// SPDX-License-Identifier: BSD-2-Clause
/* kill.c - a process of the kernel kills or stops another
 *
 * A process that is killed in the middle of the rump kernel takes it along, as what it has begun is
 * never ended; one that is stopped there holds up all others. So whoever sends SIGKILL or SIGSTOP does
 * it by the kernel, which knows that no other process is in it at that moment (rump_kill() in
 * arch/rump/kernel/fork.c). The host's call follows for processes that the kernel does not know, and for the
 * caller itself.
 */
#include <asm/errno.h>
#include <asm/signal.h>

#include "route.h"
#include "special.h"

static bool is_abrupt(unsigned long sig)
{
	return kernel_up && ((int)sig == SIGKILL || (int)sig == SIGSTOP);
}

/**
 * kill_one() - Signal a process, by the id of its process or of a thread
 * @pid:	process, or a thread that is its first one
 */
static long kill_one(struct hijack_call *call, int pid, unsigned long sig)
{
	if (is_abrupt(sig) && kernel_call(RUMP_CALL_KILL, pid, -1, (long)sig, 0, 0, 0) > 0)
		return 0;
	return hijack_pass(call);
}

/**
 * route_kill() - kill(2)
 */
long route_kill(struct hijack_call *call)
{
	int pid = (int)call->arg[0];
	unsigned long sig = call->arg[1];
	long n, group, result;

	if (pid > 0)
		return kill_one(call, pid, sig);
	if (!is_abrupt(sig))
		return hijack_pass(call);
	group = pid == -1 ? -1 : pid ? -pid : raw1(__NR_getpgid, 0);
	n = kernel_call(RUMP_CALL_KILL, 0, group, (long)sig, 0, 0, 0);
	result = hijack_host(call);
	/* Those that are dead may have been waited for already. */
	return result == -ESRCH && n > 0 ? 0 : result;
}

/**
 * route_tkill() - tkill(2)
 */
long route_tkill(struct hijack_call *call)
{
	return kill_one(call, (int)call->arg[0], call->arg[1]);
}

/**
 * route_tgkill() - tgkill(2)
 */
long route_tgkill(struct hijack_call *call)
{
	return kill_one(call, (int)call->arg[0], call->arg[2]);
}
