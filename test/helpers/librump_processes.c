/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_processes.c - several host processes in one kernel */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "librump_call.h"

static void reap(pid_t pid, int status)
{
	int got;

	CHECK(waitpid(pid, &got, 0) == pid);
	if (got != status)
		fprintf(stderr, "status %x\n", got);
	CHECK(got == status);
}

/* Until the kernel has no such process any more. */
static void gone(pid_t pid)
{
	double end = now() + 5;

	while (!rump_sys_kill(pid, 0)) {
		CHECK(now() < end);
		usleep(1000);
	}
	CHECK(errno == ESRCH);
}

static void basic(int argc, char **argv)
{
	char buf[16] = "", cwd[32];
	int p[2], fd;
	pid_t pid;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	fd = rump_sys_open("/tmp/f", O_CREAT | O_RDWR, 0600);
	CHECK(!rump_sys_pipe(p));
	CHECK(rump_sys_write(fd, "parent", 6) == 6);
	pid = rump_fork();
	CHECK(pid >= 0);
	if (!pid) {
		CHECK(rump_sys_getpid() == getpid());
		CHECK(rump_sys_getppid() == getppid());
		/* The offset is common to both, descriptors and directory are not. */
		CHECK(rump_sys_write(fd, "child", 5) == 5);
		CHECK(!rump_sys_close(fd));
		CHECK(!rump_sys_chdir("/tmp"));
		CHECK(rump_sys_umask(07) == 022);
		CHECK(!rump_sys_close(p[0]));
		CHECK(rump_sys_write(p[1], "done", 4) == 4);
		exit(7);
	}
	CHECK(!rump_sys_close(p[1]));
	CHECK(rump_sys_read(p[0], buf, sizeof(buf)) == 4);
	/* Its end closes the other end. */
	CHECK(rump_sys_read(p[0], buf, sizeof(buf)) == 0);
	reap(pid, 7 << 8);
	gone(pid);
	CHECK(rump_sys_pread64(fd, buf, sizeof(buf), 0) == 11 && !memcmp(buf, "parentchild", 11));
	CHECK(rump_sys_getcwd(cwd, sizeof(cwd)) == 2);
	CHECK(rump_sys_umask(022) == 022);
}

#define ROUNDS	5000

static void ping_pong(int argc, char **argv)
{
	int a[2], b[2], i;
	pid_t pid;
	char c = 'x';

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK(!rump_sys_pipe(a) && !rump_sys_pipe(b));
	pid = rump_fork();
	CHECK(pid >= 0);
	for (i = 0; i < ROUNDS; i++) {
		if (pid)
			CHECK(rump_sys_write(a[1], &c, 1) == 1);
		CHECK(rump_sys_read(pid ? b[0] : a[0], &c, 1) == 1);
		if (!pid)
			CHECK(rump_sys_write(b[1], &c, 1) == 1);
	}
	if (!pid)
		exit(0);
	reap(pid, 0);
}

/* Both compute in the kernel at once, one sleeping in between. */
static void at_once(int argc, char **argv)
{
	char path[32], buf[4096] = "";
	struct timespec nap = { .tv_nsec = 1000000 };
	pid_t pid[8];
	int i, k, fd;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	for (i = 0; i < 8; i++) {
		pid[i] = rump_fork();
		CHECK(pid[i] >= 0);
		if (pid[i])
			continue;
		for (k = 0; k < 300; k++) {
			snprintf(path, sizeof(path), "/tmp/%d.%d", i, k);
			fd = rump_sys_open(path, O_CREAT | O_RDWR, 0600);
			CHECK(fd >= 0);
			CHECK(rump_sys_write(fd, buf, sizeof(buf)) == sizeof(buf));
			CHECK(!rump_sys_close(fd));
			if (k % 10 == 0)
				CHECK(!rump_sys_nanosleep(&nap, NULL));
			CHECK(!rump_sys_unlink(path));
		}
		exit(i);
	}
	for (i = 0; i < 8; i++)
		reap(pid[i], i << 8);
}

