// SPDX-License-Identifier: BSD-2-Clause
/* hijack_unwind.cc - unwind through a hijacked call
 *
 *	hijack_unwind exception		a signal handler throws while read() blocks
 *	hijack_unwind cancel		pthread_cancel() a thread in read(); its destructors run
 *	hijack_unwind backtrace		backtrace() in a signal handler while read() blocks
 *	hijack_unwind thrown		a callback of qsort and one of nftw throw
 *	hijack_unwind abort		abort(), for gdb
 */
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <execinfo.h>
#include <ftw.h>
#include <pthread.h>
#include <sys/time.h>
#include <unistd.h>

static int pipe_fds[2];

struct Guard {
	const char *name;
	~Guard()
	{
		printf("destroyed %s\n", name);
		fflush(stdout);
	}
};

static void alarm_after(int handler_flags, void (*handler)(int))
{
	struct sigaction action = {};
	struct itimerval timer = {};

	action.sa_handler = handler;
	action.sa_flags = handler_flags;
	sigaction(SIGALRM, &action, nullptr);
	timer.it_value.tv_usec = 20000;
	setitimer(ITIMER_REAL, &timer, nullptr);
}

static void throwing(int)
{
	throw std::runtime_error("from the handler");
}

static void tracing(int)
{
	void *frames[50];
	int count = backtrace(frames, 50);
	char **names = backtrace_symbols(frames, count);

	for (int i = 0; i < count; i++)
		puts(names[i]);
	fflush(stdout);
	_exit(0);
}

extern "C" __attribute__((noinline)) ssize_t blocked_reader()
{
	char byte;
	Guard guard{"reader"};
	ssize_t result = read(pipe_fds[0], &byte, 1);

	__asm__ volatile("" : : : "memory");
	return result;
}

static void *cancelled(void *ready)
{
	Guard guard{"thread"};

	pthread_barrier_wait(static_cast<pthread_barrier_t *>(ready));
	blocked_reader();
	puts("not cancelled");
	return nullptr;
}

static int throwing_visit(const char *, const struct stat *, int, struct FTW *)
{
	throw std::runtime_error("from nftw");
}

static void test_exception()
{
	alarm_after(0, throwing);
	try {
		blocked_reader();
		puts("read returned");
	} catch (const std::exception &error) {
		printf("caught %s\n", error.what());
	}
}

static void test_cancel()
{
	pthread_barrier_t ready;
	pthread_t thread;
	void *result;

	pthread_barrier_init(&ready, nullptr, 2);
	pthread_create(&thread, nullptr, cancelled, &ready);
	pthread_barrier_wait(&ready);
	usleep(20000);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	puts(result == PTHREAD_CANCELED ? "cancelled" : "returned");
}

static void test_thrown()
{
	Guard guard{"main"};

	try {
		nftw("/", throwing_visit, 4, FTW_PHYS);
	} catch (const std::exception &error) {
		printf("caught %s\n", error.what());
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (pipe(pipe_fds))
		return 1;
	if (!strcmp(what, "exception")) {
		test_exception();
	} else if (!strcmp(what, "cancel")) {
		test_cancel();
	} else if (!strcmp(what, "backtrace")) {
		alarm_after(0, tracing);
		blocked_reader();
	} else if (!strcmp(what, "thrown")) {
		test_thrown();
	} else if (!strcmp(what, "abort")) {
		abort();
	} else {
		return 2;
	}
	return 0;
}
