/* SPDX-License-Identifier: BSD-2-Clause */
/* net.h - what net.c and the backends know of each other */
#ifndef RUMPUSER_NET_H
#define RUMPUSER_NET_H

#include <stdbool.h>
#include <stddef.h>

#include <bits/types/struct_iovec.h>
#include <linux/virtio_net.h>

#include "ext.h"

#define NET_HEADER	sizeof(struct virtio_net_hdr)
#define NET_FRAME_MAX	(65520 + 18)	/* what Ethernet and a VLAN tag put before 65,520 bytes */
#define NET_MTU_MAX	65520
#define NET_MTU		1500

struct net_bus;
struct net_stream;

/**
 * struct net - A queue of an open port; most have one
 * @ops:	of its backend
 * @fd:		what it reads and writes
 * @stream:	of a backend that sends frames through a stream
 * @bus:	of a bus
 */
struct net {
	const struct net_ops *ops;
	int fd;
	struct net_stream *stream;
	struct net_bus *bus;
};

#define NET_CHILD_FD	3 /* where a child finds its socket that has it not as standard input */

/**
 * struct net_ops - A backend; as rumpuser_ext_net_open() and so on say
 * @open:	the first of the port's queues is @net, and the others follow. Where @queues says that there
 *		may be several, what->queues is theirs to set
 */
struct net_ops {
	bool queues;
	int (*open)(struct net *net, struct rumpuser_ext_net *what);
	long (*send)(struct net *net, const struct iovec *iov, unsigned int n);
	long (*receive)(struct net *net, const struct iovec *iov, unsigned int n, bool wait,
			const struct rumpuser_ext_net_filter *filter);
};

/* net_bus.c */
unsigned int net_bus_place(const struct net *net);
long net_bus_join(struct net *net, int fd, unsigned int place);

extern const struct net_ops net_bus_ops, net_passt_ops, net_tap_ops, net_vde_ops;

/* net.c */
int net_high(int fd);
long net_memory(size_t size);
int net_wait(int fd);
size_t net_bytes(const struct iovec *iov, unsigned int n);
void net_copy_in(const struct iovec *iov, size_t at, const void *from, size_t length);
void net_copy_out(const struct iovec *iov, unsigned int n, size_t skip, void *to);

/* net_spawn.c */
int net_spawn(const char *path, const char *const *argv, int fd, bool stdio, int messages);

/* net_stream.c */
int net_stream_open(struct net *net, const char *path, const char *const *argv, bool stdio,
		    unsigned int prefix);
void net_stream_hang_up(struct net *net);
void net_stream_wait(struct net *net);
long net_stream_send(struct net *net, const struct iovec *iov, unsigned int n);
long net_stream_receive(struct net *net, const struct iovec *iov, unsigned int n, bool wait,
			const struct rumpuser_ext_net_filter *filter);

#endif
