/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_LATE_H
#define _ASM_RUMP_LATE_H

#include <linux/linkage.h>
#include <linux/types.h>

/* kernel/late.c: the calls of these names */
asmlinkage long rump_sys_mount(char __user *dev, char __user *dir, char __user *type,
			       unsigned long flags, void __user *data);
asmlinkage long rump_sys_fsopen(const char __user *type, unsigned int flags);

#endif
