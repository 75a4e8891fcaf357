// SPDX-License-Identifier: BSD-2-Clause
/* connect.c - RUMP_SERVER=NAME, or unix://PATH: a kernel that somebody keeps
 *
 * Its socket is $XDG_RUNTIME_DIR/rump/NAME, or /tmp/rump-UID/NAME without that variable (rump(1)). It is
 * connected to before the program starts, so that what is wrong is said then. The server refuses processes of
 * other users, and so does this side a server of another user, who might have made the directory.
 */
#include <asm/errno.h>

#include "connect.h"
#include "raw.h"
#include "server.h"
#include "state.h"
#include "str.h"

#define AF_UNIX	       1
#define SOCK_SEQPACKET 5
#define SOCK_CLOEXEC   02000000
#define SOL_SOCKET     1
#define SO_PEERCRED    17
#define URL	       "unix://"

struct address {
	uint16_t family;
	char path[108];
};

struct credentials {
	int pid;
	uint32_t uid;
	uint32_t gid;
};

/**
 * fail() - Say why there is no kernel, and exit
 */
static _Noreturn void fail(const char *value, const char *why, int status)
{
	rump__error("RUMP_SERVER=%s: %s", value, why);
	for (;;)
		raw1(__NR_exit_group, status);
}

/**
 * find() - The path of a kernel's socket
 */
static void find(struct address *address, const char *value, const char *runtime)
{
	char path[512];
	size_t length;

	if (str_starts(value, URL))
		str_printf(path, sizeof(path), "%s", value + sizeof(URL) - 1);
	else if (runtime && *runtime == '/')
		str_printf(path, sizeof(path), "%s/rump/%s", runtime, value);
	else
		str_printf(path, sizeof(path), "/tmp/rump-%ld/%s", raw0(__NR_geteuid), value);
	length = str_length(path);
	if (length >= sizeof(address->path))
		fail(value, "the name of the socket is too long", EXIT_CONFIG);
	if (path[0] != '/' || (!str_starts(value, URL) && str_find(value, '/')))
		fail(value, "neither fd:NUMBER,PID nor a name nor unix:// and an absolute path",
		     EXIT_CONFIG);
	memcpy(address->path, path, length + 1);
}

/**
 * connect_named() - Connect to the server of a kernel with a name
 * @value:	of RUMP_SERVER
 * @runtime:	XDG_RUNTIME_DIR, or NULL
 *
 * Return: socket; failures end the process
 */
int connect_named(const char *value, const char *runtime)
{
	struct address address = {.family = AF_UNIX};
	struct credentials peer = {0, 0, 0};
	uint32_t size = sizeof(peer);
	long fd, result;

	find(&address, value, runtime);
	fd = raw3(__NR_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (raw_failed(fd))
		fail(value, str_error(fd), EXIT_KERNEL);
	result = raw3(__NR_connect, fd, &address, sizeof(address));
	if (result == -ENOENT || result == -ECONNREFUSED)
		fail(value, "there is no such kernel", EXIT_KERNEL);
	if (raw_failed(result))
		fail(value, str_error(result), EXIT_KERNEL);
	if (raw_call(__NR_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &size, 0) ||
	    peer.uid != (uint32_t)raw0(__NR_geteuid))
		fail(value, "the kernel belongs to another user", EXIT_KERNEL);
	return (int)fd;
}

/**
 * connect_checked() - What became of the first request
 * @result:	of it
 */
void connect_checked(const char *value, long result)
{
	if (result == -EPERM)
		fail(value, "the kernel belongs to another user", EXIT_KERNEL);
	if (raw_failed(result))
		fail(value, "the kernel has just ended", EXIT_KERNEL);
}
