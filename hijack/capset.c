// SPDX-License-Identifier: BSD-2-Clause
/* capset.c - capset(2) in both kernels
 *
 * In the rump kernel a user who is not root has all capabilities, as it is his. The program sees
 * those that the host has given it, none: ping(8) for one drops all others at its start, which is
 * nothing. So what changes nothing on the host changes nothing in the rump kernel.
 */
#include <linux/capability.h>

#include "route.h"
#include "special.h"
#include "state.h"
#include "str.h"

struct capabilities {
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

/**
 * ask() - Those that the calling thread has on the host
 */
static void ask(struct capabilities *c)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};

	memset(c, 0, sizeof(*c));
	raw2(__NR_capget, &head, c->data);
}

/**
 * route_capset() - capset(2)
 */
long route_capset(struct hijack_call *call)
{
	struct capabilities before, after;
	long result;

	/* A program that has shut itself in may not be allowed to ask. */
	if (!kernel_up || hijack_sealed)
		return route_both(call);
	ask(&before);
	result = hijack_host(call);
	ask(&after);
	if (!raw_failed(result) && memcmp(&before, &after, sizeof(before)))
		kernel_call(__NR_capset, (long)call->arg[0], (long)call->arg[1], 0, 0, 0, 0);
	return result;
}
