/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_watch.c - readiness in the rump kernel wakes a thread in the host's poll */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "librump_call.h"

#define SECOND	1000

static int kicked;	/* the host's eventfd */

static int watch(struct pollfd *fds, unsigned int n, unsigned long *handle, int flags)
{
	return rump_call(RUMP_CALL_WATCH, (long)fds, n, kicked, (long)handle, flags);
}

static int watch_poll(unsigned long handle, struct pollfd *fds, unsigned int n)
{
	return rump_call(RUMP_CALL_WATCH_POLL, handle, (long)fds, n, 0, 0);
}

static int unwatch(unsigned long handle)
{
	return rump_call(RUMP_CALL_UNWATCH, handle, 0, 0, 0, 0);
}

/* How many kicks there were, within @ms if there were none yet. */
static int kicks(int ms)
{
	struct pollfd p = { .fd = kicked, .events = POLLIN };
	uint64_t n;

	if (poll(&p, 1, ms) <= 0)
		return 0;
	CHECK(read(kicked, &n, sizeof(n)) == sizeof(n));
	return n;
}

static void start(void)
{
	kicked = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	CHECK(kicked >= 0);
	CHECK(!rump_init());
}

static void basic(int argc, char **argv)
{
	struct pollfd fds[4] = { { .fd = -1, .revents = 77 }, { .events = POLLIN } };
	unsigned long h;
	int p[2];
	char c;

	(void)argc;
	(void)argv;
	start();
	CHECK(!rump_sys_pipe(p));
	fds[1].fd = p[0];
	CHECK(watch(fds, 2, &h, 0) == 0 && h);
	CHECK(fds[0].revents == 0 && fds[1].revents == 0);
	CHECK(kicks(0) == 0);
	/* One kick until somebody looks. */
	CHECK(rump_sys_write(p[1], "a", 1) == 1);
	CHECK(rump_sys_read(p[0], &c, 1) == 1);
	CHECK(rump_sys_write(p[1], "a", 1) == 1);
	CHECK(kicks(0) == 1);
	CHECK(watch_poll(h, fds, 2) == 1 && fds[1].revents == POLLIN);
	CHECK(rump_sys_read(p[0], &c, 1) == 1);
	CHECK(kicks(0) == 0);
	CHECK(watch_poll(h, fds, 2) == 0 && fds[1].revents == 0);
	CHECK(rump_sys_write(p[1], "a", 1) == 1);
	CHECK(kicks(0) == 1);
	CHECK(!unwatch(h));
	CHECK(rump_sys_read(p[0], &c, 1) == 1);
	CHECK(rump_sys_write(p[1], "a", 1) == 1);
	CHECK(kicks(0) == 0);
	/* Something is ready: nothing stays. */
	h = 77;
	CHECK(watch(fds, 2, &h, 0) == 1 && !h && fds[1].revents == POLLIN);
	fds[2] = (struct pollfd){ .fd = 500, .events = POLLIN };
	CHECK(watch(fds, 3, &h, 0) == 2 && !h && fds[2].revents == POLLNVAL);
	CHECK(watch(fds, 1, &h, 0) == 0 && !h);
	CHECK(watch(fds, 0, &h, 0) == 0 && !h);
	/* The other end goes. */
	CHECK(rump_sys_read(p[0], &c, 1) == 1);
	CHECK(watch(fds, 2, &h, 0) == 0 && h);
	CHECK(!rump_sys_close(p[1]));
	CHECK(kicks(0) == 1);
	CHECK(watch_poll(h, fds, 2) == 1 && fds[1].revents == POLLHUP);
	CHECK(!unwatch(h));
}

