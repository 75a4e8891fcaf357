// SPDX-License-Identifier: BSD-2-Clause
/* hijack_kernel_route.c - a layer that decides nothing: call 500 is a call of the rump kernel
 *
 * Its first argument is the number, the others are the arguments, five of them. For tests of what is
 * below the layer that chooses.
 */
#include "call.h"
#include "kernel.h"

#define CALL_RUMP 500

static long rump(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;
	long result = kernel_need();

	call->side = HIJACK_RUMP;
	if (result)
		return result;
	return kernel_call((long)arg[0], (long)arg[1], (long)arg[2], (long)arg[3], (long)arg[4],
			   (long)arg[5], 0);
}

hijack_fn *const hijack_route[HIJACK_CALLS] = {[CALL_RUMP] = rump};
