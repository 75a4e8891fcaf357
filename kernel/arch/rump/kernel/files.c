// SPDX-License-Identifier: GPL-2.0-only
/*
 * files.c - descriptor numbers that the host gives
 *
 * Theory of operation
 *
 * A program that has descriptors of two kernels shall see one set of numbers, given out
 * by the host: a placeholder there holds the number of each descriptor here. So
 * a mirrored table lets the kernel take only a number that was offered before. A
 * number is
 *
 *			open_fds  reserved  file
 *	open		1	  0	    yes
 *	in flight	1	  0	    no	  taken by a call that will install or drop it
 *	offered		0	  0	    no
 *	reserved	1	  1	    no
 *
 * Generic code knows only open_fds: its search for the lowest free number finds
 * the lowest offered one, and when it closes a descriptor the number becomes
 * offered. What is reserved looks to it like a number in flight.
 *
 * The bitmap of reserved numbers lies behind open_fds in the same
 * allocation, so the table's own code frees it with the table. Where
 * close_on_exec points then tells a mirrored table from an ordinary one.
 *
 * mirror.c makes the tables.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/syscalls.h>
#include <asm/files.h>

#include "mirror.h"

/**
 * rump_fd_offer() - A number may be taken by the next call that wants one
 * @n:	number
 *
 * Return: 0, -EBUSY if a file has it or is about to, -EMFILE beyond the limit, -EINVAL
 * if the table is not mirrored, -ENOMEM
 */
long rump_fd_offer(unsigned int n)
{
	struct files_struct *files = current->files;
	struct fdtable *fdt;
	int err;

	if (n >= rlimit_max(RLIMIT_NOFILE))
		return -EMFILE;
	err = mirror_reach(n);
	if (err)
		return err;
	spin_lock(&files->file_lock);
	fdt = files_fdtable(files);
	if (__test_and_clear_bit(n, reserved_fds(fdt)))
		clear_open(files, fdt, n);
	else if (test_bit(n, fdt->open_fds))
		err = -EBUSY;
	spin_unlock(&files->file_lock);
	return err;
}

/**
 * rump_fd_withdraw() - Take an offer back
 * @n:	number
 *
 * Of all who try, one gets 0: so whoever does may do with the number as it likes.
 *
 * Return: 0, -EBUSY if it is not offered any more, -EINVAL if the table is not mirrored
 */
long rump_fd_withdraw(unsigned int n)
{
	struct files_struct *files = current->files;
	struct fdtable *fdt;
	int err = 0;

	spin_lock(&files->file_lock);
	fdt = files_fdtable(files);
	if (!is_mirrored(fdt)) {
		err = -EINVAL;
	} else if (n >= fdt->max_fds || test_bit(n, fdt->open_fds)) {
		err = -EBUSY;
	} else {
		__set_bit(n, reserved_fds(fdt));
		set_open(fdt, n);
	}
	spin_unlock(&files->file_lock);
	return err;
}

/* Can a number be a file's in this table, which is a mirrored one? */
static long may_be(unsigned int n)
{
	long ret;

	if (n >= rlimit_max(RLIMIT_NOFILE))
		return -EBADF;
	ret = mirror_reach(n);
	return ret == -EMFILE ? -EBADF : ret;
}

/**
 * rump_fd_put() - Let a number be a file, whatever it was
 * @file:	file; the table gets a reference of its own
 * @n:		number: open, offered or reserved
 * @flags:	O_CLOEXEC or 0
 *
 * Return: @n, or -errno as dup3(2), -EBUSY if a call has just taken @n
 */
long rump_fd_put(struct file *file, unsigned int n, unsigned int flags)
{
	struct files_struct *files = current->files;
	struct file *before;
	struct fdtable *fdt;
	long ret = may_be(n);

	if (ret)
		return ret;
	spin_lock(&files->file_lock);
	fdt = files_fdtable(files);
	before = files_lookup_fd_locked(files, n);
	if (!before && test_bit(n, fdt->open_fds) && !test_bit(n, reserved_fds(fdt))) {
		ret = -EBUSY;
		goto unlock;
	}
	get_file(file);
	rcu_assign_pointer(fdt->fd[n], file);
	__clear_bit(n, reserved_fds(fdt));
	set_open(fdt, n);
	__assign_bit(n, fdt->close_on_exec, flags & O_CLOEXEC);
	ret = n;
unlock:
	spin_unlock(&files->file_lock);
	if (before && ret >= 0)
		filp_close(before, files);
	return ret;
}

/**
 * rump_fd_dup() - dup3(2) onto a number, whatever it is
 * @old:	descriptor
 * @n:		number: open, offered or reserved
 * @flags:	O_CLOEXEC or 0
 *
 * Return: as rump_fd_put()
 */
long rump_fd_dup(unsigned int old, unsigned int n, unsigned int flags)
{
	struct file *file;
	long ret;

	if ((flags & ~O_CLOEXEC) || old == n)
		return -EINVAL;
	ret = may_be(n);
	if (ret)
		return ret;
	file = fget_raw(old);
	if (!file)
		return -EBADF;
	ret = rump_fd_put(file, n, flags);
	fput(file);
	return ret;
}

/**
 * rump_fd_close() - close(2), after which the number is reserved
 * @n:	number
 *
 * Return: as close(2)
 */
long rump_fd_close(unsigned int n)
{
	struct files_struct *files = current->files;
	struct file *file = NULL;
	struct fdtable *fdt;

	spin_lock(&files->file_lock);
	fdt = files_fdtable(files);
	if (n < fdt->max_fds)
		file = files_lookup_fd_locked(files, n);
	if (file) {
		rcu_assign_pointer(fdt->fd[n], NULL);
		if (is_mirrored(fdt))
			__set_bit(n, reserved_fds(fdt));
		else
			clear_open(files, fdt, n);
	}
	spin_unlock(&files->file_lock);
	return file ? filp_close(file, files) : -EBADF;
}

/**
 * rump_fd_list() - Reserve all that is offered, and say what is open
 * @bits:	gets a bit for each number with a file
 * @n:		bits, a multiple of 64
 *
 * Return: one more than the largest such number, or -EFAULT
 */
long rump_fd_list(unsigned long __user *bits, unsigned int n)
{
	struct files_struct *files = current->files;
	unsigned int i, at, top = 0, max = mirrored_size(files);
	unsigned long word;

	for (i = 0; i < max && i < n; i += BITS_PER_LONG) {
		struct fdtable *fdt;

		word = 0;
		spin_lock(&files->file_lock);
		fdt = files_fdtable(files);
		for (at = i; at < i + BITS_PER_LONG; at++) {
			if (files_lookup_fd_locked(files, at)) {
				word |= BIT(at - i);
				top = at + 1;
			} else if (!test_bit(at, fdt->open_fds)) {
				__set_bit(at, reserved_fds(fdt));
				set_open(fdt, at);
			}
		}
		spin_unlock(&files->file_lock);
		if (put_user(word, bits + i / BITS_PER_LONG))
			return -EFAULT;
	}
	return top;
}
