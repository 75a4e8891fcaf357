/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_WATCH_H
#define _ASM_RUMP_WATCH_H

#include <linux/compiler_types.h>

struct mm_struct;
struct pollfd;

/* kernel/watch.c: readiness that wakes a host thread in the host's own poll */
long rump_watch(struct pollfd __user *ufds, unsigned int n, unsigned long hostfds,
		unsigned long __user *uhandle, unsigned int flags);
long rump_watch_poll(unsigned long handle, struct pollfd __user *ufds, unsigned int n);
long rump_unwatch(unsigned long handle);
void rump_watch_task_exit(void);
void rump_watch_mm_exit(struct mm_struct *mm);

#endif
