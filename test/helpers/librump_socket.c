/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_socket.c - sockets of the inet and unix families */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "librump_netlink.h"

#define UNUSED(argc, argv) ((void)(argc), (void)(argv))
#define BULK		   (4L << 20)

static void fill(char *p, long n, unsigned int seed)
{
	for (long i = 0; i < n; i++)
		p[i] = (seed = seed * 1664525 + 1013904223) >> 24;
}

static char sent[BULK], received[BULK];

static void *send_bulk(void *arg)
{
	int fd = *(int *)arg;
	long n = 0, piece;

	while (n < BULK) {
		piece = rump_sys_send(fd, sent + n, BULK - n, 0);
		CHECK(piece > 0);
		n += piece;
	}
	CHECK(!rump_sys_shutdown(fd, SHUT_WR));
	return NULL;
}

/* One way, to the end; the other end sends from a thread of its own. */
static void bulk(int from, int to)
{
	long n = 0, piece;
	pthread_t t;

	fill(sent, BULK, 1);
	CHECK(!pthread_create(&t, NULL, send_bulk, &from));
	while ((piece = rump_sys_recv(to, received + n, BULK - n, 0)) > 0)
		n += piece;
	CHECK(!piece && n == BULK);
	CHECK(!memcmp(sent, received, BULK));
	pthread_join(t, NULL);
}

static void inet_any(const char *ip)
{
	union addr a, b;
	socklen_t len;
	int l, c, s, u, v;
	char buf[2000];

	l = bound(ip, 7000, SOCK_STREAM);
	c = connected(ip, 7000, SOCK_STREAM);
	len = sizeof(a);
	s = rump_sys_accept4(l, &a.sa, &len, SOCK_CLOEXEC);
	CHECK(s >= 0);
	len = sizeof(b);
	CHECK(!rump_sys_getsockname(c, &b.sa, &len));
	CHECK(a.in.sin_port == b.in.sin_port);
	bulk(c, s);
	bulk(s, c);
	rump_sys_close(c);
	rump_sys_close(s);
	rump_sys_close(l);
	/* Nobody listens. */
	address(&a, ip, 7001);
	c = rump_sys_socket(a.sa.sa_family, SOCK_STREAM, 0);
	CHECK_ERR(rump_sys_connect(c, &a.sa, sizeof(a)), ECONNREFUSED);
	rump_sys_close(c);
	/* Datagrams keep their bounds, and large ones are fragmented. */
	u = bound(ip, 7000, SOCK_DGRAM);
	v = connected(ip, 7000, SOCK_DGRAM);
	CHECK(rump_sys_send(v, "first", 5, 0) == 5);
	CHECK(rump_sys_send(v, "second one", 10, 0) == 10);
	CHECK(rump_sys_send(v, sent, 60000, 0) == 60000);
	CHECK(rump_sys_recv(u, buf, sizeof(buf), 0) == 5 && !memcmp(buf, "first", 5));
	CHECK(rump_sys_recv(u, buf, sizeof(buf), 0) == 10);
	CHECK(rump_sys_recv(u, received, BULK, 0) == 60000 && !memcmp(sent, received, 60000));
	CHECK_ERR(rump_sys_recv(u, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	rump_sys_close(u);
	rump_sys_close(v);
}

static void inet(int argc, char **argv)
{
	UNUSED(argc, argv);
	boot();
	inet_any("127.0.0.1");
}

static void inet6(int argc, char **argv)
{
	UNUSED(argc, argv);
	boot();
	inet_any("::1");
}

/* Raw ICMP: the kernel answers an echo request. */
static void ping(int argc, char **argv)
{
	struct {
		uint8_t type, code;
		uint16_t sum, id, seq;
	} * reply, echo = {.type = 8, .id = htons(7), .seq = htons(1)};
	char buf[256];
	union addr a;
	int fd;

	UNUSED(argc, argv);
	boot();
	fd = rump_sys_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	CHECK(fd >= 0);
	echo.sum = ~(uint16_t)(8 + echo.id + echo.seq);
	address(&a, "127.0.0.1", 0);
	CHECK(rump_sys_sendto(fd, &echo, 8, 0, &a.sa, sizeof(a.in)) == 8);
	for (;;) {
		CHECK(readable(fd, 2000));
		CHECK(rump_sys_recv(fd, buf, sizeof(buf), 0) == 28);
		reply = (void *)(buf + 20);
		if (reply->type == 0)
			break;
	}
	CHECK(reply->id == echo.id && reply->seq == echo.seq);
}

static void unix_stream(int argc, char **argv)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/tmp/socket"};
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct stat st;
	int l, c, s;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	l = rump_sys_socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(!rump_sys_bind(l, (struct sockaddr *)&a, sizeof(a)));
	CHECK(!rump_sys_stat("/tmp/socket", &st) && S_ISSOCK(st.st_mode));
	CHECK(!rump_sys_listen(l, 1));
	c = rump_sys_socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(!rump_sys_connect(c, (struct sockaddr *)&a, sizeof(a)));
	s = rump_sys_accept(l, NULL, NULL);
	CHECK(s >= 0);
	bulk(c, s);
	CHECK(!rump_sys_getsockopt(s, SOL_SOCKET, SO_PEERCRED, &cred, &len));
	CHECK(cred.pid == rump_sys_getpid() && cred.uid == rump_sys_getuid());
	CHECK_ERR(rump_sys_bind(c, (struct sockaddr *)&a, sizeof(a)), EADDRINUSE);
}

static void unix_dgram(int argc, char **argv)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "\0abstract"};
	struct sockaddr_un from;
	socklen_t len = sizeof(from);
	char buf[64];
	int r, s, p[2];

	UNUSED(argc, argv);
	CHECK(!rump_init());
	r = rump_sys_socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK(!rump_sys_bind(r, (struct sockaddr *)&a, 2 + 9));
	s = rump_sys_socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK(rump_sys_sendto(s, "hello", 5, 0, (struct sockaddr *)&a, 2 + 9) == 5);
	CHECK(rump_sys_sendto(s, "", 0, 0, (struct sockaddr *)&a, 2 + 9) == 0);
	CHECK(rump_sys_recvfrom(r, buf, 64, 0, (struct sockaddr *)&from, &len) == 5);
	CHECK(rump_sys_recv(r, buf, 64, 0) == 0);
	CHECK_ERR(rump_sys_recv(r, buf, 64, MSG_DONTWAIT), EAGAIN);
	CHECK(!rump_sys_socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p));
	CHECK(rump_sys_send(p[0], "one", 3, 0) == 3 && rump_sys_send(p[0], "two!", 4, 0) == 4);
	CHECK(rump_sys_recv(p[1], buf, 64, 0) == 3 && rump_sys_recv(p[1], buf, 64, 0) == 4);
}

