/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_test.h - what the helpers of test/rumpuser share
 *
 * Theory of operation
 *
 * A helper is a pretended kernel. Its upcalls write what happened to a log, which
 * the test reads from standard output, and model one virtual CPU as a mutex, so that a
 * hypercall that forgets to give it up stops the helper, and one that forgets to
 * take it back is caught by CHECK_ON_CPU().
 */
#ifndef RUMPUSER_TEST_H
#define RUMPUSER_TEST_H

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rump/rumpuser.h>

#define TEST_NLOCKS 7 /* what the kernel says it gave up, to be handed back */

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                 \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

#define CHECK_ON_CPU()	CHECK(test_on_cpu)
#define CHECK_OFF_CPU() CHECK(!test_on_cpu)

struct test {
	const char *name;
	void (*run)(char **args);
};

static pthread_mutex_t test_cpu = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t test_log_lock = PTHREAD_MUTEX_INITIALIZER;
static __thread bool test_on_cpu;
static bool test_logging = true;
static void *test_interlock; /* the one that upcalls shall call "mtx" */

/**
 * note() - Add a line to the log
 * @fmt:	as for printf(3)
 */
__attribute__((__format__(__printf__, 1, 2))) static inline void note(const char *fmt, ...)
{
	va_list ap;

	if (!test_logging)
		return;
	pthread_mutex_lock(&test_log_lock);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	pthread_mutex_unlock(&test_log_lock);
}

/**
 * interlock_name() - Name an interlock for the log
 * @interlock:	as an upcall got it
 *
 * Return: its name
 */
static inline const char *interlock_name(void *interlock)
{
	if (!interlock)
		return "none";
	return interlock == test_interlock ? "mtx" : "other";
}

/** cpu_take() - Wait for the virtual CPU */
static inline void cpu_take(void)
{
	CHECK_OFF_CPU();
	pthread_mutex_lock(&test_cpu);
	test_on_cpu = true;
}

/** cpu_leave() - Give up the virtual CPU */
static inline void cpu_leave(void)
{
	CHECK_ON_CPU();
	test_on_cpu = false;
	pthread_mutex_unlock(&test_cpu);
}

/** up_schedule() - hyp_schedule */
static inline void up_schedule(void)
{
	cpu_take();
	note("hyp_schedule");
}

/** up_unschedule() - hyp_unschedule */
static inline void up_unschedule(void)
{
	note("hyp_unschedule");
	cpu_leave();
}

/** up_backend_unschedule() - hyp_backend_unschedule */
static inline void up_backend_unschedule(int nlocks, int *countp, void *interlock)
{
	CHECK(nlocks == 0);
	note("backend_unschedule %s", interlock_name(interlock));
	*countp = TEST_NLOCKS;
	cpu_leave();
}

/** up_backend_schedule() - hyp_backend_schedule */
static inline void up_backend_schedule(int nlocks, void *interlock)
{
	CHECK(nlocks == TEST_NLOCKS);
	cpu_take();
	note("backend_schedule %s", interlock_name(interlock));
}

static const struct rumpuser_hyperup test_hyp = {
	.hyp_schedule = up_schedule,
	.hyp_unschedule = up_unschedule,
	.hyp_backend_unschedule = up_backend_unschedule,
	.hyp_backend_schedule = up_backend_schedule,
};

/**
 * test_boot() - Become a kernel, on its CPU
 * @logging:	whether upcalls shall be logged
 */
static inline void test_boot(bool logging)
{
	test_logging = logging;
	CHECK(rumpuser_init(RUMPUSER_VERSION, &test_hyp) == 0);
	cpu_take();
}

/**
 * test_main() - Run the test the command line names
 * @tests:	all there are, up to one without a name
 * @argv:	program, name, arguments
 *
 * Return: exit status
 */
static inline int test_main(const struct test *tests, char **argv)
{
	for (; tests->name; tests++) {
		if (argv[1] && strcmp(tests->name, argv[1]) == 0) {
			tests->run(argv + 2);
			return 0;
		}
	}
	fprintf(stderr, "no test \"%s\"\n", argv[1] ? argv[1] : "");
	return 2;
}

#endif /* RUMPUSER_TEST_H */
