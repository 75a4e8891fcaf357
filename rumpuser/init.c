/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * init.c - the handshake with the kernel, and boot parameters
 *
 * Theory of operation
 *
 * The kernel hands over its upcalls once, before it has any thread but the one
 * that calls. Until then the vector holds functions that do nothing, so that
 * every hypercall works in a process that has no kernel yet and no file needs to
 * ask whether there is one.
 */
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

_Static_assert(sizeof(pid_t) == sizeof(int32_t), "a kernel may take pid_t for an int32_t");

static void init_no_schedule(void);
static void init_no_unschedule(void);
static void init_no_backend_unschedule(int nlocks, int *countp, void *interlock);
static void init_no_backend_schedule(int nlocks, void *interlock);

struct rumpuser_hyperup ru_hyp = {
	.hyp_schedule = init_no_schedule,
	.hyp_unschedule = init_no_unschedule,
	.hyp_backend_unschedule = init_no_backend_unschedule,
	.hyp_backend_schedule = init_no_backend_schedule,
};

/**
 * init_no_schedule() - Stand for hyp_schedule() while there is no kernel
 */
static void init_no_schedule(void)
{
}

/**
 * init_no_unschedule() - Stand for hyp_unschedule() while there is no kernel
 */
static void init_no_unschedule(void)
{
}

/**
 * init_no_backend_unschedule() - Stand for hyp_backend_unschedule() while there is no kernel
 * @nlocks:	unused
 * @countp:	set to no locks
 * @interlock:	unused
 */
static void init_no_backend_unschedule(int nlocks, int *countp, void *interlock)
{
	(void)nlocks;
	(void)interlock;
	*countp = 0;
}

/**
 * init_no_backend_schedule() - Stand for hyp_backend_schedule() while there is no kernel
 * @nlocks:	unused
 * @interlock:	unused
 */
static void init_no_backend_schedule(int nlocks, void *interlock)
{
	(void)nlocks;
	(void)interlock;
}

/**
 * param_copy() - Give a parameter's value to the caller
 * @value:	the value
 * @buf:	where it goes
 * @len:	room there
 *
 * Return: 0, or ERANGE if it does not fit
 */
static int param_copy(const char *value, void *buf, size_t len)
{
	size_t size = strlen(value) + 1;

	if (size > len)
		return ru_errno(ERANGE);
	memcpy(buf, value, size);
	return 0;
}

/**
 * param_host_ncpu() - Count the CPUs this process may run on
 *
 * Return: the number, at least 1
 */
static int param_host_ncpu(void)
{
	long online;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		return CPU_COUNT(&set);
	/* More CPUs than a cpu_set_t holds. */
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (int)online : 1;
}

/**
 * param_ncpu() - Find how many virtual CPUs the kernel shall have
 * @buf:	where the number goes, in decimal
 * @len:	room there
 *
 * Return: 0, EINVAL for a RUMP_NCPU that is no number of CPUs, or ERANGE
 */
static int param_ncpu(void *buf, size_t len)
{
	const char *want = getenv("RUMP_NCPU");
	char text[16], *end;
	long n = 1;

	if (want && strcmp(want, "host") == 0) {
		n = param_host_ncpu();
	} else if (want) {
		errno = 0;
		n = strtol(want, &end, 10);
		if (errno || end == want || *end || n < 1 || n > INT_MAX)
			return ru_errno(EINVAL);
	}
	snprintf(text, sizeof(text), "%ld", n);
	return param_copy(text, buf, len);
}

/**
 * param_hostname() - Find the kernel's host name
 * @buf:	where it goes
 * @len:	room there
 *
 * Return: 0 or ERANGE
 */
static int param_hostname(void *buf, size_t len)
{
	const char *want = getenv("RUMP_HOSTNAME");
	char host[HOST_NAME_MAX + 1], text[sizeof(host) + 32];

	if (want && *want)
		return param_copy(want, buf, len);
	if (gethostname(host, sizeof(host)) == -1)
		strcpy(host, "localhost");
	snprintf(text, sizeof(text), "rump-%05d.%s", (int)getpid(), host);
	return param_copy(text, buf, len);
}

int rumpuser_init(int version, const struct rumpuser_hyperup *hyp)
{
	if (version != RUMPUSER_VERSION) {
		rumpuser_dprintf("rumpuser: the kernel speaks version %d of the hypercalls, "
				 "the host speaks %d\n",
				 version, RUMPUSER_VERSION);
		return ru_errno(EINVAL);
	}
	ru_hyp = *hyp;
	return 0;
}

int rumpuser_getparam(const char *name, void *buf, size_t len)
{
	const char *value;

	if (strcmp(name, RUMPUSER_PARAM_NCPU) == 0)
		return param_ncpu(buf, len);
	if (strcmp(name, RUMPUSER_PARAM_HOSTNAME) == 0)
		return param_hostname(buf, len);
	if (*name == '_')
		return ru_errno(EINVAL);
	value = getenv(name);
	if (!value)
		return ru_errno(ENOENT);
	return param_copy(value, buf, len);
}
