/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.c - networks of the host by number, whatever they are
 *
 * Theory of operation
 *
 * A port is opened once, by the process that boots, and stays open as long as that process
 * lives. It has one queue, or several if the backend can do that: what one of them receives, no
 * other does. One host thread sends by a queue and one receives; backends with
 * RUMPUSER_EXT_NET_DIRECT let any thread send, on a bus those of other processes too. Frames come and
 * go with a struct virtio_net_hdr in front, in pieces of memory.
 */
#include <asm/errno.h>
#include <asm/poll.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "bare/raw.h"
#include "bare/str.h"
#include "net.h"

#define FD_HIGH 700 /* out of the way of programs that count from 3 */

static struct net nets[RUMPUSER_EXT_NET_PORTS][RUMPUSER_EXT_NET_QUEUES];

static const struct net_ops *const kinds[] = {
	[RUMPUSER_EXT_NET_BUS] = &net_bus_ops,
	[RUMPUSER_EXT_NET_PASST] = &net_passt_ops,
	[RUMPUSER_EXT_NET_TAP] = &net_tap_ops,
	[RUMPUSER_EXT_NET_VDE] = &net_vde_ops,
};

/**
 * net_high() - Give a descriptor a high number
 * @fd:	closed
 *
 * Return: the new one, closed by exec, or @fd if there is none
 */
int net_high(int fd)
{
	long high = -EMFILE;

	/* Where so many descriptors are not allowed, as high as it goes. */
	for (int lowest = FD_HIGH; high < 0 && lowest > 2; lowest /= 2)
		high = raw3(__NR_fcntl, fd, F_DUPFD_CLOEXEC, lowest);
	if (high < 0)
		return fd;
	raw1(__NR_close, fd);
	return high;
}

/**
 * net_memory() - Memory for as long as the process lives
 *
 * Return: address or -errno
 */
long net_memory(size_t size)
{
	return raw_call(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
}

/**
 * net_wait() - Wait until there is something to read
 *
 * Return: 0 or -errno
 */
int net_wait(int fd)
{
	struct pollfd poll = { .fd = fd, .events = POLLIN };
	long n = raw3(__NR_poll, &poll, 1, -1);

	return n < 0 ? n : 0;
}

/**
 * net_bytes() - Sum of the lengths
 */
size_t net_bytes(const struct iovec *iov, unsigned int n)
{
	size_t sum = 0;

	while (n--)
		sum += iov++->iov_len;
	return sum;
}

/**
 * net_copy_in() - Copy bytes to pieces of memory that have room for them
 * @at:		where to begin, from the first one's beginning
 */
void net_copy_in(const struct iovec *iov, size_t at, const void *from, size_t length)
{
	for (; length; iov++) {
		size_t part = iov->iov_len;

		if (at >= part) {
			at -= part;
			continue;
		}
		part -= at;
		if (part > length)
			part = length;
		memcpy(iov->iov_base + at, from, part);
		from += part;
		length -= part;
		at = 0;
	}
}

/**
 * net_copy_out() - Copy what pieces of memory hold
 * @skip:	so many bytes are left out at the beginning
 */
void net_copy_out(const struct iovec *iov, unsigned int n, size_t skip, void *to)
{
	for (; n--; iov++) {
		if (skip >= iov->iov_len) {
			skip -= iov->iov_len;
			continue;
		}
		memcpy(to, iov->iov_base + skip, iov->iov_len - skip);
		to += iov->iov_len - skip;
		skip = 0;
	}
}

int rumpuser_ext_net_open(unsigned int port, struct rumpuser_ext_net *net)
{
	const struct net_ops *ops;
	int err;

	if (port >= RUMPUSER_EXT_NET_PORTS || nets[port][0].ops)
		return -EINVAL;
	if ((unsigned int)net->kind >= sizeof(kinds) / sizeof(kinds[0]) || !kinds[net->kind])
		return -EINVAL;
	if (net->queues > RUMPUSER_EXT_NET_QUEUES)
		return -EINVAL;
	ops = kinds[net->kind];
	if (!ops->queues && net->queues > 1)
		return -EOPNOTSUPP;
	if (!ops->queues)
		net->queues = 1;
	net->features = 0;
	err = ops->open(nets[port], net);
	for (unsigned int i = 0; !err && i < net->queues; i++)
		nets[port][i].ops = ops;
	return err;
}

void rumpuser_ext_net_share(unsigned int port, struct rumpuser_ext_net_share *share)
{
	const struct net *net = nets[port];

	*share = (struct rumpuser_ext_net_share){ .fd = net->fd };
	if (net->ops == &net_bus_ops) {
		share->kind = RUMPUSER_EXT_NET_BUS;
		share->place = net_bus_place(net);
	}
}

/* The descriptor is wanted for a moment only, so nothing of the program's sees it. */
void rumpuser_ext_net_join(unsigned int port, int pid, const struct rumpuser_ext_net_share *share)
{
	char path[64];
	long fd;

	if (share->kind != RUMPUSER_EXT_NET_BUS)
		return;
	str_printf(path, sizeof(path), "/proc/%d/fd/%d", pid, share->fd);
	fd = raw4(__NR_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (net_bus_join(nets[port], fd, share->place) == 0)
		nets[port][0].ops = &net_bus_ops;
	raw1(__NR_close, fd);
}

void rumpuser_ext_net_end(void)
{
	for (unsigned int i = 0; i < RUMPUSER_EXT_NET_PORTS; i++)
		if (nets[i][0].stream)
			net_stream_hang_up(nets[i]);
	for (unsigned int i = 0; i < RUMPUSER_EXT_NET_PORTS; i++)
		if (nets[i][0].stream)
			net_stream_wait(nets[i]);
}

long rumpuser_ext_net_send(unsigned int port, unsigned int queue, const void *iov, unsigned int n)
{
	struct net *net = &nets[port][queue];

	return net->ops ? net->ops->send(net, iov, n) : -ENODEV;
}

long rumpuser_ext_net_receive(unsigned int port, unsigned int queue, const void *iov,
			      unsigned int n, int flags, const void *filter)
{
	struct net *net = &nets[port][queue];

	return net->ops->receive(net, iov, n, !(flags & RUMPUSER_EXT_NET_NOWAIT), filter);
}
