/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_threads.c - host threads in the kernel: many, short-lived, blocking, idle */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "librump_test.h"

#define MANY 64

/* Memory the kernel uses, once what it frees later (RCU) is free. */
static long used_bytes(void)
{
	struct sysinfo si;

	usleep(300000);
	rump_sys_sync();
	CHECK(!rump_sys_sysinfo(&si));
	return (si.totalram - si.freeram) * si.mem_unit;
}

static void *one_call(void *arg)
{
	CHECK(rump_sys_getpid() > 0);
	return arg;
}

static void spawn(int n)
{
	pthread_t t;

	while (n--) {
		CHECK(!pthread_create(&t, NULL, one_call, NULL));
		CHECK(!pthread_join(t, NULL));
	}
}

/*
 * Threads come and go by the thousand without leaks: not of memory, nor of the kernel's slots for
 * host threads, of which there are 8192.
 */
static void come_and_go(int argc, char **argv)
{
	long before, after;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	spawn(1000);
	before = used_bytes();
	spawn(9000);
	after = used_bytes();
	printf("%ld KiB more after 9000 threads\n", (after - before) / 1024);
	CHECK(after - before < 1 << 20);
}

static void *copy_through_pipe(void *arg)
{
	int fd[2], i;
	uint64_t x, y;

	(void)arg;
	CHECK(!rump_sys_pipe2(fd, 0));
	for (i = 0; i < 2000; i++) {
		x = i;
		CHECK(rump_sys_write(fd[1], &x, sizeof(x)) == sizeof(x));
		CHECK(rump_sys_read(fd[0], &y, sizeof(y)) == sizeof(y));
		CHECK(x == y);
	}
	rump_sys_close(fd[0]);
	rump_sys_close(fd[1]);
	return NULL;
}

/* Many threads at once in the kernel. */
static void at_once(int argc, char **argv)
{
	pthread_t t[MANY];
	int i;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	for (i = 0; i < MANY; i++)
		CHECK(!pthread_create(&t[i], NULL, copy_through_pipe, NULL));
	for (i = 0; i < MANY; i++)
		CHECK(!pthread_join(t[i], NULL));
}

static int ring[MANY][2];

static void *pass_on(void *arg)
{
	int i = (intptr_t)arg, n;
	char c;

	for (n = 0; n < 50; n++) {
		CHECK(rump_sys_read(ring[i][0], &c, 1) == 1);
		CHECK(rump_sys_write(ring[(i + 1) % MANY][1], &c, 1) == 1);
	}
	return NULL;
}

/* A token goes round a ring of blocked threads. */
static void token_ring(int argc, char **argv)
{
	pthread_t t[MANY];
	char c = 'x';
	intptr_t i;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	for (i = 0; i < MANY; i++)
		CHECK(!rump_sys_pipe2(ring[i], 0));
	for (i = 0; i < MANY; i++)
		CHECK(!pthread_create(&t[i], NULL, pass_on, (void *)i));
	CHECK(rump_sys_write(ring[0][1], &c, 1) == 1);
	for (i = 0; i < MANY; i++)
		CHECK(!pthread_join(t[i], NULL));
	CHECK(rump_sys_read(ring[0][0], &c, 1) == 1 && c == 'x');
}

/* A kernel that has nothing to do takes no processor time: argv[0] seconds. */
static void idle(int argc, char **argv)
{
	double before, used;
	int seconds = argc > 0 ? atoi(argv[0]) : 10;

	CHECK(!rump_init());
	rump_sys_getpid();
	sleep(1);
	before = cpu_time();
	sleep(seconds);
	used = cpu_time() - before;
	printf("%.6f s of processor time in %d s\n", used, seconds);
	CHECK(used < 0.002 * seconds);
}

static volatile int stop;
static volatile long calls;

static void *busy(void *arg)
{
	while (!stop) {
		rump_sys_getppid();
		calls++;
	}
	return arg;
}

