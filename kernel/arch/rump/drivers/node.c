// SPDX-License-Identifier: GPL-2.0-only
/* node.c - device nodes under names that the program chose */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <asm/drivers.h>

static int make(const char *name, umode_t mode, dev_t dev)
{
	struct dentry *dentry;
	struct path parent;
	int err;

	dentry = kern_path_create(AT_FDCWD, name, &parent,
				  S_ISDIR(mode) ? LOOKUP_DIRECTORY : 0);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	if (S_ISDIR(mode))
		err = vfs_mkdir(mnt_idmap(parent.mnt), d_inode(parent.dentry), dentry, 0755);
	else
		err = vfs_mknod(mnt_idmap(parent.mnt), d_inode(parent.dentry), dentry, mode, dev);
	done_path_create(&parent, dentry);
	return err;
}

/**
 * rump_make_node() - Make a block device node, and the folders above it
 * @path:	absolute path
 * @dev:	device number
 *
 * Return: 0 or -errno, -EEXIST if there is something by that name
 */
int rump_make_node(const char *path, dev_t dev)
{
	char *copy, *p;
	int err = 0;

	if (*path != '/')
		return -EINVAL;
	copy = kstrdup(path, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	for (p = strchr(copy + 1, '/'); p && !err; p = strchr(p + 1, '/')) {
		*p = 0;
		err = make(copy, S_IFDIR, 0);
		if (err == -EEXIST)
			err = 0;
		*p = '/';
	}
	if (!err)
		err = make(copy, S_IFBLK | 0660, dev);
	kfree(copy);
	return err;
}

/**
 * rump_remove_node() - Remove a node made by rump_make_node()
 * @path:	its path
 */
void rump_remove_node(const char *path)
{
	struct dentry *dentry;
	struct path parent;

	dentry = kern_path_locked(path, &parent);
	if (IS_ERR(dentry))
		return;
	if (d_is_positive(dentry))
		vfs_unlink(mnt_idmap(parent.mnt), d_inode(parent.dentry), dentry, NULL);
	dput(dentry);
	inode_unlock(d_inode(parent.dentry));
	path_put(&parent);
}
