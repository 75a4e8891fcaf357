/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file.c - host files, and I/O on them that the caller waits for
 *
 * Theory of operation
 *
 * Each of these calls may block on the host, so each works off the virtual CPU.
 * A signal does not end them early: a kernel that reads its disk has no use for
 * EINTR, and what a signal means for the application is not decided here.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"

#define OPEN_PERMISSIONS 0644
#define OPEN_KNOWN                                                                                 \
	(RUMPUSER_OPEN_ACCMODE | RUMPUSER_OPEN_CREATE | RUMPUSER_OPEN_EXCL | RUMPUSER_OPEN_BIO)
#define SYNCFD_KNOWN (RUMPUSER_SYNCFD_BOTH | RUMPUSER_SYNCFD_BARRIER | RUMPUSER_SYNCFD_SYNC)

_Static_assert(sizeof(struct rumpuser_iovec) == sizeof(struct iovec) &&
		       offsetof(struct rumpuser_iovec, iov_base) ==
			       offsetof(struct iovec, iov_base) &&
		       offsetof(struct rumpuser_iovec, iov_len) == offsetof(struct iovec, iov_len),
	       "a rumpuser_iovec is an iovec");

typedef ssize_t (*file_vec_fn)(int fd, const struct iovec *iov, int n, off_t off);

/**
 * open_flags() - Translate an open mode
 * @mode:	RUMPUSER_OPEN_*
 *
 * RUMPUSER_OPEN_BIO changes nothing: the host's cache and read-ahead serve block
 * I/O as they are.
 *
 * Return: O_* flags, or -1 if @mode makes no sense
 */
static int open_flags(int mode)
{
	static const int access[] = {
		[RUMPUSER_OPEN_RDONLY] = O_RDONLY,
		[RUMPUSER_OPEN_WRONLY] = O_WRONLY,
		[RUMPUSER_OPEN_RDWR] = O_RDWR,
	};
	int flags;

	if (mode & ~OPEN_KNOWN || (mode & RUMPUSER_OPEN_ACCMODE) == RUMPUSER_OPEN_ACCMODE)
		return -1;
	flags = access[mode & RUMPUSER_OPEN_ACCMODE] | O_CLOEXEC | O_NOCTTY;
	if (mode & RUMPUSER_OPEN_CREATE)
		flags |= O_CREAT;
	if (mode & RUMPUSER_OPEN_EXCL)
		flags |= O_EXCL;
	return flags;
}

/**
 * device_size() - Ask a block device for its size
 * @name:	its path
 * @size:	where the number of bytes goes
 *
 * Return: 0 or a host error number
 */
static int device_size(const char *name, uint64_t *size)
{
	int error = 0;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1)
		return errno;
	if (ioctl(fd, BLKGETSIZE64, size) == -1)
		error = errno;
	close(fd);
	return error;
}

/**
 * file_type() - Translate a host file type
 * @mode:	st_mode
 *
 * Return: RUMPUSER_FT_*
 */
static int file_type(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return RUMPUSER_FT_DIR;
	case S_IFREG:
		return RUMPUSER_FT_REG;
	case S_IFBLK:
		return RUMPUSER_FT_BLK;
	case S_IFCHR:
		return RUMPUSER_FT_CHR;
	default:
		return RUMPUSER_FT_OTHER;
	}
}

/**
 * file_info() - Find the size and type of a file
 * @name:	its path
 * @size:	where the size goes, or NULL
 * @type:	where RUMPUSER_FT_* goes, or NULL
 *
 * Return: 0 or a host error number, with nothing stored
 */
static int file_info(const char *name, uint64_t *size, int *type)
{
	uint64_t bytes;
	struct stat st;
	int error;

	if (stat(name, &st) == -1)
		return errno;
	bytes = (uint64_t)st.st_size;
	if (size && S_ISBLK(st.st_mode)) {
		error = device_size(name, &bytes);
		if (error)
			return error;
	}
	if (size)
		*size = bytes;
	if (type)
		*type = file_type(st.st_mode);
	return 0;
}

/**
 * vec_read() - Read at an offset or at the descriptor's own
 * @fd:		descriptor
 * @iov:	memory
 * @n:		pieces, at most IOV_MAX
 * @off:	offset, or RUMPUSER_IOV_NOSEEK
 *
 * Return: bytes read, or -1 with errno set
 */
static ssize_t vec_read(int fd, const struct iovec *iov, int n, off_t off)
{
	return off == RUMPUSER_IOV_NOSEEK ? readv(fd, iov, n) : preadv(fd, iov, n, off);
}

/**
 * vec_write() - Write at an offset or at the descriptor's own
 * @fd:		descriptor
 * @iov:	memory
 * @n:		pieces, at most IOV_MAX
 * @off:	offset, or RUMPUSER_IOV_NOSEEK
 *
 * Return: bytes written, or -1 with errno set
 */
