// SPDX-License-Identifier: BSD-2-Clause
/* server.c - start the process that keeps the kernel, before the command that uses it
 *
 * So what is wrong with an image is said before the command starts, and all processes that come of it
 * find the same kernel. The server is no child of this process: the command would wait for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../hijack/server.h"
#include "rump.h"

#define SERVE	"libexec/rump/serve"
#define FD_HIGH 700 /* out of the way of programs that count from 3 */

/**
 * move_high() - Give a descriptor a high number
 * @flags:	F_DUPFD, or F_DUPFD_CLOEXEC
 */
static int move_high(int fd, int flags)
{
	int high = fcntl(fd, flags, FD_HIGH);

	/* Where so many descriptors are not allowed, as high as it goes. */
	for (int lowest = FD_HIGH / 2; high < 0 && lowest > 2; lowest /= 2)
		high = fcntl(fd, flags, lowest);
	if (high < 0)
		die(STATUS_FAILED, "cannot duplicate a descriptor: %s", strerror(errno));
	close(fd);
	return high;
}

/**
 * become_server() - Execute it, with nothing of ours but its end of the socket
 */
static _Noreturn void become_server(int control)
{
	char *program = installed(SERVE);
	int null = open("/dev/null", O_RDWR);

	setsid();
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close_range(3, (unsigned int)control - 1, 0);
	close_range((unsigned int)control + 1, ~0u, 0);
	setenv("RUMP_SERVE", compose("%d", control), true);
	setenv("RUMPHIJACK", "", true);
	unsetenv("RUMPHIJACK_TRACE");
	unsetenv("RUMPHIJACK_REPORT");
	unsetenv("RUMP_SERVER");
	execl(program, program, NULL);
	die(STATUS_FAILED, "%s: %s", program, strerror(errno));
}

/**
 * spawn() - Start the server as nobody's child
 */
static void spawn(int control)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		child = fork();
		if (child == 0)
			become_server(control);
		_exit(child < 0 ? errno : 0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		die(STATUS_FAILED, "cannot start a process: %s", strerror(errno));
	if (WEXITSTATUS(status))
		die(STATUS_FAILED, "cannot start a process: %s", strerror(WEXITSTATUS(status)));
}

/**
 * wait_until_up() - Wait for the answer of the server
 *
 * Return: false if it has ended instead, with a message
 */
static bool wait_until_up(int control)
{
	struct request request = { .type = REQUEST_HELLO, .pid = getpid() };
	char room[CMSG_SPACE(sizeof(int))] = "";
	struct iovec vector = { &request, sizeof(request) };
	struct msghdr message = { .msg_iov = &vector,
				  .msg_iovlen = 1,
				  .msg_control = room,
				  .msg_controllen = sizeof(room) };
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);
	static struct answer answer;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		die(STATUS_FAILED, "cannot make a socket: %s", strerror(errno));
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(part), &pair[1], sizeof(int));
	if (sendmsg(control, &message, MSG_NOSIGNAL) < 0)
		return false;
	close(pair[1]);
	return read(pair[0], &answer, sizeof(answer)) == sizeof(answer) && close(pair[0]) == 0;
}

/**
 * server_start() - Start the server and wait until all is mounted
 *
 * RUMP_SERVER tells the command how to find it.
 */
void server_start(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		die(STATUS_FAILED, "cannot make a socket: %s", strerror(errno));
	pair[1] = move_high(pair[1], F_DUPFD);
	pair[0] = move_high(pair[0], F_DUPFD_CLOEXEC);
	spawn(pair[1]);
	close(pair[1]);
	if (!wait_until_up(pair[0]))
		exit(STATUS_FAILED);
	if (fcntl(pair[0], F_SETFD, 0) < 0)
		die(STATUS_FAILED, "cannot keep a descriptor: %s", strerror(errno));
	setenv("RUMP_SERVER", compose("fd:%d,%d", pair[0], (int)getpid()), true);
}
