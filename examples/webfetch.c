/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * webfetch.c - a web server and its client on the TCP/IP stack of a rump kernel
 *
 * Two threads of one process; no socket of the host is used, and nothing
 * outside the process can see the connection.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <net/if.h>
#include <unistd.h>

#include <rump/rump_syscalls.h>

#include "mountimg.h"

static const char page[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"
			   "served by the rump kernel\n";

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = rump_sys_socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || rump_sys_ioctl(fd, SIOCSIFFLAGS, (unsigned long)&ifr) < 0)
		die("lo");
	rump_sys_close(fd);
}

static void *serve(void *arg)
{
	int listener = *(int *)arg, fd;
	char request[1024];

	fd = rump_sys_accept4(listener, NULL, NULL, 0);
	if (fd < 0)
		die("accept");
	if (rump_sys_read(fd, request, sizeof(request)) <= 0)
		die("read");
	if (rump_sys_write(fd, page, sizeof(page) - 1) != sizeof(page) - 1)
		die("write");
	rump_sys_close(fd);
	return NULL;
}

int main(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(80) };
	static const char get[] = "GET / HTTP/1.0\r\n\r\n";
	int listener, fd, one = 1;
	pthread_t server;
	char buf[1024];
	ssize_t n;

	if (rump_init())
		return 1;
	loopback_up();
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = rump_sys_socket(AF_INET, SOCK_STREAM, 0);
	rump_sys_setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, (void *)&one, sizeof(one));
	if (rump_sys_bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    rump_sys_listen(listener, 1) < 0)
		die("listen");
	pthread_create(&server, NULL, serve, &listener);

	fd = rump_sys_socket(AF_INET, SOCK_STREAM, 0);
	if (rump_sys_connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die("connect");
	if (rump_sys_write(fd, get, sizeof(get) - 1) < 0)
		die("request");
	while ((n = rump_sys_read(fd, buf, sizeof(buf))) > 0)
		if (write(STDOUT_FILENO, buf, n) != n)
			die("stdout");
	pthread_join(server, NULL);
	return n < 0;
}
