// SPDX-License-Identifier: BSD-2-Clause
/* probe.c - what file system is on an image: the helper of RUMP_MOUNT
 *
 *	probe FILE OFFSET SIZE
 *
 * prints the kernel's name for what lies there; SIZE 0 is the rest. A program of its own, because libblkid has no place in the
 * processes that the shim lives in.
 */
#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/**
 * kernel_name() - The kernel's name of a type, where libblkid has another
 */
static const char *kernel_name(const char *type)
{
	return strcmp(type, "ntfs") ? type : "ntfs3";
}

int main(int argc, char **argv)
{
	const char *type;
	blkid_probe probe;
	int fd, result;

	if (argc != 4) {
		fprintf(stderr, "usage: %s FILE OFFSET SIZE\n", argv[0]);
		return 1;
	}
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	probe = fd < 0 ? NULL : blkid_new_probe();
	if (!probe || blkid_probe_set_device(probe, fd, strtoll(argv[2], NULL, 10),
					     strtoll(argv[3], NULL, 10))) {
		fprintf(stderr, "rump: cannot read %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE);
	result = blkid_do_safeprobe(probe);
	if (result == -2) {
		fprintf(stderr, "rump: %s has traces of several file systems; name one with type=\n",
			argv[1]);
		return 1;
	}
	if (result || blkid_probe_lookup_value(probe, "TYPE", &type, NULL)) {
		fprintf(stderr, "rump: %s has no file system that is known\n", argv[1]);
		return 1;
	}
	puts(kernel_name(type));
	blkid_free_probe(probe);
	close(fd);
	return 0;
}
