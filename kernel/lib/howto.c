/* SPDX-License-Identifier: BSD-2-Clause */
/* howto.c - what a program may choose before rump_init() */
#include <errno.h>

#include <rump/rumpuser.h>
#include <rump/rumpuser_ext.h>

#include "public.h"
#include "internal.h"

static int howto;
static enum rump_sigmodel sigmodel = RUMP_SIGMODEL_HOST;
static struct rump_boot_etfs *boot_etfs, **boot_etfs_tail = &boot_etfs;

void rump_boot_sethowto(int flags)
{
	howto = flags;
}

int rump_boot_gethowto(void)
{
	return howto;
}

void rump_boot_setsigmodel(enum rump_sigmodel model)
{
	sigmodel = model;
}

void rump_boot_etfs_register(struct rump_boot_etfs *eb)
{
	eb->_eb_next = NULL;
	eb->eb_status = -1;
	*boot_etfs_tail = eb;
	boot_etfs_tail = &eb->_eb_next;
}

static int signal_ignored(int tid, int sig, void *info)
{
	(void)tid;
	(void)sig;
	(void)info;
	return 0;
}

static int signal_fatal(int tid, int sig, void *info)
{
	(void)tid;
	(void)sig;
	(void)info;
	rumpuser_ext_panic("a signal for the program, and RUMP_SIGMODEL_PANIC");
}

/**
 * rump__howto_apply() - Let the program's choices change what was read and filled in
 * @p:	parameters
 * @h:	hypercalls
 */
void rump__howto_apply(struct rump__params *p, struct rump_hyp *h)
{
	if (howto & RUMP_AB_QUIET)
		p->verbose = 0;
	else if (howto & RUMP_AB_VERBOSE)
		p->verbose = 1;
	if (sigmodel == RUMP_SIGMODEL_IGNORE)
		h->raise = signal_ignored;
	else if (sigmodel == RUMP_SIGMODEL_PANIC)
		h->raise = signal_fatal;
}

/**
 * rump__howto_devices() - Make the devices that were asked for
 */
void rump__howto_devices(void)
{
	struct rump_boot_etfs *eb;

	for (eb = boot_etfs; eb; eb = eb->_eb_next)
		eb->eb_status = rump_pub_etfs_register_withsize(eb->eb_key, eb->eb_hostpath,
								eb->eb_type, eb->eb_begin,
								eb->eb_size);
}

int rump_daemonize_begin(void)
{
	/* The process that goes on is a child, and would have no kernel. */
	if (rump__kernel.up)
		return EALREADY;
	return rumpuser_daemonize_begin();
}

int rump_daemonize_done(int error)
{
	return rumpuser_daemonize_done(error);
}
