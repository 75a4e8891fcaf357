/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_tap.c - a tap of the host
 *
 * One that is there and belongs to the user, or one that root's process makes and that goes with it.
 * It is a descriptor on which a read is a frame from the host and a write one to the host, with the
 * header in front, so that segments and checksums are left to who can do them best.
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

static int tap_open(struct net *net, struct rumpuser_ext_net *what)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	long fd, err;

	if (str_length(what->name) >= IFNAMSIZ)
		return -ENAMETOOLONG;
	fd = raw4(__NR_openat, AT_FDCWD, TUN, O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	str_copy(request.ifr_name, what->name);
	err = raw3(__NR_ioctl, fd, TUNSETIFF, &request);
	if (err < 0) {
		raw1(__NR_close, fd);
		return err;
	}
	if (raw3(__NR_ioctl, fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) >= 0)
		what->features = RUMPUSER_EXT_NET_OFFLOAD;
	what->features |= RUMPUSER_EXT_NET_DIRECT;
	net->fd = net_high(fd);
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

const struct net_ops net_tap_ops = { tap_open, tap_send, tap_receive };
