/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot.c - rump_init()
 *
 * Image, hypercalls, helper threads, boot. A second call finds the kernel up.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "public.h"
#include <rump/rumpuser.h>
#include <rump/rumpuser_ext.h>

#include "internal.h"

/* Struct pages of memory that is there cost time and space; see mm/grow.c. */
#define BOOT_RAM	(16UL << 20)
#define BOOT_RAM_CPU	(2UL << 20)
#define SERVERS		4
#define BOOT_MEMMAP	(640UL << 10)
#define BOOT_HEAP	(16UL << 20)
#define BOOT_HEAP_SIZE	(2560UL << 10)

struct rump__kernel rump__kernel;
void (*rump__enter_image)(void);

static pthread_mutex_t boot_lock = PTHREAD_MUTEX_INITIALIZER;

static void fill_hyp(struct rump_hyp *h)
{
	h->version = RUMP_ABI_VERSION;
	h->console = rumpuser_ext_console;
	h->panic = rumpuser_ext_panic;
	h->clock_mono = rumpuser_ext_clock_mono;
	h->clock_real = rumpuser_ext_clock_real;
	h->park = rumpuser_ext_park;
	h->wake = rumpuser_ext_wake;
	h->yield = rumpuser_ext_yield;
	h->map = rumpuser_ext_map;
	h->unmap = rumpuser_ext_unmap;
	h->populate = rumpuser_ext_populate;
	h->discard = rumpuser_ext_discard;
	h->io_nowait = (void *)rumpuser_ext_io_nowait;
	h->io = (void *)rumpuser_ext_io;
	h->tid = rumpuser_ext_gettid;
	h->thread = rump__host_thread;
	h->raise = rumpuser_ext_raise;
	h->random = rumpuser_ext_random;
}

static void helper(void *cpu)
{
	rump__kernel.ops->helper((unsigned long)cpu, rumpuser_ext_gettid());
}

/*
 * Most of the boot's time goes into the host's page faults. One server takes
 * them ahead of the booting thread, on another processor if there is one: the
 * struct pages, and where the kernel's allocator begins.
 */
static void prefault(void)
{
	rumpuser_ext_populate(RUMP_VMEMMAP_ADDR, BOOT_MEMMAP);
	rumpuser_ext_populate(RUMP_IMAGE_ADDR + BOOT_HEAP, BOOT_HEAP_SIZE);
}

static void server(void *first)
{
	if (first)
		prefault();
	rump__kernel.ops->serve(rumpuser_ext_gettid());
}

static int start_helpers(unsigned int ncpu)
{
	unsigned long i;
	int err = 0;

	for (i = 0; i < SERVERS && !err; i++)
		err = rump__host_thread(server, i ? NULL : &rump__kernel, "rump-server");
	for (i = 0; i < ncpu && !err; i++)
		err = rump__host_thread(helper, (void *)i, "rump-helper");
	if (err)
		rump__error("cannot start a thread: %s", strerror(-err));
	return -err;
}

/* What programs expect to find; the kernel has made the directory /dev itself. */
static void mount_kernel_fs(void)
{
	static const char *const fs[][2] = {
		{ "devtmpfs", "/dev" }, { "proc", "/proc" }, { "sysfs", "/sys" },
	};
	unsigned int i;

	rump__mount_tmpfs("/", MS_REMOUNT, NULL);
	for (i = 0; i < sizeof(fs) / sizeof(fs[0]); i++) {
		rump__enter(SYS_mkdir, (long)fs[i][1], 0755, 0, 0, 0, 0);
		rump__enter(SYS_mount, (long)fs[i][0], (long)fs[i][1], (long)fs[i][0], 0, 0, 0);
	}
	rump__enter(SYS_mkdir, (long)"/tmp", 01777, 0, 0, 0, 0);
}

static int boot(void)
{
	static struct rump_bootinfo info;
	struct rump__kernel *k = &rump__kernel;
	struct rump__params *p = &rump__params;
	struct rump_hthread *ht;
	unsigned long boot_ram;
	int err;

	err = rump__params_read(p);
	if (!err)
		err = rump__image_load(k, p->memlimit, p->ncpu);
	if (!err)
		err = rump__threads_init();
	if (err)
		return err;
	fill_hyp((struct rump_hyp *)RUMP_HYP_ADDR);
	rump__howto_apply(p, (struct rump_hyp *)RUMP_HYP_ADDR);
	rump__enter_image = k->ops->enter;
	boot_ram = BOOT_RAM + p->ncpu * BOOT_RAM_CPU;
	info = (struct rump_bootinfo){
		.ram = k->ram,
		.boot_ram = boot_ram < k->ram ? boot_ram : k->ram,
		.image_end = k->image_end,
		.ncpu = p->ncpu,
		.bound = p->bound,
		.verbose = p->verbose,
		.blkfail = p->blkfail,
		.blkfail_seed = p->blkfail_seed,
		.blkdelay = p->blkdelay,
		.pid = getpid(),
	};
	memcpy(info.hostname, p->hostname, sizeof(info.hostname));
	snprintf(info.comm, sizeof(info.comm), "%s", program_invocation_short_name);
	memcpy(info.cmdline, p->cmdline, sizeof(info.cmdline));
	rump__signals_init();
	err = start_helpers(p->ncpu);
	if (err)
		return err;
	rump__self.incall = 1;
	ht = k->ops->boot(&info, rumpuser_ext_gettid());
	rump__self.incall = 0;
	if (!ht) {
		rump__error("the kernel could not make its first process");
		return ENOMEM;
	}
	rump__self.ht = ht;
	rump__debug_register(k->symfile, k->symfile_size);
	k->up = true;
	k->pid = info.pid;
	mount_kernel_fs();
	rump__tune(k->ram);
	rump__howto_devices();
	return 0;
}

int rump_init(void)
{
	int err = 0;

	pthread_mutex_lock(&boot_lock);
	if (!rump__kernel.up)
		err = boot();
	pthread_mutex_unlock(&boot_lock);
	if (err) {
		errno = err;
		return err;
	}
	return 0;
}
