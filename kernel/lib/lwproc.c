/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwproc.c - which task of the kernel a host thread runs its calls as
 *
 * A thread's original task is the one it was attached with. The others are made
 * by calls of the current one, and switched to between calls.
 */
#include <errno.h>

#include "public.h"
#include "internal.h"

static __thread void *original __attribute__((tls_model("initial-exec")));

/**
 * rump__lwproc_forked() - In a forked child: its task is another one
 */
void rump__lwproc_forked(void)
{
	original = NULL;
}

/* Attached, and knowing the original. */
static int ready(void)
{
	if (!rump__self.ht) {
		int err = rump__attach();

		if (err)
			return -err;
	}
	if (!original)
		original = rump__kernel.ops->lwp(rump__self.ht);
	return 0;
}

static int become_new(long call, long arg)
{
	int err = ready();
	long task;

	if (err)
		return err;
	task = rump__enter(call, arg, 0, 0, 0, 0, 0);
	if (task < 0 && task > -4096)
		return -task;
	rump__kernel.ops->lwp_switch(rump__self.ht, (void *)task);
	return 0;
}

int rump_pub_lwproc_rfork(int flags)
{
	return become_new(RUMP_CALL_LWP_RFORK, flags);
}

int rump_pub_lwproc_newlwp(pid_t pid)
{
	return become_new(RUMP_CALL_LWP_NEW, pid);
}

void rump_pub_lwproc_switch(struct lwp *lwp)
{
	if (!ready())
		rump__kernel.ops->lwp_switch(rump__self.ht, lwp ? (void *)lwp : original);
}

void rump_pub_lwproc_releaselwp(void)
{
	if (!original || ready() || rump__kernel.ops->lwp(rump__self.ht) == original)
		return;
	rump__self.incall = 1;
	rump__kernel.ops->lwp_release(rump__self.ht, original);
	rump__self.incall = rump__self.held;
}

struct lwp *rump_pub_lwproc_curlwp(void)
{
	return rump__self.ht ? rump__kernel.ops->lwp(rump__self.ht) : NULL;
}
