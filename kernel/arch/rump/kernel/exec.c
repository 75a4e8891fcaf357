// SPDX-License-Identifier: GPL-2.0-only
/*
 * exec.c - a process of the host executes a program
 *
 * The process stays what it is; its memory is new, and what is to be closed is. That is
 * done when the new program has joined again, as until then the execution may fail.
 * Threads that the host is about to end must not be inside: a process that
 * has others is asked, before, to go on as a fork of itself and let the old one leave.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <asm/carrier.h>
#include <asm/files.h>
#include <asm/watch.h>

/* The process's threads but the spawner. */
static unsigned int host_threads(void)
{
	struct task_struct *t;
	unsigned int n = 0;

	rcu_read_lock();
	for_each_thread(current, t)
		n += t->thread.ht && t->thread.ht->kind == RUMP_HT_THREAD;
	rcu_read_unlock();
	return n;
}

/**
 * rump_exec_prepare() - The current process is about to execute a program
 * @failed:	it could not
 *
 * Return: 0, or 1 if other threads of it are here
 */
long rump_exec_prepare(unsigned long failed)
{
	struct rump_hthread *ht = current->thread.ht;
	struct rump_process *proc = ht->proc;

	if (failed) {
		WRITE_ONCE(proc->executing, 0);
		/* What was to be dropped meanwhile. */
		hyp->unmap(RUMP_WINDOW_ADDR, RUMP_WINDOW_END - RUMP_WINDOW_ADDR);
		return 0;
	}
	if (host_threads() > 1)
		return 1;
	proc->main = ht;
	WRITE_ONCE(proc->executing, 1);
	return 0;
}

/*
 * The descriptors are the process's alone from now on: its own and its spawner's,
 * as it is the spawner's table that further threads share.
 */
static int own_files(void)
{
	struct task_struct *spawner = current->thread.ht->proc->spawner;
	struct files_struct *before = current->files;
	int err;

	if (spawner->files == before && atomic_read(&before->count) == 2)
		return 0;
	err = unshare_files();
	if (err || current->files == before)
		return err;
	atomic_inc(&current->files->count);
	task_lock(spawner);
	before = spawner->files;
	spawner->files = current->files;
	task_unlock(spawner);
	put_files_struct(before);
	return 0;
}

/**
 * rump_exec_done() - It has, and has joined again
 * @bits:	gets a bit for each descriptor that is open
 * @n:		bits, a multiple of 64
 *
 * Return: one more than the largest descriptor, or -errno
 */
long rump_exec_done(unsigned long __user *bits, unsigned int n)
{
	int err;

	rump_watch_task_exit();
	err = vm_munmap(RUMP_WINDOW_ADDR, RUMP_WINDOW_END - RUMP_WINDOW_ADDR);
	if (!err)
		err = own_files();
	if (!err)
		err = rump_fd_mirror();
	if (err)
		return err;
	WRITE_ONCE(current->thread.ht->proc->executing, 0);
	do_close_on_exec(current->files);
	return rump_fd_list(bits, n);
}