/* SIGKILL while a read, a poll and a sleep are blocked. */
static void killed(int argc, char **argv)
{
	struct timespec nap = { .tv_sec = 100 };
	struct pollfd fd = { .events = POLLIN };
	int p[2], q[2], i;
	pid_t pid;
	char c;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	for (i = 0; i < 30; i++) {
		CHECK(!rump_sys_pipe(p) && !rump_sys_pipe(q));
		pid = rump_fork();
		CHECK(pid >= 0);
		if (!pid) {
			CHECK(!rump_sys_close(p[0]));
			CHECK(rump_sys_write(p[1], "x", 1) == 1);
			fd.fd = q[0];
			if (i % 3 == 0)
				rump_sys_read(q[0], &c, 1);
			else if (i % 3 == 1)
				rump_sys_poll(&fd, 1, 100000);
			else
				rump_sys_nanosleep(&nap, &nap);
			_exit(1);
		}
		CHECK(!rump_sys_close(p[1]));
		CHECK(rump_sys_read(p[0], &c, 1) == 1);
		usleep(i * 500);
		CHECK(!kill(pid, SIGKILL));
		reap(pid, SIGKILL);
		/* What the dead one held is released, though nobody told it to. */
		CHECK(rump_sys_read(p[0], &c, 1) == 0);
		gone(pid);
		CHECK(!rump_sys_close(p[0]) && !rump_sys_close(q[0]) && !rump_sys_close(q[1]));
	}
}

/* SIGKILL while it is in its own code, and while its thread's calls block. */
static void *blocked_thread(void *fd)
{
	char c;

	rump_sys_read(*(int *)fd, &c, 1);
	return NULL;
}

static void threads_of_child(int argc, char **argv)
{
	int p[2], q[2], i, k;
	pthread_t t;
	pid_t pid;
	char c;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	for (i = 0; i < 20; i++) {
		CHECK(!rump_sys_pipe(p) && !rump_sys_pipe(q));
		pid = rump_fork();
		CHECK(pid >= 0);
		if (!pid) {
			for (k = 0; k < 4; k++)
				CHECK(!pthread_create(&t, NULL, blocked_thread, &q[0]));
			usleep(2000);
			CHECK(!rump_sys_close(p[0]));
			CHECK(rump_sys_write(p[1], "x", 1) == 1);
			if (i % 2)
				exit(0);
			pause();
		}
		CHECK(!rump_sys_close(p[1]));
		CHECK(rump_sys_read(p[0], &c, 1) == 1);
		if (i % 2 == 0)
			CHECK(!kill(pid, SIGKILL));
		CHECK(rump_sys_read(p[0], &c, 1) == 0);
		reap(pid, i % 2 ? 0 : SIGKILL);
		gone(pid);
		CHECK(!rump_sys_close(p[0]) && !rump_sys_close(q[0]) && !rump_sys_close(q[1]));
	}
}

/* Children of children, and locks and sockets between processes. */
static void tree(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "/tmp/s" };
	struct flock lock = { .l_type = F_WRLCK };
	int s, fd, status, p[2];
	pid_t pid, grand;
	char c;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	fd = rump_sys_open("/tmp/lock", O_CREAT | O_RDWR, 0600);
	CHECK(!rump_sys_fcntl(fd, F_SETLK, &lock));
	s = rump_sys_socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(!rump_sys_bind(s, (struct sockaddr *)&addr, sizeof(addr)));
	CHECK(!rump_sys_listen(s, 5));
	CHECK(!rump_sys_pipe(p));
	pid = rump_fork();
	CHECK(pid >= 0);
	if (!pid) {
		grand = rump_fork();
		CHECK(grand >= 0);
		if (!grand) {
			CHECK_ERR(rump_sys_fcntl(fd, F_SETLK, &lock), EAGAIN);
			CHECK(!rump_sys_fcntl(fd, F_GETLK, &lock));
			CHECK(lock.l_pid == getppid() || lock.l_pid != getpid());
			CHECK(!rump_sys_close(s));
			s = rump_sys_socket(AF_UNIX, SOCK_STREAM, 0);
			CHECK(!rump_sys_connect(s, (struct sockaddr *)&addr, sizeof(addr)));
			CHECK(rump_sys_write(s, "g", 1) == 1);
			exit(3);
		}
		CHECK(waitpid(grand, &status, 0) == grand && status == 3 << 8);
		exit(4);
	}
	s = rump_sys_accept(s, NULL, NULL);
	CHECK(s >= 0);
	CHECK(rump_sys_read(s, &c, 1) == 1 && c == 'g');
	reap(pid, 4 << 8);
}

