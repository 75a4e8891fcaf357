// SPDX-License-Identifier: GPL-2.0-only
/*
 * mirror.c - tables of descriptors whose numbers the host gives: made, grown, copied
 *
 * files.c tells what a mirrored table is.
 *
 * Numbers beyond the table are reserved too. Invariant: RLIMIT_NOFILE of every
 * process that uses the table is at most its size, so generic code ends with
 * EMFILE instead of expanding it. Tables grow only here, under grow_mutex;
 * the program's own limit is the hard one, as the host looks after the other.
 *
 * A copy of a table is an ordinary one. Whoever makes copies is followed by
 * code that mirrors them: copy_thread(), unshare(2), close_range(2).
 */
#include <linux/bitmap.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/resource.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <uapi/linux/close_range.h>
#include <asm/files.h>

#include "mirror.h"

#define TABLE_MIN	256	/* shells keep one at 255 */

static DEFINE_MUTEX(grow_mutex);

static void table_free(struct fdtable *fdt)
{
	kvfree(fdt->fd);
	kvfree(fdt->open_fds);
	kfree(fdt);
}

static void table_free_rcu(struct rcu_head *head)
{
	table_free(container_of(head, struct fdtable, rcu));
}

static struct fdtable *table_new(unsigned int n)
{
	struct fdtable *fdt = kmalloc(sizeof(*fdt), GFP_KERNEL_ACCOUNT);

	if (!fdt)
		return NULL;
	fdt->max_fds = n;
	fdt->fd = kvcalloc(n, sizeof(struct file *), GFP_KERNEL_ACCOUNT);
	/* open_fds, reserved, close_on_exec, and a bit for each word that is full */
	fdt->open_fds = kvcalloc(3 * words(fdt) + BITS_TO_LONGS(words(fdt)), sizeof(long),
				 GFP_KERNEL_ACCOUNT);
	if (!fdt->fd || !fdt->open_fds) {
		table_free(fdt);
		return NULL;
	}
	fdt->close_on_exec = fdt->open_fds + 2 * words(fdt);
	fdt->full_fds_bits = fdt->open_fds + 3 * words(fdt);
	return fdt;
}

/* Size of a table that has number @n, 0 if none can have it. */
static unsigned int table_size(unsigned int n)
{
	unsigned int limit = round_down(READ_ONCE(sysctl_nr_open), BITS_PER_LONG);

	if (n >= limit)
		return 0;
	return min(max_t(unsigned int, roundup_pow_of_two(n + 1), TABLE_MIN), limit);
}

/* All that is free in @old is reserved in @new, which is no smaller. */
static void table_fill(struct fdtable *new, const struct fdtable *old)
{
	unsigned long *reserved = reserved_fds(new);
	unsigned int n = old->max_fds, i;

	memcpy(new->fd, old->fd, n * sizeof(struct file *));
	bitmap_copy(new->open_fds, old->open_fds, n);
	bitmap_copy(new->close_on_exec, old->close_on_exec, n);
	if (is_mirrored(old))
		bitmap_copy(reserved, reserved_fds(old), n);
	else
		bitmap_complement(reserved, old->open_fds, n);
	bitmap_set(reserved, n, new->max_fds - n);
	bitmap_or(new->open_fds, new->open_fds, reserved, new->max_fds);
	for (i = 0; i < words(new); i++)
		if (!~new->open_fds[i])
			__set_bit(i, new->full_fds_bits);
}

/*
 * Put @new in the place of the table of @files. fd_install() stores into a table
 * without the lock, unless a resize is in progress: on one virtual CPU it is
 * never in the middle of that now.
 */
static void table_replace(struct files_struct *files, struct fdtable *new)
{
	bool others = atomic_read(&files->count) > 1 && num_online_cpus() > 1;
	struct fdtable *old;

	spin_lock(&files->file_lock);
	while (files->resize_in_progress) {
		spin_unlock(&files->file_lock);
		wait_event(files->resize_wait, !files->resize_in_progress);
		spin_lock(&files->file_lock);
	}
	if (others) {
		files->resize_in_progress = true;
		spin_unlock(&files->file_lock);
		synchronize_rcu_expedited();
		spin_lock(&files->file_lock);
	}
	old = files_fdtable(files);
	table_fill(new, old);
	rcu_assign_pointer(files->fdt, new);
	if (old != &files->fdtab)
		call_rcu(&old->rcu, table_free_rcu);
	/* Pairs with fd_install()'s smp_rmb(). */
	smp_wmb();
	files->resize_in_progress = false;
	spin_unlock(&files->file_lock);
	if (others)
		wake_up_all(&files->resize_wait);
}

