/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_FILES_H
#define _ASM_RUMP_FILES_H

#include <linux/linkage.h>
#include <linux/types.h>

struct file;
struct rlimit;
struct rlimit64;
struct task_struct;

/* kernel/files.c, kernel/mirror.c: descriptor numbers given by the host */
long rump_fd_mirror(void);
long rump_fd_offer(unsigned int n);
long rump_fd_withdraw(unsigned int n);
long rump_fd_put(struct file *file, unsigned int n, unsigned int flags);
long rump_fd_dup(unsigned int old, unsigned int n, unsigned int flags);
long rump_fd_close(unsigned int n);
long rump_fd_list(unsigned long __user *bits, unsigned int n);
int rump_files_copied(struct task_struct *p);

/* kernel/parcels.c: files on their way through sockets of the host */
long rump_parcel_put(unsigned int fd, unsigned long ticket);
long rump_parcel_take(unsigned long ticket, unsigned int n, unsigned int flags);
long rump_parcel_drop(unsigned long ticket);

/* kernel/exec.c */
long rump_exec_prepare(unsigned long failed);
long rump_exec_done(unsigned long __user *bits, unsigned int n);

/* The calls of these names, which copy the table or set its limit. */
asmlinkage long rump_sys_unshare(unsigned long flags);
asmlinkage long rump_sys_close_range(unsigned int fd, unsigned int max_fd, unsigned int flags);
asmlinkage long rump_sys_setrlimit(unsigned int resource, struct rlimit __user *new);
asmlinkage long rump_sys_prlimit64(pid_t pid, unsigned int resource,
				   const struct rlimit64 __user *new,
				   struct rlimit64 __user *old);

#endif
