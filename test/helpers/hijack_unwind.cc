// SPDX-License-Identifier: BSD-2-Clause
/* hijack_unwind.cc - unwind through a hijacked call
 *
 *	hijack_unwind exception [FIFO]	a signal handler throws while read() blocks
 *	hijack_unwind cancel [FIFO]	pthread_cancel() a thread in read(); its destructors run
 *	hijack_unwind backtrace [FIFO]	backtrace() in a signal handler while read() blocks
 *	hijack_unwind signal [FIFO]	a signal comes while read() blocks, for gdb
 *	hijack_unwind thrown		a callback of nftw throws
 *	hijack_unwind abort		abort(), for gdb
 *
 * What is read is a pipe of the host, or FIFO.
 */
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <execinfo.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <unistd.h>

#include "hijack_asleep.h"

static int empty; /* a pipe that nobody writes to */
static int reader; /* the thread that reads it */
static pthread_t main_thread;

struct Guard {
	const char *name;
	~Guard()
	{
		printf("destroyed %s\n", name);
		fflush(stdout);
	}
};

static void *interrupting(void *)
{
	wait_asleep(&reader);
	pthread_kill(main_thread, SIGUSR1);
	return nullptr;
}

/* A signal for the main thread, once it reads. */
static void signal_reader(void (*handler)(int))
{
	struct sigaction action = {};
	pthread_t thread;

	action.sa_handler = handler;
	sigaction(SIGUSR1, &action, nullptr);
	main_thread = pthread_self();
	pthread_create(&thread, nullptr, interrupting, nullptr);
	pthread_detach(thread);
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
	ssize_t result;

	will_sleep(&reader, empty);
	result = read(empty, &byte, 1);
	__asm__ volatile("" : : : "memory");
	return result;
}

static void *cancelled(void *)
{
	Guard guard{"thread"};

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
	signal_reader(throwing);
	try {
		blocked_reader();
		puts("read returned");
	} catch (const std::exception &error) {
		printf("caught %s\n", error.what());
	}
}

static void test_cancel()
{
	pthread_t thread;
	void *result;

	pthread_create(&thread, nullptr, cancelled, nullptr);
	wait_asleep(&reader);
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
	int pipe_fds[2];

	if (argc > 2)
		empty = open(argv[2], O_RDWR);
	else if (!pipe(pipe_fds))
		empty = pipe_fds[0];
	if (empty <= 0)
		return 1;
	if (!strcmp(what, "exception")) {
		test_exception();
	} else if (!strcmp(what, "cancel")) {
		test_cancel();
	} else if (!strcmp(what, "backtrace")) {
		signal_reader(tracing);
		blocked_reader();
	} else if (!strcmp(what, "signal")) {
		signal_reader(SIG_IGN);
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
