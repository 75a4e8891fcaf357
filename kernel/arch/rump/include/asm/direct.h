/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_DIRECT_H
#define _ASM_RUMP_DIRECT_H

#include <linux/linkage.h>
#include <linux/types.h>

struct file_handle;
struct open_how;

/* kernel/direct.c: the calls of these names; what they open with O_DIRECT transfers from any memory */
asmlinkage long rump_sys_open(const char __user *path, int flags, umode_t mode);
asmlinkage long rump_sys_openat(int dfd, const char __user *path, int flags, umode_t mode);
asmlinkage long rump_sys_openat2(int dfd, const char __user *path, struct open_how __user *how,
				 size_t size);
asmlinkage long rump_sys_open_by_handle_at(int mountdirfd, struct file_handle __user *handle,
					   int flags);
asmlinkage long rump_sys_fcntl(unsigned int fd, unsigned int cmd, unsigned long arg);

#endif
