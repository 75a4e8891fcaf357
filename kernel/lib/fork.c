/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.c - a forked child is a process of the same kernel
 *
 * rump__fork_prepare(), the host's fork, then rump__fork_parent() in the parent
 * and rump__fork_child() in the child, which waits for the parent's answer. A
 * thread of the parent waits for the child's end, and sees to it that the
 * kernel forgets it: arch/rump/kernel/fork.c.
 */
#include <asm/errno.h>
#include <asm/poll.h>
#include <asm/signal.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/time.h>
#include <linux/wait.h>

#include <rump/rumpuser_ext.h>

#include "bare/raw.h"

#include "core.h"

#define KILL_SECONDS 1

static int parent_pid;

static int orphan(void)
{
	return raw0(__NR_getppid) != parent_pid;
}

/* The child was killed: a copy of this process ends what it has left in the kernel. */
static void bury(struct rump_process *proc)
{
	long self = raw0(__NR_getpid), pid = raw_call(__NR_clone, 0, 0, 0, 0, 0, 0), ret;
	int status = 0;

	if (!pid) {
		/* It has nothing to do in a kernel that ends with its first process. */
		raw2(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL);
		if (raw0(__NR_getppid) != self)
			raw1(__NR_exit_group, 0);
		raw1(__NR_exit_group, !!rump__kernel.ops->bury(proc, rumpuser_ext_gettid()));
	}
	if (raw_failed(pid)) {
		rump__error("cannot make a process to end what a killed one has left");
		return;
	}
	do
		ret = raw4(__NR_wait4, pid, &status, __WCLONE, 0);
	while (ret == -EINTR);
	if (status)
		rump__kernel.ops->die(RUMP_DEAD_KILLED, rump__kernel.proc);
}

/* Until the child has ended; that it cannot be waited for any more means the same. */
static void await(void *name)
{
	struct rump_process *proc = name;
	long ret;

	do
		ret = raw_call(__NR_waitid, P_PID, rump__kernel.ops->process_pid(proc), 0,
			       WEXITED | WNOWAIT | __WALL, 0, 0);
	while (ret == -EINTR);
	if (!rump__kernel.ops->left(proc))
		bury(proc);
	rump__kernel.ops->forget(proc);
}

static bool kills(const long *call)
{
	return call[call[0] == __NR_tgkill || call[0] == __NR_rt_tgsigqueueinfo ? 3 : 2] == SIGKILL;
}

/**
 * rump__kill() - Make a call of the host that signals another process, and wait until that is dead if it kills
 * @pid:	process, or 0 not to wait
 * @call:	number and four arguments
 *
 * Return: the result of the call
 */
long rump__kill(int pid, const long *call)
{
	const struct timespec at_most = { .tv_sec = KILL_SECONDS };
	struct pollfd polled = { .fd = -1, .events = POLLIN };
	long ret;

	if (pid > 0 && kills(call))
		polled.fd = raw2(__NR_pidfd_open, pid, 0);
	ret = raw4(call[0], call[1], call[2], call[3], call[4]);
	if (polled.fd < 0)
		return ret;
	if (!ret)
		raw_call(__NR_ppoll, (long)&polled, 1, (long)&at_most, 0, 0, 0);
	raw1(__NR_close, polled.fd);
	return ret;
}

/**
 * rump__group() - The process group of a process
 * @pid:	process
 *
 * Return: its id, or -errno
 */
int rump__group(int pid)
{
	return raw1(__NR_getpgid, pid);
}

/**
 * rump__fork_prepare() - Before the host's fork
 *
 * Return: what the other functions are to be given, or a negated errno
 */
long rump__fork_prepare(void)
{
	parent_pid = raw0(__NR_getpid);
	return rump__enter(RUMP_CALL_FORK_PREPARE, 0, 0, 0, 0, 0, 0);
}

/**
 * rump__fork_parent() - After it, in the parent
 * @name:	from rump__fork_prepare()
 * @flags:	CLONE_FILES and CLONE_FS as in clone(2)
 * @pid:	the child, or negative if there is none
 */
void rump__fork_parent(long name, unsigned long flags, int pid)
{
	rump__enter(RUMP_CALL_FORK, name, flags, pid, 0, 0, 0);
	if (pid > 0 && rump__setup.thread(await, (void *)name, "rump-await"))
		rump__error("cannot start a thread that waits for process %d", pid);
}

/**
 * rump__fork_child() - After it, in the child
 * @name:	from rump__fork_prepare()
 *
 * Return: 0, or -ENXIO if this process has no kernel
 */
int rump__fork_child(long name)
{
	struct rump_process *proc = (struct rump_process *)name;
	struct rump_hthread *ht;

	rump__forget();
	ht = rump__kernel.ops->fork_child(proc, raw0(__NR_getpid), rumpuser_ext_gettid(),
					   orphan);
	if (!ht)
		return -ENXIO;
	rump__kernel.proc = proc;
	rump__kernel.pid = raw0(__NR_getpid);
	rump__self.ht = ht;
	rump__kernel.up = true;
	if (rump__setup.attached)
		rump__setup.attached();
	return 0;
}
