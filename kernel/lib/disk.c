/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disk.c - host files and devices become disks of the kernel
 *
 * A disk is locked with flock(2), for writing or shared, so that two kernels
 * never write one image, and the descriptor stays open as long as the disk exists.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "public.h"
#include "internal.h"

#define FD_HIGH		700
#define SECTOR		512

/* Who holds a lock on the file, from /proc/locks; 0 if it does not say. */
static int lock_holder(const struct stat *st)
{
	unsigned long long inode;
	unsigned int major, minor;
	int pid, holder = 0;
	char line[256];
	FILE *f;

	f = fopen("/proc/locks", "re");
	if (!f)
		return 0;
	while (!holder && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%llu", &pid, &major, &minor,
			   &inode) == 4 &&
		    inode == st->st_ino && makedev(major, minor) == st->st_dev)
			holder = pid;
	}
	fclose(f);
	return holder;
}

static void name_holder(const char *path, const struct stat *st)
{
	char file[64], comm[64] = "?";
	int pid = lock_holder(st);
	FILE *f;

	if (!pid) {
		rump__error("%s is in use by another process", path);
		return;
	}
	snprintf(file, sizeof(file), "/proc/%d/comm", pid);
	f = fopen(file, "re");
	if (f) {
		if (fgets(comm, sizeof(comm), f))
			comm[strcspn(comm, "\n")] = 0;
		fclose(f);
	}
	rump__error("%s is in use by process %d (%s)", path, pid, comm);
}

/* Open and lock; a file that may not be written is a read-only disk. */
static int open_locked(const char *path, bool readonly, struct stat *st, int *fdp,
		       int *is_readonly)
{
	int fd = -1, high, err;

	if (!readonly)
		fd = open(path, O_RDWR | O_CLOEXEC);
	*is_readonly = fd < 0;
	if (fd < 0 && (readonly || errno == EACCES || errno == EROFS || errno == EPERM))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (fstat(fd, st) < 0)
		goto fail;
	if (flock(fd, (*is_readonly ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK) {
			name_holder(path, st);
			errno = EBUSY;
		}
		goto fail;
	}
	high = fcntl(fd, F_DUPFD_CLOEXEC, FD_HIGH);
	if (high >= 0) {
		close(fd);
		fd = high;
	}
	*fdp = fd;
	return 0;
fail:
	err = errno;
	close(fd);
	return err;
}

static int disk_size(int fd, const struct stat *st, uint64_t *size, unsigned int *blocksize)
{
	int bs = SECTOR;

	*blocksize = SECTOR;
	if (S_ISREG(st->st_mode)) {
		*size = st->st_size;
		return 0;
	}
	if (!S_ISBLK(st->st_mode))
		return S_ISDIR(st->st_mode) ? EISDIR : ENOTBLK;
	if (ioctl(fd, BLKGETSIZE64, size) < 0 || ioctl(fd, BLKSSZGET, &bs) < 0)
		return errno;
	*blocksize = bs;
	return 0;
}

/**
 * rump__disk_attach() - Make a host file a disk
 * @key:	node in the kernel
 * @path:	host path
 * @readonly:	do not ask for permission to write
 * @begin:	first byte of the part
 * @size:	bytes, RUMP_ETFS_SIZE_ENDOFF for the rest
 *
 * Return: 0 or an errno value
 */
int rump__disk_attach(const char *key, const char *path, bool readonly, uint64_t begin,
		      uint64_t size)
{
	struct rump_disk_info info = { 0 };
	struct stat st;
	uint64_t whole;
	long ret;
	int err;

	err = open_locked(path, readonly, &st, &info.fd, &info.readonly);
	if (err)
		return err;
	err = disk_size(info.fd, &st, &whole, &info.blocksize);
	if (err)
		goto fail;
	err = EINVAL;
	if (size == RUMP_ETFS_SIZE_ENDOFF)
		size = begin <= whole ? whole - begin : 0;
	if (begin % info.blocksize || begin > whole || size > whole - begin || size < SECTOR)
		goto fail;
	info.begin = begin;
	info.size = size;
	info.discard = !info.readonly;
	ret = rump__enter(RUMP_CALL_DISK_ADD, (long)key, (long)&info, 0, 0, 0, 0);
	err = -ret;
	if (ret >= 0)
		return 0;
fail:
	close(info.fd);
	return err;
}

/**
 * rump__disk_detach() - Take a disk away
 * @key:	its node
 *
 * Return: 0 or an errno value
 */
int rump__disk_detach(const char *key)
{
	long fd = rump__enter(RUMP_CALL_DISK_DEL, (long)key, 0, 0, 0, 0, 0);

	if (fd < 0)
		return -fd;
	close(fd);
	return 0;
}

int rump_pub_etfs_register_withsize(const char *key, const char *hostpath,
				    enum rump_etfs_type type, uint64_t begin, uint64_t size)
{
	if (type != RUMP_ETFS_BLK)
		return EOPNOTSUPP;
	return rump__disk_attach(key, hostpath, false, begin, size);
}

int rump_pub_etfs_register(const char *key, const char *hostpath, enum rump_etfs_type type)
{
	return rump_pub_etfs_register_withsize(key, hostpath, type, 0, RUMP_ETFS_SIZE_ENDOFF);
}

int rump_pub_etfs_remove(const char *key)
{
	return rump__disk_detach(key);
}

int rump_fakeblk_register(const char *path)
{
	return rump_pub_etfs_register(path, path, RUMP_ETFS_BLK);
}

int rump_fakeblk_deregister(const char *path)
{
	return rump__disk_detach(path);
}
