/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.c - host threads and the kernel
 *
 * A thread is attached at its first call and detached by the destructor of a
 * pthread key when it ends. Threads of the kernel's own block all signals, which
 * are for the program.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include <rump/rumpuser.h>
#include <rump/rumpuser_ext.h>

#include "public.h"
#include "internal.h"

__thread struct rump__thread rump__self;

static pthread_key_t detach_key;

static void detach(void *ht)
{
	/* If it ends as a task it made, that ends too. */
	rump_pub_lwproc_releaselwp();
	rump__self.incall = 1;
	rump__self.ht = NULL;
	rump__kernel.ops->detach(ht);
	rump__self.incall = 0;
	if (rump__self.deferred)
		rump__call_end(0, 0, 0, 0, 0, 0, 0, 0);
}

/**
 * rump__attach() - Give the calling thread a task
 *
 * Return: 0, -ENXIO without a kernel, -EAGAIN if it cannot have one
 */
int rump__attach(void)
{
	struct rump_hthread *ht;

	if (!rump__kernel.up)
		return -ENXIO;
	rump__self.incall = 1;
	ht = rump__kernel.ops->attach(NULL, rumpuser_ext_gettid());
	rump__self.incall = 0;
	if (!ht)
		return -EAGAIN;
	rump__self.ht = ht;
	pthread_setspecific(detach_key, ht);
	return 0;
}

struct host_thread {
	void (*fn)(void *arg);
	void *arg;
};

static void *run_host_thread(void *arg)
{
	struct host_thread t = *(struct host_thread *)arg;

	free(arg);
	t.fn(t.arg);
	return NULL;
}

/**
 * rump__host_thread() - Start a thread of the kernel's own
 * @fn:		what it runs
 * @arg:	argument
 * @name:	its name
 *
 * Return: 0 or -errno
 */
int rump__host_thread(void (*fn)(void *), void *arg, const char *name)
{
	struct host_thread *t = malloc(sizeof(*t));
	sigset_t all, old;
	void *cookie;
	int err;

	if (!t)
		return -ENOMEM;
	t->fn = fn;
	t->arg = arg;
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = rumpuser_thread_create(run_host_thread, t, name, 0, 0, -1, &cookie);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		free(t);
	return -err;
}

/* A forked child shares the kernel's memory but is no process of it: it has none. */
static void forget_kernel(void)
{
	rump__kernel.up = false;
	rump__self = (struct rump__thread){ .ht = NULL };
}

/**
 * rump__threads_init() - Before the first attach
 *
 * Return: 0 or a host errno value
 */
int rump__threads_init(void)
{
	int err = pthread_key_create(&detach_key, detach);

	return err ? err : pthread_atfork(NULL, NULL, forget_kernel);
}

void rump_schedule(void)
{
	if (!rump__self.held++)
		rump__self.incall = 1;
}

void rump_unschedule(void)
{
	if (--rump__self.held)
		return;
	rump__self.incall = 0;
	if (rump__self.deferred)
		rump__call_end(0, 0, 0, 0, 0, 0, 0, 0);
}
