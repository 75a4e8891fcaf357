// SPDX-License-Identifier: GPL-2.0-only
/*
 * halt.c - the end: nothing that was written is lost
 *
 * Descriptors are closed, so that files which were deleted while open go, and
 * every file system that lies on a disk is made read-only by force. That writes all it
 * holds and leaves it clean, as unmounting does, but also works where a task is still
 * inside.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/syscalls.h>
#include <linux/task_work.h>
#include <linux/workqueue.h>
#include <asm/carrier.h>

static void interrupt_others(void)
{
	struct task_struct *t;

	rcu_read_lock();
	for_each_thread(current, t)
		if (t != current && t->thread.ht)
			set_notify_signal(t);
	rcu_read_unlock();
}

static void close_all_files(void)
{
	unsigned int fd, n;

	rcu_read_lock();
	n = files_fdtable(current->files)->max_fds;
	rcu_read_unlock();
	for (fd = 0; fd < n; fd++)
		close_fd(fd);
	task_work_run();
}

/**
 * rump_halt() - Close, write back, make every disk clean
 *
 * Return: 0
 */
long rump_halt(void)
{
	interrupt_others();
	close_all_files();
	ksys_sync();
	/* The remount is queued as work; the queue is flushed to wait for it. */
	emergency_remount();
	__flush_workqueue(system_wq);
	return 0;
}
