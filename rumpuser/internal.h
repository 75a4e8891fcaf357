/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * internal.h - what the files of librumpuser share
 *
 * Public names begin with rumpuser_ and are exported; names shared between the
 * library's files begin with ru_ and stay inside.
 */
#ifndef RUMPUSER_INTERNAL_H
#define RUMPUSER_INTERNAL_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#pragma GCC visibility push(default)
#include <rump/rumpuser.h>
#pragma GCC visibility pop

/* The upcalls; they do nothing until rumpuser_init() has put the kernel's here. */
extern struct rumpuser_hyperup ru_hyp;

/**
 * ru_errno() - Translate a host error number to the kernel's
 * @error:	host error number
 *
 * A Linux host and a Linux kernel agree on them. A kernel that numbers them
 * differently needs its table here and nowhere else.
 *
 * Return: the kernel's error number
 */
static inline int ru_errno(int error)
{
	return error;
}

/**
 * ru_errno_to_host() - Translate an error number of the kernel to the host's
 * @error:	the kernel's error number
 *
 * Return: host error number
 */
static inline int ru_errno_to_host(int error)
{
	return error;
}

/**
 * ru_result() - Turn what a system call returned into a hypercall's result
 * @rv:		-1 for failure with errno set
 *
 * Return: 0 or an error number
 */
static inline int ru_result(int64_t rv)
{
	return rv == -1 ? ru_errno(errno) : 0;
}

/**
 * ru_unschedule() - Give up the virtual CPU, as the caller is about to block
 * @interlock:	mutex that the wait will release, or NULL
 *
 * Return: what ru_schedule() needs to undo it
 */
static inline int ru_unschedule(void *interlock)
{
	int nlocks = 0;

	ru_hyp.hyp_backend_unschedule(0, &nlocks, interlock);
	return nlocks;
}

/**
 * ru_schedule() - Get the virtual CPU back
 * @nlocks:	from ru_unschedule()
 * @interlock:	as given there
 */
static inline void ru_schedule(int nlocks, void *interlock)
{
	ru_hyp.hyp_backend_schedule(nlocks, interlock);
}

/**
 * ru_panic() - Say what went wrong and leave a core dump
 * @fmt:	as for printf(3)
 */
void ru_panic(const char *fmt, ...) __attribute__((__noreturn__, __format__(__printf__, 1, 2)));

/**
 * ru_must() - Insist that a pthread call succeeded
 * @error:	what it returned
 * @what:	what was tried, for the message
 */
static inline void ru_must(int error, const char *what)
{
	if (__builtin_expect(error != 0, 0))
		ru_panic("%s: error %d", what, error);
}

/* clock.c */
struct timespec ru_deadline(int64_t sec, int64_t nsec);

/* thread.c */
int ru_thread_start(void *(*f)(void *), void *arg, const char *name, pthread_t *joinable);

/* mutex.c: for cv.c, which releases and takes a mutex in its own way */
struct rumpuser_mtx {
	pthread_mutex_t lock;
	int flags;
	struct lwp *owner; /* KMUTEX only; written by the holder, read by anybody */
};

void ru_mutex_claim(struct rumpuser_mtx *mtx);
void ru_mutex_disclaim(struct rumpuser_mtx *mtx);

#endif /* RUMPUSER_INTERNAL_H */
