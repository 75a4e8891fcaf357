/* SPDX-License-Identifier: BSD-2-Clause */
/* imgcat.c - print a file of a file-system image: imgcat IMAGE FILE */
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <rump/rump_syscalls.h>

#include "mountimg.h"

int main(int argc, char **argv)
{
	static char buf[1 << 16];
	char path[4096];
	ssize_t n;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: imgcat IMAGE FILE\n");
		return 2;
	}
	mount_image(argv[1], MS_RDONLY);
	snprintf(path, sizeof(path), "/mnt/%s", argv[2]);
	fd = rump_sys_open(path, O_RDONLY, 0);
	if (fd < 0) {
		perror(path);
		return 1;
	}
	while ((n = rump_sys_read(fd, buf, sizeof(buf))) > 0) {
		if (write(STDOUT_FILENO, buf, n) != n) {
			perror("stdout");
			return 1;
		}
	}
	if (n < 0) {
		perror(path);
		return 1;
	}
	return 0;
}
