/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_fdtable.c - descriptor numbers that are given, not found */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "librump_call.h"

static int mirror(void)
{
	return rump_call(RUMP_CALL_FD_MIRROR, 0, 0, 0, 0, 0);
}

static int offer(int n)
{
	return rump_call(RUMP_CALL_FD_OFFER, n, 0, 0, 0, 0);
}

static int withdraw(int n)
{
	return rump_call(RUMP_CALL_FD_WITHDRAW, n, 0, 0, 0, 0);
}

static int fd_dup(int old, int n, int flags)
{
	return rump_call(RUMP_CALL_FD_DUP, old, n, flags, 0, 0);
}

static int fd_close(int n)
{
	return rump_call(RUMP_CALL_FD_CLOSE, n, 0, 0, 0, 0);
}

static int open_null(void)
{
	return rump_sys_open("/dev/null", O_RDWR);
}

static bool is_open(int fd)
{
	return rump_sys_fcntl(fd, F_GETFD) >= 0;
}

static void start(void)
{
	CHECK(!rump_init());
	CHECK(!mirror());
}

/* Every way to make a descriptor fails with EMFILE. */
static void check_nothing_offered(void)
{
	int fds[2];

	CHECK_ERR(open_null(), EMFILE);
	CHECK_ERR(rump_sys_socket(AF_UNIX, SOCK_STREAM, 0), EMFILE);
	CHECK_ERR(rump_sys_pipe(fds), EMFILE);
	CHECK_ERR(rump_sys_epoll_create1(0), EMFILE);
}

static void reserved(int argc, char **argv)
{
	int fds[2];

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK_ERR(offer(5), EINVAL);
	CHECK_ERR(withdraw(5), EINVAL);
	CHECK(open_null() == 0);
	CHECK(!rump_sys_pipe(fds));
	CHECK(!mirror());
	CHECK(!mirror());
	check_nothing_offered();
	CHECK_ERR(rump_sys_dup(0), EMFILE);
	CHECK_ERR(rump_sys_fcntl(0, F_DUPFD, 100), EMFILE);
	CHECK_ERR(rump_sys_read(50, fds, 1), EBADF);
	CHECK_ERR(rump_sys_close(50), EBADF);
	CHECK_ERR(rump_sys_dup2(0, 50), EBUSY);
	CHECK(rump_sys_write(fds[1], "x", 1) == 1);
}

static void offered(int argc, char **argv)
{
	int fds[2];

	(void)argc;
	(void)argv;
	start();
	CHECK(!offer(5));
	CHECK(!offer(5));
	CHECK(open_null() == 5);
	check_nothing_offered();
	CHECK_ERR(offer(5), EBUSY);
	CHECK_ERR(withdraw(5), EBUSY);
	CHECK(!offer(9) && !offer(7));
	CHECK(!rump_sys_pipe(fds));
	CHECK(fds[0] == 7 && fds[1] == 9);
	CHECK(!offer(3) && !offer(20));
	CHECK(rump_sys_fcntl(5, F_DUPFD, 10) == 20);
	CHECK(rump_sys_dup(5) == 3);
	check_nothing_offered();
	/* What is closed is offered. */
	CHECK(!rump_sys_close(7));
	CHECK(rump_sys_dup(5) == 7);
	CHECK(!rump_sys_close(7));
	CHECK(!withdraw(7));
	CHECK_ERR(withdraw(7), EBUSY);
	check_nothing_offered();
	CHECK(!fd_close(3));
	CHECK(!is_open(3));
	CHECK_ERR(fd_close(3), EBADF);
	CHECK_ERR(fd_close(-1), EBADF);
	check_nothing_offered();
	/* A call that fails gives back what it took. */
	CHECK(!offer(4));
	CHECK_ERR(rump_sys_open("/nonexistent", O_RDONLY), ENOENT);
	CHECK_ERR(rump_sys_pipe(fds), EMFILE);
	CHECK(open_null() == 4);
	CHECK(!offer(6) && !withdraw(6));
	check_nothing_offered();
}

