/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_sp_client.h - a remote client, for tests; speaks rumpuser/sp_proto.h
 */
#ifndef RUMPUSER_SP_CLIENT_H
#define RUMPUSER_SP_CLIENT_H

#include <arpa/inet.h>
#include <netdb.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "../../rumpuser/sp_proto.h"
#include "rumpuser_test.h"

struct message {
	struct sp_frame frame;
	char payload[SP_PAYLOAD_MAX];
};

struct conn {
	int fd;
	uint64_t seq;
	int raised; /* signals the server asked for */
	int served; /* its requests that were answered */
	void (*on_request)(struct conn *, struct message *); /* instead of answering */
};

/** transfer_all() - Read or write all of a buffer; false at the end of the connection */
static inline bool transfer_all(int fd, void *buf, size_t len, bool out)
{
	char *p = buf;
	ssize_t n;

	while (len > 0) {
		n = out ? send(fd, p, len, MSG_NOSIGNAL) : recv(fd, p, len, 0);
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/** client_socket() - Connect to a server's URL */
static inline int client_socket(const char *url)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct addrinfo *ai;
	char host[64], *port;
	int fd;

	if (strncmp(url, "unix://", 7) == 0) {
		strcpy(sun.sun_path, url + 7);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
			return fd;
	} else {
		snprintf(host, sizeof(host), "%s", url + 6);
		port = strrchr(host, ':');
		*port++ = '\0';
		host[strcspn(host, "]")] = '\0';
		CHECK(getaddrinfo(host + (host[0] == '['), port, NULL, &ai) == 0);
		fd = socket(ai->ai_family, SOCK_STREAM, 0);
		if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0) {
			freeaddrinfo(ai);
			return fd;
		}
		freeaddrinfo(ai);
	}
	close(fd);
	return -1;
}

/** client_banner() - Read the server's banner */
static inline void client_banner(int fd, char *line, size_t size)
{
	size_t n = 0;

	do {
		CHECK(n < size - 1);
		CHECK(transfer_all(fd, line + n, 1, false));
	} while (line[n++] != '\n');
	line[n - 1] = '\0';
}

/** client_connect() - Connect and exchange banners */
static inline struct conn *client_connect(const char *url)
{
	struct conn *conn = calloc(1, sizeof(*conn));
	char line[SP_BANNER_MAX], mine[] = "RUMPSP 1.0 test client\n";

	CHECK(conn);
	conn->fd = client_socket(url);
	CHECK(conn->fd >= 0);
	client_banner(conn->fd, line, sizeof(line));
	CHECK(transfer_all(conn->fd, mine, strlen(mine), true));
	return conn;
}

/** client_close() - Disconnect */
static inline void client_close(struct conn *conn)
{
	close(conn->fd);
	free(conn);
}

/** client_send() - Send a message */
static inline bool client_send(struct conn *conn, struct sp_frame frame, const void *data,
			       size_t len)
{
	frame.size = (uint32_t)(sizeof(frame) + len);
	return transfer_all(conn->fd, &frame, sizeof(frame), true) &&
	       transfer_all(conn->fd, (void *)data, len, true);
}

/** client_receive() - Receive a message; false at the end of the connection */
static inline bool client_receive(struct conn *conn, struct message *msg)
{
	if (!transfer_all(conn->fd, &msg->frame, sizeof(msg->frame), false))
		return false;
	CHECK(msg->frame.size >= sizeof(msg->frame) && msg->frame.size <= sizeof(*msg));
	return transfer_all(conn->fd, msg->payload, msg->frame.size - sizeof(msg->frame), false);
}

/** client_reply() - Answer a request of the server's */
static inline void client_reply(struct conn *conn, const struct message *msg, int error,
				const void *data, size_t len)
{
	struct sp_frame frame = {
		.kind = SP_REPLY, .type = msg->frame.type, .seq = msg->frame.seq, .error = error};

	client_send(conn, frame, data, error ? 0 : len);
}

/** client_peek() - Copy from an address that may be bad */
static inline bool client_peek(void *to, uint64_t from, size_t len)
{
	struct iovec local = {to, len}, remote = {(void *)(uintptr_t)from, len};

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len;
}

