/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_daemonize.c - tests of going to the background
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "rumpuser_test.h"

/** say_where() - Write where standard input and output lead, and who we are, to a file */
static void say_where(const char *path)
{
	FILE *f = fopen(path, "w");

	CHECK(f);
	for (int fd = 0; fd < 3; fd++) {
		char link[64], target[256];
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target) - 1);
		CHECK(n > 0);
		target[n] = '\0';
		fprintf(f, "%d %s\n", fd, target);
	}
	fprintf(f, "%s\n", getsid(0) == getpid() ? "session leader" : "same session");
	fclose(f);
}

/** succeed() - Report success, then say in the file args[0] how we live */
static void succeed(char **args)
{
	CHECK(rumpuser_daemonize_begin() == 0);
	printf("still on the terminal\n");
	fflush(stdout);
	usleep(100000);
	CHECK(rumpuser_daemonize_done(0) == 0);
	printf("this goes nowhere\n");
	fflush(stdout);
	CHECK(rumpuser_daemonize_done(0) == ENOTCONN);
	say_where(args[0]);
}

/** fail() - Report error args[0]; standard output stays */
static void fail(char **args)
{
	CHECK(rumpuser_daemonize_begin() == 0);
	CHECK(rumpuser_daemonize_done(atoi(args[0])) == 0);
	printf("last message\n");
}

/** die() - Never report */
static void die(char **args)
{
	(void)args;
	CHECK(rumpuser_daemonize_begin() == 0);
	raise(SIGKILL);
}

/** twice() - Begin twice */
static void twice(char **args)
{
	(void)args;
	CHECK(rumpuser_daemonize_begin() == 0);
	CHECK(rumpuser_daemonize_begin() == EALREADY);
	CHECK(rumpuser_daemonize_done(0) == 0);
}

/** not_begun() - Report without having begun */
static void not_begun(char **args)
{
	(void)args;
	CHECK(rumpuser_daemonize_done(0) == ENOTCONN);
	printf("here\n");
}

/** orphaned() - Report to a parent that was killed */
static void orphaned(char **args)
{
	pid_t parent = getpid();
	FILE *f;
	int error;

	CHECK(rumpuser_daemonize_begin() == 0);
	kill(parent, SIGKILL);
	while (getppid() == parent)
		usleep(1000);
	error = rumpuser_daemonize_done(0);
	f = fopen(args[0], "w");
	CHECK(f);
	fprintf(f, "%s\n", strerrorname_np(error));
	fclose(f);
}

static const struct test tests[] = {
	{"succeed", succeed},	  {"fail", fail},	  {"die", die}, {"twice", twice},
	{"not_begun", not_begun}, {"orphaned", orphaned}, {NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