static void keep(int argc, char **argv)
{
	struct pollfd in = { .events = POLLIN }, out = { .events = POLLOUT };
	unsigned long h, h2;
	int p[2];

	(void)argc;
	(void)argv;
	start();
	CHECK(!rump_sys_pipe(p));
	CHECK(rump_sys_write(p[1], "a", 1) == 1);
	in.fd = p[0];
	CHECK(watch(&in, 1, &h, RUMP_WATCH_KEEP) == 1 && h && in.revents == POLLIN);
	CHECK(kicks(0) == 0);
	CHECK(rump_sys_write(p[1], "b", 1) == 1);
	CHECK(kicks(0) == 1);
	/* An edge that the filter leaves out does not kick, one that it lets through does. */
	out.fd = p[1];
	CHECK(watch(&out, 1, &h2, RUMP_WATCH_KEEP) == 1 && h2 && h2 != h);
	CHECK(rump_sys_write(p[1], "c", 1) == 1);
	CHECK(kicks(0) == 1);
	CHECK(!unwatch(h));
	CHECK(rump_sys_write(p[1], "c", 1) == 1);
	CHECK(kicks(0) == 0);
	CHECK(!unwatch(h2));
	/* Regular files and what is no descriptor have nothing to register. */
	in.fd = rump_sys_open("/tmp/f", O_CREAT | O_RDWR, 0600);
	CHECK(watch(&in, 1, &h, RUMP_WATCH_KEEP) == 1 && !h);
	in.fd = 99;
	CHECK(watch(&in, 1, &h, RUMP_WATCH_KEEP) == 1 && !h && in.revents == POLLNVAL);
}

static void wrong(int argc, char **argv)
{
	struct pollfd *bad = (struct pollfd *)8, fd = { .events = POLLIN };
	unsigned long h, other;
	struct lwp *first;
	int p[2];

	(void)argc;
	(void)argv;
	start();
	CHECK(!rump_sys_pipe(p));
	fd.fd = p[0];
	CHECK_ERR(watch(bad, 1, &h, 0), EFAULT);
	CHECK_ERR(watch(&fd, 1, (unsigned long *)8, 0), EFAULT);
	CHECK_ERR(watch(&fd, 1, (unsigned long *)8, RUMP_WATCH_KEEP), EFAULT);
	CHECK_ERR(watch(&fd, 1, &h, 2), EINVAL);
	CHECK_ERR(watch(&fd, -1, &h, 0), EINVAL);
	CHECK_ERR(unwatch(0), EINVAL);
	CHECK_ERR(unwatch(1), EINVAL);
	CHECK_ERR(unwatch(-1), EINVAL);
	CHECK_ERR(unwatch(RUMP_IMAGE_ADDR), EINVAL);
	CHECK_ERR(watch_poll(12345, &fd, 1), EINVAL);
	CHECK(watch(&fd, 1, &h, 0) == 0 && h);
	CHECK_ERR(watch_poll(h, &fd, 2), EINVAL);
	CHECK_ERR(watch_poll(h + (1UL << 32), &fd, 1), EINVAL);
	CHECK_ERR(watch_poll(h, bad, 1), EFAULT);
	CHECK(!unwatch(h));
	CHECK_ERR(unwatch(h), EINVAL);
	CHECK_ERR(watch_poll(h, &fd, 1), EINVAL);
	/* A task takes the watches of its polls along when it ends. */
	CHECK(watch(&fd, 1, &h, 0) == 0 && h);
	first = rump_pub_lwproc_curlwp();
	CHECK(!rump_pub_lwproc_rfork(RUMP_RFFD_COPY));
	CHECK(watch(&fd, 1, &other, 0) == 0 && other);
	rump_pub_lwproc_releaselwp();
	CHECK(rump_pub_lwproc_curlwp() == first);
	CHECK_ERR(unwatch(other), EINVAL);
	CHECK(rump_sys_write(p[1], "a", 1) == 1);
	CHECK(kicks(0) == 1);
	/* The host's descriptor has gone: no harm. */
	CHECK(watch_poll(h, &fd, 1) == 1);
	CHECK(!close(kicked));
	CHECK(rump_sys_write(p[1], "a", 1) == 1);
}

static void closed(int argc, char **argv)
{
	struct pollfd fd = { .events = POLLIN };
	unsigned long h;
	int p[2], i;

	(void)argc;
	(void)argv;
	start();
	for (i = 0; i < 100; i++) {
		CHECK(!rump_sys_pipe(p));
		fd.fd = p[0];
		CHECK(watch(&fd, 1, &h, i % 2 ? RUMP_WATCH_KEEP : 0) == 0 && h);
		CHECK(!rump_sys_close(p[0]));
		CHECK(rump_sys_write(p[1], "a", 1) == 1);
		CHECK(kicks(0) == 1);
		CHECK(watch_poll(h, &fd, 1) == 1 && fd.revents == POLLIN);
		if (i < 50)
			CHECK(!unwatch(h));
		CHECK(!rump_sys_close(p[1]));
		CHECK(kicks(0) == (i >= 50));
	}
}

