// SPDX-License-Identifier: BSD-2-Clause
/* mksites.c - make images of objects ahead of time, or on the shim's demand
 *
 *	mksites -d DIR FILE...	write DIR/<build-id>.img for each
 *	mksites -l FILE...	list the sites
 *	mksites -i [-d DIR]	one object: the ELF file on descriptor 0, its image to descriptor 1,
 *				and a copy to DIR if that can be done
 *
 * An image gets its name when it is whole, so that no reader meets half of one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_make.h"

static const char *const reasons[] = {
	[SITE_REWRITTEN] = "rewritten",
	[SITE_SIGRETURN] = "kept: signal return",
	[SITE_NO_ROOM] = "kept: no room for a jump",
	[SITE_TEXTREL] = "kept: text is relocated",
};

/**
 * write_all() - Write a buffer to a descriptor
 */
static int write_all(int fd, const uint8_t *bytes, uint64_t length)
{
	while (length) {
		ssize_t done = write(fd, bytes, length);

		if (done < 0 && errno != EINTR)
			return -errno;
		if (done > 0) {
			bytes += done;
			length -= (uint64_t)done;
		}
	}
	return 0;
}

/**
 * make_directories() - mkdir -p
 * @path:	written to, and restored
 */
static void make_directories(char *path)
{
	mode_t mode = geteuid() ? 0700 : 0755;

	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, mode);
		*slash = '/';
	}
	mkdir(path, mode);
}

/**
 * store() - Write an image into a directory under its key's name
 */
static int store(const char *directory, const uint8_t *image, uint64_t size)
{
	const struct image_header *header = (const struct image_header *)image;
	char name[2 * IMAGE_KEY_MAX + 5], *path, *temporary = NULL;
	int fd, error;

	image_key_name(&header->key, name);
	path = strdup(directory);
	if (!path)
		return -ENOMEM;
	make_directories(path);
	free(path);
	error = -ENOMEM;
	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return error;
	if (asprintf(&temporary, "%s/.new-XXXXXX", directory) < 0)
		goto free_path;
	fd = mkstemp(temporary);
	error = -errno;
	if (fd < 0)
		goto free_temporary;
	error = write_all(fd, image, size);
	if (!error && fchmod(fd, 0644))
		error = -errno;
	if (close(fd) && !error)
		error = -errno;
	if (!error && rename(temporary, path))
		error = -errno;
	if (error)
		unlink(temporary);
free_temporary:
	free(temporary);
free_path:
	free(path);
	return error;
}

/**
 * make() - Make the image of the file behind a descriptor
 */
static int make(int fd, uint8_t **image, uint64_t *size)
{
	struct image_key key;
	struct stat status;
	void *data;
	int error;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode) || !status.st_size)
		return -ENOEXEC;
	image_key_from_stat(&key, status.st_dev, status.st_ino, (uint64_t)status.st_size,
			    (uint64_t)status.st_mtim.tv_sec * 1000000000 +
				    (uint64_t)status.st_mtim.tv_nsec);
	data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	error = image_make(data, (uint64_t)status.st_size, &key, image, size);
	munmap(data, (size_t)status.st_size);
	return error;
}

/**
 * list_sites() - Print what an image says of its object
 */
static void list_sites(const char *path, const uint8_t *image)
{
	const struct image_header *header = (const struct image_header *)image;
	const struct image_site *site = (const struct image_site *)(image + header->sites_offset);

	printf("%s: %u sites, %u rewritten, %u runs\n", path, header->nsites, header->nslots,
	       header->nruns);
	for (uint32_t i = 0; i < header->nruns; i++)
		printf("  pages %#lx-%#lx\n", header->run[i].vaddr,
		       header->run[i].vaddr + header->run[i].length);
	for (uint32_t i = 0; i < header->nsites; i++, site++)
		printf("  %#lx window %ld+%d %s\n", site->syscall,
		       (long)(site->start - site->syscall), site->window, reasons[site->reason]);
}

/**
 * on_demand() - The shim's -i: descriptor 0 to descriptor 1
 */
static int on_demand(const char *directory)
{
	uint8_t *image;
	uint64_t size;
	int error = make(STDIN_FILENO, &image, &size);

	if (error)
		return 1;
	error = write_all(STDOUT_FILENO, image, size);
	if (directory)
		store(directory, image, size);
	free(image);
	return error ? 1 : 0;
}

/**
 * one_file() - The command line's -d and -l
 */
static int one_file(const char *path, const char *directory, bool list)
{
	uint8_t *image;
	uint64_t size;
	int fd = open(path, O_RDONLY | O_CLOEXEC), error = -errno;

	if (fd >= 0) {
		error = make(fd, &image, &size);
		close(fd);
	}
	if (error) {
		fprintf(stderr, "mksites: %s: %s\n", path, strerror(-error));
		return 1;
	}
	if (list)
		list_sites(path, image);
	if (directory)
		error = store(directory, image, size);
	if (error)
		fprintf(stderr, "mksites: %s: %s\n", directory, strerror(-error));
	free(image);
	return error ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *directory = NULL;
	bool list = false, demand = false;
	int option, status = 0;

	while ((option = getopt(argc, argv, "d:il")) != -1) {
		switch (option) {
		case 'd':
			directory = optarg;
			break;
		case 'i':
			demand = true;
			break;
		case 'l':
			list = true;
			break;
		default:
			goto usage;
		}
	}
	if (demand && optind == argc)
		return on_demand(directory);
	if (demand || optind == argc || !(directory || list))
		goto usage;
	for (; optind < argc; optind++)
		status |= one_file(argv[optind], directory, list);
	return status;
usage:
	fprintf(stderr, "usage: mksites [-l] [-d directory] file ...\n"
			"       mksites -i [-d directory] <object >image\n");
	return 2;
}
