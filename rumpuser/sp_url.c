/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sp_url.c - from a server's URL to a listening socket
 *
 *	unix://PATH		a socket file, for its owner only
 *	tcp://ADDRESS:PORT	numbers; an IPv6 address is put in brackets
 */
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sp.h"

#define URL_UNIX	 "unix://"
#define URL_TCP		 "tcp://"
#define URL_SOCKET_MODE	 0600
#define URL_BACKLOG	 64
#define URL_ADDRESS_MAX	 256
#define URL_SOCKET_FLAGS (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)

/**
 * unix_is_stale() - Find whether a file is a socket that a dead server left
 * @sun:	its address
 *
 * Return: true if nobody listens there
 */
static bool unix_is_stale(const struct sockaddr_un *sun)
{
	struct stat st;
	bool stale;
	int fd;

	if (lstat(sun->sun_path, &st) == -1 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, URL_SOCKET_FLAGS, 0);
	if (fd == -1)
		return false;
	stale = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == -1 &&
		errno == ECONNREFUSED;
	close(fd);
	return stale;
}

/**
 * unix_bind() - Bind to a socket file, replacing one that a dead server left
 * @fd:		socket
 * @sun:	address
 *
 * Return: 0 or a host error number
 */
static int unix_bind(int fd, const struct sockaddr_un *sun)
{
	/* On Linux the socket's own mode becomes the file's. */
	if (fchmod(fd, URL_SOCKET_MODE) == -1)
		return errno;
	if (bind(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0)
		return 0;
	if (errno != EADDRINUSE || !unix_is_stale(sun))
		return errno;
	if (unlink(sun->sun_path) == -1)
		return errno;
	return bind(fd, (const struct sockaddr *)sun, sizeof(*sun)) == -1 ? errno : 0;
}

/**
 * unix_absolute() - Find a name for a file that does not depend on where we are
 * @path:	its name
 *
 * Return: allocated name, or NULL with errno set
 */
static char *unix_absolute(const char *path)
{
	char *cwd, *whole;

	if (*path == '/')
		return strdup(path);
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return NULL;
	if (asprintf(&whole, "%s/%s", cwd, path) == -1)
		whole = NULL;
	free(cwd);
	return whole;
}

/**
 * unix_listen() - Listen on a socket file
 * @path:	its name
 * @fdp:	where the socket goes
 * @pathp:	where the file's absolute name goes, allocated
 *
 * Return: 0 or a host error number
 */
static int unix_listen(const char *path, int *fdp, char **pathp)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char *whole;
	int error, fd;

	if (!*path)
		return EINVAL;
	if (strlen(path) >= sizeof(sun.sun_path))
		return ENAMETOOLONG;
	strcpy(sun.sun_path, path);
	whole = unix_absolute(path);
	if (!whole)
		return errno;
	fd = socket(AF_UNIX, URL_SOCKET_FLAGS, 0);
	if (fd == -1) {
		error = errno;
		goto free_path;
	}
	error = unix_bind(fd, &sun);
	if (error)
		goto close_socket;
	if (listen(fd, URL_BACKLOG) == -1) {
		error = errno;
		goto unlink_file;
	}
	*fdp = fd;
	*pathp = whole;
	return 0;

unlink_file:
	unlink(path);
close_socket:
	close(fd);
free_path:
	free(whole);
	return error;
}

/**
 * tcp_split() - Take ADDRESS:PORT or [ADDRESS]:PORT apart
 * @text:	the text, changed
 * @hostp:	where the address goes
 * @portp:	where the port goes
 *
 * Return: true if it is of either form
 */
static bool tcp_split(char *text, char **hostp, char **portp)
{
	char *colon = strrchr(text, ':');
	size_t len;

	if (!colon || colon == text || !colon[1])
		return false;
	*colon = '\0';
	*portp = colon + 1;
	(*portp)[strcspn(*portp, "/")] = '\0';
	/* getaddrinfo() would take a larger port modulo 65536. */
	if (strspn(*portp, "0123456789") != strlen(*portp) || strlen(*portp) > 5 ||
	    atoi(*portp) > UINT16_MAX)
		return false;
	len = strlen(text);
	if (text[0] == '[' && text[len - 1] == ']') {
		text[len - 1] = '\0';
		text++;
	}
	*hostp = text;
	return true;
}

/**
 * tcp_bind() - Make a socket that listens at an address
 * @ai:		address
 * @fdp:	where the socket goes
 *
 * Return: 0 or a host error number
 */
static int tcp_bind(const struct addrinfo *ai, int *fdp)
{
	static const int on = 1;
	int error, fd = socket(ai->ai_family, URL_SOCKET_FLAGS, 0);

	if (fd == -1)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == -1 || listen(fd, URL_BACKLOG) == -1) {
		error = errno;
		close(fd);
		return error;
	}
	*fdp = fd;
	return 0;
}

/**
 * tcp_listen() - Listen at an address and port
 * @where:	both
 * @fdp:	where the socket goes
 *
 * Return: 0 or a host error number
 */
static int tcp_listen(const char *where, int *fdp)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	};
	char text[URL_ADDRESS_MAX], *host, *port;
	struct addrinfo *ai;
	int error;

	if (strlen(where) >= sizeof(text))
		return ENAMETOOLONG;
	strcpy(text, where);
	if (!tcp_split(text, &host, &port) || getaddrinfo(host, port, &hints, &ai) != 0)
		return EINVAL;
	error = tcp_bind(ai, fdp);
	freeaddrinfo(ai);
	return error;
}

/**
 * sp_url_listen() - Listen where a URL says
 * @url:	unix://PATH or tcp://ADDRESS:PORT
 * @fdp:	where the listening socket goes
 * @pathp:	where the name of a file to be removed in the end goes, or NULL
 *
 * Return: 0 or a host error number
 */
int sp_url_listen(const char *url, int *fdp, char **pathp)
{
	*pathp = NULL;
	if (strncmp(url, URL_UNIX, strlen(URL_UNIX)) == 0)
		return unix_listen(url + strlen(URL_UNIX), fdp, pathp);
	if (strncmp(url, URL_TCP, strlen(URL_TCP)) == 0)
		return tcp_listen(url + strlen(URL_TCP), fdp);
	return EINVAL;
}
