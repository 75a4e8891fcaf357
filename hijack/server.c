// SPDX-License-Identifier: BSD-2-Clause
/* server.c - the process that keeps the kernel
 *
 * Theory of operation
 *
 * The kernel belongs to a tree of processes, none of which is there from its beginning to its end. So
 * a process of its own, which runs none of the program, boots it, has the host threads for its
 * timers and its work, and its disks; and waits. It is no server in the sense that calls would go
 * through it: they are made in the memory that all share (kernel/lib/join.c). It is asked when a process
 * wants to join, and told when one has been born by fork.
 *
 * It watches each process. One that ends without leaving was killed: what it has left in the
 * kernel is brought to an end by a child of the server that is made for that (an undertaker,
 * kernel/arch/rump/kernel/fork.c).
 *
 * At the end of the last process, or when the tree's first one says that it is about to end and is
 * the last, the kernel syncs and unmounts.
 */
#include <asm/errno.h>
#include <asm/poll.h>
#include <asm/signal.h>
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/wait.h>

#include "kernel.h"
#include "message.h"
#include "raw.h"
#include "server.h"
#include "state.h"
#include "str.h"

#define WATCHED	      1100 /* one more than the kernel has processes, and some undertakers */
#define BELLS	      8192
#define CLONE_SIGNAL  SIGCHLD
#define EXIT_KERNEL   1

/**
 * struct watched - A process that will end
 * @pid:	its id
 * @process:	what the kernel calls it, or what it is the undertaker of
 */
struct watched {
	int pid;
	bool undertaker;
	uint64_t process;
};

/* An eventfd of a process. */
static struct bell {
	int pid;
	int fd;
} bells[BELLS];
static unsigned int nbells;

/* The first entry of @polled is the control socket; that of watched[i] is polled[i + 1]. */
static struct watched watched[WATCHED];
static struct pollfd polled[WATCHED + 1];
static unsigned int nwatched;

/**
 * forget_watched() - Wait no longer for a process
 */
static void forget_watched(unsigned int i)
{
	raw1(__NR_close, polled[i + 1].fd);
	nwatched--;
	watched[i] = watched[nwatched];
	polled[i + 1] = polled[nwatched + 1];
}

/**
 * undertake() - Start an undertaker
 *
 * Return: its process id
 */
static long undertake(uint64_t process)
{
	long self = raw0(__NR_getpid);
	long server = raw0(__NR_getpid);
	long child = raw_call(__NR_clone, CLONE_SIGNAL, 0, 0, 0, 0, 0);

	if (child)
		return child;
	/* When the kernel has ended there is nothing more to bury, and nobody would wake it. */
	raw2(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL);
	if (raw0(__NR_getppid) != server)
		raw1(__NR_exit_group, 0);
	/* It has nothing to do in a kernel that has ended. */
	raw2(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL);
	if (raw0(__NR_getppid) != self)
		raw1(__NR_exit_group, 0);
	raw2(__NR_prctl, PR_SET_NAME, "rump-undertaker");
	rump__kernel.ops->bury((struct rump_process *)process, (int)raw0(__NR_gettid));
	for (;;)
		raw1(__NR_exit_group, 0);
}

static void watch(int pid, uint64_t process, bool undertaker);

/**
 * bury() - A process has ended without leaving
 */
static void bury(uint64_t process)
{
	long child = undertake(process);

	if (raw_failed(child))
		rump__error("cannot start an undertaker: %s", str_error(child));
	else
		watch((int)child, process, true);
}

/**
 * give_up() - The kernel cannot go on: end all that use it
 *
 * Their calls would wait for ever. What has been synced is in the images.
 */
static _Noreturn void give_up(void)
{
	rump__error("the kernel is lost, as a process was killed in the middle of it; "
		    "all of its processes end");
	for (unsigned int i = 0; i < nwatched; i++)
		raw4(__NR_pidfd_send_signal, polled[i + 1].fd, SIGKILL, 0, 0);
	for (;;)
		raw1(__NR_exit_group, EXIT_KERNEL);
}

/**
 * has_ended() - A process is no more
 */
static void has_ended(struct watched who)
{
	struct rump_process *process = (struct rump_process *)who.process;

	if (who.undertaker) {
		int status = 0;

		raw4(__NR_wait4, who.pid, &status, 0, 0);
		if (status)
			give_up();
		rump__kernel.ops->forget(process);
	} else if (rump__kernel.ops->left(process)) {
		rump__kernel.ops->forget(process);
	} else {
		bury(who.process);
	}
}

/**
 * watch() - Wait for the end of a process
 */
