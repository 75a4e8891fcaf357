/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.c - pthreads and the kernel
 *
 * A thread is detached by the destructor of a pthread key when it ends. Threads of the kernel's own block all signals, which
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

static pthread_key_t detach_key;

static void detach(void *ht)
{
	(void)ht;
	/* If it ends as a task it made, that ends too. */
	rump_pub_lwproc_releaselwp();
	rump__detach();
}

/**
 * rump__thread_attached() - The calling thread has a task: it is to be detached when it ends
 */
void rump__thread_attached(void)
{
	pthread_setspecific(detach_key, rump__self.ht);
}

/* In slots as long as there are some: malloc maps an arena for a thread that frees. */
#define SLOTS	8

struct host_thread {
	void (*fn)(void *arg);
	void *arg;
	int taken;
};

static struct host_thread slots[SLOTS];

static struct host_thread *get_slot(void)
{
	int i;

	for (i = 0; i < SLOTS; i++)
		if (!__atomic_exchange_n(&slots[i].taken, 1, __ATOMIC_ACQUIRE))
			return &slots[i];
	return malloc(sizeof(*slots));
}

static void put_slot(struct host_thread *t)
{
	if (t >= slots && t < slots + SLOTS)
		__atomic_store_n(&t->taken, 0, __ATOMIC_RELEASE);
	else
		free(t);
}

static void *run_host_thread(void *arg)
{
	struct host_thread *t = arg;
	void (*fn)(void *) = t->fn;

	/* Not taken, which others try to set. */
	arg = t->arg;
	put_slot(t);
	fn(arg);
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
	struct host_thread *t = get_slot();
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
		put_slot(t);
	return -err;
}

/* What the child of the fork that is being made is to be; 0: nothing of the kernel's. */
static __thread long forking;

static void in_child(void)
{
	rump__lwproc_forked();
	if (forking)
		rump__fork_child(forking);
	else
		rump__forget();
}

pid_t rump_fork(void)
{
	long name = rump__fork_prepare();
	pid_t pid;
	int err;

	if (name < 0) {
		errno = -name;
		return -1;
	}
	forking = name;
	pid = fork();
	err = errno;
	forking = 0;
	if (pid)
		rump__fork_parent(name, 0, pid);
	errno = err;
	return pid;
}

/**
 * rump__threads_init() - Before the first attach
 *
 * Return: 0 or a host errno value
 */
int rump__threads_init(void)
{
	int err = pthread_key_create(&detach_key, detach);

	return err ? err : pthread_atfork(NULL, NULL, in_child);
}

void rump_schedule(void)
{
	/* Before it is noted: a handler that jumps in between would leave it held. */
	rump__self.incall = 1;
	__asm__ volatile("" : : : "memory");
	rump__self.held++;
}

void rump_unschedule(void)
{
	if (--rump__self.held)
		return;
	rump__self.incall = 0;
	if (rump__self.deferred)
		rump__call_end(0, 0, 0, 0, 0, 0, 0, 0);
}
