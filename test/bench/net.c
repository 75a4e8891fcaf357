/* SPDX-License-Identifier: BSD-2-Clause */
/* net.c - TCP over the loopback device inside one kernel */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <rump/rump_syscalls.h>

#include "bench.h"

#define ROUNDS	20000
#define BULK	(512L << 20)
#define PIECE	(64 << 10)
#define MESSAGE	64

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void connect_pair(const struct side *s, int pair[2])
{
	static int port = 20000;
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int listener = s->socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	do
		addr.sin_port = htons(port++);
	while (s->bind(listener, &addr, sizeof(addr)) < 0 && port < 30000);
	pair[0] = s->socket(AF_INET, SOCK_STREAM, 0);
	if (s->listen(listener, 1) < 0 || s->connect(pair[0], &addr, sizeof(addr)) < 0)
		die("connect");
	pair[1] = s->accept(listener);
	s->close(listener);
	s->nodelay(pair[0]);
	s->nodelay(pair[1]);
}

static void read_all(const struct side *s, int fd, char *buf, long n)
{
	long got;

	for (; n > 0; n -= got) {
		got = s->read(fd, buf, n);
		if (got <= 0)
			die("read");
	}
}

static double one_thread(const struct side *s, const char *dir)
{
	char buf[MESSAGE] = { 0 };
	double t;
	int p[2], i;

	(void)dir;
	connect_pair(s, p);
	t = bench_now();
	for (i = 0; i < ROUNDS; i++) {
		s->write(p[0], buf, MESSAGE);
		read_all(s, p[1], buf, MESSAGE);
		s->write(p[1], buf, MESSAGE);
		read_all(s, p[0], buf, MESSAGE);
	}
	t = bench_now() - t;
	s->close(p[0]);
	s->close(p[1]);
	return t;
}

struct peer {
	const struct side *s;
	int fd;
};

static void *echo(void *arg)
{
	struct peer *p = arg;
	char buf[MESSAGE];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		read_all(p->s, p->fd, buf, MESSAGE);
		p->s->write(p->fd, buf, MESSAGE);
	}
	return NULL;
}

static double two_threads(const struct side *s, const char *dir)
{
	char buf[MESSAGE] = { 0 };
	struct peer peer = { s, 0 };
	pthread_t thread;
	double t;
	int p[2], i;

	(void)dir;
	connect_pair(s, p);
	peer.fd = p[1];
	pthread_create(&thread, NULL, echo, &peer);
	t = bench_now();
	for (i = 0; i < ROUNDS; i++) {
		s->write(p[0], buf, MESSAGE);
		read_all(s, p[0], buf, MESSAGE);
	}
	t = bench_now() - t;
	pthread_join(thread, NULL);
	s->close(p[0]);
	s->close(p[1]);
	return t;
}

static void *sink(void *arg)
{
	static char buf[PIECE];
	struct peer *p = arg;
	long n, total = 0;

	while (total < BULK && (n = p->s->read(p->fd, buf, PIECE)) > 0)
		total += n;
	return NULL;
}

static double bulk(const struct side *s, const char *dir)
{
	static char buf[PIECE];
	struct peer peer = { s, 0 };
	pthread_t thread;
	long total = 0, n;
	double t;
	int p[2];

	(void)dir;
	connect_pair(s, p);
	peer.fd = p[1];
	pthread_create(&thread, NULL, sink, &peer);
	t = bench_now();
	while (total < BULK) {
		n = s->write(p[0], buf, PIECE);
		if (n <= 0)
			die("write");
		total += n;
	}
	pthread_join(thread, NULL);
	t = bench_now() - t;
	s->close(p[0]);
	s->close(p[1]);
	return t;
}

void bench_net(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = rump_sys_socket(AF_INET, SOCK_DGRAM, 0);

	if (rump_sys_ioctl(fd, SIOCSIFFLAGS, (unsigned long)&ifr) < 0)
		die("lo");
	rump_sys_close(fd);
	bench_time("TCP 64 B ping-pong, one thread", one_thread, ROUNDS, NULL, NULL, 0.7);
	bench_time("TCP 64 B ping-pong, two threads", two_threads, ROUNDS, NULL, NULL, 1.0);
	bench_rate("TCP bulk, two threads", bulk, BULK, NULL, NULL, 0.9);
}
