/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot.c - from nothing to a kernel with its usual file systems
 *
 * Image, hypercalls, helper threads, boot. A second call finds the kernel up. Signals are
 * blocked meanwhile, but for those that the kernel's own faults arrive as.
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/mount.h>

#include <rump/rumpuser_ext.h>

#include "bare/lock.h"
#include "bare/raw.h"
#include "bare/str.h"

#include "core.h"

/* Struct pages of memory that is there cost time and space; see mm/grow.c. */
#define BOOT_RAM	(12UL << 20)
#define BOOT_RAM_CPU	(2UL << 20)
#define BOOT_HEAP	(16UL << 20)
#define BOOT_HEAP_SIZE	(2560UL << 10)
#define BOOT_HEAP_PIECE	(64UL << 10)

struct rump__setup rump__setup;
struct rump__kernel rump__kernel;
void (*rump__enter_image)(void);

static struct lock boot_lock;

/**
 * rump__fill_hyp() - The hypercalls of this process
 * @h:	table
 */
void rump__fill_hyp(struct rump_hyp *h)
{
	h->version = RUMP_ABI_VERSION;
	h->console = rumpuser_ext_console;
	h->panic = rumpuser_ext_panic;
	h->clock_mono = rumpuser_ext_clock_mono;
	h->clock_real = rumpuser_ext_clock_real;
	h->park = rumpuser_ext_park;
	h->wake = rumpuser_ext_wake;
	h->yield = rumpuser_ext_yield;
	h->map = rump__map;
	h->unmap = rump__unmap;
	h->populate = rumpuser_ext_populate;
	h->discard = rumpuser_ext_discard;
	h->io_nowait = (void *)rumpuser_ext_io_nowait;
	h->io = (void *)rumpuser_ext_io;
	h->tid = rumpuser_ext_gettid;
	h->thread = rump__setup.thread;
	h->raise = rumpuser_ext_raise;
	h->random = rumpuser_ext_random;
	h->kick = rumpuser_ext_kick;
	h->signal = rumpuser_ext_signal;
	h->kill = rump__kill;
	h->group = rump__group;
	h->net_send = (void *)rumpuser_ext_net_send;
	h->net_receive = (void *)rumpuser_ext_net_receive;
}

static void helper(void *cpu)
{
	rump__kernel.ops->helper((unsigned long)cpu, rumpuser_ext_gettid());
}

/*
 * Most of the boot's time goes into the host's page faults. One server takes
 * them ahead of the booting thread, on another processor if there is one: where
 * the kernel's allocator begins. In pieces, as each holds up whoever maps
 * something, and that is what starting a thread begins with.
 */
static void prefault(void)
{
	unsigned long at;

	for (at = BOOT_HEAP; at < BOOT_HEAP + BOOT_HEAP_SIZE; at += BOOT_HEAP_PIECE)
		rumpuser_ext_populate(RUMP_IMAGE_ADDR + at, BOOT_HEAP_PIECE);
}

static void server(void *last)
{
	if (last)
		prefault();
	rump__kernel.ops->serve(rumpuser_ext_gettid());
}

static int start_helpers(unsigned int ncpu)
{
	unsigned long i;
	int err = 0;

	for (i = 0; i < ncpu && !err; i++)
		err = rump__setup.thread(helper, (void *)i, "rump-helper");
	for (i = 1; i <= RUMP_SERVERS && !err; i++)
		err = rump__setup.thread(server, i == RUMP_SERVERS ? &rump__kernel : NULL,
					 "rump-server");
	if (err)
		rump__error("cannot start a thread: %s", str_error(err));
	return -err;
}

/* What programs expect to find; the kernel has made the directory /dev itself. */
static void mount_kernel_fs(void)
{
	static const char *const fs[][2] = {
		{ "devtmpfs", "/dev" }, { "proc", "/proc" }, { "sysfs", "/sys" },
	};
	unsigned int i;

	rump__mount("tmpfs", "/", "tmpfs", MS_REMOUNT, NULL);
	for (i = 0; i < sizeof(fs) / sizeof(fs[0]); i++) {
		rump__enter(__NR_mkdir, (long)fs[i][1], 0755, 0, 0, 0, 0);
		rump__enter(__NR_mount, (long)fs[i][0], (long)fs[i][1], (long)fs[i][0], 0, 0, 0);
	}
	rump__enter(__NR_mkdir, (long)"/tmp", 0777, 0, 0, 0, 0);
	rump__enter(__NR_chmod, (long)"/tmp", 01777, 0, 0, 0, 0);
}

static int boot(void)
{
	static struct rump_bootinfo info;
	struct rump__kernel *k = &rump__kernel;
	struct rump__params *p = &rump__params;
	struct rump_hthread *ht;
	unsigned long boot_ram;
	int err;

	err = rump__params_read(p, rump__setup.envp);
	if (!err)
		err = rump__image_load(k, &rump__setup, p);
	if (err)
		return err;
	rump__fill_hyp((struct rump_hyp *)RUMP_HYP_ADDR);
	if (rump__setup.amend)
		rump__setup.amend(p, (struct rump_hyp *)RUMP_HYP_ADDR);
	rump__enter_image = k->ops->enter;
	boot_ram = BOOT_RAM + p->ncpu * BOOT_RAM_CPU;
	info.ram = k->ram;
	info.boot_ram = boot_ram < k->ram ? boot_ram : k->ram;
	info.image_end = k->image_end;
	info.ncpu = p->ncpu;
	info.bound = p->bound;
	info.verbose = p->verbose;
	info.blkfail = p->blkfail;
	info.blkfail_seed = p->blkfail_seed;
	info.blkdelay = p->blkdelay;
	info.pid = raw0(__NR_getpid);
	str_copy(info.hostname, p->hostname);
	str_copy(info.cmdline, p->cmdline);
	str_printf(info.comm, sizeof(info.comm), "%s", rump__setup.comm);
	rump__creds(&info);
	rump__signals_init();
	rump__signals_attach();
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
	k->pid = info.pid;
	rump__debug_register(k->symfile, k->symfile_size);
	mount_kernel_fs();
	rump__tune(k->ram);
	k->up = true;
	return 0;
}

/**
 * rump__boot() - Boot the kernel, unless it is up
 * @setup:	copied, but not what it points to
 *
 * Return: 0, or an errno value after a message
 */
int rump__boot(const struct rump__setup *setup)
{
	unsigned long mask;
	int err = 0;

	if (__atomic_load_n(&rump__kernel.up, __ATOMIC_ACQUIRE))
		return 0;
	mask = lock_take_but(&boot_lock, RUMP__FAULTS | RUMP__BIT(SIGSYS));
	if (!rump__kernel.up) {
		rump__setup = *setup;
		err = boot();
	}
	lock_release(&boot_lock, mask & ~(rump__signals_up ? rump__open_signals : 0));
	return err;
}
