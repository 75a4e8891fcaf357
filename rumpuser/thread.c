/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.c - host threads for the kernel, and which lwp each one runs
 *
 * Theory of operation
 *
 * A thread starts with every signal blocked but those its own instructions
 * cause: a signal sent to the process is for the application, whose handler
 * must not run on a thread of the kernel's.
 *
 * What a thread needs to start lies in a slot, as long as there are some. Memory of
 * malloc's would be freed by the new thread, for which malloc first maps an arena.
 *
 * The current lwp is a thread-local variable. A detached thread may be gone before
 * its creator runs again, so each thread names itself.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

#define THREAD_NAME_SIZE 16 /* prctl(2), PR_SET_NAME */
#define THREAD_SLOTS	 8
#define THREAD_RETRIES	 10
#define THREAD_RETRY_NS	 10000000

struct thread_start {
	void *(*f)(void *);
	void *arg;
	char name[THREAD_NAME_SIZE];
	int taken;
};

static struct thread_start thread_slots[THREAD_SLOTS];
static __thread struct lwp *thread_lwp __attribute__((__tls_model__("initial-exec")));

/**
 * start_get() - Find room for what a thread needs to start
 *
 * Return: a slot or memory, or NULL
 */
static struct thread_start *start_get(void)
{
	for (size_t i = 0; i < THREAD_SLOTS; i++)
		if (!__atomic_exchange_n(&thread_slots[i].taken, 1, __ATOMIC_ACQUIRE))
			return &thread_slots[i];
	return malloc(sizeof(struct thread_start));
}

/**
 * start_put() - Give that room back
 * @start:	what start_get() returned
 */
static void start_put(struct thread_start *start)
{
	if (start >= thread_slots && start < thread_slots + THREAD_SLOTS)
		__atomic_store_n(&start->taken, 0, __ATOMIC_RELEASE);
	else
		free(start);
}

/**
 * thread_signals() - Compute what a thread of the kernel blocks
 * @set:	where it goes
 */
static void thread_signals(sigset_t *set)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};

	sigfillset(set);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(set, own[i]);
}

/**
 * thread_main() - Name the new thread and run what it is for
 * @arg:	struct thread_start, consumed
 *
 * Return: what the thread's function returns
 */
static void *thread_main(void *arg)
{
	struct thread_start *start = arg;
	void *(*f)(void *) = start->f;
	char name[THREAD_NAME_SIZE];

	/* Not @taken, which others try. */
	arg = start->arg;
	memcpy(name, start->name, sizeof(name));
	start_put(start);
	if (name[0])
		pthread_setname_np(pthread_self(), name);
	return f(arg);
}

/**
 * thread_create_blocked() - Create a thread that takes no asynchronous signals
 * @start:	what it runs, consumed on success
 * @joinable:	where its handle goes, or NULL to detach it
 *
 * Return: 0 or a host error number
 */
static int thread_create_blocked(struct thread_start *start, pthread_t *joinable)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t thread;
	int error;

	error = pthread_attr_init(&attr);
	if (error)
		return error;
	pthread_attr_setdetachstate(&attr,
				    joinable ? PTHREAD_CREATE_JOINABLE : PTHREAD_CREATE_DETACHED);
	thread_signals(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(joinable ? joinable : &thread, &attr, thread_main, start);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return error;
}

/**
 * ru_thread_start() - Start a host thread for the kernel or this library
 * @f:		what it runs
 * @arg:	with which argument
 * @name:	its name, cut to what the host allows; may be NULL
 * @joinable:	where its handle goes, or NULL to detach it
 *
 * Return: 0 or a host error number
 */
int ru_thread_start(void *(*f)(void *), void *arg, const char *name, pthread_t *joinable)
{
	struct thread_start *start = start_get();
	int error;

	if (!start)
		return ENOMEM;
	start->f = f;
	start->arg = arg;
	snprintf(start->name, sizeof(start->name), "%s", name ? name : "");
	error = thread_create_blocked(start, joinable);
	if (error)
		start_put(start);
	return error;
}

/**
 * thread_start_retrying() - Start a thread, with some patience for a busy host
 * @f:		what it runs
 * @arg:	with which argument
 * @name:	its name, or NULL
 * @joinable:	where its handle goes, or NULL to detach it
 *
 * Return: 0 or a host error number
 */
static int thread_start_retrying(void *(*f)(void *), void *arg, const char *name,
				 pthread_t *joinable)
{
	static const struct timespec pause = {.tv_nsec = THREAD_RETRY_NS};
	int error = ru_thread_start(f, arg, name, joinable);
	int nlocks;

	for (int i = 0; error == EAGAIN && i < THREAD_RETRIES; i++) {
		nlocks = ru_unschedule(NULL);
		nanosleep(&pause, NULL);
		ru_schedule(nlocks, NULL);
		error = ru_thread_start(f, arg, name, joinable);
	}
	return error;
}

int rumpuser_thread_create(void *(*f)(void *), void *arg, const char *name, int mustjoin,
			   int priority, int cpuidx, void **cookie)
{
	pthread_t *handle;
	int error;

	/* Hints only: the host's scheduler knows better than a virtual CPU's number. */
	(void)priority;
	(void)cpuidx;

	if (!mustjoin)
		return ru_errno(thread_start_retrying(f, arg, name, NULL));

	handle = malloc(sizeof(*handle));
	if (!handle)
		return ru_errno(ENOMEM);
	error = thread_start_retrying(f, arg, name, handle);
	if (error)
		free(handle);
	else
		*cookie = handle;
	return ru_errno(error);
}

void rumpuser_thread_exit(void)
{
	pthread_exit(NULL);
}

int rumpuser_thread_join(void *cookie)
{
	pthread_t *handle = cookie;
	int error, nlocks = ru_unschedule(NULL);

	error = pthread_join(*handle, NULL);
	ru_schedule(nlocks, NULL);
	if (error == 0)
		free(handle);
	return ru_errno(error);
}

void rumpuser_curlwpop(int op, struct lwp *l)
{
	switch (op) {
	case RUMPUSER_LWP_CREATE:
	case RUMPUSER_LWP_DESTROY:
		/* A thread-local pointer needs nothing for an lwp that is not current. */
		break;
	case RUMPUSER_LWP_SET:
		if (thread_lwp && l)
			ru_panic("lwp %p set over lwp %p", (void *)l, (void *)thread_lwp);
		thread_lwp = l;
		break;
	case RUMPUSER_LWP_CLEAR:
		if (thread_lwp != l)
			ru_panic("lwp %p cleared, but lwp %p is current", (void *)l,
				 (void *)thread_lwp);
		thread_lwp = NULL;
		break;
	default:
		ru_panic("curlwpop of unknown kind %d", op);
	}
}

struct lwp *rumpuser_curlwp(void)
{
	return thread_lwp;
}
