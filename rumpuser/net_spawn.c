/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_spawn.c - programs that lead to a network
 *
 * One ends by itself when its socket is closed, as it is at the latest when this process is no
 * more. It is the child of a child that has ended, so its end is no signal to the program, and
 * wait(2) does not find it: execve(2) makes any child one whose end is told.
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/wait.h>

#include "bare/raw.h"
#include "bare/str.h"
#include "net.h"

#define PATH_ROOM 4096

static const char *const environment[] = { "PATH=/usr/local/bin:/usr/bin:/bin", NULL };

static _Noreturn void fail(int report, long err)
{
	raw3(__NR_write, report, &err, sizeof(err));
	for (;;)
		raw1(__NR_exit_group, 127);
}

/**
 * aside() - Have a descriptor out of the way of the numbers that the program is to find
 *
 * Where few descriptors are allowed it may be one of them.
 */
static int aside(int fd, int report)
{
	long moved = fd;

	if (fd <= NET_CHILD_FD)
		moved = raw3(__NR_fcntl, fd, F_DUPFD_CLOEXEC, NET_CHILD_FD + 1);
	if (moved < 0)
		fail(report, moved);
	return moved;
}

/**
 * run() - In the child: execute the program, wherever in the path it is
 * @report:	where the error goes
 */
static _Noreturn void run(const char *path, const char *const *argv, int fd, bool stdio,
			  int messages, int report)
{
	const unsigned long none = 0;
	char file[PATH_ROOM];
	long err = -ENOENT, error;

	raw4(__NR_rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof(none));
	raw0(__NR_setsid);
	fd = aside(fd, report);
	messages = aside(messages, report);
	report = aside(report, report);
	raw3(__NR_close_range, NET_CHILD_FD, ~0u, CLOSE_RANGE_CLOEXEC);
	raw3(__NR_dup3, fd, stdio ? 0 : NET_CHILD_FD, 0);
	if (stdio)
		raw3(__NR_dup3, fd, 1, 0);
	raw3(__NR_dup3, messages, 2, 0);
	for (const char *end; *path; path = *end ? end + 1 : end) {
		for (end = path; *end && *end != ':'; end++)
			;
		if (end == path || (size_t)(end - path) + str_length(argv[0]) + 2 > sizeof(file))
			continue;
		memcpy(file, path, end - path);
		file[end - path] = '/';
		str_copy(file + (end - path) + 1, argv[0]);
		error = raw3(__NR_execve, file, argv, environment);
		if (error != -ENOENT)
			err = error;
	}
	fail(report, err);
}

/**
 * spawn_orphan() - In a child: start the program, say which it is, and end
 */
static _Noreturn void spawn_orphan(const char *path, const char *const *argv, int fd, bool stdio,
				   int messages, int report)
{
	long program = raw_call(__NR_clone, 0, 0, 0, 0, 0, 0);

	if (program == 0)
		run(path, argv, fd, stdio, messages, report);
	raw3(__NR_write, report, &program, sizeof(program));
	for (;;)
		raw1(__NR_exit_group, 0);
}

/**
 * hear() - Read what is reported until nobody is left to do so
 *
 * Return: process id of the program, or an error, which may have come first
 */
static long hear(int report)
{
	long result = -EIO, said, n;

	for (;;) {
		n = raw3(__NR_read, report, &said, sizeof(said));
		if (n == -EINTR)
			continue;
		if (n != sizeof(said))
			return result;
		if (said < 0 || result == -EIO)
			result = said;
	}
}

/**
 * net_spawn() - Start a program
 * @path:	directories to look for it in
 * @argv:	its arguments
 * @fd:		it inherits this, closed here in any case
 * @stdio:	as standard input and output, or else as NET_CHILD_FD
 * @messages:	its standard error
 *
 * Return: its process id or -errno
 */
int net_spawn(const char *path, const char *const *argv, int fd, bool stdio, int messages)
{
	int report[2];
	long child, err;

	err = raw2(__NR_pipe2, report, O_CLOEXEC);
	if (err < 0)
		goto close;
	for (int i = 0; i < 2; i++)
		report[i] = net_high(report[i]);
	child = raw_call(__NR_clone, 0, 0, 0, 0, 0, 0);
	if (child == 0)
		spawn_orphan(path, argv, fd, stdio, messages, report[1]);
	raw1(__NR_close, report[1]);
	err = child > 0 ? hear(report[0]) : child;
	raw1(__NR_close, report[0]);
	while (child > 0 && raw4(__NR_wait4, child, 0, __WCLONE, 0) == -EINTR)
		;
close:
	raw1(__NR_close, fd);
	return err;
}
