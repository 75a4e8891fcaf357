/* SPDX-License-Identifier: BSD-2-Clause */
/* imgls.c - list a directory of a file-system image: imgls IMAGE [DIR] */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <rump/rump_syscalls.h>

#include "mountimg.h"

/* What getdents64(2) fills. */
struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

static void print(int dir, const char *name)
{
	struct stat st;

	if (rump_sys_newfstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		perror(name);
		return;
	}
	printf("%06o %3lu %5u %5u %10lld %s\n", st.st_mode, (unsigned long)st.st_nlink, st.st_uid,
	       st.st_gid, (long long)st.st_size, name);
}

int main(int argc, char **argv)
{
	char path[4096], buf[32768];
	long n, i;
	int dir;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: imgls IMAGE [DIR]\n");
		return 2;
	}
	mount_image(argv[1], MS_RDONLY);
	snprintf(path, sizeof(path), "/mnt/%s", argc > 2 ? argv[2] : "");
	dir = rump_sys_open(path, O_RDONLY | O_DIRECTORY, 0);
	if (dir < 0) {
		perror(path);
		return 1;
	}
	while ((n = rump_sys_getdents64(dir, (void *)buf, sizeof(buf))) > 0)
		for (i = 0; i < n; i += ((struct entry *)(buf + i))->reclen)
			print(dir, ((struct entry *)(buf + i))->name);
	if (n < 0) {
		perror(path);
		return 1;
	}
	return 0;
}