/* A queue that goes away before its file: that of a thread's signals. */
static void *signals_thread(void *arg)
{
	struct pollfd fd = { .events = POLLIN };
	uint64_t set = 1 << (SIGUSR1 - 1);

	CHECK(!rump_pub_lwproc_rfork(RUMP_RFFD_SHARE));
	fd.fd = rump_sys_syscall(SYS_signalfd4, -1L, &set, 8L, 0L, 0L, 0L);
	CHECK(fd.fd >= 0);
	CHECK(watch(&fd, 1, arg, RUMP_WATCH_KEEP) == 0 && *(unsigned long *)arg);
	return NULL;
}

static void queue_goes(int argc, char **argv)
{
	unsigned long h;
	pthread_t t;
	int i;

	(void)argc;
	(void)argv;
	start();
	for (i = 0; i < 20; i++) {
		CHECK(!pthread_create(&t, NULL, signals_thread, &h));
		CHECK(!pthread_join(t, NULL));
		CHECK(!unwatch(h));
	}
}

static int listener(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int s = rump_sys_socket(AF_INET, SOCK_STREAM, 0);

	CHECK(s >= 0);
	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	CHECK(!rump_sys_bind(s, (struct sockaddr *)addr, sizeof(*addr)));
	CHECK(!rump_sys_listen(s, 10));
	CHECK(!rump_sys_getsockname(s, (struct sockaddr *)addr, &len));
	return s;
}

static void *connect_later(void *addr)
{
	int s = rump_sys_socket(AF_INET, SOCK_STREAM, 0);

	usleep(100000);
	CHECK(!rump_sys_connect(s, addr, sizeof(struct sockaddr_in)));
	usleep(100000);
	CHECK(rump_sys_write(s, "hello", 5) == 5);
	usleep(100000);
	CHECK(!rump_sys_close(s));
	return NULL;
}

/* As poll(2) for one descriptor of the rump kernel, waiting in the host's. */
static int mixed_poll(int fd, int events)
{
	struct pollfd p = { .fd = fd, .events = events };
	unsigned long h;

	if (watch(&p, 1, &h, 0))
		return p.revents;
	CHECK(h);
	do
		CHECK(kicks(10 * SECOND));
	while (!watch_poll(h, &p, 1));
	CHECK(!unwatch(h));
	return p.revents;
}

static void net_up(void)
{
	struct {
		char name[16];
		short flags;
		char pad[22];
	} ifr = { .name = "lo", .flags = 1 };
	int s = rump_sys_socket(AF_INET, SOCK_DGRAM, 0);

	CHECK(!rump_sys_ioctl(s, 0x8914 /* SIOCSIFFLAGS */, &ifr));
	CHECK(!rump_sys_close(s));
}

static void tcp(int argc, char **argv)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct sockaddr_in addr;
	pthread_t t;
	char buf[10];
	int l, s, ep;

	(void)argc;
	(void)argv;
	start();
	net_up();
	l = listener(&addr);
	CHECK(!pthread_create(&t, NULL, connect_later, &addr));
	CHECK(mixed_poll(l, POLLIN) == POLLIN);
	s = rump_sys_accept(l, NULL, NULL);
	CHECK(s >= 0);
	/* By way of an epoll descriptor of the rump kernel. */
	ep = rump_sys_epoll_create1(0);
	CHECK(ep >= 0);
	CHECK(!rump_sys_epoll_ctl(ep, EPOLL_CTL_ADD, s, &ev));
	CHECK(mixed_poll(ep, POLLIN) == POLLIN);
	CHECK(rump_sys_epoll_wait(ep, &ev, 1, 0) == 1);
	CHECK(rump_sys_read(s, buf, sizeof(buf)) == 5);
	CHECK(mixed_poll(s, POLLIN | POLLRDHUP) == (POLLIN | POLLRDHUP));
	CHECK(!pthread_join(t, NULL));
}

