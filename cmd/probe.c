// SPDX-License-Identifier: BSD-2-Clause
/* probe.c - which file system is on a disk, as libblkid sees it */
#include <blkid/blkid.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rump.h"

#define SECTOR 512

/* What blkid_do_safeprobe() returns */
enum {
	PROBE_FOUND = 0,
	PROBE_NOTHING = 1,
	PROBE_AMBIGUOUS = -2,
};

/**
 * probe() - Look at a part of a disk
 * @size:	0 for all that is behind @offset
 * @result:	one of the above, or -1 on errors
 */
static blkid_probe probe(int fd, uint64_t offset, uint64_t size, int *result)
{
	blkid_probe probe = blkid_new_probe();

	if (!probe)
		die(STATUS_FAILED, "out of memory");
	*result = blkid_probe_set_device(probe, fd, offset, size);
	if (!*result) {
		blkid_probe_enable_superblocks(probe, true);
		blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE);
		blkid_probe_enable_partitions(probe, true);
		errno = 0;
		*result = blkid_do_safeprobe(probe);
	}
	return probe;
}

static const char *value(blkid_probe probe, const char *name)
{
	const char *value;

	return blkid_probe_lookup_value(probe, name, &value, NULL) ? NULL : value;
}

/**
 * name_partition() - Say how a partition is mounted
 */
static void name_partition(const struct mount *mount, int fd, uint64_t offset, uint64_t size)
{
	const char *type;
	int result;

	type = value(probe(fd, offset, size, &result), "TYPE");
	fprintf(stderr, "  -m %s:%s:offset=%ju,sizelimit=%ju  (%s)\n", mount_quote(mount->source),
		mount_quote(mount->dir), (uintmax_t)offset, (uintmax_t)size,
		type ? type_of_kernel(type) : "no file system");
}

static _Noreturn void refuse_table(const struct mount *mount, int fd, blkid_probe pr,
				   const char *table)
{
	blkid_partlist list;

	/* Before the list is made, which takes the values away. */
	warn("%s has a partition table (%s); mount one of its partitions:", mount->source, table);
	list = blkid_probe_get_partitions(pr);
	for (int i = 0; list && i < blkid_partlist_numof_partitions(list); i++) {
		blkid_partition part = blkid_partlist_get_partition(list, i);

		if (!blkid_partition_is_extended(part))
			name_partition(mount, fd, blkid_partition_get_start(part) * SECTOR,
				       blkid_partition_get_size(part) * SECTOR);
	}
	die(STATUS_FAILED, "%s is not mounted", mount->source);
}

/**
 * probe_type() - Find the kernel's name of the file system on a disk, or say what is wrong and exit
 * @fd:		the disk, open for reading
 * @offset:	where the file system begins
 * @size:	of it, or 0 for the rest of the disk
 */
const char *probe_type(const struct mount *mount, int fd, uint64_t offset, uint64_t size)
{
	const char *type, *usage, *table;
	blkid_probe pr;
	int result;

	pr = probe(fd, offset, size, &result);
	if (result == PROBE_AMBIGUOUS)
		die(STATUS_FAILED,
		    "%s has traces of more than one file system; say which by type=TYPE, "
		    "or remove them by wipefs(8)",
		    mount->source);
	if (result != PROBE_FOUND && result != PROBE_NOTHING)
		die(STATUS_FAILED, "%s: %s", mount->source,
		    errno ? strerror(errno) : "it is too short");
	type = value(pr, "TYPE");
	usage = value(pr, "USAGE");
	table = value(pr, "PTTYPE");
	if (!type && table)
		refuse_table(mount, fd, pr, table);
	if (!type)
		die(STATUS_FAILED, "%s has no file system that libblkid knows", mount->source);
	if (usage && strcmp(usage, "filesystem"))
		die(STATUS_FAILED, "%s is not a file system but %s (%s)", mount->source, type,
		    usage);
	return type_of_kernel(type);
}
