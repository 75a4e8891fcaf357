/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_passt.c - the host's network by way of passt(1), without privileges
 *
 * passt turns frames into sockets of the host. It is a child with one end of a socket
 * pair, and ends when the other is closed.
 */
#include <asm/errno.h>

#include "bare/raw.h"
#include "bare/str.h"
#include "net.h"

#define PREFIX	  4
#define ARGUMENTS 64

static int passt_open(struct net *net, struct rumpuser_ext_net *what)
{
	const char *argv[ARGUMENTS + 1] = { "passt", "-f", "-q", "-e", "-F", "3", "-m" };
	unsigned int n = 7;
	char mtu[16];

	_Static_assert(NET_CHILD_FD == 3, "in the arguments above");
	if (!what->mtu)
		what->mtu = NET_MTU_MAX;
	str_printf(mtu, sizeof(mtu), "%u", what->mtu);
	argv[n++] = mtu;
	for (const char *arg = what->args; arg && *arg; arg += str_length(arg) + 1) {
		if (n == ARGUMENTS)
			return -E2BIG;
		argv[n++] = arg;
	}
	return net_stream_open(net, what->path, argv, false, PREFIX);
}

const struct net_ops net_passt_ops = { false, passt_open, net_stream_send, net_stream_receive };
