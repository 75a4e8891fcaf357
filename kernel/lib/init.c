/* SPDX-License-Identifier: BSD-2-Clause */
/* init.c - rump_init(): the core, with a C library around it */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "public.h"
#include "internal.h"

static pthread_mutex_t init_lock = PTHREAD_MUTEX_INITIALIZER;

/* The directory of this library, which the kernel image lies under. */
static const char *own_directory(void)
{
	static char dir[PATH_MAX];
	const char *slash;
	Dl_info info;

	if (!dladdr(own_directory, &info) || !info.dli_fname)
		return ".";
	slash = strrchr(info.dli_fname, '/');
	if (!slash)
		return ".";
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - info.dli_fname), info.dli_fname);
	return dir;
}

static int init(void)
{
	struct rump__setup setup = {
		.envp = environ,
		.libdir = own_directory(),
		.comm = program_invocation_short_name,
		.thread = rump__host_thread,
		.attached = rump__thread_attached,
		.amend = rump__howto_apply,
	};
	int err;

	err = rump__threads_init();
	if (!err)
		err = rump__boot(&setup);
	if (!err)
		rump__howto_devices();
	if (!err)
		err = rump__net_up();
	return err;
}

int rump_init(void)
{
	int err = 0;

	pthread_mutex_lock(&init_lock);
	if (!rump__kernel.up)
		err = init();
	pthread_mutex_unlock(&init_lock);
	if (err)
		errno = err;
	return err;
}

__attribute__((destructor)) static void at_exit(void)
{
	rump__exit();
}