/* One file in the memory of two processes: writes are seen, and what is taken away is gone. */
static void mapped(int argc, char **argv)
{
	volatile char *map, *own;
	pid_t pid;
	int fd;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	fd = rump_sys_open("/tmp/f", O_CREAT | O_RDWR, 0600);
	CHECK(!rump_sys_ftruncate(fd, 8192));
	map = rump_sys_mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	map[0] = 'a';
	map[4096] = 'c';
	pid = rump_fork();
	CHECK(pid >= 0);
	if (!pid) {
		own = rump_sys_mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		CHECK(own != MAP_FAILED && own[0] == 'a' && map[4096] == 'c');
		own[1] = 'b';
		map[2] = 'd';
		exit(0);
	}
	reap(pid, 0);
	CHECK(map[1] == 'b' && map[2] == 'd');
	pid = rump_fork();
	CHECK(pid >= 0);
	if (!pid) {
		/* Its parent has the pages at hand, and must lose them. */
		CHECK(!rump_sys_ftruncate(fd, 0));
		CHECK(!rump_sys_ftruncate(fd, 8192));
		exit(0);
	}
	reap(pid, 0);
	CHECK(map[0] == 0 && map[1] == 0 && map[4096] == 0);
	CHECK(!rump_sys_munmap((void *)map, 8192));
}

static void many(int argc, char **argv)
{
	pid_t pid;
	int i;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	/* fork(2) itself gives a child that is none of the kernel's. */
	pid = fork();
	if (!pid) {
		CHECK(rump_sys_getpid() == -1 && errno == ENXIO);
		_exit(0);
	}
	reap(pid, 0);
	for (i = 0; i < 300; i++) {
		pid = rump_fork();
		CHECK(pid >= 0);
		if (!pid) {
			CHECK(rump_sys_getpid() == getpid());
			exit(0);
		}
		reap(pid, 0);
	}
}

/* A watch of the first process, woken by its child. */
static void watched(int argc, char **argv)
{
	struct pollfd fd = { .events = POLLIN }, host = { .events = POLLIN };
	unsigned long h;
	uint64_t n;
	int p[2], i;
	pid_t pid;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK(!rump_sys_pipe(p));
	fd.fd = p[0];
	host.fd = eventfd(0, EFD_NONBLOCK);
	pid = rump_fork();
	CHECK(pid >= 0);
	for (i = 0; i < 200; i++) {
		char c = 'x';

		if (!pid) {
			CHECK(rump_sys_write(p[1], &c, 1) == 1);
			usleep(rand() % 1000);
			continue;
		}
		if (!rump_call(RUMP_CALL_WATCH, (long)&fd, 1, host.fd, (long)&h, 0)) {
			CHECK(poll(&host, 1, 5000) == 1);
			CHECK(read(host.fd, &n, sizeof(n)) == sizeof(n));
			CHECK(!rump_call(RUMP_CALL_UNWATCH, h, 0, 0, 0, 0));
		}
		CHECK(rump_sys_read(p[0], &c, 1) == 1);
	}
	if (!pid)
		exit(0);
	reap(pid, 0);
}

static const struct test tests[] = {
	{ "basic", basic },   { "ping_pong", ping_pong },
	{ "at_once", at_once }, { "killed", killed },
	{ "threads_of_child", threads_of_child }, { "tree", tree },
	{ "mapped", mapped },
	{ "many", many }, { "watched", watched }, { NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
