/* SPDX-License-Identifier: BSD-2-Clause */
/* ext_io.c - host files and block devices as disks */
#include <asm/errno.h>
#include <linux/falloc.h>
#include <linux/fs.h>

#include "ext.h"
#include "bare/raw.h"

long rumpuser_ext_io_nowait(int fd, const void *iov, unsigned int n, unsigned long long off)
{
	return raw_call(__NR_preadv2, fd, iov, n, off, 0, RWF_NOWAIT);
}

/* A file has a hole punched, a block device its own ioctl. */
static long punch(int fd, int mode, unsigned long request, unsigned long long off,
		  unsigned long long len)
{
	unsigned long long range[2] = { off, len };
	long ret;

	ret = raw4(__NR_fallocate, fd, mode | FALLOC_FL_KEEP_SIZE, off, len);
	if (ret == -ENODEV || ret == -EOPNOTSUPP)
		ret = raw3(__NR_ioctl, fd, request, range);
	return ret == -ENOTTY ? -EOPNOTSUPP : ret;
}

long rumpuser_ext_io(int fd, int op, const void *iov, unsigned int n, unsigned long long off,
		     unsigned long long len)
{
	switch (op) {
	case RUMPUSER_EXT_READ:
		return raw_call(__NR_preadv, fd, iov, n, off, 0, 0);
	case RUMPUSER_EXT_WRITE:
		return raw_call(__NR_pwritev, fd, iov, n, off, 0, 0);
	case RUMPUSER_EXT_FLUSH:
		return raw2(__NR_fdatasync, fd, 0);
	case RUMPUSER_EXT_DISCARD:
		return punch(fd, FALLOC_FL_PUNCH_HOLE, BLKDISCARD, off, len);
	case RUMPUSER_EXT_ZERO:
		return punch(fd, FALLOC_FL_ZERO_RANGE, BLKZEROOUT, off, len);
	case RUMPUSER_EXT_START:
		return raw4(__NR_sync_file_range, fd, off, len, SYNC_FILE_RANGE_WRITE);
	default:
		return -EINVAL;
	}
}
