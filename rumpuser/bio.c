/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bio.c - asynchronous block I/O
 *
 * Theory of operation
 *
 * A request is queued and its caller goes on; a pool of host threads takes
 * requests from the queue, oldest first, performs them outside the kernel and
 * tells the kernel from between hyp_schedule() and hyp_unschedule().
 *
 * The queue is a list, so it is never full and rumpuser_bio() never waits: a
 * completion that starts more I/O cannot deadlock with it. If the host has no
 * memory for a request, or no thread to serve any, the caller serves the request
 * itself, off the virtual CPU, and is told before rumpuser_bio() returns.
 *
 * A thread is added when a request finds none idle, up to BIO_THREADS. Threads
 * are not started before there is I/O, and stay.
 *
 * fork(2): the child has the queue's memory but not the threads, and its
 * parent's requests are not its own. It begins with an empty pool.
 */
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"

#define BIO_THREADS 8
#define BIO_KNOWN   (RUMPUSER_BIO_READ | RUMPUSER_BIO_WRITE | RUMPUSER_BIO_SYNC)

struct bio {
	struct bio *next;
	int fd;
	int op;
	char *data;
	size_t len;
	int64_t off;
	rump_biodone_fn done;
	void *arg;
};

static struct {
	pthread_mutex_t lock; /* guards all of this */
	pthread_cond_t work;
	struct bio *first;
	struct bio **last;
	size_t queued;
	unsigned int threads;
	unsigned int idle;
} bio_pool = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.work = PTHREAD_COND_INITIALIZER,
	.last = &bio_pool.first,
};

/**
 * bio_step() - Move as much of a request as the host does at once
 * @bio:	request
 * @done:	bytes moved already
 *
 * Return: bytes moved, 0 at the end of the file, or -1 with errno set
 */
static ssize_t bio_step(const struct bio *bio, size_t done)
{
	char *data = bio->data + done;
	size_t len = bio->len - done;
	off_t off = bio->off + (int64_t)done;

	if (bio->op & RUMPUSER_BIO_READ)
		return pread(bio->fd, data, len, off);
	return pwrite(bio->fd, data, len, off);
}

/**
 * bio_perform() - Do what a request asks for
 * @bio:	request
 * @countp:	where the number of bytes moved goes, on error too
 *
 * Return: 0 or a host error number
 */
static int bio_perform(const struct bio *bio, size_t *countp)
{
	int direction = bio->op & (RUMPUSER_BIO_READ | RUMPUSER_BIO_WRITE);
	ssize_t n;

	*countp = 0;
	if (bio->op & ~BIO_KNOWN ||
	    (direction != RUMPUSER_BIO_READ && direction != RUMPUSER_BIO_WRITE) || bio->off < 0)
		return EINVAL;
	while (*countp < bio->len) {
		n = bio_step(bio, *countp);
		if (n > 0)
			*countp += (size_t)n;
		else if (n == 0)
			break;
		else if (errno != EINTR)
			return errno;
	}
	if (direction == RUMPUSER_BIO_WRITE && bio->op & RUMPUSER_BIO_SYNC &&
	    fdatasync(bio->fd) == -1)
		return errno;
	return 0;
}

/**
 * bio_serve_inline() - Serve a request on the thread that brought it
 * @bio:	request
 */
static void bio_serve_inline(const struct bio *bio)
{
	int error, nlocks = ru_unschedule(NULL);
	size_t count;

	error = bio_perform(bio, &count);
	ru_schedule(nlocks, NULL);
	bio->done(bio->arg, count, ru_errno(error));
}

/**
 * bio_take() - Wait for a request and take it off the queue
 *
 * Return: the request
 */
static struct bio *bio_take(void)
{
	struct bio *bio;

	pthread_mutex_lock(&bio_pool.lock);
	bio_pool.idle++;
	while (!bio_pool.first)
		pthread_cond_wait(&bio_pool.work, &bio_pool.lock);
	bio_pool.idle--;
	bio = bio_pool.first;
	bio_pool.first = bio->next;
	if (!bio_pool.first)
		bio_pool.last = &bio_pool.first;
	bio_pool.queued--;
	pthread_mutex_unlock(&bio_pool.lock);
	return bio;
}

/**
 * bio_thread() - Serve requests for ever
 * @arg:	unused
 *
 * Return: never
 */
static void *bio_thread(void *arg)
{
	struct bio *bio;
	size_t count;
	int error;

	(void)arg;
	for (;;) {
		bio = bio_take();
		error = bio_perform(bio, &count);
		ru_hyp.hyp_schedule();
		bio->done(bio->arg, count, ru_errno(error));
		ru_hyp.hyp_unschedule();
		free(bio);
	}
	return NULL;
}

/**
 * bio_grow() - Add a thread if requests wait and none is idle
 *
 * Called with the pool locked.
 *
 * Return: true if there is any thread
 */
static bool bio_grow(void)
{
	if (bio_pool.queued >= bio_pool.idle && bio_pool.threads < BIO_THREADS &&
	    ru_thread_start(bio_thread, NULL, "rump-bio", NULL) == 0)
		bio_pool.threads++;
	return bio_pool.threads > 0;
}

/**
 * bio_queue() - Put a request on the queue
 * @bio:	request, the queue's from now on
 *
 * Return: false if there is no thread to serve it, and it is still the caller's
 */
static bool bio_queue(struct bio *bio)
{
	bool served;

	bio->next = NULL;
	pthread_mutex_lock(&bio_pool.lock);
	served = bio_grow();
	if (served) {
		*bio_pool.last = bio;
		bio_pool.last = &bio->next;
		bio_pool.queued++;
		pthread_cond_signal(&bio_pool.work);
	}
	pthread_mutex_unlock(&bio_pool.lock);
	return served;
}

/**
 * bio_fork_prepare() - Keep the pool still while the process is copied
 */
static void bio_fork_prepare(void)
{
	pthread_mutex_lock(&bio_pool.lock);
}

/**
 * bio_fork_parent() - Let the parent's pool go on
 */
static void bio_fork_parent(void)
{
	pthread_mutex_unlock(&bio_pool.lock);
}

/**
 * bio_fork_child() - Begin anew in the child
 */
static void bio_fork_child(void)
{
	struct bio *bio;

	while ((bio = bio_pool.first)) {
		bio_pool.first = bio->next;
		free(bio);
	}
	bio_pool.last = &bio_pool.first;
	bio_pool.queued = bio_pool.threads = bio_pool.idle = 0;
	pthread_cond_init(&bio_pool.work, NULL);
	pthread_mutex_unlock(&bio_pool.lock);
}

/**
 * bio_setup() - Prepare for forks
 */
__attribute__((__constructor__)) static void bio_setup(void)
{
	pthread_atfork(bio_fork_prepare, bio_fork_parent, bio_fork_child);
}

void rumpuser_bio(int fd, int op, void *data, size_t len, int64_t off, rump_biodone_fn done,
		  void *arg)
{
	struct bio request = {
		.fd = fd,
		.op = op,
		.data = data,
		.len = len,
		.off = off,
		.done = done,
		.arg = arg,
	};
	struct bio *bio = malloc(sizeof(*bio));

	if (bio) {
		*bio = request;
		if (bio_queue(bio))
			return;
		free(bio);
	}
	bio_serve_inline(&request);
}
