/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfs.c - mounting host images
 *
 * rump_vfs_mount() attaches an image as /dev/rump-image-N, mounts it, and
 * remembers which mount point it belongs to, so that unmounting releases it.
 * The type is libblkid's to find; the library is loaded only for that.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "public.h"
#include "internal.h"

struct image {
	struct image *next;
	char key[32];
	char dir[];
};

static struct image *images;
static unsigned int images_made;
static pthread_mutex_t images_lock = PTHREAD_MUTEX_INITIALIZER;

static long call(long nr, const void *a, const void *b, long c, long d, const void *e)
{
	return rump__enter(nr, (long)a, (long)b, c, d, (long)e, 0);
}

/* What lies on the image, as libblkid sees it; to be freed. */
static int probe(const char *path, char **type)
{
	char *(*get)(void *cache, const char *tag, const char *dev);
	void *lib = dlopen("libblkid.so.1", RTLD_NOW | RTLD_LOCAL);

	if (!lib)
		return ENOPKG;
	get = (char *(*)(void *, const char *, const char *))dlsym(lib, "blkid_get_tag_value");
	*type = get ? get(NULL, "TYPE", path) : NULL;
	/* The kernel's file system has another name. */
	if (*type && !strcmp(*type, "ntfs")) {
		free(*type);
		*type = strdup("ntfs3");
	}
	return *type ? 0 : ENODATA;
}

static void make_dirs(const char *dir)
{
	char path[4096], *p;

	snprintf(path, sizeof(path), "%s", dir);
	for (p = path + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = 0;
		rump__enter(SYS_mkdir, (long)path, 0755, 0, 0, 0, 0);
	}
	rump__enter(SYS_mkdir, (long)path, 0755, 0, 0, 0, 0);
}

static int mount_at(const char *source, const char *dir, const char *type, unsigned long flags,
		    const char *options)
{
	return -call(SYS_mount, source, dir, (long)type, flags, options);
}

static struct image *image_new(const char *dir)
{
	struct image *im = malloc(sizeof(*im) + strlen(dir) + 1);

	if (im) {
		strcpy(im->dir, dir);
		snprintf(im->key, sizeof(im->key), "/dev/rump-image-%u", images_made++);
	}
	return im;
}

static int mount_image(const char *source, const char *dir, const char *type,
		       unsigned long flags, const char *options)
{
	struct image *im = image_new(dir);
	char *found = NULL;
	int err = ENOMEM;

	if (!im)
		return err;
	err = rump__disk_attach(im->key, source, flags & MS_RDONLY, 0, RUMP_ETFS_SIZE_ENDOFF);
	if (err)
		goto free;
	if (!type) {
		err = probe(source, &found);
		if (err)
			goto detach;
		type = found;
	}
	err = mount_at(im->key, dir, type, flags, options);
	if (err)
		goto detach;
	im->next = images;
	images = im;
	free(found);
	return 0;
detach:
	rump__disk_detach(im->key);
free:
	free(found);
	free(im);
	return err;
}

/* Does the kernel mount this type without a device? */
static bool is_nodev(const char *type)
{
	char line[4096], *p;
	long fd, n;
	size_t len = strlen(type);

	/* Listed only once they have been used. */
	if (!strcmp(type, "nfs") || !strcmp(type, "nfs4"))
		return true;
	fd = call(SYS_open, "/proc/filesystems", NULL, 0, 0, NULL);
	if (fd < 0)
		return false;
	n = rump__enter(SYS_read, fd, (long)line, sizeof(line) - 1, 0, 0, 0);
	rump__enter(SYS_close, fd, 0, 0, 0, 0, 0);
	line[n > 0 ? n : 0] = 0;
	for (p = line; (p = strstr(p, type)); p += len)
		if (p[len] == '\n' && p[-1] == '\t' && p - line >= 6 && !memcmp(p - 6, "nodev", 5))
			return true;
	return false;
}

/**
 * rump__mount_tmpfs() - Mount or remount a tmpfs
 * @dir:	mount point
 * @flags:	MS_ flags
 * @options:	options or NULL
 *
 * The kernel makes it half of its memory as it is at the moment; memory grows when
 * needed, so the half of what it may become is what users expect.
 *
 * Return: 0 or an errno value
 */
int rump__mount_tmpfs(const char *dir, unsigned long flags, const char *options)
{
	char with_size[4096];

	if (!options || !strstr(options, "size=")) {
		if (snprintf(with_size, sizeof(with_size), "size=%lu%s%s", rump__kernel.ram / 2,
			     options ? "," : "", options ? options : "") >=
		    (int)sizeof(with_size))
			return E2BIG;
		options = with_size;
	}
	return mount_at("tmpfs", dir, "tmpfs", flags, options);
}

int rump_vfs_mount(const char *source, const char *dir, const char *type, unsigned long flags,
		   const char *options)
{
	int err;

	err = rump_init();
	if (err)
		return err;
	make_dirs(dir);
	pthread_mutex_lock(&images_lock);
	if (type && !strcmp(type, "tmpfs"))
		err = rump__mount_tmpfs(dir, flags, options);
	else if (type && is_nodev(type))
		err = mount_at(source, dir, type, flags, options);
	else
		err = mount_image(source, dir, type, flags, options);
	pthread_mutex_unlock(&images_lock);
	return err;
}

int rump_vfs_unmount(const char *dir, int flags)
{
	struct image **p, *im;
	long ret;

	pthread_mutex_lock(&images_lock);
	ret = rump__enter(SYS_umount2, (long)dir, flags, 0, 0, 0, 0);
	for (p = &images; !ret && (im = *p); p = &im->next) {
		if (strcmp(im->dir, dir))
			continue;
		*p = im->next;
		rump__disk_detach(im->key);
		free(im);
		break;
	}
	pthread_mutex_unlock(&images_lock);
	return -ret;
}

int rump_vfs_sync(void)
{
	rump__enter(SYS_sync, 0, 0, 0, 0, 0, 0);
	return 0;
}

/* SYSLOG_ACTION_READ_ALL of syslog(2) */
#define READ_ALL 3

/* Lines come as "<6>text"; what follows in them has no such start. */
static ssize_t strip_levels(char *buf, long n)
{
	char *from = buf, *to = buf, *end = buf + n;
	bool start = true;

	while (from < end) {
		if (start && *from == '<') {
			while (from < end && *from++ != '>')
				;
			start = false;
			continue;
		}
		start = *from == '\n';
		*to++ = *from++;
	}
	*to = 0;
	return to - buf;
}

ssize_t rump_dmesg(char *buf, size_t size)
{
	long n;

	if (!size) {
		errno = EINVAL;
		return -1;
	}
	n = rump__enter(SYS_syslog, READ_ALL, (long)buf, size - 1, 0, 0, 0);
	if (n < 0) {
		errno = -n;
		return -1;
	}
	return strip_levels(buf, n);
}

int rump_getversion(void)
{
	return RUMP_VERSION;
}
