/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_clock.c - tests of clocks, errno and random bytes
 */
#include <signal.h>
#include <stdint.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>

#include "rumpuser_test.h"

#define MSEC 1000000L
#define SEC  1000000000L

static int random_blocks; /* non-blocking requests the host shall refuse */

/**
 * getrandom() - Stand between the library and the host, which may have too little
 */
ssize_t getrandom(void *buf, size_t len, unsigned int flags)
{
	if (flags & GRND_NONBLOCK && random_blocks) {
		if (random_blocks == 1 || len < 4) {
			errno = EAGAIN;
			return -1;
		}
		random_blocks = 1;
		len = 4;
	}
	note("getrandom%s%s", flags & GRND_RANDOM ? " random" : "",
	     flags & GRND_NONBLOCK ? " nonblock" : "");
	return syscall(SYS_getrandom, buf, len, flags);
}

/** mono() - Nanoseconds of the monotonic clock */
static int64_t mono(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SEC + now.tv_nsec;
}

/** agree() - Both clocks are the host's */
static void agree(char **args)
{
	struct timespec before, after;
	int64_t sec;
	long nsec;

	(void)args;
	test_boot(true);
	for (int clock = RUMPUSER_CLOCK_RELWALL; clock <= RUMPUSER_CLOCK_ABSMONO; clock++) {
		clockid_t id = clock == RUMPUSER_CLOCK_RELWALL ? CLOCK_REALTIME : CLOCK_MONOTONIC;

		clock_gettime(id, &before);
		CHECK(rumpuser_clock_gettime(clock, &sec, &nsec) == 0);
		clock_gettime(id, &after);
		CHECK(before.tv_sec * SEC + before.tv_nsec <= sec * SEC + nsec);
		CHECK(sec * SEC + nsec <= after.tv_sec * SEC + after.tv_nsec);
	}
}

/** unknown() - Clocks that are not, and times that cannot be */
static void unknown(char **args)
{
	int64_t sec;
	long nsec;

	(void)args;
	test_boot(true);
	CHECK(rumpuser_clock_gettime(2, &sec, &nsec) == EINVAL);
	CHECK(rumpuser_clock_sleep(2, 0, 0) == EINVAL);
	CHECK(rumpuser_clock_sleep(RUMPUSER_CLOCK_RELWALL, 0, SEC) == EINVAL);
	CHECK(rumpuser_clock_sleep(RUMPUSER_CLOCK_ABSMONO, 0, -1) == EINVAL);
}

/** relative() - A duration is slept off the CPU */
static void relative(char **args)
{
	int64_t start = mono();

	(void)args;
	test_boot(true);
	CHECK(rumpuser_clock_sleep(RUMPUSER_CLOCK_RELWALL, 0, 30 * MSEC) == 0);
	CHECK(mono() - start >= 30 * MSEC);
	CHECK_ON_CPU();
}

/** absolute() - A moment is slept until, off the CPU */
static void absolute(char **args)
{
	int64_t end = mono() + 30 * MSEC;

	(void)args;
	test_boot(true);
	CHECK(rumpuser_clock_sleep(RUMPUSER_CLOCK_ABSMONO, end / SEC, end % SEC) == 0);
	CHECK(mono() >= end);
	CHECK_ON_CPU();
}

/** past() - Moments and durations that are over take no time */
static void past(char **args)
{
	int64_t start = mono();

	(void)args;
	test_boot(true);
	CHECK(rumpuser_clock_sleep(RUMPUSER_CLOCK_ABSMONO, 0, 0) == 0);
	CHECK(rumpuser_clock_sleep(RUMPUSER_CLOCK_ABSMONO, -5, 0) == 0);
	CHECK(rumpuser_clock_sleep(RUMPUSER_CLOCK_RELWALL, 0, 0) == 0);
	CHECK(rumpuser_clock_sleep(RUMPUSER_CLOCK_RELWALL, INT64_MIN, 0) == 0);
	CHECK(mono() - start < SEC);
}