static void watch(int pid, uint64_t process, bool undertaker)
{
	struct watched who = {pid, undertaker, process};
	long fd;

	for (unsigned int i = 0; i < nwatched; i++)
		if (watched[i].process == process && watched[i].undertaker == undertaker)
			return;
	fd = raw2(__NR_pidfd_open, pid, 0);
	if (fd == -ESRCH) {
		has_ended(who);
		return;
	}
	if (raw_failed(fd) || nwatched == WATCHED) {
		rump__error("cannot watch process %d: %s", pid, str_error(fd));
		return;
	}
	watched[nwatched] = who;
	polled[++nwatched] = (struct pollfd){(int)fd, POLLIN, 0};
}

/**
 * attach() - Make a host process a process of the kernel
 *
 * Return: what the kernel calls it, or a negated errno
 */
static long attach(int pid)
{
	long process = kernel_call(RUMP_CALL_FORK_PREPARE, 0, 0, 0, 0, 0, 0), result;

	if (raw_failed(process))
		return process;
	result = kernel_call(RUMP_CALL_FORK, process, 0, pid, 0, 0, 0);
	if (raw_failed(result))
		return result;
	watch(pid, (uint64_t)process, false);
	return process;
}

/**
 * end() - Sync, unmount, and end
 * @reply:	who waits for that is told by its closing, after the images are closed, or -1
 */
static _Noreturn void end(int reply)
{
	kernel_exit();
	if (reply > 3)
		raw3(__NR_close_range, 3, reply - 1, 0);
	raw3(__NR_close_range, reply < 3 ? 3 : reply + 1, ~0u, 0);
	for (;;)
		raw1(__NR_exit_group, 0);
}

/**
 * is_last() - Whether a process is the only one that is left
 */
static bool is_last(int pid)
{
	for (unsigned int i = 0; i < nwatched; i++)
		if (watched[i].pid != pid && !watched[i].undertaker)
			return false;
	return true;
}

/**
 * take_bell() - Keep an eventfd for as long as the process is watched that it comes from
 * @reply:	socket that it comes by
 *
 * Return: its number here, or a negated errno
 */
static long take_bell(int pid, int reply)
{
	char byte;
	int fd;
	long result = message_receive(reply, &byte, 1, &fd);

	if (fd < 0)
		return raw_failed(result) ? result : -EBADF;
	if (nbells == BELLS) {
		raw1(__NR_close, fd);
		return -ENFILE;
	}
	bells[nbells++] = (struct bell){pid, fd};
	return fd;
}

/**
 * drop_bells() - Close those of a process
 */
static void drop_bells(int pid)
{
	for (unsigned int i = nbells; i--;) {
		if (bells[i].pid != pid)
			continue;
		raw1(__NR_close, bells[i].fd);
		bells[i] = bells[--nbells];
	}
}

/**
 * serve() - Do what a request wants
 * @reply:	where the answer goes, or -1
 */
static void serve(const struct request *request, int reply)
{
	struct answer answer = {.layout = rump__kernel.layout};
	int fd = -1;

	switch (request->type) {
	case REQUEST_ATTACH:
		answer.result = attach(request->pid);
		fd = rump__kernel.fd;
		break;
	case REQUEST_LAYOUT:
		fd = rump__kernel.fd;
		break;
	case REQUEST_BORN:
		watch(request->pid, request->process, false);
		break;
	case REQUEST_BELL:
		answer.result = take_bell(request->pid, reply);
		break;
	case REQUEST_END:
		if (is_last(request->pid))
			end(reply);
		break;
	}
	if (reply >= 0)
		message_send(reply, &answer, sizeof(answer), fd);
}

/**
 * server_main() - Boot, mount, and keep the kernel until no process is left
 * @control:	this side's end of the control socket
 */
_Noreturn void server_main(int control)
{
	struct request request;
	long n = 1;
	int reply;

	raw2(__NR_prctl, PR_SET_NAME, hijack_config.serve_name);
	kernel_boot();
	raw1(__NR_chdir, "/");
	polled[0] = (struct pollfd){control, POLLIN, 0};
	while (n > 0) {
		raw3(__NR_poll, polled, nwatched + 1, -1);
		for (unsigned int i = nwatched; i--;) {
			struct watched who = watched[i];

			if (!polled[i + 1].revents)
				continue;
			forget_watched(i);
			if (!who.undertaker)
				drop_bells(who.pid);
			has_ended(who);
		}
		if (!polled[0].revents)
			continue;
		n = message_receive(control, &request, sizeof(request), &reply);
		if (n == sizeof(request))
			serve(&request, reply);
		if (reply >= 0)
			raw1(__NR_close, reply);
	}
	end(-1);
}
