/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disk.c - host files and devices become disks of the kernel
 *
 * A disk is locked with flock(2), for writing or shared, so that two kernels
 * never write one image, and the descriptor stays open as long as the disk exists. Disks of this kernel
 * that are parts of one file, and do not overlap, share the lock: it belongs to the open file
 * description, so the second disk has a duplicate of the first one's descriptor.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "bare/lock.h"
#include "bare/raw.h"
#include "bare/str.h"

#include "core.h"

#define FD_HIGH		700
#define SECTOR		512
#define LOCKS_ROOM	16384
#define SHARED		64

/* Disks that have a lock for writing: others may share it. */
static struct shared {
	int fd;			/* 0: none */
	unsigned long dev, ino;
	uint64_t begin, end;
} shared[SHARED];
static struct lock shared_lock;

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

/* Open; a file that may not be written is a read-only disk. */
static long open_disk(const char *path, bool readonly, struct stat *st, int *is_readonly)
{
	long fd = -EACCES, ret;

	if (!readonly)
		fd = raw4(__NR_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
	*is_readonly = fd < 0;
	if (fd == -EACCES || fd == -EROFS || fd == -EPERM)
		fd = raw4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	ret = raw2(__NR_fstat, fd, st);
	if (ret >= 0)
		return fd;
	raw1(__NR_close, fd);
	return ret;
}

/*
 * The lock of another disk that is another part of the file.
 * Return: a duplicate of its descriptor, 0 if there is none, -EBUSY if they overlap
 */
static long share_lock(const struct rump_disk_info *info, const struct stat *st)
{
	unsigned long mask = lock_take(&shared_lock);
	struct shared *s;
	long fd = 0;

	for (s = shared; s < shared + SHARED && fd >= 0; s++) {
		if (!s->fd || s->dev != st->st_dev || s->ino != st->st_ino)
			continue;
		if (info->begin < s->end && s->begin < info->begin + info->size)
			fd = -EBUSY;
		else if (!fd)
			fd = s->fd;
	}
	if (fd > 0)
		fd = raw3(__NR_fcntl, fd, F_DUPFD_CLOEXEC, FD_HIGH);
	lock_release(&shared_lock, mask);
	return fd;
}

/* Let other parts share the lock of this one. */
static void note_lock(const struct rump_disk_info *info, const struct stat *st)
{
	unsigned long mask = lock_take(&shared_lock);
	struct shared *s;

	for (s = shared; s < shared + SHARED && s->fd; s++)
		;
	if (s < shared + SHARED)
		*s = (struct shared){ info->fd, st->st_dev, st->st_ino, info->begin,
				      info->begin + info->size };
	lock_release(&shared_lock, mask);
}

/* A disk is no more. */
static void forget_lock(int fd)
{
	unsigned long mask = lock_take(&shared_lock);
	struct shared *s;

	for (s = shared; s < shared + SHARED; s++)
		if (s->fd == fd)
			s->fd = 0;
	lock_release(&shared_lock, mask);
}

/* Lock the file, or share a lock; the descriptor may be another one then. */
static int lock_disk(const char *path, struct rump_disk_info *info, const struct stat *st)
{
	long fd = share_lock(info, st), ret = 0;

	if (fd == 0) {
		ret = raw2(__NR_flock, info->fd, (info->readonly ? LOCK_SH : LOCK_EX) | LOCK_NB);
		fd = raw3(__NR_fcntl, info->fd, F_DUPFD_CLOEXEC, FD_HIGH);
	} else if (fd < 0) {
		ret = fd == -EBUSY ? -EWOULDBLOCK : fd;
	}
	if (fd >= 0) {
		raw1(__NR_close, info->fd);
		info->fd = (int)fd;
	}
	if (ret == -EWOULDBLOCK) {
		name_holder(path, st);
		ret = -EBUSY;
	}
	return (int)-ret;
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

	ret = open_disk(path, readonly, &st, &info.readonly);
	if (ret < 0)
		return (int)-ret;
	info.fd = (int)ret;
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
	err = lock_disk(path, &info, &st);
	if (err)
		goto fail;
	own(info.fd, true);
	ret = rump__enter(RUMP_CALL_DISK_ADD, (long)key, (long)&info, 0, 0, 0, 0);
	err = -ret;
	if (ret >= 0) {
		if (!info.readonly)
			note_lock(&info, &st);
		return 0;
	}
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
	forget_lock((int)fd);
	raw1(__NR_close, fd);
	return 0;
}
