/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sp_lwproc.c - the server's upcalls about processes and system calls
 *
 * Each is made on a virtual CPU of its own taking: a thread of the server's is
 * outside of the kernel in between.
 */
#include "sp.h"

/**
 * sp_up_rfork() - Make a process for a client and run as its first lwp
 * @client:	client, the kernel's argument to rumpuser_sp_copyin() and the like
 * @flags:	RUMPUSER_RFFD_*
 * @comm:	name of its program
 *
 * Return: 0 or an error number of the kernel's
 */
int sp_up_rfork(struct sp_client *client, int flags, const char *comm)
{
	int error;

	ru_hyp.hyp_schedule();
	error = ru_hyp.hyp_lwproc_rfork(client, flags, comm);
	ru_hyp.hyp_unschedule();
	return error;
}

/**
 * sp_up_newlwp() - Add an lwp to a process and run as it
 * @pid:	process
 *
 * Return: 0 or an error number of the kernel's
 */
int sp_up_newlwp(pid_t pid)
{
	int error;

	ru_hyp.hyp_schedule();
	error = ru_hyp.hyp_lwproc_newlwp(pid);
	ru_hyp.hyp_unschedule();
	return error;
}

/**
 * sp_up_release() - End the lwp this thread runs as
 */
void sp_up_release(void)
{
	ru_hyp.hyp_schedule();
	ru_hyp.hyp_lwproc_release();
	ru_hyp.hyp_unschedule();
}

/**
 * sp_up_switch() - Run as another lwp
 * @l:		lwp, or NULL for none
 */
void sp_up_switch(struct lwp *l)
{
	ru_hyp.hyp_schedule();
	ru_hyp.hyp_lwproc_switch(l);
	ru_hyp.hyp_unschedule();
}

/**
 * sp_up_curlwp() - Find the lwp this thread runs as
 *
 * Return: lwp
 */
struct lwp *sp_up_curlwp(void)
{
	struct lwp *l;

	ru_hyp.hyp_schedule();
	l = ru_hyp.hyp_lwproc_curlwp();
	ru_hyp.hyp_unschedule();
	return l;
}

/**
 * sp_up_getpid() - Find the process this thread runs in
 *
 * Return: its number
 */
pid_t sp_up_getpid(void)
{
	pid_t pid;

	ru_hyp.hyp_schedule();
	pid = ru_hyp.hyp_getpid();
	ru_hyp.hyp_unschedule();
	return pid;
}

/**
 * sp_up_syscall() - Perform a system call
 * @nr:		its number
 * @args:	SP_ARGS_MAX bytes of arguments
 * @retval:	where its two return values go
 *
 * Return: 0 or an error number of the kernel's
 */
int sp_up_syscall(int nr, void *args, long *retval)
{
	int error;

	ru_hyp.hyp_schedule();
	error = ru_hyp.hyp_syscall(nr, args, retval);
	ru_hyp.hyp_unschedule();
	return error;
}

/**
 * sp_up_lwpexit() - Make the other lwps of this process return
 */
void sp_up_lwpexit(void)
{
	ru_hyp.hyp_schedule();
	ru_hyp.hyp_lwpexit();
	ru_hyp.hyp_unschedule();
}

/**
 * sp_up_execnotify() - Tell the kernel that this process runs another program
 * @comm:	its name
 */
void sp_up_execnotify(const char *comm)
{
	ru_hyp.hyp_schedule();
	ru_hyp.hyp_execnotify(comm);
	ru_hyp.hyp_unschedule();
}