static ssize_t vec_write(int fd, const struct iovec *iov, int n, off_t off)
{
	return off == RUMPUSER_IOV_NOSEEK ? writev(fd, iov, n) : pwritev(fd, iov, n, off);
}

/**
 * vec_bytes() - Add up pieces of memory
 * @iov:	the pieces
 * @n:		how many
 *
 * Return: bytes
 */
static size_t vec_bytes(const struct iovec *iov, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += iov[i].iov_len;
	return total;
}

/**
 * vec_transfer() - Move any number of pieces of memory
 * @fn:		vec_read() or vec_write()
 * @fd:		descriptor
 * @iov:	the pieces
 * @n:		how many
 * @off:	offset, or RUMPUSER_IOV_NOSEEK
 * @retv:	where the number of bytes goes
 *
 * The host takes IOV_MAX pieces at a time. What comes after a short transfer is
 * left, as one call would have left it; an error after some success is kept for
 * the next call to find.
 *
 * Return: 0 or a host error number
 */
static int vec_transfer(file_vec_fn fn, int fd, const struct iovec *iov, size_t n, int64_t off,
			size_t *retv)
{
	size_t done = 0, some;
	ssize_t moved;

	if (off < RUMPUSER_IOV_NOSEEK)
		return EINVAL;
	do {
		some = n < IOV_MAX ? n : IOV_MAX;
		moved = fn(fd, iov, (int)some,
			   off == RUMPUSER_IOV_NOSEEK ? off : off + (int64_t)done);
		if (moved == -1 && errno == EINTR)
			continue;
		if (moved == -1 && done == 0)
			return errno;
		if (moved == -1)
			break;
		done += (size_t)moved;
		if ((size_t)moved < vec_bytes(iov, some))
			break;
		iov += some;
		n -= some;
	} while (n > 0);
	*retv = done;
	return 0;
}

int rumpuser_open(const char *name, int mode, int *fdp)
{
	int flags = open_flags(mode);
	int error, fd, nlocks;

	if (flags == -1)
		return ru_errno(EINVAL);
	nlocks = ru_unschedule(NULL);
	do
		fd = open(name, flags, OPEN_PERMISSIONS);
	while (fd == -1 && errno == EINTR);
	error = ru_result(fd);
	ru_schedule(nlocks, NULL);
	if (error == 0)
		*fdp = fd;
	return error;
}

int rumpuser_close(int fd)
{
	int error, nlocks = ru_unschedule(NULL);

	/* A lost write must be told; that the file cannot be synced at all need not. */
	error = ru_result(fsync(fd));
	if (error == ru_errno(EINVAL) || error == ru_errno(EROFS))
		error = 0;
	if (close(fd) == -1 && error == 0 && errno != EINTR)
		error = ru_errno(errno);
	ru_schedule(nlocks, NULL);
	return error;
}

int rumpuser_getfileinfo(const char *name, uint64_t *size, int *type)
{
	int error, nlocks = ru_unschedule(NULL);

	error = file_info(name, size, type);
	ru_schedule(nlocks, NULL);
	return ru_errno(error);
}

int rumpuser_iovread(int fd, struct rumpuser_iovec *iov, size_t n, int64_t off, size_t *retv)
{
	int error, nlocks = ru_unschedule(NULL);

	error = vec_transfer(vec_read, fd, (const struct iovec *)iov, n, off, retv);
	ru_schedule(nlocks, NULL);
	return ru_errno(error);
}

int rumpuser_iovwrite(int fd, const struct rumpuser_iovec *iov, size_t n, int64_t off, size_t *retv)
{
	int error, nlocks = ru_unschedule(NULL);

	error = vec_transfer(vec_write, fd, (const struct iovec *)iov, n, off, retv);
	ru_schedule(nlocks, NULL);
	return ru_errno(error);
}

int rumpuser_syncfd(int fd, int flags, uint64_t start, uint64_t len)
{
	int error, nlocks;
	uint64_t end;

	if (flags & ~SYNCFD_KNOWN || !(flags & RUMPUSER_SYNCFD_BOTH))
		return ru_errno(EINVAL);
	if (__builtin_add_overflow(start, len, &end))
		return ru_errno(EINVAL);
	/*
	 * Reads are never stale on a host with one page cache. Writes: the host has
	 * no call that makes a range durable, or orders it, short of all of the file.
	 */
	if (!(flags & RUMPUSER_SYNCFD_WRITE))
		return ru_result(fcntl(fd, F_GETFD));
	nlocks = ru_unschedule(NULL);
	error = ru_result(fdatasync(fd));
	ru_schedule(nlocks, NULL);
	return error;
}
