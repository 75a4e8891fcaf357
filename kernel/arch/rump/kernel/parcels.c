// SPDX-License-Identifier: GPL-2.0-only
/*
 * parcels.c - files on their way through sockets of the host
 *
 * A message of a unix socket of the host cannot hold a file of this kernel. The file waits here
 * meanwhile, under a number, the ticket, that the host has given out (hijack/rights.c): who gets
 * the message takes the file by that, as often as the message is read. What is not
 * taken is dropped when the last descriptor of the ticket is closed on the host, which the
 * shim's server finds out.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/xarray.h>
#include <asm/files.h>

static DEFINE_XARRAY(parcels); /* file by ticket, each with a reference */

/**
 * rump_parcel_put() - Keep the file of a descriptor
 * @fd:		descriptor
 * @ticket:	number that nothing is kept under
 *
 * Return: 0, -EBADF, -EBUSY, -ENOMEM
 */
long rump_parcel_put(unsigned int fd, unsigned long ticket)
{
	struct file *file = fget_raw(fd);
	int err;

	if (!file)
		return -EBADF;
	err = xa_insert(&parcels, ticket, file, GFP_KERNEL);
	if (err)
		fput(file);
	return err;
}

/**
 * rump_parcel_take() - Make a descriptor of what is kept, and keep it
 * @ticket:	number
 * @n:		descriptor
 * @flags:	O_CLOEXEC or 0
 *
 * The caller has a descriptor of the ticket, so a parcel that was put is still there.
 *
 * Return: @n, -ENOENT without a parcel, or as rump_fd_put()
 */
long rump_parcel_take(unsigned long ticket, unsigned int n, unsigned int flags)
{
	struct file *file;
	long ret;

	xa_lock(&parcels);
	file = xa_load(&parcels, ticket);
	if (file)
		get_file(file);
	xa_unlock(&parcels);
	if (!file)
		return -ENOENT;
	ret = rump_fd_put(file, n, flags);
	fput(file);
	return ret;
}

/**
 * rump_parcel_drop() - Nobody can ask for a parcel any more
 * @ticket:	number
 *
 * Return: 0, -ENOENT if there was none
 */
long rump_parcel_drop(unsigned long ticket)
{
	struct file *file = xa_erase(&parcels, ticket);

	if (!file)
		return -ENOENT;
	fput(file);
	return 0;
}
