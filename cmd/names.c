// SPDX-License-Identifier: BSD-2-Clause
/* names.c - kernels with a name: their sockets
 *
 * The socket of a kernel is $XDG_RUNTIME_DIR/rump/NAME, or /tmp/rump-UID/NAME; the directory is the user's
 * and nobody else's. One that refuses connections has been left by a server that was killed, as sockets are made
 * and listened to while the directory is locked.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../hijack/server.h"
#include "rump.h"

#define URL	       "unix://"
#define BACKLOG	       64

/**
 * directory() - Where the sockets are
 */
static char *directory(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (runtime && *runtime == '/')
		return compose("%s/rump", runtime);
	return compose("/tmp/rump-%u", geteuid());
}

/**
 * open_directory() - Have the directory, which must be the user's alone
 * @make:	if it is not there
 *
 * Return: descriptor, or -1 if it is not there
 */
static int open_directory(const char *name, bool make)
{
	struct stat st;
	int fd;

	if (make && mkdir(name, 0700) < 0 && errno != EEXIST)
		die(STATUS_FAILED, "%s: %s", name, strerror(errno));
	fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && !make)
		return -1;
	if (fd < 0 || fstat(fd, &st) < 0)
		die(STATUS_FAILED, "%s: %s", name, strerror(errno));
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		die(STATUS_FAILED, "%s is not a directory that only you can use", name);
	return fd;
}

/**
 * address_of() - The socket of a kernel
 * @name:	name, or unix:// and a path
 */
static struct sockaddr_un address_of(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char *path = compose("%s", name);

	if (!strncmp(name, URL, strlen(URL))) {
		path += strlen(URL);
		if (*path != '/')
			die(STATUS_USAGE, "%s: the path is not absolute", name);
	} else {
		if (!*name || strchr(name, '/'))
			die(STATUS_USAGE, "'%s' is no name of a kernel", name);
		path = compose("%s/%s", directory(), name);
	}
	if (strlen(path) >= sizeof(address.sun_path))
		die(STATUS_FAILED, "%s: the name of the socket is too long", path);
	strcpy(address.sun_path, path);
	return address;
}

/**
 * try_connect() - Connect to a kernel's server
 *
 * Return: socket, or -1 with errno
 */
static int try_connect(const struct sockaddr_un *address)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t size = sizeof(peer);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die(STATUS_FAILED, "cannot make a socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0) {
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
		if (peer.uid == geteuid())
			return fd;
		errno = EPERM;
	}
	size = (socklen_t)errno;
	close(fd);
	errno = (int)size;
	return -1;
}

/**
 * name_connect() - Connect to a kernel's server, or say why not and exit
 */
int name_connect(const char *name)
{
	struct sockaddr_un address = address_of(name);
	int fd = try_connect(&address);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED)
		die(STATUS_FAILED, "there is no kernel named %s; rump list tells which there are",
		    name);
	if (errno == EPERM)
		die(STATUS_FAILED, "the kernel %s belongs to another user", name);
	die(STATUS_FAILED, "%s: %s", address.sun_path, strerror(errno));
}

/**
 * name_ask() - Make a request
 * @server:	socket
 * @answer:	begins with the result
 *
 * Return: the result, or -ECONNRESET if the server has ended instead
 */
int64_t name_ask(int server, uint32_t type, uint64_t argument, void *answer, size_t size)
{
	struct request request = {.type = type, .pid = getpid(), .process = argument};
	char room[CMSG_SPACE(sizeof(int))] = "";
	struct iovec vector = {&request, sizeof(request)};
	struct msghdr message = {.msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof(room)};
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);
	int64_t result = -ECONNRESET;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		die(STATUS_FAILED, "cannot make a socket: %s", strerror(errno));
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(part), &pair[1], sizeof(int));
	if (sendmsg(server, &message, MSG_NOSIGNAL) == sizeof(request)) {
		close(pair[1]);
		pair[1] = -1;
		if (read(pair[0], answer, size) >= (ssize_t)sizeof(result))
			memcpy(&result, answer, sizeof(result));
	}
	close(pair[0]);
	if (pair[1] >= 0)
		close(pair[1]);
	return result;
}

/**
 * name_listen() - Make the socket of a new kernel
 * @path:	result
 *
 * Return: it, listening
 */
int name_listen(const char *name, char **path)
{
	char *where = directory();
	int lock = open_directory(where, true), fd, other;
	struct sockaddr_un address = address_of(name);

	if (flock(lock, LOCK_EX) < 0)
		die(STATUS_FAILED, "%s: %s", where, strerror(errno));
	other = try_connect(&address);
	if (other >= 0 || (errno != ENOENT && errno != ECONNREFUSED))
		die(STATUS_FAILED, "there is a kernel named %s already", name);
	if (errno == ECONNREFUSED)
		unlink(address.sun_path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, BACKLOG) < 0)
		die(STATUS_FAILED, "%s: %s", address.sun_path, strerror(errno));
	close(lock);
	*path = compose("%s", address.sun_path);
	return fd;
}

/**
 * names_each() - Call a function for each kernel that there is, in the order of their names
 *
 * What servers have left that were killed is removed.
 */
void names_each(void (*fn)(const char *name, int server))
{
	char *where = directory();
	struct dirent **entries;
	int lock = open_directory(where, false), n, fd;

	if (lock < 0)
		return;
	n = scandir(where, &entries, NULL, alphasort);
	if (n < 0 || flock(lock, LOCK_EX) < 0)
		die(STATUS_FAILED, "%s: %s", where, strerror(errno));
	for (int i = 0; i < n; i++) {
		struct sockaddr_un address;

		if (entries[i]->d_name[0] == '.' || entries[i]->d_type != DT_SOCK)
			continue;
		address = address_of(entries[i]->d_name);
		fd = try_connect(&address);
		if (fd >= 0)
			fn(entries[i]->d_name, fd);
		else if (errno == ECONNREFUSED)
			unlink(address.sun_path);
		if (fd >= 0)
			close(fd);
	}
	close(lock);
}
