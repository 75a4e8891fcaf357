// SPDX-License-Identifier: GPL-2.0-only
/* calls.c - what librump asks for beyond the system calls (RUMP_CALL_) */
#include <linux/kmsg_dump.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/syscalls.h>
#include <asm/carrier.h>
#include <asm/drivers.h>
#include <asm/files.h>
#include <asm/watch.h>

static long call_exit(void)
{
	struct rump_hthread *ht = current->thread.ht;

	rump_watch_task_exit();
	/*
	 * From here on nobody runs requests of the host thread, so it may go as
	 * soon as it is on its own stack.
	 */
	current->thread.ht = NULL;
	ht->task = NULL;
	rump_complete(ht, 0);
	do_exit(0);
}

/**
 * rump_call() - A request by number
 * @nr:		RUMP_CALL_, or a number that does not exist
 * @a:		arguments
 *
 * Return: result or -errno
 */
long rump_call(unsigned long nr, unsigned long *a)
{
	switch (nr) {
	case RUMP_CALL_EXIT:
		return call_exit();
	case RUMP_CALL_HALT:
		return rump_halt();
	case RUMP_CALL_LWP_RFORK:
		return rump_lwp_rfork(a[0]);
	case RUMP_CALL_LWP_NEW:
		return rump_lwp_new(a[0]);
	case RUMP_CALL_FORK_PREPARE:
		return rump_fork_prepare();
	case RUMP_CALL_FORK:
		return rump_fork(a[0], a[1], a[2]);
	case RUMP_CALL_LEAVE:
		return rump_leave_process();
	case RUMP_CALL_KILL:
		return rump_kill(a[0], (const long *)a + 1);
	case RUMP_CALL_GROUP:
		return rump_group(a[0]);
	case RUMP_CALL_FD_MIRROR:
		return rump_fd_mirror();
	case RUMP_CALL_FD_OFFER:
		return rump_fd_offer(a[0]);
	case RUMP_CALL_FD_WITHDRAW:
		return rump_fd_withdraw(a[0]);
	case RUMP_CALL_FD_DUP:
		return rump_fd_dup(a[0], a[1], a[2]);
	case RUMP_CALL_FD_CLOSE:
		return rump_fd_close(a[0]);
	case RUMP_CALL_PARCEL_PUT:
		return rump_parcel_put(a[0], a[1]);
	case RUMP_CALL_PARCEL_TAKE:
		return rump_parcel_take(a[0], a[1], a[2]);
	case RUMP_CALL_PARCEL_DROP:
		return rump_parcel_drop(a[0]);
	case RUMP_CALL_WATCH:
		return rump_watch((void __user *)a[0], a[1], a[2], (void __user *)a[3], a[4]);
	case RUMP_CALL_WATCH_POLL:
		return rump_watch_poll(a[0], (void __user *)a[1], a[2]);
	case RUMP_CALL_UNWATCH:
		return rump_unwatch(a[0]);
	case RUMP_CALL_EXEC:
		return rump_exec_prepare(a[0]);
	case RUMP_CALL_FD_EXEC:
		return rump_exec_done((void __user *)a[0], a[1]);
	case RUMP_CALL_FAULT:
		return rump_user_fault(a[0], a[1]);
#ifdef CONFIG_NETDEVICES
	case RUMP_CALL_NET_ADD:
		/* Its threads are the first process's. */
		if (current->thread.ht->proc != &rump_first_process)
			return -EOPNOTSUPP;
		return rump_net_add((struct rump_net_info *)a[0]);
#endif
#ifdef CONFIG_BLOCK
	case RUMP_CALL_DISK_ADD:
		/* The descriptor is to be one of the process whose servers use it. */
		if (current->thread.ht->proc != &rump_first_process)
			return -EOPNOTSUPP;
		return rump_disk_add((const char *)a[0], (const void *)a[1]);
	case RUMP_CALL_DISK_DEL:
		return rump_disk_del((const char *)a[0]);
#endif
	default:
		return -ENOSYS;
	}
}
