// SPDX-License-Identifier: BSD-2-Clause
/* high.c - numbers for the shim's own descriptors, out of the way of programs that count from 3
 *
 * They are large ones, or where so many are not allowed (RLIMIT_NOFILE), the last quarter of what there is.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/resource.h>

#include "high.h"
#include "raw.h"

#define LOWEST 700

/**
 * high_copy() - Duplicate a descriptor to a high number, close-on-exec
 *
 * Return: it, or a negated errno
 */
long high_copy(int fd)
{
	long copy = raw3(__NR_fcntl, fd, F_DUPFD_CLOEXEC, LOWEST);
	unsigned long lowest[2];
	struct rlimit limit;

	/* EINVAL: beyond the limit; EMFILE: all up to the limit are in use. */
	if ((copy != -EINVAL && copy != -EMFILE) ||
	    raw_failed(raw4(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, &limit)))
		return copy;
	lowest[0] = limit.rlim_cur - limit.rlim_cur / 4;
	lowest[1] = limit.rlim_cur / 2;
	for (int i = 0; i < 2 && raw_failed(copy); i++)
		copy = raw3(__NR_fcntl, fd, F_DUPFD_CLOEXEC, lowest[i]);
	return copy;
}

/**
 * high_move() - Give a descriptor a high number, close-on-exec
 *
 * Return: it, or @fd as it was if there is none
 */
int high_move(int fd)
{
	long copy = high_copy(fd);

	if (raw_failed(copy))
		return fd;
	raw1(__NR_close, fd);
	return (int)copy;
}