static unsigned int files_size(struct files_struct *files, bool *mirrored)
{
	struct fdtable *fdt;
	unsigned int n;

	rcu_read_lock();
	fdt = rcu_dereference(files->fdt);
	n = fdt->max_fds;
	*mirrored = is_mirrored(fdt);
	rcu_read_unlock();
	return n;
}

/* Size of the table if it is mirrored, else 0. */
unsigned int mirrored_size(struct files_struct *files)
{
	bool mirrored;
	unsigned int n = files_size(files, &mirrored);

	return mirrored ? n : 0;
}

static void limit_process(struct signal_struct *signal, unsigned int size)
{
	struct rlimit *rlim = &signal->rlim[RLIMIT_NOFILE];

	rlim->rlim_cur = min_t(unsigned long, size, rlim->rlim_max);
}

static unsigned int task_table_size(struct task_struct *t)
{
	unsigned int size = UINT_MAX;
	bool mirrored;

	task_lock(t);
	if (t->files)
		size = files_size(t->files, &mirrored);
	task_unlock(t);
	return size;
}

/* Keep the invariant of all processes that use @files. */
static void limit_users(struct files_struct *files)
{
	struct task_struct *p, *t;
	unsigned int size;
	bool uses;

	read_lock(&tasklist_lock);
	for_each_process(p) {
		size = UINT_MAX;
		uses = false;
		for_each_thread(p, t) {
			uses |= READ_ONCE(t->files) == files;
			size = min(size, task_table_size(t));
		}
		if (uses)
			limit_process(p->signal, size);
	}
	read_unlock(&tasklist_lock);
}

/* A table of this process, with a reference, that has fewer than @size numbers. */
static struct files_struct *smaller_table(unsigned int size)
{
	struct files_struct *files = NULL;
	struct task_struct *t;

	read_lock(&tasklist_lock);
	for_each_thread(current, t) {
		if (task_table_size(t) >= size)
			continue;
		task_lock(t);
		files = t->files;
		if (files)
			atomic_inc(&files->count);
		task_unlock(t);
		if (files)
			break;
	}
	read_unlock(&tasklist_lock);
	return files;
}

static int mirror_table(struct files_struct *files, unsigned int size)
{
	struct fdtable *new = table_new(size);

	if (!new)
		return -ENOMEM;
	table_replace(files, new);
	return 0;
}

/*
 * Under grow_mutex: make the table of the current process a mirrored one of @size
 * numbers, and with it those of threads that have unshared theirs, as the limit is
 * common to them.
 */
static int grow(unsigned int size)
{
	struct files_struct *files;
	int err;

	err = mirror_table(current->files, size);
	while (!err && (files = smaller_table(size))) {
		err = mirror_table(files, size);
		put_files_struct(files);
	}
	if (err)
		return err;
	limit_users(current->files);
	/* Who has read the old limit is to be through before a new number is offered. */
	if (num_online_cpus() > 1)
		synchronize_rcu_expedited();
	return 0;
}

/* See to it that the mirrored table of the current process has number @n. */
int mirror_reach(unsigned int n)
{
	unsigned int have = mirrored_size(current->files), size;
	int err = 0;

	if (n < have)
		return 0;
	if (!have)
		return -EINVAL;
	size = n < rlimit_max(RLIMIT_NOFILE) ? table_size(n) : 0;
	if (!size)
		return -EMFILE;
	mutex_lock(&grow_mutex);
	if (n >= mirrored_size(current->files))
		err = grow(size);
	mutex_unlock(&grow_mutex);
	return err;
}

/**
 * rump_fd_mirror() - From now on the host gives the current process its numbers
 *
 * Return: 0 or -ENOMEM
 */
long rump_fd_mirror(void)
{
	unsigned int have;
	bool mirrored;
	int err = 0;

	mutex_lock(&grow_mutex);
	have = files_size(current->files, &mirrored);
	if (!mirrored)
		err = grow(max_t(unsigned int, have, TABLE_MIN));
	mutex_unlock(&grow_mutex);
	return err;
}

