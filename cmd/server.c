// SPDX-License-Identifier: BSD-2-Clause
/* server.c - start the process that keeps the kernel, before the command that uses it
 *
 * So what is wrong with an image is said before the command starts, and all processes that come of it
 * find the same kernel. The server is no child of this process: the command would wait for it. It
 * is the child of a process that stays until it has booted, and passes on its status if it ends before.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
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
 * @listening:	socket of a kernel with a name, or -1
 * @command:	what it is for; its name in ps(1) and in messages says that
 */
static _Noreturn void become_server(int control, int listening, const char *command)
{
	const char *slash = strrchr(command, '/');
	char *program = installed(SERVE);
	int null = open("/dev/null", O_RDWR);

	setsid();
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	/* Those that stay are close-on-exec no more. */
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	fcntl(control, F_SETFD, 0);
	if (listening >= 0)
		fcntl(listening, F_SETFD, 0);
	setenv("RUMP_SERVE", compose("%d,%s", control, slash ? slash + 1 : command), true);
	setenv("RUMPHIJACK", "", true);
	unsetenv("RUMPHIJACK_TRACE");
	unsetenv("RUMPHIJACK_REPORT");
	unsetenv("RUMP_SERVER");
	execl(program, program, NULL);
	die(STATUS_FAILED, "%s: %s", program, strerror(errno));
}

/**
 * spawn() - Start the server, and a process between that waits for it
 * @pair:	control socket; pair[1] is the server's end
 * @listening:	socket of a kernel with a name, or -1
 *
 * Return: process id of the one between, which exits as the server does
 */
static pid_t spawn(const int pair[2], int listening, const char *command)
{
	pid_t between = fork(), child;
	int status;

	if (between < 0)
		die(STATUS_FAILED, "cannot start a process: %s", strerror(errno));
	if (between)
		return between;
	child = fork();
	if (child == 0)
		become_server(pair[1], listening, command);
	if (child < 0)
		die(STATUS_FAILED, "cannot start a process: %s", strerror(errno));
	close(pair[0]);
	close(pair[1]);
	if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
		_exit(STATUS_FAILED);
	_exit(WEXITSTATUS(status));
}

/**
 * wait_until_up() - Wait for the answer of the server
 *
 * Return: false if it has ended instead, with a message
 */
static bool wait_until_up(int control)
{
	static struct answer answer;

	return name_ask(control, REQUEST_HELLO, 0, &answer, sizeof(answer)) >= 0;
}

/**
 * is_needed() - Whether the environment sends any call to the rump kernel
 */
static bool is_needed(void)
{
	const char *mount = getenv("RUMP_MOUNT"), *hijack = getenv("RUMPHIJACK");
	const char *boot = getenv("RUMPHIJACK_BOOT");

	return (mount && *mount) || (hijack && *hijack && strcmp(hijack, "socket=none")) ||
	       (boot && !strcmp(boot, "1"));
}

/**
 * launch() - Start the server and wait until all is mounted
 * @name:	the kernel's, or NULL
 * @command:	what it is for
 * @between:	result: who stays until the server ends, and ends as it does
 *
 * Return: control socket
 */
static int launch(const char *name, const char *command, pid_t *between)
{
	int pair[2], status, listening = -1;
	char *path = NULL;

	if (name) {
		listening = name_listen(name, &path);
		listening = move_high(listening, F_DUPFD_CLOEXEC);
		setenv("RUMP_SERVE_LISTEN", compose("%d,%s", listening, path), true);
		setenv("RUMP_SERVE_PLACES", getenv("RUMPHIJACK"), true);
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		die(STATUS_FAILED, "cannot make a socket: %s", strerror(errno));
	pair[1] = move_high(pair[1], F_DUPFD);
	pair[0] = move_high(pair[0], F_DUPFD_CLOEXEC);
	*between = spawn(pair, listening, command);
	close(pair[1]);
	unsetenv("RUMP_SERVE_LISTEN");
	unsetenv("RUMP_SERVE_PLACES");
	if (wait_until_up(pair[0])) {
		if (listening >= 0)
			close(listening);
		return pair[0];
	}
	/* It has said why. */
	if (path)
		unlink(path);
	if (waitpid(*between, &status, 0) < 0 || !WIFEXITED(status))
		exit(STATUS_FAILED);
	exit(WEXITSTATUS(status) ?: STATUS_FAILED);
}

/**
 * server_start() - Start the server and wait until all is mounted
 * @name:	for others to attach to it, or NULL
 * @command:	what it is for
 *
 * RUMP_SERVER tells the command how to find it. If all calls are to be the host's, none is started.
 */
void server_start(const char *name, const char *command)
{
	pid_t between;
	int control;

	unsetenv("RUMP_SERVER");
	if (!is_needed())
		return;
	control = launch(name, command, &between);
	kill(between, SIGKILL);
	waitpid(between, NULL, 0);
	if (fcntl(control, F_SETFD, 0) < 0)
		die(STATUS_FAILED, "cannot keep a descriptor: %s", strerror(errno));
	setenv("RUMP_SERVER", compose("fd:%d,%d", control, (int)getpid()), true);
}

/**
 * server_keep() - Start a kernel that stays until it is halted
 * @foreground:	stay as long
 *
 * Return: exit status
 */
int server_keep(const char *name, bool foreground)
{
	static struct answer answer;
	sigset_t signals;
	pid_t between;
	int control, sig, status;

	setenv("RUMP_SERVE_KEEP", foreground ? "foreground" : "", true);
	unsetenv("RUMP_SERVER");
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGCHLD);
	control = launch(name, name, &between);
	if (!foreground) {
		kill(between, SIGKILL);
		return 0;
	}
	sigprocmask(SIG_BLOCK, &signals, NULL);
	while (waitpid(between, &status, WNOHANG) == 0) {
		sigwait(&signals, &sig);
		if (sig != SIGCHLD)
			name_ask(control, REQUEST_HALT, 1, &answer, sizeof(answer));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_FAILED;
}
