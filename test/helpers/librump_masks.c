/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * librump_masks.c - calls that wait with a signal mask of their own
 *
 * Every test is made with each of them: what is waited for is a pipe to be readable, by poll, select,
 * epoll or aio, or for rt_sigsuspend nothing.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/aio_abi.h>

#include "librump_test.h"

static int pipefd[2], epfd;
static aio_context_t aio;
static volatile sig_atomic_t order[8], handled;
static volatile int again;

struct io_mask {
	const sigset_t *mask;
	size_t size;
};

static long by_ppoll(const sigset_t *mask)
{
	struct pollfd pfd = { pipefd[0], POLLIN, 0 };

	return rump_sys_ppoll(&pfd, 1, NULL, mask);
}

static long by_pselect(const sigset_t *mask)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(pipefd[0], &set);
	return rump_sys_pselect(pipefd[0] + 1, &set, NULL, NULL, NULL, mask);
}

static long by_epoll_pwait(const sigset_t *mask)
{
	struct epoll_event event;

	return rump_sys_epoll_pwait(epfd, &event, 1, -1, mask);
}

static long by_epoll_pwait2(const sigset_t *mask)
{
	struct epoll_event event;

	return rump_sys_epoll_pwait2(epfd, &event, 1, NULL, mask);
}

static long by_syscall(const sigset_t *mask)
{
	struct pollfd pfd = { pipefd[0], POLLIN, 0 };

	return rump_sys_syscall(SYS_ppoll, &pfd, 1L, NULL, mask, 8L);
}

static long by_io_pgetevents(const sigset_t *mask)
{
	struct iocb cb = { .aio_lio_opcode = IOCB_CMD_POLL, .aio_buf = POLLIN }, *list = &cb;
	struct io_mask usig = { mask, 8 };
	struct io_event event;
	static bool waits;

	cb.aio_fildes = pipefd[0];
	if (!waits)
		CHECK(rump_sys_io_submit(aio, 1, &list) == 1);
	waits = rump_sys_io_pgetevents(aio, 1, 1, &event, NULL, (void *)&usig) != 1;
	return waits ? -1 : 1;
}

static long by_sigsuspend(const sigset_t *mask)
{
	return rump_sys_sigsuspend(mask);
}

static const struct way {
	const char *name;
	long (*wait)(const sigset_t *mask);
	bool has_result;
} ways[] = {
	{ "ppoll", by_ppoll, true },
	{ "pselect", by_pselect, true },
	{ "epoll_pwait", by_epoll_pwait, true },
	{ "epoll_pwait2", by_epoll_pwait2, true },
	{ "syscall", by_syscall, true },
	{ "io_pgetevents", by_io_pgetevents, true },
	{ "sigsuspend", by_sigsuspend, false },
	{ NULL, NULL, false },
};

static void note(int sig)
{
	order[handled++ % 8] = sig;
}

static void handler_on(int sig, void (*fn)(int), int flags)
{
	struct sigaction act = { .sa_handler = fn, .sa_flags = flags };

	CHECK(!sigaction(sig, &act, NULL));
}

static sigset_t set_of(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	if (sig)
		sigaddset(&set, sig);
	return set;
}

static void block(int how, int sig)
{
	sigset_t set = set_of(sig);

	CHECK(!pthread_sigmask(how, &set, NULL));
}

static bool is_blocked(int sig)
{
	sigset_t set;

	CHECK(!pthread_sigmask(SIG_BLOCK, NULL, &set));
	return sigismember(&set, sig);
}

static bool is_pending(int sig)
{
	sigset_t set;

	CHECK(!sigpending(&set));
	return sigismember(&set, sig);
}

static void start(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	CHECK(!rump_init());
	CHECK(!rump_sys_pipe2(pipefd, 0));
	epfd = rump_sys_epoll_create1(0);
	CHECK(epfd >= 0 && !rump_sys_epoll_ctl(epfd, EPOLL_CTL_ADD, pipefd[0], &event));
	CHECK(!rump_sys_io_setup(8, &aio));
	handler_on(SIGALRM, note, SA_RESTART);
	handler_on(SIGUSR1, note, SA_RESTART);
}