static long calls_during(void (*fn)(void))
{
	pthread_t t;
	double start;

	stop = 0;
	calls = 0;
	CHECK(!pthread_create(&t, NULL, busy, NULL));
	start = now();
	fn();
	start = now() - start;
	stop = 1;
	pthread_join(t, NULL);
	return calls / start;
}

static void just_wait(void)
{
	usleep(500000);
}

static void kernel_sleep(void)
{
	struct timespec ts = { 0, 500000000 };

	CHECK(!rump_sys_nanosleep(&ts, NULL));
}

static void kernel_poll(void)
{
	struct pollfd p = { .events = POLLIN };
	int fd[2];

	CHECK(!rump_sys_pipe2(fd, 0));
	p.fd = fd[0];
	CHECK(rump_sys_poll(&p, 1, 500) == 0);
	rump_sys_close(fd[0]);
	rump_sys_close(fd[1]);
}

static void kernel_accept(void)
{
	struct timeval timeout = { 0, 500000 };
	struct sockaddr_in any = { .sin_family = AF_INET };
	int s = rump_sys_socket(AF_INET, SOCK_STREAM, 0);

	CHECK(s >= 0);
	CHECK(!rump_sys_bind(s, (struct sockaddr *)&any, sizeof(any)));
	CHECK(!rump_sys_listen(s, 1));
	CHECK(!rump_sys_setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)));
	CHECK_ERR(rump_sys_accept(s, NULL, NULL), EAGAIN);
	rump_sys_close(s);
}

/*
 * The rate beside a blocked thread is compared with the rate alone, and other load of the machine can
 * spoil one comparison; where the virtual CPU is not given away, every one fails.
 */
static void full_speed_beside(void (*blocked)(void), const char *name)
{
	long alone = 0, beside = 0;

	for (int i = 0; i < 8 && beside <= alone / 2; i++) {
		alone = calls_during(just_wait);
		beside = calls_during(blocked);
		printf("calls per second: %ld alone, %ld beside a %s\n", alone, beside, name);
	}
	CHECK(beside > alone / 2);
}

/* While one thread is blocked in a call, another one's go on at full speed. */
static void blocked_thread_frees_cpu(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	full_speed_beside(kernel_sleep, "sleep");
	full_speed_beside(kernel_poll, "poll");
	full_speed_beside(kernel_accept, "accept");
}

static void *slow_read(void *arg)
{
	static char buf[4096];
	double start = now();
	int fd;

	fd = rump_sys_open("/dev/slow", 0, 0);
	CHECK(fd >= 0);
	CHECK(rump_sys_read(fd, buf, sizeof(buf)) == sizeof(buf));
	CHECK(now() - start > 1.9);
	rump_sys_close(fd); /* the last one, which drops what is cached */
	return arg;
}

static void wait_for_disk(void)
{
	pthread_t t;

	CHECK(!pthread_create(&t, NULL, slow_read, NULL));
	CHECK(!pthread_join(t, NULL));
}

/* RUMP_BLKDELAY=2000: a read that takes 2 s holds up nobody else. argv[0]: any file */
static void slow_disk_frees_cpu(int argc, char **argv)
{
	CHECK(argc == 1);
	CHECK(!rump_init());
	CHECK(!rump_pub_etfs_register("/dev/slow", argv[0], RUMP_ETFS_BLK));
	full_speed_beside(wait_for_disk, "slow read");
}

/* A forked child has no kernel, and what it does is nothing to the parent's. */
static void forked_child(int argc, char **argv)
{
	int fd, status;
	pid_t pid;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	fd = rump_sys_open("/tmp/f", O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0);
	pid = fork();
	if (!pid) {
		CHECK_ERR(rump_sys_write(fd, "x", 1), ENXIO);
		exit(7);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	CHECK(rump_sys_write(fd, "x", 1) == 1);
}

static const struct test tests[] = {
	{ "come_and_go", come_and_go },
	{ "at_once", at_once },
	{ "token_ring", token_ring },
	{ "idle", idle },
	{ "blocked_thread_frees_cpu", blocked_thread_frees_cpu },
	{ "slow_disk_frees_cpu", slow_disk_frees_cpu },
	{ "forked_child", forked_child },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