/** client_poke() - Copy to an address that may be bad */
static inline bool client_poke(uint64_t to, void *from, size_t len)
{
	struct iovec local = {from, len}, remote = {(void *)(uintptr_t)to, len};

	return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len;
}

/** client_serve() - Do what the server asks for */
static inline void client_serve(struct conn *conn, struct message *msg)
{
	static char buf[SP_CHUNK];
	struct sp_range range;
	size_t n = 0;
	void *mem;

	CHECK(msg->frame.kind == SP_REQUEST);
	if (msg->frame.type == SP_RAISE) {
		conn->raised = (int)msg->frame.arg;
		return;
	}
	memcpy(&range, msg->payload, sizeof(range));
	conn->served++;
	switch (msg->frame.type) {
	case SP_COPYIN:
		CHECK(range.len <= sizeof(buf));
		client_reply(conn, msg, client_peek(buf, range.addr, range.len) ? 0 : EFAULT, buf,
			     range.len);
		break;
	case SP_COPYINSTR:
		while (n < range.len && client_peek(&buf[n], range.addr + n, 1) && buf[n])
			n++;
		if (n < range.len && !client_peek(&buf[n], range.addr + n, 1))
			client_reply(conn, msg, EFAULT, NULL, 0);
		else
			client_reply(conn, msg, 0, buf, n < range.len ? n + 1 : n);
		break;
	case SP_COPYOUT:
		CHECK(msg->frame.size == sizeof(msg->frame) + sizeof(range) + range.len);
		client_reply(conn, msg,
			     client_poke(range.addr, msg->payload + sizeof(range), range.len)
				     ? 0
				     : EFAULT,
			     NULL, 0);
		break;
	case SP_ANONMMAP:
		mem = mmap(NULL, range.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);
		range.addr = (uintptr_t)mem;
		client_reply(conn, msg, mem == MAP_FAILED ? ENOMEM : 0, &range, sizeof(range));
		break;
	default:
		CHECK(!"a request we know");
	}
}

/** client_request() - Send a request, and do not wait */
static inline uint64_t client_request(struct conn *conn, int type, int arg, const void *data,
				      size_t len)
{
	struct sp_frame frame = {.kind = SP_REQUEST,
				 .type = (uint16_t)type,
				 .seq = ++conn->seq,
				 .arg = (uint32_t)arg};

	client_send(conn, frame, data, len);
	return frame.seq;
}

/** client_await() - Wait for any reply, serving meanwhile; false at the end of the connection */
static inline bool client_await(struct conn *conn, struct message *msg)
{
	while (client_receive(conn, msg)) {
		if (msg->frame.kind == SP_REPLY)
			return true;
		if (conn->on_request)
			conn->on_request(conn, msg);
		else
			client_serve(conn, msg);
	}
	return false;
}

/** client_call() - Send a request, wait, and return its error, -1 if disconnected */
static inline int client_call(struct conn *conn, int type, int arg, const void *data, size_t len,
			      struct message *msg)
{
	uint64_t seq = client_request(conn, type, arg, data, len);

	if (!client_await(conn, msg))
		return -1;
	CHECK(msg->frame.seq == seq && msg->frame.type == type);
	return msg->frame.error;
}

/** client_guest() - Become a process */
static inline void client_guest(struct conn *conn, const char *comm)
{
	struct message *msg = malloc(sizeof(*msg));

	CHECK(msg && client_call(conn, SP_GUEST, 0, comm, strlen(comm) + 1, msg) == 0);
	free(msg);
}

/** client_syscall() - Make a system call; the first return value goes to @ret */
static inline int client_syscall(struct conn *conn, int nr, uint64_t a, uint64_t b, uint64_t c,
				 int64_t *ret)
{
	struct message *msg = malloc(sizeof(*msg));
	uint64_t args[6] = {a, b, c};
	struct sp_retval result;
	int error;

	CHECK(msg);
	error = client_call(conn, SP_SYSCALL, nr, args, sizeof(args), msg);
	if (!error) {
		CHECK(msg->frame.size == sizeof(msg->frame) + sizeof(result));
		memcpy(&result, msg->payload, sizeof(result));
		if (ret)
			*ret = result.value[0];
	}
	free(msg);
	return error;
}

#endif /* RUMPUSER_SP_CLIENT_H */
