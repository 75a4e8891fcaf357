/* SPDX-License-Identifier: BSD-2-Clause */
/* listing.h - the numbers that entries of a directory have as names, as in /proc */
#ifndef RUMPUSER_BARE_LISTING_H
#define RUMPUSER_BARE_LISTING_H

#include <linux/fcntl.h>

#include "raw.h"
#include "str.h"

/**
 * struct listing - What is being read of a directory
 * @fd:		the directory, or a negated errno
 * @at:		next entry in @room
 * @end:	behind the last one
 */
struct listing {
	long fd;
	long at;
	long end;
	char room[1024] __attribute__((aligned(8)));
};

/**
 * struct listing_entry - linux/dirent.h's, for getdents64(2)
 */
struct listing_entry {
	uint64_t ino;
	int64_t off;
	uint16_t length;
	uint8_t type;
	char name[];
};

static inline void listing_open(struct listing *l, const char *path)
{
	l->fd = raw4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	l->at = l->end = 0;
}

/**
 * listing_next() - Go on to the next number
 *
 * Return: false at the end, with the directory closed
 */
static inline bool listing_next(struct listing *l, unsigned long *number)
{
	const struct listing_entry *entry;
	const char *end;

	while (!raw_failed(l->fd)) {
		if (l->at == l->end) {
			l->at = 0;
			l->end = raw3(__NR_getdents64, l->fd, l->room, sizeof(l->room));
			if (l->end > 0)
				continue;
			raw1(__NR_close, l->fd);
			return false;
		}
		entry = (const struct listing_entry *)(l->room + l->at);
		l->at += entry->length;
		if (str_to_number(entry->name, number, &end) && !*end)
			return true;
	}
	return false;
}

#endif
