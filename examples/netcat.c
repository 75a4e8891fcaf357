/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netcat.c - what a TCP server says: netcat ADDRESS PORT
 *
 * The connection is the rump kernel's, over the network that RUMP_NET names:
 *
 *	RUMP_NET=passt ./netcat 192.0.2.1 13
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rump/rump.h>
#include <rump/rump_syscalls.h>

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	char data[4096];
	ssize_t n;
	int fd;

	if (argc != 3 || inet_pton(AF_INET, argv[1], &addr.sin_addr) != 1) {
		fprintf(stderr, "usage: netcat ADDRESS PORT\n");
		return 2;
	}
	addr.sin_port = htons(atoi(argv[2]));
	/* It has said what is wrong with the network. */
	if (rump_init())
		return 1;
	fd = rump_sys_socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || rump_sys_connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror(argv[1]);
		return 1;
	}
	while ((n = rump_sys_read(fd, data, sizeof(data))) > 0)
		fwrite(data, 1, n, stdout);
	return n < 0;
}
