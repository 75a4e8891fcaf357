// SPDX-License-Identifier: BSD-2-Clause
/* image.c - find the image of an object, or have it made
 *
 * Theory of operation
 *
 * An image is looked for by the object's key in two directories: the user's cache and the one that
 * was filled when the shim was installed. It is code that the program will run, so a file counts
 * only if root or the user owns it and no one else can write it, and if its header fits the object.
 *
 * On a miss mksites makes the image, as a process of its own: decoding needs a library that needs
 * libc, and neither may be entered here. The child is cloned without SIGCHLD, so that the program's
 * own waiting does not meet it. It writes the image to a memory file, which is what this process
 * maps, and to the cache if that is possible.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/stat.h>
#include <linux/wait.h>

#include "raw.h"
#include "state.h"
#include "str.h"

#ifndef MFD_EXEC /* Linux 6.3 */
#define MFD_NOEXEC_SEAL 0x0008U
#define MFD_EXEC	0x0010U
#endif

#define PATH_ROOM 4096

/* What the child of make_image() is told. */
struct errand {
	int elf;
	int image;
	const char *cache;
};

static char path[PATH_ROOM] RARELY;
static unsigned char errand_stack[4096] RARELY __attribute__((aligned(16)));
static unsigned char mksites_stack[4096] RARELY __attribute__((aligned(16)));

/**
 * image_fits() - Read and check the header of an image
 * @header:	a page
 * @made_here:	by mksites for this process, so its owner does not matter
 */
static bool image_fits(int fd, const struct loaded *object, struct image_header *header,
		       bool made_here)
{
	struct stat status;

	if (raw_failed(raw2(__NR_fstat, fd, &status)) || !S_ISREG(status.st_mode))
		return false;
	if (!made_here &&
	    ((status.st_mode & 022) ||
	     (status.st_uid != 0 && status.st_uid != (unsigned int)raw0(__NR_geteuid))))
		return false;
	if (raw4(__NR_pread64, fd, header, sizeof(*header), 0) != sizeof(*header))
		return false;
	return image_header_valid(header, status.st_size) &&
	       image_key_equal(&header->key, &object->key) &&
	       header->fingerprint == object->fingerprint;
}

/**
 * search_caches() - Open the image of an object
 *
 * Return: a descriptor or -ENOENT
 */
static int search_caches(const struct loaded *object, struct image_header *header)
{
	for (int i = 0; i < 2; i++) {
		const char *cache = hijack_config.cache[i];
		char *end;
		long fd;

		if (!cache || str_length(cache) > PATH_ROOM - 100)
			continue;
		end = str_copy(str_copy(path, cache), "/");
		image_key_name(&object->key, end);
		fd = raw4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
		if (raw_failed(fd))
			continue;
		if (image_fits((int)fd, object, header, false))
			return (int)fd;
		raw1(__NR_close, fd);
	}
	return -ENOENT;
}

/**
 * run_mksites() - Become mksites; on a stack of its own, in the program's memory
 * @argument:	struct errand
 */
static void run_mksites(void *argument)
{
	const struct errand *errand = argument;
	const char *const argv[] = {"mksites", "-i", errand->cache ? "-d" : NULL, errand->cache,
				    NULL};
	const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
	/* Out of the way of 0, 1, 2. */
	long elf = raw3(__NR_fcntl, errand->elf, F_DUPFD, 10);
	long image = raw3(__NR_fcntl, errand->image, F_DUPFD, 10);
	long null = raw4(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);

	raw3(__NR_dup3, elf, 0, 0);
	raw3(__NR_dup3, image, 1, 0);
	if (null > 2)
		raw3(__NR_dup3, null, 2, 0);
	raw3(__NR_close_range, 3, ~0u, 0);
	raw3(__NR_execve, hijack_config.mksites, argv, envp);
	raw1(__NR_exit, 127);
}

