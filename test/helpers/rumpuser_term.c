/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_term.c - tests of the end of the process, signals and the console
 */
#include <signal.h>
#include <stdint.h>

#include "rumpuser_test.h"

static volatile sig_atomic_t caught;

/** on_signal() - Remember the signal */
static void on_signal(int sig)
{
	caught = sig;
}

/** leave() - Exit with args[0] */
static void leave(char **args)
{
	test_boot(true);
	rumpuser_exit(atoi(args[0]));
}

/** kill_self() - A signal to oneself has arrived when the call returns */
static void kill_self(char **args)
{
	struct sigaction sa = {.sa_handler = on_signal};

	(void)args;
	test_boot(true);
	sigaction(SIGUSR1, &sa, NULL);
	CHECK(rumpuser_kill(RUMPUSER_PID_SELF, SIGUSR1) == 0);
	CHECK(caught == SIGUSR1);
}

/** kill_thread() - The body of kill_from_thread() */
static void *kill_thread(void *arg)
{
	CHECK(rumpuser_kill(RUMPUSER_PID_SELF, SIGUSR1) == 0);
	return arg;
}

/** kill_from_thread() - A kernel thread that signals its process reaches the application */
static void kill_from_thread(char **args)
{
	struct sigaction sa = {.sa_handler = on_signal};
	void *cookie;

	(void)args;
	test_boot(true);
	sigaction(SIGUSR1, &sa, NULL);
	CHECK(rumpuser_thread_create(kill_thread, NULL, NULL, 1, -1, -1, &cookie) == 0);
	CHECK(rumpuser_thread_join(cookie) == 0);
	CHECK(caught == SIGUSR1);
}

/** kill_other() - Another process can be signalled; errors are told */
static void kill_other(char **args)
{
	(void)args;
	test_boot(true);
	CHECK(rumpuser_kill(getpid(), 0) == 0);
	CHECK(rumpuser_kill(RUMPUSER_PID_SELF, 9999) == EINVAL);
	CHECK(rumpuser_kill(INT32_MAX, SIGUSR1) == ESRCH);
	CHECK(rumpuser_kill(INT64_C(1) << 32, 0) == ESRCH);
}

/** put_string() - Write a string to the console by characters */
static void put_string(const char *s)
{
	while (*s)
		rumpuser_putchar(*s++);
}

/** console() - Characters and messages keep their order */
static void console(char **args)
{
	(void)args;
	test_boot(true);
	put_string("first line\nno end");
	rumpuser_dprintf(", %s %d\n", "number", 42);
	put_string("last words");
	rumpuser_exit(0);
}

/** console_long() - A line longer than any buffer arrives whole */
static void console_long(char **args)
{
	(void)args;
	test_boot(true);
	for (int i = 0; i < 5000; i++)
		rumpuser_putchar('a' + i % 26);
	rumpuser_putchar('\n');
}

/** console_panic() - What was written before a panic is not lost */
static void console_panic(char **args)
{
	(void)args;
	test_boot(true);
	put_string("about to die");
	rumpuser_exit(RUMPUSER_PANIC);
}

static const struct test tests[] = {
	{"leave", leave},
	{"kill_self", kill_self},
	{"kill_from_thread", kill_from_thread},
	{"kill_other", kill_other},
	{"console", console},
	{"console_long", console_long},
	{"console_panic", console_panic},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
