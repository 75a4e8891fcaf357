// SPDX-License-Identifier: BSD-2-Clause
/* watched.c - the server sees processes of the kernel end
 *
 * One that ends without leaving was killed: what it has left in the kernel is brought to an end by a
 * child of the server that is made for that, an undertaker (kernel/arch/rump/kernel/fork.c). If that
 * finds that the kernel is lost, its virtual CPU will not come back, the server ends; all processes
 * see that by the lifeline (client.c), and their calls fail.
 *
 * A birth is told by the parent and by the child, as either may be killed before it does. The later one may
 * come when the process has ended and another one has its place in the kernel's table, so it counts
 * only if the place is still that process's. If both are killed, so is the parent's burial the time when
 * the table is searched for those that nobody has told of. So it is while there are some that could not be
 * watched, for want of descriptors, until others have ended.
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/prctl.h>

#include "kernel.h"
#include "raw.h"
#include "sources.h"
#include "state.h"
#include "str.h"

#define CLONE_SIGNAL SIGCHLD

bool watched_missed;

/**
 * server_give_up() - The kernel cannot go on
 */
_Noreturn void server_give_up(void)
{
	rump__error("the kernel is lost, as a process was killed in the middle of it; "
		    "what was synced is in the images");
	rump__kernel.ops->die(RUMP_DEAD_KILLED, NULL);
	server_unlink();
	for (;;)
		raw1(__NR_exit_group, EXIT_KERNEL);
}

/**
 * undertake() - Start an undertaker
 *
 * Return: its process id
 */
static long undertake(uint64_t process)
{
	long server = raw0(__NR_getpid);
	long child = raw_call(__NR_clone, CLONE_SIGNAL, 0, 0, 0, 0, 0);
	int err;

	if (child)
		return child;
	/* When the kernel has ended there is nothing more to bury, and nobody would wake it. */
	raw2(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL);
	if (raw0(__NR_getppid) != server)
		raw1(__NR_exit_group, 0);
	raw2(__NR_prctl, PR_SET_NAME, "rump-undertaker");
	err = rump__kernel.ops->bury((struct rump_process *)process, (int)raw0(__NR_gettid));
	for (;;)
		raw1(__NR_exit_group, -err);
}

/**
 * watch() - Wait for the end of a process
 *
 * Return: 0, -ESRCH if it has ended, or another negated errno
 */
static long watch(enum source_type type, int pid, uint64_t process)
{
	struct source *source;
	long fd;

	fd = raw2(__NR_pidfd_open, pid, 0);
	if (raw_failed(fd))
		return fd;
	source = source_add(type, (int)fd);
	if (!source)
		return -ENFILE;
	source->pid = pid;
	source->process = process;
	return 0;
}

/**
 * buried() - An undertaker has ended, or is about to
 */
static void buried(int undertaker, uint64_t process)
{
	int status = 0;

	raw4(__NR_wait4, undertaker, &status, 0, 0);
	if (status) {
		if (status != EIO << 8)
			rump__error("the undertaker of a killed process ended with status 0x%x", status);
		server_give_up();
	}
	rump__kernel.ops->forget((struct rump_process *)process);
}

/**
 * settle() - A process is no more: forget it, or have it buried
 */
static void settle(uint64_t process)
{
	long child;

	if (rump__kernel.ops->left((struct rump_process *)process)) {
		rump__kernel.ops->forget((struct rump_process *)process);
		return;
	}
	child = undertake(process);
	if (raw_failed(child)) {
		rump__error("cannot start an undertaker: %s", str_error(child));
		server_give_up();
	}
	/* It is a child, so it is there until it is waited for; which does not take long, if need be. */
	if (watch(SOURCE_UNDERTAKER, (int)child, process))
		buried((int)child, process);
}

/**
 * watched_add() - A process is one of the kernel's
 */
void watched_add(int pid, uint64_t process)
{
	long result;

	if (source_of(SOURCE_PROCESS, process) || source_of(SOURCE_UNDERTAKER, process) ||
	    rump__kernel.ops->process_pid((struct rump_process *)process) != pid)
		return;
	result = watch(SOURCE_PROCESS, pid, process);
	if (result == -ESRCH)
		settle(process);
	else if (result)
		watched_missed = true;
}

/**
 * watched_search() - Watch the processes that nobody has told of, or that could not be watched
 */
void watched_search(void)
{
	watched_missed = false;
	for (unsigned int i = 0; i < RUMP_PROCESSES; i++) {
		struct rump_process *process = rump__kernel.ops->process_at(i);

		if (process)
			watched_add(rump__kernel.ops->process_pid(process), (uint64_t)process);
	}
}

/**
 * watched_ended() - A process or an undertaker has ended
 */
void watched_ended(struct source *source)
{
	struct source who = *source;

	source_drop(source);
	if (who.type == SOURCE_PROCESS) {
		server_ended(who.pid);
		settle(who.process);
		return;
	}
	buried(who.pid, who.process);
	watched_search();
}

/**
 * watched_knows() - Whether a process is one of the kernel's
 * @whom:	its pid, the negated id of a process group, or 0 for any process
 */
bool watched_knows(int whom)
{
	for (unsigned int i = 0; i < RUMP_PROCESSES; i++) {
		struct rump_process *process = rump__kernel.ops->process_at(i);
		int pid = process ? rump__kernel.ops->process_pid(process) : 0;

		if (pid && (!whom || pid == whom || (whom < 0 && raw1(__NR_getpgid, pid) == -whom)))
			return true;
	}
	return false;
}

/**
 * watched_is_last() - Whether a process is the only one that is left
 */
bool watched_is_last(int pid)
{
	unsigned int others = sources_count[SOURCE_PROCESS];

	if (watched_missed)
		return false;
	for (unsigned int i = 0; others && i < RUMP_PROCESSES; i++) {
		struct rump_process *process = rump__kernel.ops->process_at(i);

		if (process && rump__kernel.ops->process_pid(process) == pid &&
		    source_of(SOURCE_PROCESS, (uint64_t)process))
			others--;
	}
	return !others;
}