static void scm_rights(int argc, char **argv)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control = {0};
	char byte = 'x', buf[16];
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	int pair[2], fd[2], got[2];

	UNUSED(argc, argv);
	CHECK(!rump_init());
	CHECK(!rump_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	fd[0] = rump_sys_open("/tmp/passed", O_CREAT | O_RDWR, 0600);
	CHECK(rump_sys_write(fd[0], "content", 7) == 7);
	fd[1] = rump_sys_open("/dev/null", O_RDWR);
	CHECK(fd[1] >= 0);
	control.h = (struct cmsghdr){CMSG_LEN(sizeof(fd)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.h), fd, sizeof(fd));
	CHECK(rump_sys_sendmsg(pair[0], &msg, 0) == 1);
	rump_sys_close(fd[0]);
	rump_sys_close(fd[1]);
	memset(&control, 0, sizeof(control));
	CHECK(rump_sys_recvmsg(pair[1], &msg, MSG_CMSG_CLOEXEC) == 1);
	CHECK(control.h.cmsg_type == SCM_RIGHTS && control.h.cmsg_len == CMSG_LEN(sizeof(got)));
	memcpy(got, CMSG_DATA(&control.h), sizeof(got));
	CHECK(rump_sys_pread(got[0], buf, sizeof(buf), 0) == 7 && !memcmp(buf, "content", 7));
	CHECK(rump_sys_fcntl(got[0], F_GETFD) == FD_CLOEXEC);
	CHECK(rump_sys_write(got[1], "x", 1) == 1);
}

static void congestion(int argc, char **argv)
{
	static const char *const algorithms[] = {"cubic", "bbr", "reno"};
	struct tcp_info info;
	socklen_t len;
	char name[16];
	unsigned int i;
	int l, c, s;

	UNUSED(argc, argv);
	boot();
	l = bound("127.0.0.1", 7000, SOCK_STREAM);
	for (i = 0; i < 3; i++) {
		c = connected("127.0.0.1", 7000, SOCK_STREAM);
		s = rump_sys_accept(l, NULL, NULL);
		CHECK(!rump_sys_setsockopt(c, IPPROTO_TCP, TCP_CONGESTION, algorithms[i],
					   strlen(algorithms[i])));
		len = sizeof(name);
		CHECK(!rump_sys_getsockopt(c, IPPROTO_TCP, TCP_CONGESTION, name, &len));
		CHECK(!strcmp(name, algorithms[i]));
		bulk(c, s);
		len = sizeof(info);
		CHECK(!rump_sys_getsockopt(c, IPPROTO_TCP, TCP_INFO, &info, &len));
		CHECK(info.tcpi_snd_mss > 500);
		rump_sys_close(c);
		rump_sys_close(s);
	}
	c = rump_sys_socket(AF_INET, SOCK_STREAM, 0);
	CHECK_ERR(rump_sys_setsockopt(c, IPPROTO_TCP, TCP_CONGESTION, "nonsense", 8), ENOENT);
}

static const struct test tests[] = {
	{"inet", inet},
	{"inet6", inet6},
	{"ping", ping},
	{"unix_stream", unix_stream},
	{"unix_dgram", unix_dgram},
	{"scm_rights", scm_rights},
	{"congestion", congestion},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
