/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disk.c - host files and devices become disks of the kernel
 *
 * A disk is locked with flock(2), for writing or shared, so that two kernels
 * never write one image, and the descriptor stays open as long as the disk exists.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "bare/raw.h"
#include "bare/str.h"

#include "core.h"

#define FD_HIGH		700
#define SECTOR		512
#define LOCKS_ROOM	16384

static long read_file(const char *path, char *buf, size_t size)
{
	long fd = raw4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0), n, done = 0;

	if (fd < 0)
		return fd;
	do {
		n = raw3(__NR_read, fd, buf + done, size - 1 - done);
		done += n > 0 ? n : 0;
	} while (n > 0);
	raw1(__NR_close, fd);
	buf[done] = 0;
	return done;
}

/*
 * Who holds a lock on the file: in /proc/locks a line is "1: FLOCK ADVISORY WRITE 4711 fe:01:1234 0 EOF",
 * with process, device in hexadecimal, and inode. 0 if it does not say.
 */
static int lock_holder(const struct stat *st)
{
	unsigned int major = (st->st_dev >> 8) & 0xfff;
	unsigned int minor = (st->st_dev & 0xff) | ((st->st_dev >> 12) & ~0xffU);
	char locks[LOCKS_ROOM], key[64], *line = locks, *end;
	unsigned long pid = 0;
	const char *p, *rest;

	str_printf(key, sizeof(key), " %02x:%02x:%lu ", major, minor, st->st_ino);
	if (read_file("/proc/locks", locks, sizeof(locks)) < 0)
		return 0;
	for (; (end = (char *)str_find(line, '\n')); line = end + 1) {
		*end = 0;
		p = str_search(line, key);
		if (!p || !str_search(line, " FLOCK "))
			continue;
		while (p > line && p[-1] != ' ')
			p--;
		if (str_to_number(p, &pid, &rest))
			return pid;
	}
	return 0;
}

static void name_holder(const char *path, const struct stat *st)
{
	char file[64], comm[64];
	int pid = lock_holder(st);
	long n;

	if (!pid) {
		rump__error("%s is in use by another process", path);
		return;
	}
	str_printf(file, sizeof(file), "/proc/%d/comm", pid);
	n = read_file(file, comm, sizeof(comm));
	rump__error("%s is in use by process %d (%.*s)", path, pid, n > 0 ? (int)n - 1 : 1,
		    n > 0 ? comm : "?");
}

/* Open and lock; a file that may not be written is a read-only disk. */
static int open_locked(const char *path, bool readonly, struct stat *st, int *fdp,
		       int *is_readonly)
{
	long fd = -EACCES, high, ret;

	if (!readonly)
		fd = raw4(__NR_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
	*is_readonly = fd < 0;
	if (fd == -EACCES || fd == -EROFS || fd == -EPERM)
		fd = raw4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return -fd;
	ret = raw2(__NR_fstat, fd, st);
	if (ret < 0)
		goto fail;
	ret = raw2(__NR_flock, fd, (*is_readonly ? LOCK_SH : LOCK_EX) | LOCK_NB);
	if (ret == -EWOULDBLOCK) {
		name_holder(path, st);
		ret = -EBUSY;
	}
	if (ret < 0)
		goto fail;
	high = raw3(__NR_fcntl, fd, F_DUPFD_CLOEXEC, FD_HIGH);
	if (high >= 0) {
		raw1(__NR_close, fd);
		fd = high;
	}
	*fdp = fd;
	return 0;
fail:
	raw1(__NR_close, fd);
	return -ret;
}

static int disk_size(int fd, const struct stat *st, uint64_t *size, unsigned int *blocksize)
{
	int bs = SECTOR;
	long ret;

	*blocksize = SECTOR;
	if (S_ISREG(st->st_mode)) {
		*size = st->st_size;
		return 0;
	}
	if (!S_ISBLK(st->st_mode))
		return S_ISDIR(st->st_mode) ? EISDIR : ENOTBLK;
	ret = raw3(__NR_ioctl, fd, BLKGETSIZE64, size);
	if (ret >= 0)
		ret = raw3(__NR_ioctl, fd, BLKSSZGET, &bs);
	if (ret < 0)
		return -ret;
	*blocksize = bs;
	return 0;
}

/* Say that a descriptor is the core's, or not any more. */
static void own(int fd, bool is)
{
	if (rump__setup.own)
		rump__setup.own(fd, is);
}

/**
 * rump__disk_attach() - Make a host file a disk
 * @key:	node in the kernel
 * @path:	host path
 * @readonly:	do not ask for permission to write
 * @begin:	first byte of the part
 * @size:	bytes, RUMP__SIZE_REST for the rest
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
	if (size == RUMP__SIZE_REST)
		size = begin <= whole ? whole - begin : 0;
	if (begin % info.blocksize || begin > whole || size > whole - begin || size < SECTOR)
		goto fail;
	info.begin = begin;
	info.size = size;
	info.discard = !info.readonly;
	own(info.fd, true);
	ret = rump__enter(RUMP_CALL_DISK_ADD, (long)key, (long)&info, 0, 0, 0, 0);
	err = -ret;
	if (ret >= 0)
		return 0;
	own(info.fd, false);
fail:
	raw1(__NR_close, info.fd);
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
	own((int)fd, false);
	raw1(__NR_close, fd);
	return 0;
}
