/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_DIRECT_H
#define _ASM_RUMP_DIRECT_H

#include <linux/linkage.h>
#include <linux/types.h>

struct iovec;

/* kernel/direct.c: the calls of these names, also for O_DIRECT */
asmlinkage long rump_sys_read(unsigned int fd, char __user *buf, size_t len);
asmlinkage long rump_sys_write(unsigned int fd, const char __user *buf, size_t len);
asmlinkage long rump_sys_pread64(unsigned int fd, char __user *buf, size_t len, loff_t pos);
asmlinkage long rump_sys_pwrite64(unsigned int fd, const char __user *buf, size_t len, loff_t pos);
asmlinkage long rump_sys_readv(unsigned long fd, const struct iovec __user *vec, unsigned long n);
asmlinkage long rump_sys_writev(unsigned long fd, const struct iovec __user *vec, unsigned long n);
asmlinkage long rump_sys_preadv(unsigned long fd, const struct iovec __user *vec, unsigned long n,
				unsigned long low, unsigned long high);
asmlinkage long rump_sys_pwritev(unsigned long fd, const struct iovec __user *vec,
				 unsigned long n, unsigned long low, unsigned long high);
asmlinkage long rump_sys_preadv2(unsigned long fd, const struct iovec __user *vec,
				 unsigned long n, unsigned long low, unsigned long high,
				 rwf_t flags);
asmlinkage long rump_sys_pwritev2(unsigned long fd, const struct iovec __user *vec,
				  unsigned long n, unsigned long low, unsigned long high,
				  rwf_t flags);

#endif
