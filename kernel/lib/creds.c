/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * creds.c - what the kernel's first process takes over from this one
 *
 * Ids, groups, umask, limits. What may be done with them: arch/rump/kernel/creds.c.
 */
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/resource.h>

#include "bare/raw.h"
#include "bare/str.h"

#include "core.h"

#define STATUS_SIZE	256	/* "Umask:" is its second line */

/* To ask umask(2) would change it for other threads meanwhile. */
static bool umask_in_status(unsigned int *mask)
{
	char text[STATUS_SIZE + 1];
	const char *at;
	long fd, n;

	fd = raw4(__NR_openat, AT_FDCWD, "/proc/thread-self/status", O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	n = raw3(__NR_read, fd, text, STATUS_SIZE);
	raw1(__NR_close, fd);
	text[n > 0 ? n : 0] = 0;
	at = str_search(text, "\nUmask:\t");
	if (!at)
		return false;
	*mask = 0;
	for (at += str_length("\nUmask:\t"); *at >= '0' && *at <= '7'; at++)
		*mask = *mask * 8 + (*at - '0');
	return true;
}

/* Without /proc there is no other way. */
static unsigned int umask_asked(void)
{
	unsigned int mask = raw1(__NR_umask, 077);

	raw1(__NR_umask, mask);
	return mask;
}

/**
 * rump__creds() - Fill in what the first process takes over
 * @info:	parameters of the boot
 *
 * More groups than there is room for count as none; with all capabilities they
 * decide nothing.
 */
void rump__creds(struct rump_bootinfo *info)
{
	const unsigned int room = sizeof(info->groups) / sizeof(info->groups[0]);
	long n;

	raw3(__NR_getresuid, &info->uid[0], &info->uid[1], &info->uid[2]);
	raw3(__NR_getresgid, &info->gid[0], &info->gid[1], &info->gid[2]);
	n = raw2(__NR_getgroups, room, info->groups);
	info->ngroups = n > 0 ? n : 0;
	if (!umask_in_status(&info->umask))
		info->umask = umask_asked();
	raw4(__NR_prlimit64, 0, RLIMIT_NOFILE, NULL, info->nofile);
	raw4(__NR_prlimit64, 0, RLIMIT_FSIZE, NULL, info->fsize);
}
