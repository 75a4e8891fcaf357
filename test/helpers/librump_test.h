/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * librump_test.h - test functions by name, and checks that say what failed
 *
 * A helper is called with the name of one of its tests; CHECK ends it with a
 * message on the first thing that is wrong.
 */
#ifndef LIBRUMP_TEST_H
#define LIBRUMP_TEST_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rump/rump.h>
#include <rump/rump_syscalls.h>

#define CHECK(cond)                                                                          \
	do {                                                                                 \
		if (!(cond)) {                                                               \
			fprintf(stderr, "%s:%d: %s (errno %d, %s)\n", __FILE__, __LINE__,    \
				#cond, errno, strerror(errno));                              \
			exit(1);                                                             \
		}                                                                            \
	} while (0)

/* A call that is to fail with one error number. */
#define CHECK_ERR(call, err)                                                                 \
	do {                                                                                 \
		errno = 0;                                                                   \
		CHECK((call) == -1);                                                         \
		CHECK(errno == (err));                                                       \
	} while (0)

struct test {
	const char *name;
	void (*fn)(int argc, char **argv);
};

static inline int run_test(const struct test *tests, int argc, char **argv)
{
	const struct test *t;

	for (t = tests; t->name; t++) {
		if (argc > 1 && !strcmp(t->name, argv[1])) {
			t->fn(argc - 2, argv + 2);
			return 0;
		}
	}
	fprintf(stderr, "tests:");
	for (t = tests; t->name; t++)
		fprintf(stderr, " %s", t->name);
	fprintf(stderr, "\n");
	return 2;
}

static inline double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static inline double cpu_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

#endif
