/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attach.c - host threads and the kernel
 *
 * A thread gets its task at its first call, and gives it up when it ends.
 */
#include <asm/errno.h>

#include <rump/rumpuser_ext.h>

#include "bare/raw.h"

#include "core.h"

__thread struct rump__thread rump__self;

/**
 * rump__attach() - Give the calling thread a task
 *
 * Return: 0, -ENXIO without a kernel, -EIO in a process that the kernel does not know, -EAGAIN if it
 * cannot have one
 */
int rump__attach(void)
{
	struct rump_hthread *ht;

	if (!rump__kernel.up) {
		rump__wait_for_end();
		return -ENXIO;
	}
	if (rump__self.unborn)
		return rump__self.unborn == RUMP__FOREIGN ? rump__foreign() : -EIO;
	rump__signals_attach();
	rump__self.incall = 1;
	ht = rump__kernel.ops->attach(rump__kernel.proc, rumpuser_ext_gettid());
	rump__self.incall = rump__self.held;
	if (ht) {
		rump__self.ht = ht;
		if (rump__setup.attached)
			rump__setup.attached();
	}
	if (rump__self.deferred)
		rump__call_end(0, 0, 0, 0, 0, 0, 0, 0);
	if (!ht && rump__is_lost())
		return rump__lost();
	if (!ht)
		rump__wait_for_end();
	return ht ? 0 : -EAGAIN;
}

/**
 * rump__detach() - End the calling thread's task
 */
void rump__detach(void)
{
	struct rump_hthread *ht = rump__self.ht;

	rump__self.incall = 1;
	rump__self.ht = NULL;
	rump__kernel.ops->detach(ht);
	rump__self.incall = 0;
	if (rump__self.deferred)
		rump__call_end(0, 0, 0, 0, 0, 0, 0, 0);
}

/**
 * rump__forked() - In a forked child, which is a process of the kernel
 * @process:	which
 * @ht:	the calling thread there
 *
 * Its parent has forked with signals held, and so they are here, once, until the caller releases them. Those
 * that came to the parent meanwhile are blocked in the mask that the child has from it.
 */
void rump__forked(struct rump_process *process, struct rump_hthread *ht)
{
	rump__kernel.proc = process;
	rump__self = (struct rump__thread){
		.ht = ht,
		.incall = 1,
		.held = 1,
		.deferred = rump__self.deferred,
		.deferred_set = rump__self.deferred_set,
		.masked = rump__self.masked,
	};
	rump__kernel.pid = raw0(__NR_getpid);
	rump__signals_forked();
}

/**
 * rump__forget() - In a forked child, which shares the kernel's memory but is no process of it
 */
void rump__forget(void)
{
	rump__kernel.up = false;
	rump__self = (struct rump__thread){
		.deferred = rump__self.deferred,
		.deferred_set = rump__self.deferred_set,
		.masked = rump__self.masked,
	};
	rump__signals_forked();
	if (rump__self.deferred)
		rump__call_end(0, 0, 0, 0, 0, 0, 0, 0);
}
