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
	char key[RUMP__KEY_SIZE];
	char dir[];
};

static struct image *images;
static pthread_mutex_t images_lock = PTHREAD_MUTEX_INITIALIZER;

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

static struct image *image_new(const char *dir)
{
	struct image *im = malloc(sizeof(*im) + strlen(dir) + 1);

	if (im)
		strcpy(im->dir, dir);
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
	err = rump__image_attach(im->key, source, flags & MS_RDONLY, 0, RUMP__SIZE_REST);
	if (err)
		goto free;
	if (!type) {
		err = probe(source, &found);
		if (err)
			goto detach;
		type = found;
	}
	err = rump__mount(im->key, dir, type, flags, options);
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

int rump_vfs_mount(const char *source, const char *dir, const char *type, unsigned long flags,
		   const char *options)
{
	int err;

	err = rump_init();
	if (err)
		return err;
	rump__make_dirs(dir);
	pthread_mutex_lock(&images_lock);
	if (type && rump__is_nodev(type))
		err = rump__mount(source, dir, type, flags, options);
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
