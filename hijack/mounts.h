/* SPDX-License-Identifier: BSD-2-Clause */
/* mounts.h - RUMP_MOUNT */
#ifndef HIJACK_MOUNTS_H
#define HIJACK_MOUNTS_H

#include <stdbool.h>

/**
 * struct mount_entry - One thing to mount
 * @path:	@source from the root
 * @type:	NULL: to be found
 * @options:	the file system's own, or NULL
 * @size:	0: the rest
 */
struct mount_entry {
	struct mount_entry *next;
	const char *source;
	const char *path;
	const char *directory;
	const char *type;
	const char *options;
	unsigned long flags;
	unsigned long offset;
	unsigned long size;
};

/* mountparse.c */
bool mounts_read(const char *value);

extern struct mount_entry *mounts_entries;
extern const char *mounts_directory; /* what relative names in RUMP_MOUNT are relative to */

/* mounts.c */
bool mounts_mount(void);

#endif
