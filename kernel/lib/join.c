/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * join.c - a process joins a kernel that another one has booted
 *
 * It maps the same memory at the same addresses and has hypercalls of its own. From
 * there on its calls are direct ones; the threads that the kernel has for its own
 * work, and its disks, belong to the process that booted it.
 */
#include <asm/errno.h>
#include <asm/signal.h>

#include <rump/rumpuser_ext.h>

#include "bare/raw.h"

#include "core.h"

/**
 * rump__join_early() - Do of rump__join() what can be done before the kernel is known
 * @setup:	copied, but not what it points to
 *
 * The caller has all signals blocked. There is no way back but rump__join().
 */
void rump__join_early(const struct rump__setup *setup)
{
	rump__setup = *setup;
	rump__image_early(setup);
	rump__signals_init();
}

/**
 * rump__join() - Become a process of a kernel that is up, after rump__join_early()
 * @layout:	of that kernel
 * @fd:		its memfd; this process's from now on
 * @process:	which of the kernel's processes this is to be
 * @orphan:	has whoever makes it one ended? Then it will never be
 *
 * The caller has all signals blocked.
 *
 * Return: 0, or an errno value
 */
int rump__join(const struct rump__layout *layout, int fd, struct rump_process *process,
	       int (*orphan)(void))
{
	struct rump__kernel *k = &rump__kernel;
	struct rump_hthread *ht;
	int err;

	err = rump__image_join(k, layout, fd);
	if (err)
		return err;
	rump__fill_hyp((struct rump_hyp *)RUMP_HYP_ADDR);
	rump__enter_image = k->ops->enter;
	for (unsigned int i = 0; i < RUMPUSER_EXT_NET_PORTS; i++)
		rumpuser_ext_net_join(i, layout->pid, &layout->nets[i]);
	rump__signals_attach();
	ht = k->ops->fork_child(process, raw0(__NR_getpid), rumpuser_ext_gettid(), orphan);
	if (!ht)
		return ESRCH;
	rump__self.ht = ht;
	k->pid = raw0(__NR_getpid);
	rump__debug_register(k->symfile, k->symfile_size);
	k->proc = process;
	k->up = true;
	return 0;
}
