/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cv.c - condition variables
 *
 * Theory of operation
 *
 * To wait, a thread gives up the virtual CPU first and the mutex then, in the one
 * step that makes it a waiter; the kernel is told which mutex, for it may be the
 * very lock that giving up the CPU would release.
 *
 * Woken, it has the mutex and wants the CPU. Holding an ordinary mutex meanwhile
 * is allowed. Holding a spin mutex is not: whoever has the CPU may be waiting for
 * it and keep the CPU. So a spin mutex of the kernel's is released, the CPU taken,
 * and the mutex then taken anew; the waiter finds the condition untested in either
 * case and looks again.
 *
 * @waiters changes with the mutex held and may be read at any time.
 */
#include <stdlib.h>
#include <time.h>

#include "internal.h"

struct rumpuser_cv {
	pthread_cond_t cond; /* on CLOCK_MONOTONIC */
	int waiters;
};

/**
 * cv_block() - Release the mutex, wait, and have it again
 * @cv:		condition variable
 * @mtx:	mutex, held
 * @end:	when to stop waiting, or NULL for never
 *
 * The mutex is nobody's on return, as far as its owner field says.
 *
 * Return: 0 or ETIMEDOUT
 */
static int cv_block(struct rumpuser_cv *cv, struct rumpuser_mtx *mtx, const struct timespec *end)
{
	int error;

	ru_mutex_disclaim(mtx);
	__atomic_add_fetch(&cv->waiters, 1, __ATOMIC_RELAXED);
	error = end ? pthread_cond_timedwait(&cv->cond, &mtx->lock, end)
		    : pthread_cond_wait(&cv->cond, &mtx->lock);
	__atomic_sub_fetch(&cv->waiters, 1, __ATOMIC_RELAXED);
	if (error != ETIMEDOUT)
		ru_must(error, "cv_wait");
	return error;
}

/**
 * cv_reschedule() - Get the virtual CPU back with the mutex held
 * @mtx:	mutex, held but nobody's
 * @nlocks:	from ru_unschedule()
 */
static void cv_reschedule(struct rumpuser_mtx *mtx, int nlocks)
{
	const int kspin = RUMPUSER_MTX_SPIN | RUMPUSER_MTX_KMUTEX;

	if ((mtx->flags & kspin) == kspin) {
		ru_must(pthread_mutex_unlock(&mtx->lock), "cv_wait");
		ru_schedule(nlocks, mtx);
		rumpuser_mutex_enter_nowrap(mtx);
	} else {
		ru_mutex_claim(mtx);
		ru_schedule(nlocks, mtx);
	}
}

void rumpuser_cv_init(struct rumpuser_cv **cvp)
{
	struct rumpuser_cv *cv = calloc(1, sizeof(*cv));
	pthread_condattr_t attr;

	if (!cv)
		ru_panic("no memory for a condition variable");
	ru_must(pthread_condattr_init(&attr), "cv_init");
	ru_must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC), "cv_init");
	ru_must(pthread_cond_init(&cv->cond, &attr), "cv_init");
	pthread_condattr_destroy(&attr);
	*cvp = cv;
}

void rumpuser_cv_destroy(struct rumpuser_cv *cv)
{
	if (__atomic_load_n(&cv->waiters, __ATOMIC_RELAXED))
		ru_panic("cv_destroy of a condition variable with waiters");
	ru_must(pthread_cond_destroy(&cv->cond), "cv_destroy");
	free(cv);
}

void rumpuser_cv_wait(struct rumpuser_cv *cv, struct rumpuser_mtx *mtx)
{
	int nlocks = ru_unschedule(mtx);

	cv_block(cv, mtx, NULL);
	cv_reschedule(mtx, nlocks);
}

void rumpuser_cv_wait_nowrap(struct rumpuser_cv *cv, struct rumpuser_mtx *mtx)
{
	cv_block(cv, mtx, NULL);
	ru_mutex_claim(mtx);
}

int rumpuser_cv_timedwait(struct rumpuser_cv *cv, struct rumpuser_mtx *mtx, int64_t sec,
			  int64_t nsec)
{
	struct timespec end = ru_deadline(sec, nsec);
	int error, nlocks;

	nlocks = ru_unschedule(mtx);
	error = cv_block(cv, mtx, &end);
	cv_reschedule(mtx, nlocks);
	return ru_errno(error);
}

void rumpuser_cv_signal(struct rumpuser_cv *cv)
{
	ru_must(pthread_cond_signal(&cv->cond), "cv_signal");
}

void rumpuser_cv_broadcast(struct rumpuser_cv *cv)
{
	ru_must(pthread_cond_broadcast(&cv->cond), "cv_broadcast");
}

void rumpuser_cv_has_waiters(struct rumpuser_cv *cv, int *np)
{
	*np = __atomic_load_n(&cv->waiters, __ATOMIC_RELAXED);
}