static void limits(int argc, char **argv)
{
	static const int at[] = { 63, 64, 255, 256, 257, 1000, 1024, 3000, 0, 1 };
	struct rlimit rl;
	unsigned int i;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK(!rump_sys_getrlimit(RLIMIT_NOFILE, &rl));
	rl.rlim_max = 3500;
	rl.rlim_cur = 100;
	CHECK(!rump_sys_setrlimit(RLIMIT_NOFILE, &rl));
	CHECK(!mirror());
	CHECK_ERR(offer(-1), EMFILE);
	CHECK_ERR(offer(3500), EMFILE);
	CHECK_ERR(withdraw(-1), EBUSY);
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		CHECK(!offer(at[i]));
		CHECK(open_null() == at[i]);
		check_nothing_offered();
	}
	CHECK_ERR(fd_dup(0, 3500, 0), EBADF);
	/* The limit that can be changed is the hard one. */
	rl.rlim_max = 2000;
	CHECK(!rump_sys_prlimit(0, RLIMIT_NOFILE, &rl, NULL));
	CHECK_ERR(offer(2000), EMFILE);
	CHECK_ERR(rump_sys_prlimit(1, RLIMIT_NOFILE, &rl, NULL), EPERM);
	check_nothing_offered();
	rl.rlim_max = 9000;
	CHECK(!rump_sys_setrlimit(RLIMIT_NOFILE, &rl));
	check_nothing_offered();
	CHECK(!offer(8999));
	CHECK(open_null() == 8999);
	check_nothing_offered();
	rl.rlim_cur = 9001;
	CHECK_ERR(rump_sys_setrlimit(RLIMIT_NOFILE, &rl), EINVAL);
}

static void dup_onto(int argc, char **argv)
{
	int fds[2], fd;
	char c;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK_ERR(fd_dup(0, 1, 0), EINVAL);
	CHECK(!mirror());
	CHECK(!offer(3) && !offer(4) && !offer(10));
	CHECK(!rump_sys_pipe(fds));
	CHECK_ERR(fd_dup(3, 3, 0), EINVAL);
	CHECK_ERR(fd_dup(3, 50, O_NONBLOCK), EINVAL);
	CHECK_ERR(fd_dup(77, 50, 0), EBADF);
	CHECK_ERR(fd_dup(77, 77, 0), EINVAL);
	/* reserved, offered, beyond the table */
	CHECK(fd_dup(3, 50, 0) == 50);
	CHECK(rump_sys_fcntl(50, F_GETFD) == 0);
	CHECK(fd_dup(3, 10, O_CLOEXEC) == 10);
	CHECK(rump_sys_fcntl(10, F_GETFD) == FD_CLOEXEC);
	CHECK(fd_dup(3, 1000, O_CLOEXEC) == 1000);
	CHECK(rump_sys_fcntl(1000, F_GETFD) == FD_CLOEXEC);
	check_nothing_offered();
	CHECK(rump_sys_write(4, "abc", 3) == 3);
	CHECK(rump_sys_read(50, &c, 1) == 1 && c == 'a');
	CHECK(rump_sys_read(10, &c, 1) == 1 && c == 'b');
	CHECK(rump_sys_read(1000, &c, 1) == 1 && c == 'c');
	/* open: what was there is closed */
	CHECK(!offer(20));
	fd = open_null();
	CHECK(fd == 20);
	CHECK(fd_dup(fd, 4, 0) == 4);
	CHECK(rump_sys_read(3, &c, 1) == 0);
	CHECK(rump_sys_write(4, "abc", 3) == 3);
	check_nothing_offered();
}

static void copies(int argc, char **argv)
{
	struct lwp *first;
	int fds[2];

	(void)argc;
	(void)argv;
	start();
	first = rump_pub_lwproc_curlwp();
	CHECK(!offer(3) && !offer(4) && !offer(600) && !offer(601));
	CHECK(!rump_sys_pipe(fds));
	CHECK(open_null() == 600);
	/* 601 is still offered in the first process, but not in its child. */
	CHECK(!rump_pub_lwproc_rfork(RUMP_RFFD_COPY));
	CHECK(is_open(3) && is_open(600) && !is_open(601));
	check_nothing_offered();
	CHECK(!offer(5));
	CHECK(open_null() == 5);
	CHECK(!rump_sys_close(3));
	CHECK(!withdraw(3));
	rump_pub_lwproc_switch(first);
	CHECK(is_open(3) && !is_open(5));
	CHECK_ERR(rump_sys_pipe(fds), EMFILE);
	CHECK(open_null() == 601);
	check_nothing_offered();

	CHECK(!rump_sys_unshare(CLONE_FILES));
	check_nothing_offered();
	CHECK(!offer(6));
	CHECK(open_null() == 6);
	check_nothing_offered();
	CHECK(!offer(1500));
	CHECK(open_null() == 1500);
	check_nothing_offered();
	CHECK(!rump_sys_close_range(600, -1, CLOSE_RANGE_UNSHARE));
	CHECK(is_open(6) && !is_open(600) && !is_open(1500));
}