/* What the mask opens ends the wait, whether it is pending before or comes later. */
static void opens(int argc, char **argv)
{
	struct itimerval soon = { .it_value = { 0, 50000 } };
	sigset_t none = set_of(0);
	const struct way *w;

	(void)argc;
	(void)argv;
	start();
	block(SIG_BLOCK, SIGALRM);
	for (w = ways; w->name; w++) {
		printf("%s\n", w->name);
		handled = 0;
		raise(SIGALRM);
		CHECK_ERR(w->wait(&none), EINTR);
		CHECK(handled == 1 && is_blocked(SIGALRM));
		CHECK(!setitimer(ITIMER_REAL, &soon, NULL));
		CHECK_ERR(w->wait(&none), EINTR);
		CHECK(handled == 2 && is_blocked(SIGALRM));
		raise(SIGALRM);
		CHECK(handled == 2 && is_pending(SIGALRM));
		block(SIG_UNBLOCK, SIGALRM);
		CHECK(handled == 3);
		block(SIG_BLOCK, SIGALRM);
	}
}

/* What it blocks is handled after the call, and does not end it. */
static void blocks(int argc, char **argv)
{
	struct itimerval soon = { .it_value = { 0, 20000 } };
	sigset_t alarm = set_of(SIGALRM);
	const struct way *w;
	timer_t timer;
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec later = { .it_value = { 0, 120000000 } };

	(void)argc;
	(void)argv;
	start();
	CHECK(!timer_create(CLOCK_MONOTONIC, &ev, &timer));
	block(SIG_BLOCK, SIGUSR1);
	for (w = ways; w->name; w++) {
		printf("%s\n", w->name);
		handled = 0;
		CHECK(!setitimer(ITIMER_REAL, &soon, NULL));
		CHECK(!timer_settime(timer, 0, &later, NULL));
		CHECK_ERR(w->wait(&alarm), EINTR);
		CHECK(handled == 2 && order[0] == SIGUSR1 && order[1] == SIGALRM);
		CHECK(is_blocked(SIGUSR1) && !is_blocked(SIGALRM));
	}
	timer_delete(timer);
}

/* A call that has a result runs no handler: what the thread's own mask blocks stays pending. */
static void ready(int argc, char **argv)
{
	sigset_t none = set_of(0);
	const struct way *w;

	(void)argc;
	(void)argv;
	start();
	CHECK(rump_sys_write(pipefd[1], "x", 1) == 1);
	block(SIG_BLOCK, SIGALRM);
	for (w = ways; w->name; w++) {
		if (!w->has_result)
			continue;
		printf("%s\n", w->name);
		handled = 0;
		raise(SIGALRM);
		CHECK(w->wait(&none) == 1);
		CHECK(handled == 0 && is_pending(SIGALRM));
		/* Nor is it left to the next call. */
		CHECK(rump_sys_getppid() >= 0);
		CHECK(handled == 0 && is_pending(SIGALRM));
		block(SIG_UNBLOCK, SIGALRM);
		CHECK(handled == 1 && !is_pending(SIGALRM));
		block(SIG_BLOCK, SIGALRM);
	}
}

/* The handler runs with the call's mask and its own signal blocked. */
static void in_handler(int sig)
{
	CHECK(is_blocked(sig) && is_blocked(SIGUSR2) && !is_blocked(SIGUSR1));
	CHECK(rump_sys_getppid() >= 0);
	handled++;
}

static void with_mask(int argc, char **argv)
{
	sigset_t usr2 = set_of(SIGUSR2);
	const struct way *w;

	(void)argc;
	(void)argv;
	start();
	handler_on(SIGALRM, in_handler, 0);
	block(SIG_BLOCK, SIGALRM);
	block(SIG_BLOCK, SIGUSR1);
	for (w = ways; w->name; w++) {
		printf("%s\n", w->name);
		handled = 0;
		raise(SIGALRM);
		CHECK_ERR(w->wait(&usr2), EINTR);
		CHECK(handled == 1);
		CHECK(is_blocked(SIGUSR1) && is_blocked(SIGALRM) && !is_blocked(SIGUSR2));
	}
}

static sigjmp_buf out;

static void jump(int sig)
{
	handled++;
	siglongjmp(out, sig);
}

