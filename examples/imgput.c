/* SPDX-License-Identifier: BSD-2-Clause */
/* imgput.c - write standard input to a file of a file-system image: imgput IMAGE FILE */
#include <fcntl.h>
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
		fprintf(stderr, "usage: imgput IMAGE FILE\n");
		return 2;
	}
	mount_image(argv[1], 0);
	snprintf(path, sizeof(path), "/mnt/%s", argv[2]);
	fd = rump_sys_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0) {
		perror(path);
		return 1;
	}
	while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0) {
		if (rump_sys_write(fd, buf, n) != n) {
			perror(path);
			return 1;
		}
	}
	if (rump_sys_fsync(fd) < 0 || rump_sys_close(fd) < 0) {
		perror(path);
		return 1;
	}
	return 0;
}
