/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_signals.c - host signals and calls of the kernel */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "librump_test.h"

static volatile sig_atomic_t handled;
static int pipefd[2];

static void count(int sig)
{
	(void)sig;
	handled++;
}

static void handler_on(int sig, void (*fn)(int), int flags)
{
	struct sigaction act = { .sa_handler = fn, .sa_flags = flags };

	CHECK(!sigaction(sig, &act, NULL));
}

/* Again and again: one may come before the call that it is to find. */
static void alarm_every(int ms)
{
	struct itimerval it = { { 0, ms * 1000 }, { 0, ms * 1000 } };

	CHECK(!setitimer(ITIMER_REAL, &it, NULL));
}

static void *write_after_alarms(void *arg)
{
	sigset_t set;

	/* They are for the thread that reads. */
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	CHECK(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	while (handled < 4)
		usleep(1000);
	CHECK(rump_sys_write(pipefd[1], "x", 1) == 1);
	return arg;
}

/* Without SA_RESTART a blocked read returns EINTR, after the handler has run. */
static void eintr(int argc, char **argv)
{
	char c;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK(!rump_sys_pipe2(pipefd, 0));
	handler_on(SIGALRM, count, 0);
	alarm_every(100);
	CHECK_ERR(rump_sys_read(pipefd[0], &c, 1), EINTR);
	CHECK(handled >= 1);
}

static void sleep_inside(int sig)
{
	struct itimerval it = { .it_value = { 0, 50000 } };
	struct timespec ts = { 30, 0 };

	(void)sig;
	CHECK(!setitimer(ITIMER_REAL, &it, NULL));
	CHECK_ERR(rump_sys_nanosleep(&ts, NULL), EINTR);
	handled++;
}

/* Also if the handler's own calls are interrupted by one with SA_RESTART. */
static void eintr_nested(int argc, char **argv)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec soon = { .it_value = { 0, 50000000 } };
	timer_t timer;
	char c;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK(!rump_sys_pipe2(pipefd, 0));
	handler_on(SIGUSR1, sleep_inside, 0);
	handler_on(SIGALRM, count, SA_RESTART);
	CHECK(!timer_create(CLOCK_MONOTONIC, &ev, &timer));
	CHECK(!timer_settime(timer, 0, &soon, NULL));
	CHECK_ERR(rump_sys_read(pipefd[0], &c, 1), EINTR);
	CHECK(handled == 2);
}

/* With SA_RESTART it goes on and reads what comes later. */
static void restart(int argc, char **argv)
{
	pthread_t t;
	char c;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK(!rump_sys_pipe2(pipefd, 0));
	handler_on(SIGALRM, count, SA_RESTART);
	CHECK(!pthread_create(&t, NULL, write_after_alarms, NULL));
	alarm_every(100);
	CHECK(rump_sys_read(pipefd[0], &c, 1) == 1);
	CHECK(handled >= 4);
	pthread_join(t, NULL);
}

/* nanosleep is not restarted, and says how much is left. */
static void nanosleep_left(int argc, char **argv)
{
	struct timespec ts = { 10, 0 }, left = { 0, 0 };

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	handler_on(SIGALRM, count, SA_RESTART);
	alarm_every(100);
	CHECK_ERR(rump_sys_nanosleep(&ts, &left), EINTR);
	CHECK(handled >= 1);
	CHECK(left.tv_sec >= 5 && left.tv_sec < 10);
}

static void call_inside(int sig)
{
	char buf[8];
	int fd[2];

	(void)sig;
	CHECK(!rump_sys_pipe2(fd, 0));
	CHECK(rump_sys_write(fd[1], "signal", 6) == 6);
	CHECK(rump_sys_read(fd[0], buf, 6) == 6);
	rump_sys_close(fd[0]);
	rump_sys_close(fd[1]);
	handled++;
}

/* A handler that makes calls, at a high rate, while its thread makes calls. */
static void handler_calls(int argc, char **argv)
{
	struct itimerval it = { { 0, 500 }, { 0, 500 } };
	double end = now() + 2;
	long n = 0;
	char c;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK(!rump_sys_pipe2(pipefd, 0));
	handler_on(SIGALRM, call_inside, SA_RESTART);
	CHECK(!setitimer(ITIMER_REAL, &it, NULL));
	while (now() < end) {
		CHECK(rump_sys_write(pipefd[1], "x", 1) == 1);
		CHECK(rump_sys_read(pipefd[0], &c, 1) == 1);
		n++;
	}
	memset(&it, 0, sizeof(it));
	setitimer(ITIMER_REAL, &it, NULL);
	printf("%d signals, %ld rounds\n", (int)handled, n);
	CHECK(handled > 100);
}

static volatile sig_atomic_t signalled_thread;

static void note_thread(int sig)
{
	(void)sig;
	signalled_thread = gettid();
	handled++;
}

static void *break_pipe(void *arg)
{
	int fd[2];

	CHECK(!rump_sys_pipe2(fd, 0));
	rump_sys_close(fd[0]);
	CHECK_ERR(rump_sys_write(fd[1], "x", 1), EPIPE);
	CHECK(handled == 1);
	CHECK(signalled_thread == gettid());
	return arg;
}

/* SIGPIPE reaches the thread that earned it. */
static void sigpipe(int argc, char **argv)
{
	pthread_t t;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	handler_on(SIGPIPE, note_thread, 0);
	CHECK(!pthread_create(&t, NULL, break_pipe, NULL));
	pthread_join(t, NULL);
}

static void *exceed_limit(void *arg)
{
	char buf[8192] = { 0 };
	int fd;

	fd = rump_sys_open("/tmp/f", O_CREAT | O_WRONLY, 0600);
	CHECK(fd >= 0);
	CHECK(rump_sys_write(fd, buf, sizeof(buf)) == 4096);
	CHECK(handled == 0);
	CHECK_ERR(rump_sys_write(fd, buf, 1), EFBIG);
	CHECK(handled == 1);
	CHECK(signalled_thread == gettid());
	return arg;
}

/* SIGXFSZ likewise, from the limit that the kernel was told. */
static void sigxfsz(int argc, char **argv)
{
	struct rlimit rl = { 4096, 4096 };
	pthread_t t;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	handler_on(SIGXFSZ, note_thread, 0);
	CHECK(!rump_sys_prlimit64(0, RLIMIT_FSIZE, &rl, NULL));
	CHECK(!pthread_create(&t, NULL, exceed_limit, NULL));
	pthread_join(t, NULL);
}

/* An unhandled SIGPIPE ends the program, as it does on the host. */
static void sigpipe_default(int argc, char **argv)
{
	int fd[2];

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK(!rump_sys_pipe2(fd, 0));
	rump_sys_close(fd[0]);
	rump_sys_write(fd[1], "x", 1);
	printf("still here\n");
}

static const struct test tests[] = {
	{ "eintr", eintr },
	{ "eintr_nested", eintr_nested },
	{ "restart", restart },
	{ "nanosleep_left", nanosleep_left },
	{ "handler_calls", handler_calls },
	{ "sigpipe", sigpipe },
	{ "sigxfsz", sigxfsz },
	{ "sigpipe_default", sigpipe_default },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
