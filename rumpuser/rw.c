/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rw.c - reader/writer locks
 *
 * Theory of operation
 *
 * Many readers or one writer hold the lock, and neither kind starves the other:
 * a reader queues behind a waiting writer, and a leaving writer lets in all readers
 * that queued before the next writer. Those readers are counted as holders by the
 * writer that leaves (@batch moves on), so no newcomer can get between.
 *
 * All fields are guarded by @lock, which is held for moments only and never while
 * waiting for a virtual CPU. pthread_rwlock_t would not do: it cannot upgrade.
 */
#include <stdlib.h>

#include "internal.h"

struct rumpuser_rw {
	pthread_mutex_t lock;
	pthread_cond_t readable;
	pthread_cond_t writable;
	unsigned int readers; /* that hold the lock */
	unsigned int readers_waiting;
	unsigned int writers_waiting;
	unsigned int batch; /* counts the times waiting readers were let in */
	bool written; /* a writer holds the lock */
	struct lwp *writer; /* which one, if @written */
};

/**
 * rw_read_locked() - Take the lock for reading if nobody else has or wants it
 * @rw:		lock, its fields locked
 *
 * Return: true if it was taken
 */
static bool rw_read_locked(struct rumpuser_rw *rw)
{
	if (rw->written || rw->writers_waiting)
		return false;
	rw->readers++;
	return true;
}

/**
 * rw_write_locked() - Take the lock for writing if it is free
 * @rw:		lock, its fields locked
 *
 * Return: true if it was taken
 */
static bool rw_write_locked(struct rumpuser_rw *rw)
{
	if (rw->written || rw->readers)
		return false;
	rw->written = true;
	rw->writer = rumpuser_curlwp();
	return true;
}

/**
 * rw_try() - Take the lock either way if that needs no waiting
 * @op:		RUMPUSER_RW_*
 * @rw:		lock, its fields locked
 *
 * Return: true if it was taken
 */
static bool rw_try(int op, struct rumpuser_rw *rw)
{
	return op == RUMPUSER_RW_WRITER ? rw_write_locked(rw) : rw_read_locked(rw);
}

/**
 * rw_admit_readers() - Make all waiting readers holders
 * @rw:		lock, its fields locked, with no writer
 */
static void rw_admit_readers(struct rumpuser_rw *rw)
{
	rw->readers += rw->readers_waiting;
	rw->readers_waiting = 0;
	rw->batch++;
	pthread_cond_broadcast(&rw->readable);
}

/**
 * rw_wait_read() - Queue for reading
 * @rw:		lock, its fields locked
 */
static void rw_wait_read(struct rumpuser_rw *rw)
{
	unsigned int batch = rw->batch;

	if (rw_read_locked(rw))
		return;
	rw->readers_waiting++;
	while (rw->batch == batch)
		pthread_cond_wait(&rw->readable, &rw->lock);
}

/**
 * rw_wait_write() - Queue for writing
 * @rw:		lock, its fields locked
 */
static void rw_wait_write(struct rumpuser_rw *rw)
{
	struct lwp *self = rumpuser_curlwp();

	rw->writers_waiting++;
	while (rw->written || rw->readers)
		pthread_cond_wait(&rw->writable, &rw->lock);
	rw->writers_waiting--;
	rw->written = true;
	rw->writer = self;
}

/**
 * rw_release() - Let go of the lock and let in who is next
 * @rw:		lock, its fields locked
 */
static void rw_release(struct rumpuser_rw *rw)
{
	if (rw->written) {
		rw->written = false;
		rw->writer = NULL;
		if (rw->readers_waiting)
			rw_admit_readers(rw);
	} else if (rw->readers) {
		rw->readers--;
	} else {
		ru_panic("rw_exit of a lock that is not held");
	}
	if (rw->readers == 0 && rw->writers_waiting)
		pthread_cond_signal(&rw->writable);
}

void rumpuser_rw_init(struct rumpuser_rw **rwp)
{
	struct rumpuser_rw *rw = calloc(1, sizeof(*rw));

	if (!rw)
		ru_panic("no memory for a reader/writer lock");
	ru_must(pthread_mutex_init(&rw->lock, NULL), "rw_init");
	ru_must(pthread_cond_init(&rw->readable, NULL), "rw_init");
	ru_must(pthread_cond_init(&rw->writable, NULL), "rw_init");
	*rwp = rw;
}

void rumpuser_rw_enter(int op, struct rumpuser_rw *rw)
{
	int nlocks;

	if (rumpuser_rw_tryenter(op, rw) == 0)
		return;
	nlocks = ru_unschedule(NULL);
	pthread_mutex_lock(&rw->lock);
	if (op == RUMPUSER_RW_WRITER)
		rw_wait_write(rw);
	else
		rw_wait_read(rw);
	pthread_mutex_unlock(&rw->lock);
	ru_schedule(nlocks, NULL);
}

int rumpuser_rw_tryenter(int op, struct rumpuser_rw *rw)
{
	bool taken;

	pthread_mutex_lock(&rw->lock);
	taken = rw_try(op, rw);
	pthread_mutex_unlock(&rw->lock);
	return taken ? 0 : ru_errno(EBUSY);
}

int rumpuser_rw_tryupgrade(struct rumpuser_rw *rw)
{
	bool upgraded;

	pthread_mutex_lock(&rw->lock);
	upgraded = !rw->written && rw->readers == 1;
	if (upgraded) {
		rw->readers = 0;
		rw->written = true;
		rw->writer = rumpuser_curlwp();
	}
	pthread_mutex_unlock(&rw->lock);
	return upgraded ? 0 : ru_errno(EBUSY);
}

void rumpuser_rw_downgrade(struct rumpuser_rw *rw)
{
	pthread_mutex_lock(&rw->lock);
	if (!rw->written)
		ru_panic("rw_downgrade of a lock that is not held for writing");
	rw->written = false;
	rw->writer = NULL;
	rw->readers = 1;
	rw_admit_readers(rw);
	pthread_mutex_unlock(&rw->lock);
}

void rumpuser_rw_exit(struct rumpuser_rw *rw)
{
	pthread_mutex_lock(&rw->lock);
	rw_release(rw);
	pthread_mutex_unlock(&rw->lock);
}

void rumpuser_rw_destroy(struct rumpuser_rw *rw)
{
	if (rw->written || rw->readers)
		ru_panic("rw_destroy of a lock that is held");
	ru_must(pthread_cond_destroy(&rw->readable), "rw_destroy");
	ru_must(pthread_cond_destroy(&rw->writable), "rw_destroy");
	ru_must(pthread_mutex_destroy(&rw->lock), "rw_destroy");
	free(rw);
}

void rumpuser_rw_held(int op, struct rumpuser_rw *rw, int *heldp)
{
	pthread_mutex_lock(&rw->lock);
	if (op == RUMPUSER_RW_WRITER)
		*heldp = rw->written && rw->writer == rumpuser_curlwp();
	else
		*heldp = rw->readers > 0;
	pthread_mutex_unlock(&rw->lock);
}
