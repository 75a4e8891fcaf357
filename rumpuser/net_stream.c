/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_stream.c - frames through a stream socket, each after its length
 *
 * passt puts 4 bytes before a frame, vde_plug 2, in network order. What has been read lies in a
 * buffer, of which receive takes a frame at a time; so one read brings many small frames. The
 * header of this side is not sent, and is zero in what is received.
 *
 * What the program at the other end says is kept, and shown when it has ended, which it does not do
 * for good reasons as long as there is somebody to talk to.
 */
#include <asm/errno.h>
#include <linux/memfd.h>
#include <linux/poll.h>
#include <sys/socket.h>

#include "bare/raw.h"
#include "bare/str.h"
#include "net.h"

#define BUFFER	     (256u << 10)
#define PREFIX_MAX   4
#define PIECES	     24
#define SOCKET_ROOM  (4 << 20)
#define END_MS	     2000

/**
 * struct net_stream - Of one port
 * @prefix:	bytes of a length
 * @messages:	file with what the program has said
 * @begin:	what is in @buffer and not taken begins here
 * @end:	and ends here
 * @child:	process id of the program
 * @done:	it ends because it was told to, so nobody wants to know what it has said
 */
struct net_stream {
	unsigned int prefix;
	unsigned int begin, end;
	int messages;
	int child;
	bool done;
	unsigned char buffer[BUFFER];
};

/* struct user_msghdr */
struct message {
	void *name;
	int namelen;
	const struct iovec *iov;
	size_t n;
	void *control;
	size_t controllen;
	unsigned int flags;
};

/**
 * enlarge() - Let a socket hold as much as it may
 *
 * A program that cannot send drops frames. More than the host allows everybody is root's to have.
 */
static void enlarge(int fd)
{
	const int size = SOCKET_ROOM;

	if (raw_call(__NR_setsockopt, fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size), 0) < 0)
		raw_call(__NR_setsockopt, fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size), 0);
}

/**
 * net_stream_open() - Start a program and connect with it
 * @path:	directories to look for it in
 * @argv:	its arguments
 * @stdio:	its socket is standard input and output, or else NET_CHILD_FD
 * @prefix:	bytes of a length
 *
 * Return: 0 or -errno
 */
