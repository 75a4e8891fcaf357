// SPDX-License-Identifier: BSD-2-Clause
/* lifeline.c - a process learns at once that the kernel's server has ended
 *
 * Theory of operation
 *
 * The server has the writing end of a pipe that nobody writes to, every process the reading end. When
 * the server ends, however that is, the host sends a signal to whoever has asked for it by O_ASYNC: a SIGBUS,
 * which no process of the kernel blocks, with SI_SIGIO as its code (kernel/lib/fault.c). So nothing has to be
 * looked at while the server lives.
 *
 * Whom the signal goes to belongs to the open file description, which a forked child shares with its
 * parent. So each process opens the pipe anew, by its name in /proc. Who may not any more, having
 * changed its user or its root, asks the server for a description.
 */
#include <asm/signal.h>
#include <linux/fcntl.h>

#include "lifeline.h"
#include "raw.h"
#include "server.h"
#include "str.h"
#include "wait.h"

#define F_SETSIG_ 10
#define O_ASYNC_  020000

static int lifeline = -1;

/**
 * lifeline_is() - The descriptor that has come from the server
 */
void lifeline_is(int fd)
{
	lifeline = fd;
}

/**
 * look() - The server may have ended before the signal was asked for
 */
static void look(void)
{
	struct pollfd_raw polled = {lifeline, 0, 0};

	if (raw3(__NR_poll, &polled, 1, 0) == 1 && polled.revents & POLLHUP)
		rump__kernel.ops->die(RUMP_DEAD_SERVER, rump__kernel.proc);
}

/**
 * lifeline_arm() - Let the host tell this process
 */
void lifeline_arm(void)
{
	char name[32];
	long fd;

	if (lifeline < 0)
		return;
	str_printf(name, sizeof(name), "/proc/self/fd/%d", lifeline);
	fd = raw4(__NR_openat, AT_FDCWD, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
	if (raw_failed(fd))
		fd = client_lifeline();
	if (!raw_failed(fd)) {
		raw3(__NR_dup3, fd, lifeline, O_CLOEXEC);
		raw1(__NR_close, fd);
		raw3(__NR_fcntl, lifeline, F_SETOWN, raw0(__NR_getpid));
		raw3(__NR_fcntl, lifeline, F_SETSIG_, SIGBUS);
		raw3(__NR_fcntl, lifeline, F_SETFL, O_ASYNC_ | O_NONBLOCK);
	}
	if (raw_failed(fd))
		rump__kernel.ops->die(RUMP_DEAD_SERVER, rump__kernel.proc);
	else
		look();
}

/**
 * lifeline_disarm() - This process is about to execute a program
 *
 * A signal that came in the middle of that would end the program, as it has no handler.
 *
 * Return: whether it had armed it; a vfork child may have its parent's
 */
bool lifeline_disarm(void)
{
	if (lifeline < 0 || raw3(__NR_fcntl, lifeline, F_GETOWN, 0) != raw0(__NR_getpid))
		return false;
	return !raw_failed(raw3(__NR_fcntl, lifeline, F_SETFL, O_NONBLOCK));
}

/**
 * lifeline_rearm() - It has not
 */
void lifeline_rearm(void)
{
	raw3(__NR_fcntl, lifeline, F_SETFL, O_ASYNC_ | O_NONBLOCK);
	look();
}