/**
 * run_errand() - Have mksites run, and exit as it does; on a stack of its own, in the program's
 * memory
 * @argument:	struct errand
 */
static void run_errand(void *argument)
{
	long child = hijack_spawn(run_mksites, argument, mksites_stack + sizeof(mksites_stack));
	int status = 0;
	long result;

	do
		result = raw4(__NR_wait4, child, &status, __WALL, 0);
	while (result == -EINTR);
	/* Where SIGCHLD is ignored there is no status to be had; the image will tell. */
	raw1(__NR_exit, raw_failed(child) ? 126 : (status >> 8) | (status & 127));
}

/**
 * memory_file() - An empty file that may be mapped executable, if that is allowed
 */
static int memory_file(void)
{
	static const unsigned int flags[] = {MFD_EXEC, 0, MFD_NOEXEC_SEAL};
	long fd = -ENOSYS;

	for (int i = 0; i < 3; i++) {
		fd = raw2(__NR_memfd_create, "rump-image", MFD_CLOEXEC | flags[i]);
		if (!raw_failed(fd))
			break;
	}
	return (int)fd;
}

/**
 * make_image() - Have mksites make an image
 * @elf:	descriptor of the object's file
 * @keep:	in the cache, too
 *
 * Return: a descriptor or a negative errno; -ENOEXEC if mksites refuses the file
 */
static int make_image(const struct loaded *object, int elf, struct image_header *header, bool keep)
{
	struct errand errand = {.elf = elf, .cache = keep ? hijack_config.cache[0] : NULL};
	int status = 0;
	long child, result;

	errand.image = memory_file();
	if (errand.image < 0)
		return errand.image;
	child = hijack_spawn(run_errand, &errand, errand_stack + sizeof(errand_stack));
	result = child;
	if (raw_failed(child))
		goto close_image;
	do
		result = raw4(__NR_wait4, child, &status, __WALL, 0);
	while (result == -EINTR);
	if (raw_failed(result))
		goto close_image;
	result = status == 127 << 8 ? -ENOENT : -ENOEXEC;
	if (status || !image_fits(errand.image, object, header, true))
		goto close_image;
	return errand.image;
close_image:
	raw1(__NR_close, errand.image);
	return (int)result;
}

/**
 * key_from_file() - Give a key to an object that has no build-id
 */
static void key_from_file(struct loaded *object, int elf)
{
	struct stat status = {0};

	raw2(__NR_fstat, elf, &status);
	image_key_from_stat(&object->key, status.st_dev, status.st_ino, status.st_size,
			    status.st_mtime * 1000000000ull + status.st_mtime_nsec);
}

/**
 * image_open() - Open the image of an object, and make it if there is none
 * @elf:	descriptor of the object's file; -1 to open it by name if it is needed. If it is the rump
 *		kernel's, a copy is made if it is needed.
 * @header:	a page for the image's header
 *
 * Called before the program runs, or with the lock of regions.c held: it uses static memory.
 *
 * Return: a descriptor or a negative errno
 */
int image_open(struct loaded *object, int elf, struct image_header *header)
{
	int opened = -1, image;
	bool has_id;

	if (object->key.len) {
		image = search_caches(object, header);
		if (image >= 0)
			return image;
	}
	if (elf < 0 || object->copy) {
		opened = object->copy ? (int)object->copy(elf) :
					(int)raw4(__NR_openat, AT_FDCWD, object->name,
						  O_RDONLY | O_CLOEXEC, 0);
		if (opened < 0)
			return opened;
		elf = opened;
	}
	has_id = object->key.len;
	if (!has_id) {
		key_from_file(object, elf);
		image = search_caches(object, header);
		if (image >= 0)
			goto close;
	}
	/* What a copy is known by, nothing else will have. */
	image = make_image(object, elf, header, has_id || !object->copy);
close:
	if (opened >= 0)
		raw1(__NR_close, opened);
	return image;
}
