// SPDX-License-Identifier: GPL-2.0-only
/*
 * direct.c - unbuffered I/O (O_DIRECT) from the program's own memory
 *
 * Theory of operation
 *
 * Unbuffered I/O pins the pages of the buffer, and only what lies in the image has pages here. So a
 * transfer from ordinary host memory ends with EFAULT before it has done anything; then it is done
 * again by way of a buffer of the kernel's. Alignment has been checked by then, as it comes before
 * pinning.
 *
 * That has to be where all ways to transfer meet: read(2) and its like, aio, io_uring. So a file
 * that is opened with O_DIRECT, or gets it later, has operations of its own from then on: those of
 * its file system but for read_iter and write_iter. They exist once for each kind of file, and for
 * ever.
 *
 * By way of the buffer a transfer is over when the function returns, so io_submit(2) waits for it.
 * io_uring asks for one that does not wait first, and has a worker do it then.
 */
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/openat2.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/uio.h>
#include <asm/direct.h>

#define BOUNCE_ORDER	6	/* 256 KiB if there is such a piece, else less */

struct direct_ops {
	struct file_operations ops;
	const struct file_operations *orig;
	struct direct_ops *next;
};

typedef ssize_t transfer_fn(struct kiocb *iocb, struct iov_iter *iter);

static struct direct_ops *direct_list;
static DEFINE_MUTEX(direct_mutex);

static void *bounce_get(unsigned int *order)
{
	void *buf;

	for (*order = BOUNCE_ORDER; ; --*order) {
		buf = (void *)__get_free_pages(GFP_KERNEL | __GFP_NOWARN |
					       (*order ? __GFP_NORETRY : 0), *order);
		if (buf || !*order)
			return buf;
	}
}

/* Transfer a part, between @buf and the file. */
static ssize_t bounce_part(struct kiocb *iocb, transfer_fn *fn, int rw, void *buf, size_t len)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct iov_iter iter;
	struct kiocb part;
	ssize_t n;

	init_sync_kiocb(&part, iocb->ki_filp);
	part.ki_flags |= iocb->ki_flags & (IOCB_APPEND | IOCB_DSYNC | IOCB_SYNC);
	part.ki_pos = iocb->ki_pos;
	iov_iter_kvec(&iter, rw, &vec, 1, len);
	n = fn(&part, &iter);
	if (n > 0)
		iocb->ki_pos = part.ki_pos;
	return n;
}

static ssize_t bounce(struct kiocb *iocb, struct iov_iter *iter, transfer_fn *fn)
{
	int rw = iov_iter_rw(iter);
	ssize_t done = 0, n;
	unsigned int order;
	size_t len;
	void *buf;

	buf = bounce_get(&order);
	if (!buf)
		return -ENOMEM;
	do {
		len = min(iov_iter_count(iter), PAGE_SIZE << order);
		n = -EFAULT;
		if (rw == WRITE && copy_from_iter(buf, len, iter) != len)
			break;
		n = bounce_part(iocb, fn, rw, buf, len);
		if (n > 0 && rw == READ && copy_to_iter(buf, n, iter) != n) {
			iocb->ki_pos -= n;
			n = -EFAULT;
		}
		if (n <= 0)
			break;
		done += n;
	} while (n == len && iov_iter_count(iter));
	free_pages((unsigned long)buf, order);
	return done ?: n;
}

static ssize_t transfer(struct kiocb *iocb, struct iov_iter *iter, transfer_fn *fn)
{
	bool direct = iocb->ki_flags & IOCB_DIRECT;
	struct iov_iter before = *iter;
	loff_t pos = iocb->ki_pos;
	ssize_t ret = fn(iocb, iter);

	if (likely(ret != -EFAULT) || !direct || !user_backed_iter(&before))
		return ret;
	*iter = before;
	iocb->ki_pos = pos;
	return iocb->ki_flags & IOCB_NOWAIT ? -EAGAIN : bounce(iocb, iter, fn);
}

static const struct file_operations *original(const struct file *file)
{
	return container_of(file->f_op, struct direct_ops, ops)->orig;
}

static ssize_t direct_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	return transfer(iocb, iter, original(iocb->ki_filp)->read_iter);
}

static ssize_t direct_write_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	return transfer(iocb, iter, original(iocb->ki_filp)->write_iter);
}

static const struct file_operations *direct_ops_for(const struct file_operations *orig)
{
	struct direct_ops *d;

	mutex_lock(&direct_mutex);
	for (d = direct_list; d && d->orig != orig; d = d->next)
		;
	if (!d) {
		d = kzalloc(sizeof(*d), GFP_KERNEL);
		if (!d)
			goto out;
		d->ops = *orig;
		d->ops.read_iter = direct_read_iter;
		d->ops.write_iter = orig->write_iter ? direct_write_iter : NULL;
		d->orig = orig;
		d->next = direct_list;
		direct_list = d;
	}
out:
	mutex_unlock(&direct_mutex);
	return d ? &d->ops : NULL;
}

/* A file is unbuffered, or is about to be: let its transfers come here. */
static int prepare(unsigned int fd)
{
	CLASS(fd, f)(fd);
	const struct file_operations *ops;
	struct file *file = fd_file(f);
	umode_t mode;

	if (!file)
		return 0;
	mode = file_inode(file)->i_mode;
	ops = file->f_op;
	if ((!S_ISREG(mode) && !S_ISBLK(mode)) || !ops->read_iter ||
	    ops->read_iter == direct_read_iter)
		return 0;
	ops = direct_ops_for(ops);
	if (!ops)
		return -ENOMEM;
	WRITE_ONCE(file->f_op, ops);
	return 0;
}

static long opened(long fd, u64 flags)
{
	int err;

	if (likely(!(flags & O_DIRECT)) || fd < 0)
		return fd;
	err = prepare(fd);
	if (err)
		close_fd(fd);
	return err ?: fd;
}

asmlinkage long rump_sys_open(const char __user *path, int flags, umode_t mode)
{
	return opened(sys_open(path, flags, mode), flags);
}

asmlinkage long rump_sys_openat(int dfd, const char __user *path, int flags, umode_t mode)
{
	return opened(sys_openat(dfd, path, flags, mode), flags);
}

asmlinkage long rump_sys_openat2(int dfd, const char __user *path, struct open_how __user *how,
				 size_t size)
{
	long fd = sys_openat2(dfd, path, how, size);
	u64 flags = O_DIRECT;

	if (fd >= 0 && get_user(flags, &how->flags))
		flags = O_DIRECT;
	return opened(fd, flags);
}

asmlinkage long rump_sys_open_by_handle_at(int mountdirfd, struct file_handle __user *handle,
					   int flags)
{
	return opened(sys_open_by_handle_at(mountdirfd, handle, flags), flags);
}

asmlinkage long rump_sys_fcntl(unsigned int fd, unsigned int cmd, unsigned long arg)
{
	int err;

	if (unlikely(cmd == F_SETFL && (arg & O_DIRECT))) {
		err = prepare(fd);
		if (err)
			return err;
	}
	return sys_fcntl(fd, cmd, arg);
}
