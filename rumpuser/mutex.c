/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutex.c - mutual exclusion between host threads of the kernel
 *
 * Theory of operation
 *
 * A thread that must wait for a mutex gives up the virtual CPU meanwhile, or
 * the holder could never run to release it. A free mutex is taken without
 * telling the kernel. Spin mutexes are held for moments and by threads that keep
 * their CPU, so waiting for one keeps it too.
 *
 * Order of resources: the virtual CPU may be waited for with an ordinary mutex
 * held, a spin mutex may not be held while waiting for the virtual CPU.
 */
#include <stdlib.h>

#include "internal.h"

#define MUTEX_KNOWN (RUMPUSER_MTX_SPIN | RUMPUSER_MTX_KMUTEX)

/**
 * ru_mutex_claim() - Note that the current lwp holds a mutex
 * @mtx:	mutex, held
 */
void ru_mutex_claim(struct rumpuser_mtx *mtx)
{
	if (mtx->flags & RUMPUSER_MTX_KMUTEX)
		__atomic_store_n(&mtx->owner, rumpuser_curlwp(), __ATOMIC_RELAXED);
}

/**
 * ru_mutex_disclaim() - Note that nobody holds a mutex
 * @mtx:	mutex, still held
 */
void ru_mutex_disclaim(struct rumpuser_mtx *mtx)
{
	if (mtx->flags & RUMPUSER_MTX_KMUTEX)
		__atomic_store_n(&mtx->owner, NULL, __ATOMIC_RELAXED);
}

void rumpuser_mutex_init(struct rumpuser_mtx **mtxp, int flags)
{
	struct rumpuser_mtx *mtx = calloc(1, sizeof(*mtx));
	pthread_mutexattr_t attr;

	if (!mtx)
		ru_panic("no memory for a mutex");
	if (flags & ~MUTEX_KNOWN)
		ru_panic("mutex with unknown flags 0x%x", flags);
	mtx->flags = flags;
	ru_must(pthread_mutexattr_init(&attr), "mutex_init");
	ru_must(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK), "mutex_init");
	ru_must(pthread_mutex_init(&mtx->lock, &attr), "mutex_init");
	pthread_mutexattr_destroy(&attr);
	*mtxp = mtx;
}

void rumpuser_mutex_enter(struct rumpuser_mtx *mtx)
{
	int nlocks;

	if (mtx->flags & RUMPUSER_MTX_SPIN) {
		rumpuser_mutex_enter_nowrap(mtx);
		return;
	}
	if (pthread_mutex_trylock(&mtx->lock) != 0) {
		nlocks = ru_unschedule(NULL);
		ru_must(pthread_mutex_lock(&mtx->lock), "mutex_enter");
		ru_schedule(nlocks, NULL);
	}
	ru_mutex_claim(mtx);
}

void rumpuser_mutex_enter_nowrap(struct rumpuser_mtx *mtx)
{
	ru_must(pthread_mutex_lock(&mtx->lock), "mutex_enter_nowrap");
	ru_mutex_claim(mtx);
}

int rumpuser_mutex_tryenter(struct rumpuser_mtx *mtx)
{
	int error = pthread_mutex_trylock(&mtx->lock);

	if (error == 0)
		ru_mutex_claim(mtx);
	return ru_errno(error);
}

void rumpuser_mutex_exit(struct rumpuser_mtx *mtx)
{
	ru_mutex_disclaim(mtx);
	ru_must(pthread_mutex_unlock(&mtx->lock), "mutex_exit");
}

void rumpuser_mutex_destroy(struct rumpuser_mtx *mtx)
{
	ru_must(pthread_mutex_destroy(&mtx->lock), "mutex_destroy");
	free(mtx);
}

void rumpuser_mutex_owner(struct rumpuser_mtx *mtx, struct lwp **lp)
{
	if (!(mtx->flags & RUMPUSER_MTX_KMUTEX))
		ru_panic("mutex_owner of a mutex without RUMPUSER_MTX_KMUTEX");
	*lp = __atomic_load_n(&mtx->owner, __ATOMIC_RELAXED);
}
