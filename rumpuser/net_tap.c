/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_tap.c - a tap of the host
 *
 * One that is there and belongs to the user, or one that root's process makes and that goes with it.
 * It is a descriptor on which a read is a frame from the host and a write one to the host, with the
 * header in front, so that segments and checksums are left to who can do them best.
 *
 * A multi-queue tap has several such descriptors. The host gives the frames of a flow to the one by
 * which its last frame was sent, and those of a new one to any. A tap is for one queue or for
 * several from its making on.
 */
#include <asm/errno.h>
#include <asm/ioctl.h>
#include <linux/fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>

#include "bare/raw.h"
#include "bare/str.h"
#include "net.h"

#define TUN "/dev/net/tun"

/**
 * attach() - Open a queue of a tap, which root's process makes if it is not there
 * @flags:	IFF_MULTI_QUEUE, as the tap was made or is to be made, or 0
 *
 * Return: descriptor or -errno: -EINVAL if the tap was made otherwise, or is none
 */
static long attach(const char *name, short flags)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | flags };
	long fd, err;

	fd = raw4(__NR_openat, AT_FDCWD, TUN, O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	str_copy(request.ifr_name, name);
	err = raw3(__NR_ioctl, fd, TUNSETIFF, &request);
	if (err < 0) {
		raw1(__NR_close, fd);
		return err;
	}
	return net_high(fd);
}

/**
 * open_first() - Open the first queue
 * @what:	gets the number of queues
 * @flags:	result: how others are opened
 *
 * Only several queues make one that is not there a multi-queue tap.
 *
 * Return: descriptor or -errno: -EOPNOTSUPP if the tap is one for one queue, and more are wanted
 */
static long open_first(struct rumpuser_ext_net *what, short *flags)
{
	long fd;

	*flags = what->queues > 1 ? IFF_MULTI_QUEUE : 0;
	fd = attach(what->name, *flags);
	if (fd == -EINVAL && what->queues > 1) {
		fd = attach(what->name, 0);
		if (fd < 0)
			return fd;
		raw1(__NR_close, fd);
		return -EOPNOTSUPP;
	}
	if (fd == -EINVAL) {
		*flags = IFF_MULTI_QUEUE;
		fd = attach(what->name, *flags);
	}
	if (fd >= 0 && !what->queues)
		what->queues = *flags && what->cpus ? what->cpus : 1;
	return fd;
}

static int tap_open(struct net *net, struct rumpuser_ext_net *what)
{
	unsigned int n = 0;
	short flags;
	long fd;

	if (str_length(what->name) >= IFNAMSIZ)
		return -ENAMETOOLONG;
	fd = open_first(what, &flags);
	while (fd >= 0) {
		net[n++].fd = fd;
		if (n == what->queues)
			break;
		fd = attach(what->name, flags);
	}
	if (fd < 0) {
		while (n--)
			raw1(__NR_close, net[n].fd);
		return fd;
	}
	/* Of the tap, not of a queue. */
	if (raw3(__NR_ioctl, net->fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) >= 0)
		what->features = RUMPUSER_EXT_NET_OFFLOAD;
	what->features |= RUMPUSER_EXT_NET_DIRECT;
	if (!what->mtu)
		what->mtu = NET_MTU;
	return 0;
}

/* The host takes a frame or drops it; it never lets a writer wait. */
static long tap_send(struct net *net, const struct iovec *iov, unsigned int n)
{
	long ret = raw3(__NR_writev, net->fd, iov, n);

	return ret < 0 ? ret : 0;
}

static long tap_receive(struct net *net, const struct iovec *iov, unsigned int n, bool wait,
			const struct rumpuser_ext_net_filter *filter)
{
	long ret;

	(void)filter;
	for (;;) {
		ret = raw3(__NR_readv, net->fd, iov, n);
		if (ret == -EBADFD)
			return -ENOLINK; /* the host has deleted it */
		if (ret != -EAGAIN || !wait)
			return ret;
		net_wait(net->fd);
	}
}

const struct net_ops net_tap_ops = { true, tap_open, tap_send, tap_receive };
