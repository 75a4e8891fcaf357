/* SPDX-License-Identifier: BSD-2-Clause */
/* mount.c - file systems, in the kernel's name space */
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mount.h>

#include "bare/str.h"

#include "core.h"

#define PATH_ROOM	4096
#define OPTIONS_ROOM	4096

static long call(long nr, const void *a, const void *b, long c, long d, const void *e)
{
	return rump__enter(nr, (long)a, (long)b, c, d, (long)e, 0);
}

/**
 * rump__make_dirs() - Make a directory and those on the way to it
 * @dir:	from the root; what is there already stays
 */
void rump__make_dirs(const char *dir)
{
	char path[PATH_ROOM];
	size_t i;

	str_printf(path, sizeof(path), "%s", dir);
	for (i = 1; path[0] && path[i]; i++) {
		if (path[i] != '/')
			continue;
		path[i] = 0;
		call(__NR_mkdir, path, (void *)0755, 0, 0, NULL);
		path[i] = '/';
	}
	call(__NR_mkdir, path, (void *)0755, 0, 0, NULL);
}

/**
 * rump__is_nodev() - Whether the kernel mounts a type without a device
 * @type:	its name
 */
bool rump__is_nodev(const char *type)
{
	static const char nodev[] = "nodev\t";
	char list[PATH_ROOM], *p, *end;
	long fd, n;

	/* Listed only once they have been used. */
	if (str_equal(type, "nfs") || str_equal(type, "nfs4"))
		return true;
	fd = call(__NR_open, "/proc/filesystems", NULL, 0, 0, NULL);
	if (fd < 0)
		return false;
	n = rump__enter(__NR_read, fd, (long)list, sizeof(list) - 1, 0, 0, 0);
	rump__enter(__NR_close, fd, 0, 0, 0, 0, 0);
	list[n > 0 ? n : 0] = 0;
	for (p = list; (end = (char *)str_find(p, '\n')); p = end + 1) {
		*end = 0;
		if (str_starts(p, nodev) && str_equal(p + sizeof(nodev) - 1, type))
			return true;
	}
	return false;
}

/**
 * rump__mount() - mount(2)
 * @source:	device or name
 * @dir:	mount point
 * @type:	file system
 * @flags:	MS_ flags
 * @options:	options or NULL
 *
 * The kernel makes a tmpfs half of its memory as it is at the moment; memory grows when
 * needed, so the half of what it may become is what users expect.
 *
 * Return: 0 or an errno value
 */
int rump__mount(const char *source, const char *dir, const char *type, unsigned long flags,
		const char *options)
{
	char with_size[OPTIONS_ROOM];
	struct text text = { with_size, 0, sizeof(with_size) };

	if (str_equal(type, "tmpfs") && (!options || !str_search(options, "size="))) {
		text_printf(&text, "size=%lu%s%s", rump__kernel.ram / 2, options ? "," : "",
			    options ? options : "");
		if (text.length == text.room)
			return E2BIG;
		with_size[text.length] = 0;
		options = with_size;
	}
	return -call(__NR_mount, source, dir, (long)type, flags, options);
}

/**
 * rump__image_attach() - Make a host file a disk that is to be mounted
 * @key:	the disk's node
 * @path:	host path
 * @readonly:	do not ask for permission to write
 * @begin:	first byte of the file system
 * @size:	its bytes, RUMP__SIZE_REST for the rest of the file
 *
 * Return: 0 or an errno value
 */
int rump__image_attach(char key[RUMP__KEY_SIZE], const char *path, bool readonly, uint64_t begin,
		       uint64_t size)
{
	static unsigned int made;

	str_printf(key, RUMP__KEY_SIZE, "/dev/rump-image-%u",
		   __atomic_fetch_add(&made, 1, __ATOMIC_RELAXED));
	return rump__disk_attach(key, path, readonly, begin, size);
}
