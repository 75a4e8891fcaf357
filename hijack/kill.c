// SPDX-License-Identifier: BSD-2-Clause
/* kill.c - a process of the kernel kills or stops another
 *
 * A process that is killed in the middle of the rump kernel takes it along, as what it has begun is
 * never ended. So whoever sends SIGKILL does
 * it by the kernel, which knows that no other process is in it at that moment (rump_kill() in
 * arch/rump/kernel/fork.c). The host's call follows for processes that the kernel does not know, and for the
 * caller itself.
 *
 * One that is stopped there holds up all others. So it is asked to stop itself (kernel/lib/stop.c), and
 * if it does not, it is stopped as it would be killed. For a group the processes of the host are
 * looked through.
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/fcntl.h>

#include "listing.h"
#include "route.h"
#include "special.h"
#include "str.h"

static bool is_abrupt(unsigned long sig)
{
	return kernel_up && ((int)sig == SIGKILL || (int)sig == SIGSTOP);
}

/**
 * stop_one() - Have another process stopped
 *
 * Return: whether it was one of the kernel's
 */
static bool stop_one(int pid)
{
	if (kernel_call(RUMP_CALL_KILL, pid, -1, 0, 0, 0, 0) <= 0)
		return false;
	return rump__stop_ask(pid) || kernel_call(RUMP_CALL_KILL, pid, -1, SIGSTOP, 0, 0, 0) > 0;
}

/**
 * stop_group() - Have other processes stopped
 * @group:	those of this process group, or -1 for all
 */
static void stop_group(long group)
{
	long self = raw0(__NR_getpid);
	struct listing listing;
	unsigned long pid;

	listing_open(&listing, "/proc");
	while (listing_next(&listing, &pid))
		if ((long)pid != self && (group == -1 || raw1(__NR_getpgid, pid) == group))
			stop_one((int)pid);
}

/**
 * kill_one() - Signal a process, by the id of its process or of a thread
 * @pid:	process, or a thread that is its first one
 */
static long kill_one(struct hijack_call *call, int pid, unsigned long sig)
{
	if (!is_abrupt(sig))
		return hijack_pass(call);
	if ((int)sig == SIGSTOP && pid == raw0(__NR_getpid)) {
		rump__stop(SIGSTOP);
		return 0;
	}
	if ((int)sig == SIGSTOP ? stop_one(pid) :
				  kernel_call(RUMP_CALL_KILL, pid, -1, SIGKILL, 0, 0, 0) > 0)
		return 0;
	return hijack_pass(call);
}

/**
 * route_kill() - kill(2)
 */
long route_kill(struct hijack_call *call)
{
	int pid = (int)call->arg[0];
	unsigned long sig = call->arg[1];
	long n, group, result;

	if (pid > 0)
		return kill_one(call, pid, sig);
	if (!is_abrupt(sig))
		return hijack_pass(call);
	group = pid == -1 ? -1 : pid ? -pid : raw1(__NR_getpgid, 0);
	if ((int)sig == SIGSTOP) {
		stop_group(group);
		return hijack_host(call);
	}
	n = kernel_call(RUMP_CALL_KILL, 0, group, (long)sig, 0, 0, 0);
	result = hijack_host(call);
	/* Those that are dead may have been waited for already. */
	return result == -ESRCH && n > 0 ? 0 : result;
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
	pid = is_abrupt(call->arg[1]) ? pid_of(call->arg[0]) : 0;
	return pid > 0 ? kill_one(call, pid, call->arg[1]) : hijack_pass(call);
}
