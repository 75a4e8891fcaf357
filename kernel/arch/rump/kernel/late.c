// SPDX-License-Identifier: GPL-2.0-only
/*
 * late.c - initialise a file system when it is first mounted
 *
 * Booting is part of every program's start, and the large file systems spend a
 * tenth of it each on caches and work spaces that few programs need. What would
 * be loaded as a module elsewhere is in the image, but its initcalls, which the
 * linker script sets apart, run when mount(2) or fsopen(2) first names the type.
 * Until then /proc/filesystems does not list it.
 *
 * "sysfs" stands for what only fills /sys: slab caches and module parameters.
 */
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <asm/late.h>

#define LATE(name)	extern initcall_entry_t rump_late_##name[], rump_late_##name##_end[]
LATE(btrfs);
LATE(xfs);
LATE(f2fs);
LATE(nfs);
LATE(erofs);
LATE(sysfs);

struct late {
	const char *type;
	initcall_entry_t *start, *end;
	bool done;
};

static struct late lates[] = {
	{ "btrfs", rump_late_btrfs, rump_late_btrfs_end },
	{ "xfs", rump_late_xfs, rump_late_xfs_end },
	{ "f2fs", rump_late_f2fs, rump_late_f2fs_end },
	{ "nfs", rump_late_nfs, rump_late_nfs_end },
	{ "nfs4", rump_late_nfs, rump_late_nfs_end },
	{ "erofs", rump_late_erofs, rump_late_erofs_end },
	{ "sysfs", rump_late_sysfs, rump_late_sysfs_end },
};
static DEFINE_MUTEX(late_mutex);

/* The machine mounts sysfs itself while it starts, which shall not count. */
static unsigned int sysfs_mounts;

static void run(struct late *late)
{
	initcall_entry_t *fn;
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(lates); i++)
		if (lates[i].start == late->start)
			lates[i].done = true;
	for (fn = late->start; fn < late->end; fn++) {
		err = initcall_from_entry(fn)();
		if (err)
			pr_err("%s: initialisation failed: %d\n", late->type, err);
	}
}

static void initialise(const char __user *utype)
{
	char type[16];
	unsigned int i;

	if (!utype || strncpy_from_user(type, utype, sizeof(type)) <= 0)
		return;
	type[sizeof(type) - 1] = 0;
	if (!strcmp(type, "sysfs") && !sysfs_mounts++)
		return;
	mutex_lock(&late_mutex);
	for (i = 0; i < ARRAY_SIZE(lates); i++)
		if (!lates[i].done && !strcmp(lates[i].type, type))
			run(&lates[i]);
	mutex_unlock(&late_mutex);
}

asmlinkage long rump_sys_mount(char __user *dev, char __user *dir, char __user *type,
			       unsigned long flags, void __user *data)
{
	initialise(type);
	return sys_mount(dev, dir, type, flags, data);
}

asmlinkage long rump_sys_fsopen(const char __user *type, unsigned int flags)
{
	initialise(type);
	return sys_fsopen(type, flags);
}
