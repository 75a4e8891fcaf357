/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tune.c - limits that the kernel derives from its memory
 *
 * It boots with a part of it (boot.c) and computes them for that. They are set
 * here for all the memory it may come to have, by the kernel's own formulas.
 *
 * Capabilities do not count in /proc/sys, only who somebody is. So another user than root, who has
 * become himself in the kernel already, is root for as long as it takes. That his process is his own in
 * /proc, too, has to be said again after it.
 */
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>

#include "bare/str.h"

#include "core.h"

#define PAGE	4096UL

static void set(const char *name, const char *value)
{
	char path[128];
	long fd, done;

	str_printf(path, sizeof(path), "/proc/sys/%s", name);
	fd = done = rump__enter(__NR_open, (long)path, O_WRONLY, 0, 0, 0, 0);
	if (fd >= 0) {
		done = rump__enter(__NR_write, fd, (long)value, str_length(value), 0, 0, 0);
		rump__enter(__NR_close, fd, 0, 0, 0, 0, 0);
	}
	if (done < 0)
		rump__error("%s of the kernel cannot be set: %s", name, str_error(done));
}

static void become(long euid)
{
	rump__enter(__NR_setresuid, -1, euid, -1, 0, 0, 0);
}

static unsigned long at_most(unsigned long a, unsigned long b)
{
	return a < b ? a : b;
}

/**
 * rump__tune() - Set limits by the memory there may be
 * @ram:	bytes
 */
void rump__tune(unsigned long ram)
{
	unsigned long pages = ram / PAGE, share = at_most(ram / 128, 4UL << 20);
	long euid = rump__enter(__NR_geteuid, 0, 0, 0, 0, 0, 0);
	char value[96];

	if (euid)
		become(0);
	/*
	 * Writeback begins after a tenth of memory as ever, but not later than this: it runs
	 * on other threads than the writer, and all that is left to do at an fsync is waited for.
	 */
	str_printf(value, sizeof(value), "%lu", at_most(ram / 10, 32UL << 20));
	set("vm/dirty_background_bytes", value);
	/* tcp_init_mem(), udp_init(): pages; tcp_init(): bytes of one socket. */
	str_printf(value, sizeof(value), "%lu %lu %lu", pages / 16 * 3 / 4, pages / 16,
		 pages / 16 * 3 / 2);
	set("net/ipv4/tcp_mem", value);
	str_printf(value, sizeof(value), "%lu %lu %lu", pages / 8 * 3 / 4, pages / 8,
		 pages / 8 * 3 / 2);
	set("net/ipv4/udp_mem", value);
	str_printf(value, sizeof(value), "4096 16384 %lu", share > 65536 ? share : 65536);
	set("net/ipv4/tcp_wmem", value);
	str_printf(value, sizeof(value), "4096 131072 %lu", share > 131072 ? share : 131072);
	set("net/ipv4/tcp_rmem", value);
	if (euid) {
		become(euid);
		rump__enter(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0, 0);
	}
}