/**
 * rump_files_copied() - A task is being cloned: mirror its table if ours is
 * @p:	the task, which nobody else sees yet
 *
 * Numbers in flight or offered in our table are reserved in the copy.
 *
 * Return: 0 or -ENOMEM
 */
int rump_files_copied(struct task_struct *p)
{
	struct fdtable *new;
	unsigned int size;

	if (!current->files || !p->files || p->files == current->files)
		return 0;
	size = mirrored_size(current->files);
	if (!size || mirrored_size(p->files))
		return 0;
	new = table_new(size);
	if (!new)
		return -ENOMEM;
	table_replace(p->files, new);
	limit_process(p->signal, size);
	return 0;
}

/*
 * Run a call that may give the current task a copy of its table, which is
 * mirrored afterwards if the table was. What that takes is allocated before.
 */
static long and_mirror(long (*call)(const unsigned long *arg), const unsigned long *arg)
{
	struct files_struct *before = current->files;
	struct fdtable *new;
	unsigned int size;
	long ret;

	if (!mirrored_size(before))
		return call(arg);
	mutex_lock(&grow_mutex);
	size = mirrored_size(before);
	new = table_new(size);
	if (!new) {
		mutex_unlock(&grow_mutex);
		return -ENOMEM;
	}
	ret = call(arg);
	if (current->files != before)
		table_replace(current->files, new);
	else
		table_free(new);
	mutex_unlock(&grow_mutex);
	return ret;
}

static long call_unshare(const unsigned long *arg)
{
	return sys_unshare(arg[0]);
}

static long call_close_range(const unsigned long *arg)
{
	return sys_close_range(arg[0], arg[1], arg[2]);
}

asmlinkage long rump_sys_unshare(unsigned long flags)
{
	if (!(flags & CLONE_FILES))
		return sys_unshare(flags);
	return and_mirror(call_unshare, &flags);
}

asmlinkage long rump_sys_close_range(unsigned int fd, unsigned int max_fd, unsigned int flags)
{
	const unsigned long arg[] = { fd, max_fd, flags };

	if (!(flags & CLOSE_RANGE_UNSHARE))
		return sys_close_range(fd, max_fd, flags);
	return and_mirror(call_close_range, arg);
}

/* The soft limit is this file's, so only the hard one can be set. */
static long set_hard_limit(unsigned long cur, unsigned long max)
{
	struct rlimit *rlim = &current->signal->rlim[RLIMIT_NOFILE];
	long err = 0;

	if (cur > max)
		return -EINVAL;
	if (max > READ_ONCE(sysctl_nr_open))
		return -EPERM;
	mutex_lock(&grow_mutex);
	task_lock(current->group_leader);
	if (max > rlim->rlim_max && !capable(CAP_SYS_RESOURCE))
		err = -EPERM;
	else
		rlim->rlim_max = max;
	task_unlock(current->group_leader);
	limit_process(current->signal, mirrored_size(current->files));
	mutex_unlock(&grow_mutex);
	return err;
}

asmlinkage long rump_sys_setrlimit(unsigned int resource, struct rlimit __user *new)
{
	struct rlimit rlim;

	if (resource != RLIMIT_NOFILE || !mirrored_size(current->files))
		return sys_setrlimit(resource, new);
	if (copy_from_user(&rlim, new, sizeof(rlim)))
		return -EFAULT;
	return set_hard_limit(rlim.rlim_cur, rlim.rlim_max);
}

asmlinkage long rump_sys_prlimit64(pid_t pid, unsigned int resource,
				   const struct rlimit64 __user *new,
				   struct rlimit64 __user *old)
{
	struct rlimit64 rlim;
	long err;

	if (resource != RLIMIT_NOFILE || !new || !mirrored_size(current->files))
		return sys_prlimit64(pid, resource, new, old);
	if (pid && pid != task_tgid_vnr(current))
		return -EPERM;
	if (copy_from_user(&rlim, new, sizeof(rlim)))
		return -EFAULT;
	err = old ? sys_prlimit64(pid, resource, NULL, old) : 0;
	return err ?: set_hard_limit(rlim.rlim_cur, rlim.rlim_max);
}
