/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemonize.c - going to the background once it is known whether all went well
 *
 * Theory of operation
 *
 * begin forks. The child goes on as the leader of a session of its own and keeps
 * one end of a socket pair; the parent waits at the other end for an error number
 * and exits with it. done sends it. If the child dies before that, the parent
 * reads end-of-file and says so with ESRCH. Until done, messages still reach the
 * terminal.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

static int daemon_report = -1; /* where the parent waits */

/**
 * daemon_await() - Wait in the parent for the child's report
 * @fd:		socket it comes from
 *
 * Return: host error number to exit with
 */
static int daemon_await(int fd)
{
	int error;
	ssize_t n;

	do
		n = recv(fd, &error, sizeof(error), MSG_WAITALL);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno;
	return n == sizeof(error) ? error : ESRCH;
}

/**
 * daemon_detach_stdio() - Lead standard input, output and error nowhere
 *
 * Return: 0 or a host error number
 */
static int daemon_detach_stdio(void)
{
	int error = 0;
	int fd = open("/dev/null", O_RDWR);

	if (fd == -1)
		return errno;
	for (int i = STDIN_FILENO; i <= STDERR_FILENO && !error; i++)
		if (dup2(fd, i) == -1)
			error = errno;
	if (fd > STDERR_FILENO)
		close(fd);
	return error;
}

int rumpuser_daemonize_begin(void)
{
	int error, pair[2];

	if (daemon_report != -1)
		return ru_errno(EALREADY);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return ru_errno(errno);
	switch (fork()) {
	case -1:
		error = errno;
		close(pair[0]);
		close(pair[1]);
		return ru_errno(error);
	case 0:
		close(pair[0]);
		daemon_report = pair[1];
		setsid();
		return 0;
	default:
		close(pair[1]);
		_exit(daemon_await(pair[0]));
	}
}

int rumpuser_daemonize_done(int error)
{
	int report = ru_errno_to_host(error), failed = 0;
	ssize_t n;

	if (daemon_report == -1)
		return ru_errno(ENOTCONN);
	if (report == 0)
		report = failed = daemon_detach_stdio();
	do
		n = send(daemon_report, &report, sizeof(report), MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	if (n == -1 && !failed)
		failed = errno;
	close(daemon_report);
	daemon_report = -1;
	return ru_errno(failed);
}
