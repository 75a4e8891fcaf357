// SPDX-License-Identifier: BSD-2-Clause
/* kill.c - a process kills or stops another of the same kernel
 *
 * Theory of operation
 *
 * A process that is killed in the middle of the rump kernel takes it along, as what it has begun is never ended.
 * So whoever sends SIGKILL has the kernel make the host's call, while no other process is in it
 * (arch/rump/kernel/kill.c). Who does not use the kernel asks its server whether the target does, and joins
 * then. Who is among those that it kills leaves the kernel first, as at exit.
 *
 * One that is stopped there holds up all others. So it is asked to stop itself (kernel/lib/stop.c), and
 * if it does not, it is stopped as it would be killed. For a group the processes of the host are
 * looked through.
 *
 * Left over is a process that joins between the server's answer and the signal, and, where a process kills a
 * group that it is in itself, a member that is born meanwhile.
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/fcntl.h>

#include "listing.h"
#include "route.h"
#include "server.h"
#include "special.h"
#include "str.h"

#define TURNS 10 /* until a group has no members but the caller */

/**
 * needs_care() - Whether a signal may find its target in the middle of the kernel
 * @whom:	process, negated id of a process group, or 0 for all
 */
static bool needs_care(long whom, unsigned long sig)
{
	if ((int)sig != SIGKILL && (int)sig != SIGSTOP)
		return false;
	return kernel_up || (client_knows((int)whom) && !kernel_need());
}

/**
 * is_own() - Whether an id is this process's, or that of a thread of it
 */
static bool is_own(int pid)
{
	long self = raw0(__NR_getpid);

	return pid == self || !raw3(__NR_tgkill, self, pid, 0);
}

/**
 * signal_whom() - Have the kernel make a call while no other process is in it
 *
 * Return: its result; who has failed makes it again, and gets the host's reason
 */
static long signal_whom(long whom, const struct hijack_call *call)
{
	return kernel_call(RUMP_CALL_KILL, whom, (long)call->nr, (long)call->arg[0], (long)call->arg[1],
			   (long)call->arg[2], (long)call->arg[3]);
}

/**
 * stop_asked() - Have another process of the kernel stop itself
 *
 * Return: whether it has
 */
static bool stop_asked(int pid)
{
	return kernel_call(RUMP_CALL_KILL, pid, 0, 0, 0, 0, 0) > 0 && rump__stop_ask(pid);
}

/**
 * stop_group() - Have other processes stopped
 * @group:	those of this process group, or 0 for all
 */
static void stop_group(long group)
{
	long self = raw0(__NR_getpid);
	struct listing listing;
	unsigned long pid;

	listing_open(&listing, "/proc");
	while (listing_next(&listing, &pid))
		if ((long)pid != self && (!group || raw1(__NR_getpgid, pid) == group) && !stop_asked((int)pid))
			kernel_call(RUMP_CALL_KILL, (long)pid, __NR_kill, (long)pid, SIGSTOP, 0, 0);
}

/**
 * kill_one() - Signal a process, by the id of its process or of a thread
 * @pid:	process, or one of its threads
 */
static long kill_one(struct hijack_call *call, int pid, unsigned long sig)
{
	if (!needs_care(pid, sig))
		return hijack_pass(call);
	if (is_own(pid)) {
		if ((int)sig == SIGSTOP) {
			rump__stop(SIGSTOP);
			return 0;
		}
		hijack_on_exit();
		return hijack_pass(call);
	}
	if ((int)sig == SIGSTOP && stop_asked(pid))
		return 0;
	return signal_whom(pid, call) ? hijack_pass(call) : 0;
}

/**
 * kill_own_group() - Kill the process group that this process is in
 */
static long kill_own_group(struct hijack_call *call, long group)
{
	for (int turn = 0; turn < TURNS; turn++)
		if (kernel_call(RUMP_CALL_KILL, -group, 0, 0, SIGKILL, 0, 0) <= 0)
			break;
	hijack_on_exit();
	return hijack_host(call);
}

/**
 * route_kill() - kill(2)
 */
long route_kill(struct hijack_call *call)
{
	int pid = (int)call->arg[0];
	unsigned long sig = call->arg[1];
	long own, group;

	if (pid > 0)
		return kill_one(call, pid, sig);
	own = raw1(__NR_getpgid, 0);
	group = pid == -1 ? 0 : pid ? -(long)pid : own;
	if (!needs_care(-group, sig))
		return hijack_pass(call);
	if ((int)sig == SIGSTOP) {
		stop_group(group);
		return hijack_host(call);
	}
	if (group == own)
		return kill_own_group(call, group);
	return signal_whom(-group, call) ? hijack_host(call) : 0;
}

/**
 * route_tkill() - tkill(2)
 */
long route_tkill(struct hijack_call *call)
{
	return kill_one(call, (int)call->arg[0], call->arg[1]);
}

/**
 * route_tgkill() - tgkill(2)
 */
long route_tgkill(struct hijack_call *call)
{
	return kill_one(call, (int)call->arg[0], call->arg[2]);
}

/**
 * route_rt_sigqueueinfo() - rt_sigqueueinfo(2)
 */
long route_rt_sigqueueinfo(struct hijack_call *call)
{
	return kill_one(call, (int)call->arg[0], call->arg[1]);
}

/**
 * route_rt_tgsigqueueinfo() - rt_tgsigqueueinfo(2)
 */
long route_rt_tgsigqueueinfo(struct hijack_call *call)
{
	return kill_one(call, (int)call->arg[0], call->arg[2]);
}

/**
 * pid_of() - The process that a pidfd is for
 *
 * Return: 0 if it is none, or has ended
 */
static int pid_of(unsigned long fd)
{
	static const char name[] = "\nPid:\t";
	char text[512];
	unsigned long pid;
	const char *at;
	long file, length;

	str_printf(text, sizeof(text), "/proc/self/fdinfo/%d", (int)fd);
	file = raw4(__NR_openat, AT_FDCWD, text, O_RDONLY | O_CLOEXEC, 0);
	if (raw_failed(file))
		return 0;
	length = raw3(__NR_read, file, text, sizeof(text) - 1);
	raw1(__NR_close, file);
	text[length > 0 ? length : 0] = 0;
	at = str_search(text, name);
	return at && str_to_number(at + sizeof(name) - 1, &pid, &at) ? (int)pid : 0;
}

/**
 * route_pidfd_send_signal() - pidfd_send_signal(2)
 */
long route_pidfd_send_signal(struct hijack_call *call)
{
	int pid;

	if (fd_is_rump(call->arg[0]))
		return -EBADF;
	pid = (int)call->arg[1] == SIGKILL || (int)call->arg[1] == SIGSTOP ? pid_of(call->arg[0]) : 0;
	return pid > 0 ? kill_one(call, pid, call->arg[1]) : hijack_pass(call);
}
