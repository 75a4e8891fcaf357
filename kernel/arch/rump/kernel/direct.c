// SPDX-License-Identifier: GPL-2.0-only
/*
 * direct.c - unbuffered I/O (O_DIRECT) from the program's own memory
 *
 * Unbuffered I/O pins the pages of the buffer, and only what lies in the image
 * has pages here. So a transfer from ordinary host memory ends with EFAULT before it
 * has done anything; then, and only for files opened with O_DIRECT, it is done
 * again by way of a buffer of the kernel's. Alignment has been checked by then, as it
 * comes before pinning.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/uio.h>
#include <asm/direct.h>

#define BOUNCE_ORDER	6	/* 256 KiB if there is such a piece, else less */

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

static ssize_t bounce(struct file *file, struct iov_iter *iter, loff_t *pos)
{
	bool write = iov_iter_rw(iter) == WRITE;
	ssize_t done = 0, n = -ENOMEM;
	unsigned int order;
	size_t len;
	void *buf;

	buf = bounce_get(&order);
	if (!buf)
		return -ENOMEM;
	while (iov_iter_count(iter)) {
		len = min(iov_iter_count(iter), PAGE_SIZE << order);
		if (write) {
			n = -EFAULT;
			if (copy_from_iter(buf, len, iter) != len)
				break;
			n = kernel_write(file, buf, len, pos);
		} else {
			n = kernel_read(file, buf, len, pos);
			if (n > 0 && copy_to_iter(buf, n, iter) != n) {
				*pos -= n;
				n = -EFAULT;
			}
		}
		if (n <= 0)
			break;
		done += n;
		if (n < len)
			break;
	}
	free_pages((unsigned long)buf, order);
	return done ?: n;
}

static ssize_t retry(int fd, struct iov_iter *iter, const loff_t *pos)
{
	struct fd f = pos ? fdget(fd) : fdget_pos(fd);
	ssize_t ret = -EFAULT;
	loff_t at;

	if (!fd_file(f))
		return -EBADF;
	if (fd_file(f)->f_flags & O_DIRECT) {
		at = pos ? *pos : fd_file(f)->f_pos;
		ret = bounce(fd_file(f), iter, &at);
		if (!pos && ret > 0)
			fd_file(f)->f_pos = at;
	}
	if (pos)
		fdput(f);
	else
		fdput_pos(f);
	return ret;
}

/*
 * A transfer has ended with EFAULT: do it again if it was unbuffered. @pos is
 * NULL for the file's own offset.
 */
static ssize_t retry_buffer(int fd, void __user *buf, size_t len, const loff_t *pos, int rw)
{
	struct iov_iter iter;

	return import_ubuf(rw, buf, len, &iter) ?: retry(fd, &iter, pos);
}

static ssize_t retry_vector(int fd, const struct iovec __user *vec, unsigned long nr,
			    const loff_t *pos, int rw)
{
	struct iovec fast[UIO_FASTIOV], *iov = fast;
	struct iov_iter iter;
	ssize_t ret;

	ret = import_iovec(rw, vec, nr, UIO_FASTIOV, &iov, &iter);
	if (ret < 0)
		return ret;
	ret = retry(fd, &iter, pos);
	kfree(iov);
	return ret;
}

asmlinkage long rump_sys_read(unsigned int fd, char __user *buf, size_t len)
{
	long ret = sys_read(fd, buf, len);

	return likely(ret != -EFAULT) ? ret : retry_buffer(fd, buf, len, NULL, ITER_DEST);
}

asmlinkage long rump_sys_write(unsigned int fd, const char __user *buf, size_t len)
{
	long ret = sys_write(fd, buf, len);

	return likely(ret != -EFAULT) ? ret :
	       retry_buffer(fd, (char __user *)buf, len, NULL, ITER_SOURCE);
}

asmlinkage long rump_sys_pread64(unsigned int fd, char __user *buf, size_t len, loff_t pos)
{
	long ret = sys_pread64(fd, buf, len, pos);

	return likely(ret != -EFAULT) ? ret : retry_buffer(fd, buf, len, &pos, ITER_DEST);
}

asmlinkage long rump_sys_pwrite64(unsigned int fd, const char __user *buf, size_t len, loff_t pos)
{
	long ret = sys_pwrite64(fd, buf, len, pos);

	return likely(ret != -EFAULT) ? ret :
	       retry_buffer(fd, (char __user *)buf, len, &pos, ITER_SOURCE);
}

asmlinkage long rump_sys_readv(unsigned long fd, const struct iovec __user *vec, unsigned long n)
{
	long ret = sys_readv(fd, vec, n);

	return likely(ret != -EFAULT) ? ret : retry_vector(fd, vec, n, NULL, ITER_DEST);
}

asmlinkage long rump_sys_writev(unsigned long fd, const struct iovec __user *vec, unsigned long n)
{
	long ret = sys_writev(fd, vec, n);

	return likely(ret != -EFAULT) ? ret : retry_vector(fd, vec, n, NULL, ITER_SOURCE);
}

asmlinkage long rump_sys_preadv(unsigned long fd, const struct iovec __user *vec, unsigned long n,
				unsigned long low, unsigned long high)
{
	long ret = sys_preadv(fd, vec, n, low, high);
	loff_t pos = low;

	return likely(ret != -EFAULT) ? ret : retry_vector(fd, vec, n, &pos, ITER_DEST);
}

asmlinkage long rump_sys_pwritev(unsigned long fd, const struct iovec __user *vec, unsigned long n,
				 unsigned long low, unsigned long high)
{
	long ret = sys_pwritev(fd, vec, n, low, high);
	loff_t pos = low;

	return likely(ret != -EFAULT) ? ret : retry_vector(fd, vec, n, &pos, ITER_SOURCE);
}

asmlinkage long rump_sys_preadv2(unsigned long fd, const struct iovec __user *vec,
				 unsigned long n, unsigned long low, unsigned long high,
				 rwf_t flags)
{
	long ret = sys_preadv2(fd, vec, n, low, high, flags);
	loff_t pos = low;

	return likely(ret != -EFAULT) ? ret :
	       retry_vector(fd, vec, n, pos == -1 ? NULL : &pos, ITER_DEST);
}

asmlinkage long rump_sys_pwritev2(unsigned long fd, const struct iovec __user *vec,
				  unsigned long n, unsigned long low, unsigned long high,
				  rwf_t flags)
{
	long ret = sys_pwritev2(fd, vec, n, low, high, flags);
	loff_t pos = low;

	if (likely(ret != -EFAULT))
		return ret;
	ret = retry_vector(fd, vec, n, pos == -1 ? NULL : &pos, ITER_SOURCE);
	if (ret > 0 && (flags & (RWF_SYNC | RWF_DSYNC)))
		ret = sys_fdatasync(fd) ?: ret;
	return ret;
}