static volatile int alarms;

/** on_alarm() - Count signals */
static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

/** interrupted() - Signals make a sleep neither shorter nor longer */
static void interrupted(char **args)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	struct itimerspec every = {{0, 10 * MSEC}, {0, 10 * MSEC}};
	int64_t start;
	timer_t timer;

	(void)args;
	test_boot(true);
	sigaction(SIGALRM, &sa, NULL);
	CHECK(timer_create(CLOCK_MONOTONIC, &ev, &timer) == 0);
	CHECK(timer_settime(timer, 0, &every, NULL) == 0);
	start = mono();
	CHECK(rumpuser_clock_sleep(RUMPUSER_CLOCK_RELWALL, 0, 100 * MSEC) == 0);
	CHECK(mono() - start >= 100 * MSEC);
	CHECK(mono() - start < 2 * SEC);
	CHECK(alarms >= 2);
	timer_delete(timer);
}

/** forever() - The longest duration does not wrap around to none; an alarm ends the test */
static void forever(char **args)
{
	(void)args;
	test_boot(true);
	alarm(1);
	rumpuser_clock_sleep(RUMPUSER_CLOCK_RELWALL, INT64_MAX, SEC - 1);
}

/** set_errno() - errno becomes what the kernel says */
static void set_errno(char **args)
{
	(void)args;
	test_boot(true);
	for (int error = 0; error < 134; error++) {
		rumpuser_seterrno(error);
		CHECK(errno == error);
	}
}

/** random_bytes() - All bytes are filled, whatever the flags */
static void random_bytes(char **args)
{
	static unsigned char a[5000], b[5000];
	size_t got;

	(void)args;
	test_boot(false);
	for (int flags = 0; flags < 4; flags++) {
		CHECK(rumpuser_getrandom(a, sizeof(a), flags, &got) == 0);
		CHECK(got == sizeof(a));
		CHECK(rumpuser_getrandom(b, sizeof(b), flags, &got) == 0);
		CHECK(got == sizeof(b));
		CHECK(memcmp(a, b, sizeof(a)) != 0);
		CHECK(memcmp(a + 4000, b + 4000, 1000) != 0);
	}
	CHECK(rumpuser_getrandom(a, sizeof(a), 4, &got) == EINVAL);
}

/** random_ready() - What the host has at once needs no upcall */
static void random_ready(char **args)
{
	char buf[16];
	size_t got;

	(void)args;
	test_boot(true);
	CHECK(rumpuser_getrandom(buf, sizeof(buf), RUMPUSER_RANDOM_HARD, &got) == 0);
}

/** random_wait() - What it has to wait for is waited for off the CPU */
static void random_wait(char **args)
{
	char buf[16];
	size_t got;

	(void)args;
	test_boot(true);
	random_blocks = 1;
	CHECK(rumpuser_getrandom(buf, sizeof(buf), 0, &got) == 0);
	CHECK(got == sizeof(buf));
}

/** random_nowait() - Without waiting there may be nothing, or less */
static void random_nowait(char **args)
{
	char buf[16];
	size_t got = 99;

	(void)args;
	test_boot(true);
	random_blocks = 1;
	CHECK(rumpuser_getrandom(buf, sizeof(buf), RUMPUSER_RANDOM_NOWAIT, &got) == EAGAIN);
	CHECK(got == 0);
	random_blocks = 2;
	CHECK(rumpuser_getrandom(buf, sizeof(buf), RUMPUSER_RANDOM_NOWAIT, &got) == 0);
	CHECK(got == 4);
}

static const struct test tests[] = {
	{"agree", agree},
	{"unknown", unknown},
	{"relative", relative},
	{"absolute", absolute},
	{"past", past},
	{"interrupted", interrupted},
	{"forever", forever},
	{"set_errno", set_errno},
	{"random_bytes", random_bytes},
	{"random_ready", random_ready},
	{"random_wait", random_wait},
	{"random_nowait", random_nowait},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
