/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_locks.h - a pretended kernel with one lock of each kind, for tests of them
 */
#ifndef RUMPUSER_LOCKS_H
#define RUMPUSER_LOCKS_H

#include <sched.h>
#include <stdint.h>

#include "rumpuser_test.h"

#define KMUTEX RUMPUSER_MTX_KMUTEX
#define SPIN   RUMPUSER_MTX_SPIN

enum { STRESS_THREADS = 6, STRESS_ROUNDS = 4000 };

struct lwp {
	int number;
};

static struct lwp main_lwp;
static struct rumpuser_mtx *mtx;
static struct rumpuser_cv *cv;
static struct rumpuser_rw *rw;
static int mtx_flags;

/** flags_of() - Read mutex flags from the command line */
static inline int flags_of(const char *s)
{
	return (strstr(s, "kmutex") ? KMUTEX : 0) | (strstr(s, "spin") ? SPIN : 0);
}

/** boot() - Become a kernel with one of each, on the CPU, as main_lwp */
static inline void boot(bool logging, int flags)
{
	test_boot(logging);
	mtx_flags = flags;
	rumpuser_mutex_init(&mtx, flags);
	rumpuser_cv_init(&cv);
	rumpuser_rw_init(&rw);
	rumpuser_curlwpop(RUMPUSER_LWP_SET, &main_lwp);
	test_interlock = mtx;
}

/** finish() - End the locks; nothing may be held */
static inline void finish(void)
{
	CHECK_ON_CPU();
	rumpuser_mutex_destroy(mtx);
	rumpuser_cv_destroy(cv);
	rumpuser_rw_destroy(rw);
}

/** run_workers() - Run a stress in several threads, with this one off the CPU */
static inline void run_workers(void *(*worker)(void *))
{
	pthread_t t[STRESS_THREADS];

	cpu_leave();
	for (intptr_t i = 0; i < STRESS_THREADS; i++)
		CHECK(pthread_create(&t[i], NULL, worker, (void *)i) == 0);
	for (int i = 0; i < STRESS_THREADS; i++)
		pthread_join(t[i], NULL);
	cpu_take();
}

#endif /* RUMPUSER_LOCKS_H */