#define MANY	500

static void many(int argc, char **argv)
{
	static struct pollfd fds[MANY];
	unsigned long h;
	int p[MANY][2], i, k;

	(void)argc;
	(void)argv;
	start();
	for (i = 0; i < MANY; i++) {
		CHECK(!rump_sys_pipe(p[i]));
		fds[i] = (struct pollfd){ .fd = p[i][0], .events = POLLIN };
	}
	for (k = 0; k < 200; k++) {
		CHECK(watch(fds, MANY, &h, 0) == 0 && h);
		for (i = k; i < MANY; i += 97)
			CHECK(rump_sys_write(p[i][1], "a", 1) == 1);
		CHECK(kicks(0) == 1);
		CHECK(watch_poll(h, fds, MANY) == (MANY - k + 96) / 97);
		CHECK(!unwatch(h));
		for (i = k; i < MANY; i += 97)
			CHECK(rump_sys_read(p[i][0], &(char){ 0 }, 1) == 1);
	}
}

/* A byte goes to and fro between two threads that wait in the host's poll. */
#define ROUNDS	3000

static void *echo(void *arg)
{
	int *p = arg, i;
	char c;

	for (i = 0; i < ROUNDS; i++) {
		CHECK(rump_sys_read(p[0], &c, 1) == 1);
		CHECK(rump_sys_write(p[3], &c, 1) == 1);
	}
	return NULL;
}

static void ping_pong(int argc, char **argv)
{
	pthread_t t;
	int p[4], i;
	char c;

	(void)argc;
	(void)argv;
	start();
	CHECK(!rump_sys_pipe(p) && !rump_sys_pipe(p + 2));
	CHECK(!pthread_create(&t, NULL, echo, p));
	for (i = 0; i < ROUNDS; i++) {
		CHECK(rump_sys_write(p[1], "x", 1) == 1);
		CHECK(mixed_poll(p[2], POLLIN) == POLLIN);
		CHECK(rump_sys_read(p[2], &c, 1) == 1);
	}
	CHECK(!pthread_join(t, NULL));
}

/* Threads write, poll and remove the same watches at once. */
static _Atomic unsigned long shared;
static atomic_bool stop;
static int race_pipe[2];

static void *racer(void *arg)
{
	struct pollfd fd = { .fd = race_pipe[0], .events = POLLIN };
	unsigned long h, left;
	unsigned int seed = (long)arg;
	char c;

	while (!atomic_load(&stop)) {
		switch (rand_r(&seed) % 4) {
		case 0:
			CHECK(watch(&fd, 1, &h, rand_r(&seed) % 2) >= 0);
			left = atomic_exchange(&shared, h);
			if (left)
				CHECK(!unwatch(left) || errno == EINVAL);
			break;
		case 1:
			CHECK(watch_poll(atomic_load(&shared), &fd, 1) >= 0 || errno == EINVAL);
			break;
		case 2:
			CHECK(rump_sys_write(race_pipe[1], "x", 1) == 1 || errno == EAGAIN);
			break;
		default:
			CHECK(rump_sys_read(race_pipe[0], &c, 1) == 1 || errno == EAGAIN);
		}
	}
	return NULL;
}

static void race(int argc, char **argv)
{
	pthread_t t[6];
	long i;

	(void)argc;
	(void)argv;
	start();
	CHECK(!rump_sys_pipe2(race_pipe, O_NONBLOCK));
	for (i = 0; i < 6; i++)
		CHECK(!pthread_create(&t[i], NULL, racer, (void *)(i + 1)));
	sleep(2);
	atomic_store(&stop, true);
	for (i = 0; i < 6; i++)
		CHECK(!pthread_join(t[i], NULL));
}

static const struct test tests[] = {
	{ "basic", basic },	      { "keep", keep },	  { "wrong", wrong },
	{ "closed", closed },	      { "tcp", tcp },	  { "many", many },
	{ "queue_goes", queue_goes }, { "race", race },	  { "ping_pong", ping_pong },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
