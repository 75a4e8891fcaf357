// SPDX-License-Identifier: BSD-2-Clause
/* types.c - the file systems of the rump kernel, as kernel/config/fs.config has them
 *
 * A test asks the kernel whether the lists are right.
 */
#include <string.h>

#include "rump.h"

static const char *const nodev_types[] = {
	"devtmpfs", "mqueue", "nfs", "nfs4", "overlay", "proc", "ramfs", "sysfs", "tmpfs", NULL,
};

static const char *const disk_types[] = {
	"btrfs", "erofs",  "exfat", "ext2",	"ext3", "ext4", "f2fs", "iso9660", "minix",
	"msdos", "nilfs2", "ntfs3", "squashfs", "udf",	"vfat", "xfs",	NULL,
};

static const char *const readonly_types[] = {"erofs", "iso9660", "squashfs", NULL};

static bool is_among(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

/**
 * type_is_nodev() - Whether the kernel mounts this type without a disk
 */
bool type_is_nodev(const char *name)
{
	return is_among(nodev_types, name);
}

/**
 * type_is_known() - Whether the kernel mounts disks of this type
 */
bool type_is_known(const char *name)
{
	return is_among(disk_types, name);
}

/**
 * type_is_readonly() - Whether file systems of this type are never written
 */
bool type_is_readonly(const char *name)
{
	return is_among(readonly_types, name);
}

/**
 * type_of_kernel() - The kernel's name for a type that libblkid has found
 */
const char *type_of_kernel(const char *blkid_name)
{
	return strcmp(blkid_name, "ntfs") ? blkid_name : "ntfs3";
}