static void *unshared_thread(void *unused)
{
	(void)unused;
	check_nothing_offered();
	CHECK(!rump_sys_close_range(10, -1, CLOSE_RANGE_UNSHARE));
	check_nothing_offered();
	/* The table of the others grows with this one, as the limit is common to them. */
	CHECK(!offer(2000));
	CHECK(open_null() == 2000);
	check_nothing_offered();
	return NULL;
}

static void unshared(int argc, char **argv)
{
	pthread_t t;

	(void)argc;
	(void)argv;
	start();
	CHECK(!offer(300));
	CHECK(open_null() == 300);
	CHECK(!pthread_create(&t, NULL, unshared_thread, NULL));
	CHECK(!pthread_join(t, NULL));
	CHECK(is_open(300) && !is_open(2000));
	check_nothing_offered();
	CHECK(!offer(1999));
	CHECK(open_null() == 1999);
	check_nothing_offered();
}

/*
 * Threads that offer, open, duplicate, close and withdraw. A thread opens once
 * for each number it offered, and once more for each that another took from
 * it, so there is always one to be had.
 */
#define THREADS		8
#define FIRST		10
#define NUMBERS		3000
#define ROUNDS		4000

enum { RESERVED, OFFERED, OPEN };
static _Atomic int state[NUMBERS];

static void change(int n, int from, int to)
{
	CHECK(n >= FIRST && n < NUMBERS);
	CHECK(atomic_compare_exchange_strong(&state[n], &from, to));
}

static int claim(unsigned int *seed, int to, int span)
{
	int n, from;

	do {
		n = FIRST + rand_r(seed) % span;
		from = RESERVED;
	} while (!atomic_compare_exchange_strong(&state[n], &from, to));
	return n;
}

/* Close, and take back the offer that this makes, unless another thread was faster. */
static bool close_and_withdraw(int fd)
{
	bool mine;

	change(fd, OPEN, OFFERED);
	CHECK(!rump_sys_close(fd));
	mine = !withdraw(fd);
	CHECK(mine || errno == EBUSY);
	if (mine)
		change(fd, OFFERED, RESERVED);
	return mine;
}

static void give_back(int fd, unsigned int *seed)
{
	while (rand_r(seed) % 2) {
		if (close_and_withdraw(fd))
			return;
		fd = open_null();
		CHECK(fd >= 0);
		change(fd, OFFERED, OPEN);
	}
	/* Nobody can get the number in between, so it is ours until it is reserved. */
	CHECK(!fd_close(fd));
	change(fd, OPEN, RESERVED);
}

static void *offerer(void *arg)
{
	unsigned int seed = (long)arg;
	int i, fd, n;

	for (i = 0; i < ROUNDS; i++) {
		/* The table grows under way. */
		n = claim(&seed, OFFERED, 100 + i * (NUMBERS - FIRST - 100L) / ROUNDS);
		CHECK(!offer(n));
		fd = open_null();
		CHECK(fd >= 0);
		change(fd, OFFERED, OPEN);
		if (rand_r(&seed) % 4 == 0) {
			n = claim(&seed, OPEN, NUMBERS - FIRST);
			CHECK(fd_dup(fd, n, 0) == n);
			/* Its number was not offered by anybody, so nobody counts on it. */
			CHECK(is_open(n));
			give_back(n, &seed);
		}
		if (rand_r(&seed) % 8 == 0)
			sched_yield();
		give_back(fd, &seed);
	}
	return NULL;
}

static void stress(int argc, char **argv)
{
	pthread_t t[THREADS];
	long i;

	(void)argc;
	(void)argv;
	start();
	for (i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&t[i], NULL, offerer, (void *)(i + 1)));
	for (i = 0; i < THREADS; i++)
		CHECK(!pthread_join(t[i], NULL));
	for (i = 0; i < NUMBERS; i++)
		CHECK(state[i] == RESERVED);
	check_nothing_offered();
}

static const struct test tests[] = {
	{ "reserved", reserved }, { "offered", offered },   { "limits", limits },
	{ "dup_onto", dup_onto }, { "copies", copies },	    { "unshared", unshared },
	{ "stress", stress },	  { NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
