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
#include <asm/carrier.h>

#define REMOUNT_SECONDS	30

/* The task that ends the kernel: requests of others do not begin any more. */
struct task_struct *rump_ender;

/**
 * rump_close_files() - Close all descriptors of the current process
 */
void rump_close_files(void)
{
	unsigned int fd, n;

	rcu_read_lock();
	n = files_fdtable(current->files)->max_fds;
	rcu_read_unlock();
	for (fd = 0; fd < n; fd++)
		close_fd(fd);
	task_work_run();
}

static void note_writable(struct super_block *sb, void *writable)
{
	if (sb->s_bdev && !sb_rdonly(sb))
		*(bool *)writable = true;
}

/*
 * The remount is work of a queue. Iterating takes s_umount, so it waits for
 * one that has begun.
 */
static int make_readonly(void)
{
	unsigned long end = jiffies + REMOUNT_SECONDS * HZ;
	unsigned int turns = 0;
	bool writable;

	emergency_remount();
	for (;;) {
		writable = false;
		iterate_supers(note_writable, &writable);
		if (!writable)
			return 0;
		if (time_after(jiffies, end))
			return -EBUSY;
		if (++turns < 100)
			yield();
		else
			schedule_timeout_uninterruptible(1);
	}
}

/**
 * rump_halt() - Close, write back, make every disk clean
 *
 * Return: 0, or -EBUSY if a file system would not become read-only
 */
long rump_halt(void)
{
	unsigned int cpu;
	long err;

	rump_ender = current;
	rump_close_files();
	ksys_sync();
	err = make_readonly();
	/* The helpers end with this process. Others get errors from now on, and must not wait. */
	for (cpu = 0; cpu < rump_boot.ncpu && !rump_alone(); cpu++)
		WRITE_ONCE(rump_vcpus[cpu].helper, NULL);
	return err;
}
