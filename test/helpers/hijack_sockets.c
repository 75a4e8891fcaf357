// SPDX-License-Identifier: BSD-2-Clause
/*
 * hijack_sockets.c - does a long list of things with sockets and prints what came of it
 *
 *	hijack_sockets GROUP [DIRECTORY]
 *
 * It is run on the host and under the shim; the outputs are the same. So it prints no port that
 * a kernel chose and no time; descriptor numbers it does print.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "hijack_sockets.h"

void show_fd_table(const char *when)
{
	struct stat status;

	printf("%s:", when);
	for (int fd = 0; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0 && !fstat(fd, &status))
			printf(" %d%s%s", fd, S_ISSOCK(status.st_mode) ? "s" : "",
			       fcntl(fd, F_GETFD) & FD_CLOEXEC ? "c" : "");
	printf("\n");
}

void show_option(int fd, int level, int option, const char *name)
{
	unsigned char value[64] = {0};
	socklen_t length = sizeof(value);
	int result = getsockopt(fd, level, option, value, &length);

	printf("%s: %d %s length %u:", name, result, result ? strerrorname_np(errno) : "", length);
	for (socklen_t i = 0; !result && i < length && i < 16; i++)
		printf(" %02x", value[i]);
	printf("\n");
}

void show_data(const char *what, const void *data, long length)
{
	printf("%s: \"%.*s\"\n", what, (int)(length > 0 ? length : 0), (const char *)data);
}

socklen_t loopback(int family, int port, struct sockaddr_storage *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	address->ss_family = family;
	if (family == AF_INET) {
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		in->sin_port = port;
		return sizeof(*in);
	}
	in6->sin6_addr = in6addr_loopback;
	in6->sin6_port = port;
	return sizeof(*in6);
}

int bound(int family, int type, struct sockaddr_storage *address)
{
	int fd = MUST(socket(family, type, 0));
	socklen_t length = loopback(family, 0, address);

	MUST(bind(fd, (struct sockaddr *)address, length));
	length = sizeof(*address);
	MUST(getsockname(fd, (struct sockaddr *)address, &length));
	return fd;
}

void tcp_pair(int family, int fds[2])
{
	struct sockaddr_storage address;
	int listener = bound(family, SOCK_STREAM, &address);
	socklen_t length = family == AF_INET ? sizeof(struct sockaddr_in) :
					       sizeof(struct sockaddr_in6);

	MUST(listen(listener, 1));
	fds[0] = MUST(socket(family, SOCK_STREAM, 0));
	MUST(connect(fds[0], (struct sockaddr *)&address, length));
	fds[1] = MUST(accept(listener, NULL, NULL));
	MUST(close(listener));
}

static void show_address(const char *what, const struct sockaddr_storage *address, socklen_t length)
{
	char text[64] = "-";

	if (address->ss_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text, sizeof(text));
	else if (address->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, text,
			  sizeof(text));
	printf("%s: family %d %s length %u\n", what, address->ss_family, text, length);
}

static void stream(int family)
{
	struct sockaddr_storage address, other;
	socklen_t length, size;
	char buffer[64];
	int listener, a, b;

	listener = bound(family, SOCK_STREAM, &address);
	size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	SHOW(accept(listener, NULL, NULL));
	SHOW(listen(listener, 2));
	SHOW(fcntl(listener, F_SETFL, O_NONBLOCK));
	SHOW(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	SHOW(accept4(listener, NULL, NULL, 0x40000000));
	SHOW(fcntl(listener, F_SETFL, 0));
	a = (int)SHOW(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
	SHOW(getpeername(a, (struct sockaddr *)&other, &size));
	SHOW(send(a, "x", 1, MSG_NOSIGNAL));
	SHOW(connect(a, (struct sockaddr *)&address, 3));
	SHOW(connect(a, (struct sockaddr *)1, size));
	SHOW(connect(a, (struct sockaddr *)&address, size));
	SHOW(connect(a, (struct sockaddr *)&address, size));
	length = sizeof(other);
	b = (int)SHOW(accept4(listener, (struct sockaddr *)&other, &length,
			      SOCK_NONBLOCK | SOCK_CLOEXEC));
	show_address("accepted", &other, length);
	show_fd_table("numbers");
	SHOW(fcntl(b, F_GETFL));
	length = 5;
	SHOW(getsockname(b, (struct sockaddr *)&other, &length));
	printf("length %u\n", length);
	length = sizeof(other);
	SHOW(getsockname(b, (struct sockaddr *)&other, &length));
	show_address("sockname", &other, length);
	SHOW(getpeername(a, (struct sockaddr *)1, &length));
	SHOW(getpeername(a, (struct sockaddr *)&other, NULL));
	SHOW(memcmp(&other, &address, size));
	SHOW(read(b, buffer, sizeof(buffer)));
	SHOW(write(a, "hello world", 11));
	SHOW(poll(&(struct pollfd){b, POLLIN, 0}, 1, 1000));
	SHOW(recv(b, buffer, 5, MSG_PEEK));
	SHOW(ioctl(b, FIONREAD, &length));
	printf("FIONREAD %u\n", length);
	SHOW(recv(b, buffer, 6, 0));
	show_data("got", buffer, 6);
	SHOW(recv(b, buffer, sizeof(buffer), MSG_DONTWAIT));
	show_data("got", buffer, 5);
	SHOW(recv(b, buffer, sizeof(buffer), MSG_DONTWAIT));
	SHOW(write(b, "12345678", 8));
	SHOW(recv(a, buffer, 8, MSG_WAITALL));
	SHOW(send(a, "!", 1, MSG_OOB));
	SHOW(poll(&(struct pollfd){b, POLLPRI, 0}, 1, 1000));
	SHOW(recv(b, buffer, 1, MSG_OOB));
	SHOW(recv(b, (void *)1, 1, MSG_DONTWAIT));
	SHOW(send(a, (void *)1, 1, 0));
	SHOW(shutdown(a, 77));
	SHOW(shutdown(a, SHUT_WR));
	SHOW(poll(&(struct pollfd){b, POLLIN | POLLRDHUP, 0}, 1, 1000));
	SHOW(recv(b, buffer, 8, 0));
	SHOW(send(a, "x", 1, MSG_NOSIGNAL));
	SHOW(send(b, "y", 1, 0));
	SHOW(recv(a, buffer, 8, 0));
	SHOW(close(b));
	SHOW(recv(a, buffer, 8, 0));
	SHOW(shutdown(listener, SHUT_RDWR));
	SHOW(accept(listener, NULL, NULL));
	SHOW(listen(a, 1));
	SHOW(close(a));
	SHOW(close(a));
	SHOW(close(listener));
	SHOW(listen(listener, 1));
	show_fd_table("numbers");
}

/* Ways in which connect(2) ends. */
static void connections(void)
{
	struct sockaddr_storage address;
	struct pollfd poller = {.events = POLLOUT};
	int fd = bound(AF_INET, SOCK_STREAM, &address);
	socklen_t size = sizeof(struct sockaddr_in);

	MUST(close(fd));
	fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
	SHOW(connect(fd, (struct sockaddr *)&address, size));
	MUST(close(fd));

	fd = MUST(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	SHOW(connect(fd, (struct sockaddr *)&address, size));
	poller.fd = fd;
	SHOW(poll(&poller, 1, 1000));
	printf("revents %x\n", (unsigned int)poller.revents);
	show_option(fd, SOL_SOCKET, SO_ERROR, "SO_ERROR");
	show_option(fd, SOL_SOCKET, SO_ERROR, "SO_ERROR");
	SHOW(send(fd, "x", 1, MSG_NOSIGNAL));
	MUST(close(fd));

	int listener = bound(AF_INET, SOCK_STREAM, &address);

	MUST(listen(listener, 1));
	fd = MUST(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	poller.fd = fd;
	SHOW(connect(fd, (struct sockaddr *)&address, size));
	SHOW(poll(&poller, 1, 1000));
	show_option(fd, SOL_SOCKET, SO_ERROR, "SO_ERROR");
	SHOW(connect(fd, (struct sockaddr *)&address, size));
	address.ss_family = AF_UNSPEC;
	SHOW(connect(fd, (struct sockaddr *)&address, size));
	MUST(close(fd));
	MUST(close(listener));

	/* Abortive: RST. */
	int pair[2];
	char c;

	tcp_pair(AF_INET, pair);
	MUST(setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger)));
	SHOW(close(pair[0]));
	SHOW(read(pair[1], &c, 1));
	SHOW(read(pair[1], &c, 1));
	MUST(close(pair[1]));

	/* Addresses in use. */
	listener = bound(AF_INET, SOCK_STREAM, &address);
	fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
	SHOW(bind(fd, (struct sockaddr *)&address, size));
	SHOW(bind(listener, (struct sockaddr *)&address, size));
	((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(0xc0000201);
	SHOW(bind(fd, (struct sockaddr *)&address, size));
	MUST(close(fd));
	MUST(close(listener));
	SHOW(socket(AF_INET, 77, 0));
	SHOW(socket(AF_INET, SOCK_STREAM, 77));
	SHOW(socket(AF_INET, SOCK_STREAM | 0x100000, 0));
	SHOW(socket(45, SOCK_STREAM, 0));
	SHOW(socket(1000, SOCK_STREAM, 0));
}

static void options(void)
{
	struct timeval time = {0, 50000};
	struct timespec before, after;
	char c;
	int pair[2], fd, on = 1, off = 0;

	tcp_pair(AF_INET, pair);
	fd = pair[0];
#define OPTION(level, option) show_option(fd, level, option, #option)
#define SET(level, option, value) \
	show("set " #option, setsockopt(fd, level, option, &(value), sizeof(value)))
	OPTION(SOL_SOCKET, SO_TYPE);
	OPTION(SOL_SOCKET, SO_DOMAIN);
	OPTION(SOL_SOCKET, SO_PROTOCOL);
	OPTION(SOL_SOCKET, SO_ACCEPTCONN);
	OPTION(SOL_SOCKET, SO_REUSEADDR);
	SET(SOL_SOCKET, SO_REUSEADDR, on);
	OPTION(SOL_SOCKET, SO_REUSEADDR);
	SET(SOL_SOCKET, SO_KEEPALIVE, on);
	OPTION(SOL_SOCKET, SO_KEEPALIVE);
	OPTION(IPPROTO_TCP, TCP_NODELAY);
	SET(IPPROTO_TCP, TCP_NODELAY, on);
	OPTION(IPPROTO_TCP, TCP_NODELAY);
	SET(IPPROTO_TCP, TCP_CORK, on);
	SET(IPPROTO_TCP, TCP_CORK, off);
	OPTION(IPPROTO_TCP, TCP_KEEPIDLE);
	OPTION(IPPROTO_IP, IP_TTL);
	OPTION(IPPROTO_IP, IP_TOS);
	OPTION(SOL_SOCKET, 9999);
	OPTION(9999, 1);
	show("set 9999", setsockopt(fd, SOL_SOCKET, 9999, &on, sizeof(on)));
	show("set short", setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, 1));
	show("set null", setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, NULL, sizeof(on)));
	SET(SOL_SOCKET, SO_RCVTIMEO, time);
	OPTION(SOL_SOCKET, SO_RCVTIMEO);
	clock_gettime(CLOCK_MONOTONIC, &before);
	SHOW(recv(fd, &c, 1, 0));
	clock_gettime(CLOCK_MONOTONIC, &after);
	long ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;

	printf("SO_RCVTIMEO took its time: %d\n", ms >= 45 && ms < 2000);
	MUST(close(pair[0]));
	MUST(close(pair[1]));

	fd = MUST(socket(AF_INET6, SOCK_STREAM, 0));
	OPTION(IPPROTO_IPV6, IPV6_V6ONLY);
	SET(IPPROTO_IPV6, IPV6_V6ONLY, on);
	OPTION(IPPROTO_IPV6, IPV6_V6ONLY);
	MUST(close(fd));
	fd = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	SET(SOL_SOCKET, SO_BROADCAST, on);
	OPTION(SOL_SOCKET, SO_BROADCAST);
	show("to lo", setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	show("to none", setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "none", 5));
	MUST(close(fd));
}

/* A v4 client on a v6 socket, sendfile, both ways of naming a reader's number. */
static void crossings(void)
{
	struct sockaddr_storage address;
	int off = 0, listener, client, server, file, pipes[2], pair[2];
	char buffer[200000], name[] = "/tmp/sockets.XXXXXX";
	off_t offset = 1000;
	long got = 0, part;

	listener = MUST(socket(AF_INET6, SOCK_STREAM, 0));
	MUST(setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)));
	socklen_t length = loopback(AF_INET6, 0, &address);

	((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_any;
	MUST(bind(listener, (struct sockaddr *)&address, length));
	MUST(listen(listener, 1));
	length = sizeof(address);
	MUST(getsockname(listener, (struct sockaddr *)&address, &length));
	length = loopback(AF_INET, ((struct sockaddr_in6 *)&address)->sin6_port, &address);
	client = MUST(socket(AF_INET, SOCK_STREAM, 0));
	SHOW(connect(client, (struct sockaddr *)&address, length));
	length = sizeof(address);
	server = (int)SHOW(accept(listener, (struct sockaddr *)&address, &length));
	show_address("mapped", &address, length);

	memset(buffer, 'a', sizeof(buffer));
	file = MUST(mkstemp(name));
	MUST(unlink(name));
	MUST(write(file, buffer, 150000));
	SHOW(sendfile(client, file, NULL, 100));
	SHOW(lseek(file, 5, SEEK_SET));
	SHOW(sendfile(client, file, NULL, 100));
	SHOW(lseek(file, 0, SEEK_CUR));
	SHOW(sendfile(client, file, &offset, 500));
	printf("offset %ld\n", (long)offset);
	SHOW(lseek(file, 0, SEEK_CUR));
	offset = 149990;
	SHOW(sendfile(client, file, &offset, 500));
	SHOW(sendfile(client, file, &offset, 500));
	SHOW(sendfile(client, file, (off_t *)1, 500));
	SHOW(sendfile(client, client, NULL, 10));
	SHOW(sendfile(client, 99, NULL, 10));
	SHOW(sendfile(99, file, NULL, 10));
	offset = 0;
	MUST(fcntl(client, F_SETFL, O_NONBLOCK));
	part = sendfile(client, file, &offset, 30000);
	MUST(shutdown(client, SHUT_WR));
	while ((long)(got = recv(server, buffer, sizeof(buffer), MSG_WAITALL)) > 0)
		printf("received %d\n", got == 100 + 100 + 500 + 10 + part);
	MUST(pipe(pipes));
	SHOW(sendfile(client, pipes[0], NULL, 10));
	MUST(close(pipes[0]));
	MUST(close(pipes[1]));
	MUST(close(file));
	MUST(close(client));
	MUST(close(server));
	MUST(close(listener));

	/* Numbers: sockets among pipes and files. */
	tcp_pair(AF_INET, pair);
	MUST(pipe(pipes));
	show_fd_table("mixed");
	SHOW(dup(pair[0]));
	SHOW(close(pair[0]));
	SHOW(dup(pipes[0]));
	SHOW(dup2(pair[1], pipes[0]));
	SHOW(write(pipes[0], "q", 1));
	SHOW(dup2(pipes[1], pair[1]));
	SHOW(fcntl(pipes[0], F_DUPFD_CLOEXEC, 20));
	SHOW(socket(AF_INET, SOCK_DGRAM, 0));
	SHOW(dup3(pipes[0], 1000, O_CLOEXEC));
	SHOW(lseek(pipes[0], 0, SEEK_SET));
	SHOW(pread(pipes[0], buffer, 1, 0));
	SHOW(ftruncate(pipes[0], 0));
	SHOW(fsync(pipes[0]));
	show_fd_table("mixed");
	SHOW(close_range(3, ~0U, 0));
	show_fd_table("none");
}

static void interfaces(void)
{
	char room[4096];
	struct {
		int length;
		char *buffer;
	} request = {sizeof(room), room};
	int fd = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	struct {
		char name[16];
		union {
			int index;
			struct sockaddr_in address;
			char room[64];
		};
	} one = {.name = "lo"};

	SHOW(ioctl(fd, 0x8912 /* SIOCGIFCONF */, &request));
	printf("first: %s\n", room);
	SHOW(ioctl(fd, 0x8933 /* SIOCGIFINDEX */, &one));
	printf("index %d\n", one.index);
	SHOW(ioctl(fd, 0x8915 /* SIOCGIFADDR */, &one));
	printf("address %s\n", inet_ntoa(one.address.sin_addr));
	strcpy(one.name, "none");
	SHOW(ioctl(fd, 0x8933 /* SIOCGIFINDEX */, &one));
	SHOW(ioctl(fd, 0x8915, 1));
	SHOW(ioctl(fd, 0x12345678, 1));
	MUST(close(fd));
}

int main(int argc, char **argv)
{
	const char *group = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	close_range(3, ~0U, 0);
	if (!strcmp(group, "stream"))
		stream(AF_INET);
	else if (!strcmp(group, "stream6"))
		stream(AF_INET6);
	else if (!strcmp(group, "connections"))
		connections();
	else if (!strcmp(group, "options"))
		options();
	else if (!strcmp(group, "crossings"))
		crossings();
	else if (!strcmp(group, "interfaces"))
		interfaces();
	else if (!strcmp(group, "messages"))
		test_messages();
	else if (!strcmp(group, "unix") && argc == 3)
		test_unix(argv[2]);
	else if (!strcmp(group, "rights"))
		test_rights();
	else if (!strcmp(group, "credentials"))
		test_credentials();
	else if (!strcmp(group, "links"))
		test_links();
	else if (!strcmp(group, "packets"))
		test_packets();
	else if (!strcmp(group, "signals"))
		test_signals();
	else if (!strcmp(group, "end") && argc == 3)
		test_end(argv[2]);
	else
		errx(2, "no such group: %s", group);
	show_fd_table("at the end");
	return 0;
}