/* A handler may leave by a jump. */
static void jumps(int argc, char **argv)
{
	sigset_t none = set_of(0);
	const struct way *w;
	char c;

	(void)argc;
	(void)argv;
	start();
	handler_on(SIGALRM, jump, 0);
	block(SIG_BLOCK, SIGALRM);
	for (w = ways; w->name; w++) {
		printf("%s\n", w->name);
		raise(SIGALRM);
		if (!sigsetjmp(out, 1)) {
			w->wait(&none);
			CHECK(!"jumped");
		}
		CHECK(is_blocked(SIGALRM));
		CHECK(rump_sys_write(pipefd[1], "x", 1) == 1);
		CHECK(rump_sys_read(pipefd[0], &c, 1) == 1);
	}
	CHECK(handled == sizeof(ways) / sizeof(*ways) - 1);
}

/* Signals that the kernel sends itself, which its thread has blocked too. */
static void own(int argc, char **argv)
{
	struct itimerval soon = { .it_value = { 0, 50000 } };
	sigset_t none = set_of(0), alarm = set_of(SIGALRM);
	const struct way *w;

	(void)argc;
	(void)argv;
	start();
	block(SIG_BLOCK, SIGALRM);
	CHECK(!rump_sys_sigprocmask(SIG_BLOCK, &alarm, NULL));
	for (w = ways; w->name; w++) {
		printf("%s\n", w->name);
		handled = 0;
		CHECK(!rump_sys_setitimer(ITIMER_REAL, &soon, NULL));
		CHECK_ERR(w->wait(&none), EINTR);
		CHECK(handled == 1 && is_blocked(SIGALRM));
	}
}

struct target {
	pthread_t thread;
	pid_t tid;
	volatile int rounds;
};

#define ROUNDS 2000

/* Send a signal as soon as the one before has been handled. */
static void *send_signals(void *arg)
{
	struct target *t = arg;

	while (t->rounds < ROUNDS) {
		int before = handled;

		t->rounds++;
		CHECK(!pthread_kill(t->thread, SIGALRM));
		while (handled == before)
			sched_yield();
	}
	again = 0;
	CHECK(!pthread_kill(t->thread, SIGALRM));
	return arg;
}

/* No signal is lost between the mask's change and the wait, and each ends one. */
static void race(int argc, char **argv)
{
	struct target target = { .thread = pthread_self() };
	sigset_t none = set_of(0);
	const struct way *w;
	pthread_t t;

	(void)argc;
	(void)argv;
	start();
	block(SIG_BLOCK, SIGALRM);
	for (w = ways; w->name; w++) {
		long ends = 0;

		printf("%s\n", w->name);
		handled = 0;
		again = 1;
		target.rounds = 0;
		CHECK(!pthread_create(&t, NULL, send_signals, &target));
		while (again || handled <= ROUNDS) {
			CHECK_ERR(w->wait(&none), EINTR);
			ends++;
		}
		pthread_join(t, NULL);
		printf("%d handled, %ld ends\n", (int)handled, ends);
		CHECK(handled == ROUNDS + 1 && ends == handled);
	}
}

/* A mask that cannot be had is refused, and changes nothing. */
static void bad(int argc, char **argv)
{
	struct pollfd pfd = { -1, 0, 0 };
	struct timespec zero = { 0, 0 };
	sigset_t none = set_of(0);

	(void)argc;
	(void)argv;
	start();
	block(SIG_BLOCK, SIGALRM);
	raise(SIGALRM);
	CHECK_ERR(rump_sys_ppoll(&pfd, 1, &zero, (void *)8), EFAULT);
	CHECK_ERR(rump_sys_epoll_pwait(epfd, (void *)&pfd, 1, 0, (void *)8), EFAULT);
	CHECK_ERR(rump_sys_pselect(0, NULL, NULL, NULL, &zero, (void *)8), EFAULT);
	CHECK_ERR(rump_sys_sigsuspend((void *)8), EFAULT);
	CHECK_ERR(rump_sys_syscall(SYS_pselect6, 0L, NULL, NULL, NULL, &zero, 8L), EFAULT);
	CHECK_ERR(rump_sys_syscall(SYS_ppoll, &pfd, 1L, &zero, &none, 16L), EINVAL);
	CHECK_ERR(rump_sys_syscall(SYS_rt_sigsuspend, &none, 4L), EINVAL);
	CHECK(rump_sys_ppoll(&pfd, 1, &zero, NULL) == 0);
	CHECK(handled == 0 && is_pending(SIGALRM));
}

static const struct test tests[] = {
	{ "opens", opens },
	{ "blocks", blocks },
	{ "ready", ready },
	{ "with_mask", with_mask },
	{ "jumps", jumps },
	{ "own", own },
	{ "race", race },
	{ "bad", bad },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