int net_stream_open(struct net *net, const char *path, const char *const *argv, bool stdio,
		    unsigned int prefix)
{
	long memory = net_memory(sizeof(struct net_stream)), err;
	int pair[2];

	if (raw_failed(memory))
		return memory;
	err = raw4(__NR_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
	if (err)
		return err;
	enlarge(pair[0]);
	enlarge(pair[1]);
	net->fd = net_high(pair[0]);
	net->stream = (struct net_stream *)memory;
	net->stream->prefix = prefix;
	err = raw2(__NR_memfd_create, argv[0], MFD_CLOEXEC);
	if (err < 0)
		return err;
	net->stream->messages = net_high(err);
	err = net_spawn(path, argv, net_high(pair[1]), stdio, net->stream->messages);
	net->stream->child = err > 0 ? err : 0;
	return err < 0 ? err : 0;
}

/**
 * net_stream_hang_up() - Let the program know that it is done
 */
void net_stream_hang_up(struct net *net)
{
	__atomic_store_n(&net->stream->done, true, __ATOMIC_RELEASE);
	raw2(__NR_shutdown, net->fd, SHUT_RDWR);
}

/**
 * net_stream_wait() - Wait for the end of the program, which may have ports of the host
 */
void net_stream_wait(struct net *net)
{
	struct pollfd poll = { .events = POLLIN };
	long fd = net->stream->child ? raw2(__NR_pidfd_open, net->stream->child, 0) : -ESRCH;

	if (fd < 0)
		return;
	poll.fd = fd;
	raw3(__NR_poll, &poll, 1, END_MS);
	raw1(__NR_close, fd);
}

/**
 * send_all() - Send pieces of memory whole
 * @iov:	changed
 */
static long send_all(int fd, struct iovec *iov, unsigned int n)
{
	while (n) {
		struct message message = { .iov = iov, .n = n };
		long sent = raw3(__NR_sendmsg, fd, &message, MSG_NOSIGNAL);

		if (sent == -EINTR)
			continue;
		if (sent < 0)
			return sent;
		for (; n && (size_t)sent >= iov->iov_len; iov++, n--)
			sent -= iov->iov_len;
		if (!n)
			break;
		iov->iov_base += sent;
		iov->iov_len -= sent;
	}
	return 0;
}

/**
 * net_stream_send() - Send a frame after its length
 */
long net_stream_send(struct net *net, const struct iovec *iov, unsigned int n)
{
	unsigned int prefix = net->stream->prefix;
	size_t length = net_bytes(iov + 1, n - 1);
	unsigned char bytes[PREFIX_MAX];
	struct iovec parts[PIECES];

	if (n > PIECES)
		return -EMSGSIZE;
	for (unsigned int i = 0; i < prefix; i++)
		bytes[i] = length >> 8 * (prefix - 1 - i);
	memcpy(parts, iov, n * sizeof(*iov));
	parts[0] = (struct iovec){ bytes, prefix };
	return send_all(net->fd, parts, n);
}

/**
 * whole_frame() - Length of the next frame in the buffer
 *
 * Return: 0 if it is not there as a whole, -ENOLINK if it can be no frame
 */
static long whole_frame(const struct net_stream *s)
{
	unsigned int have = s->end - s->begin;
	unsigned long length = 0;

	if (have < s->prefix)
		return 0;
	for (unsigned int i = 0; i < s->prefix; i++)
		length = length << 8 | s->buffer[s->begin + i];
	if (!length || length > NET_FRAME_MAX)
		return -ENOLINK;
	return have >= s->prefix + length ? (long)length : 0;
}

/**
 * show_messages() - Say what the program has said
 */
static void show_messages(int messages)
{
	char text[512];
	long at = 0, n;

	while ((n = raw4(__NR_pread64, messages, text, sizeof(text), at)) > 0) {
		rumpuser_ext_console(text, n);
		at += n;
	}
}

/**
 * fill() - Read more
 *
 * Return: 0 or -errno
 */
static long fill(struct net *net, bool wait)
{
	struct net_stream *s = net->stream;
	long n;

	if (s->begin == s->end)
		s->begin = s->end = 0;
	if (BUFFER - s->begin < NET_FRAME_MAX + PREFIX_MAX) {
		memcpy(s->buffer, s->buffer + s->begin, s->end - s->begin);
		s->end -= s->begin;
		s->begin = 0;
	}
	n = raw_call(__NR_recvfrom, net->fd, s->buffer + s->end, BUFFER - s->end,
		     wait ? 0 : MSG_DONTWAIT, 0, 0);
	if (n == -EINTR || n == -EAGAIN)
		return n;
	if (n <= 0) {
		if (!__atomic_load_n(&s->done, __ATOMIC_ACQUIRE))
			show_messages(s->messages);
		return -ENOLINK;
	}
	s->end += n;
	return 0;
}

/**
 * net_stream_receive() - Take the next frame
 */
long net_stream_receive(struct net *net, const struct iovec *iov, unsigned int n, bool wait,
			const struct rumpuser_ext_net_filter *filter)
{
	static const struct virtio_net_hdr none;
	struct net_stream *s = net->stream;
	long length, err;

	(void)filter;
	while (!(length = whole_frame(s))) {
		err = fill(net, wait);
		if (err == -EINTR)
			continue;
		if (err)
			return err;
	}
	if (length < 0)
		return length;
	if (NET_HEADER + length <= net_bytes(iov, n)) {
		net_copy_in(iov, 0, &none, NET_HEADER);
		net_copy_in(iov, NET_HEADER, s->buffer + s->begin + s->prefix, length);
	}
	s->begin += s->prefix + length;
	return NET_HEADER + length;
}
