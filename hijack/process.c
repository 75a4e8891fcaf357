// SPDX-License-Identifier: BSD-2-Clause
/* process.c - processes and threads: what their beginnings and ends mean to the rump kernel */
#include <asm/errno.h>

#include "route.h"
#include "special.h"
#include "state.h"
#include "str.h"
#include "wait.h"

#define X_OK 1

void hijack_on_start(char **argv, char **envp)
{
	(void)argv;
	places_read(envp);
	if ((nplaces || places_families) && rump__image_reserve())
		raw1(__NR_exit_group, 1);
}

void hijack_on_kernel(void)
{
	if (places_families)
		rump__lo_up();
	fds_start();
}

long hijack_on_clone(struct hijack_call *call, enum hijack_kind kind)
{
	(void)call;
	(void)kind;
	return 0;
}

void hijack_on_child(enum hijack_kind kind)
{
	if (kind != HIJACK_FORK)
		return;
	kernel_forget();
	fds_child();
}

void hijack_on_parent(enum hijack_kind kind, long result)
{
	(void)kind;
	(void)result;
}

void hijack_on_thread_exit(void)
{
	wait_thread_exit();
	kernel_thread_exit();
}

void hijack_on_exit(void)
{
	kernel_exit();
}

long route_clone(struct hijack_call *call)
{
	return host_newfd(call);
}

long route_clone3(struct hijack_call *call)
{
	return host_newfd(call);
}

long route_fork(struct hijack_call *call)
{
	return hijack_pass(call);
}

long route_vfork(struct hijack_call *call)
{
	return hijack_pass(call);
}

long route_exit(struct hijack_call *call)
{
	return hijack_pass(call);
}

long route_exit_group(struct hijack_call *call)
{
	return hijack_pass(call);
}

/**
 * route_execve() - execve(2)
 */
long route_execve(struct hijack_call *call)
{
	if (kernel_up && !raw_failed(raw2(__NR_access, call->arg[0], X_OK)))
		kernel_exit();
	return hijack_pass(call);
}

/**
 * route_execveat() - execveat(2)
 */
long route_execveat(struct hijack_call *call)
{
	if (kernel_up)
		kernel_exit();
	return hijack_pass(call);
}
