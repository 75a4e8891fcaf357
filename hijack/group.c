// SPDX-License-Identifier: BSD-2-Clause
/* group.c - process groups are the host's, and the rump kernel is told of them
 *
 * It sends signals to the members of a group that owns a file (arch/rump/kernel/group.c). A process
 * that joins tells its group as it does so (process.c), children inherit their parent's, and what changes
 * it is here. A process that the kernel does not know tells its group when it joins.
 */
#include "route.h"
#include "special.h"

/**
 * change() - Have the host change a group, and the rump kernel see it
 * @pid:	whose group, 0 for the caller's
 */
static long change(struct hijack_call *call, int pid)
{
	long result;

	if (!kernel_up)
		return hijack_pass(call);
	result = hijack_host(call);
	if (!raw_failed(result))
		kernel_call(RUMP_CALL_GROUP, pid, 0, 0, 0, 0, 0);
	return result;
}

/**
 * route_setpgid() - setpgid(2)
 */
long route_setpgid(struct hijack_call *call)
{
	return change(call, (int)call->arg[0]);
}

/**
 * route_setsid() - setsid(2): the group is new, too
 */
long route_setsid(struct hijack_call *call)
{
	return change(call, 0);
}
