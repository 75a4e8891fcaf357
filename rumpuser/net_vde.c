/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_vde.c - a virtual distributed Ethernet by way of vde_plug(1)
 *
 * vde_plug speaks all of libvdeplug's addresses and passes frames on through its standard input
 * and output. It ends when its input does.
 */
#include "bare/raw.h"
#include "net.h"

#define PREFIX 2

static int vde_open(struct net *net, struct rumpuser_ext_net *what)
{
	const char *argv[] = { "vde_plug", what->name, NULL };

	if (!what->mtu)
		what->mtu = NET_MTU;
	return net_stream_open(net, what->path, argv, true, PREFIX);
}

const struct net_ops net_vde_ops = { false, vde_open, net_stream_send, net_stream_receive };
