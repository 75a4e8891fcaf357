// SPDX-License-Identifier: BSD-2-Clause
/*
 * hijack_sockets_mixed.c - sockets of both kernels in one program; run with socket=all:nolocal
 *
 * Unix sockets are the host's, others the rump kernel's.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHECK(condition)                                                        \
	do {                                                                    \
		if (!(condition))                                               \
			errx(1, "line %d: %s (%s)", __LINE__, #condition, strerror(errno)); \
	} while (0)

static ssize_t send_fd(int to, const int *fds, int n)
{
	char control[CMSG_SPACE(2 * sizeof(int))] = {0}, c = 'f';
	struct iovec part = {&c, 1};
	struct msghdr message = {NULL, 0, &part, 1, control, CMSG_SPACE(sizeof(int) * n), 0};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	*head = (struct cmsghdr){CMSG_LEN(sizeof(int) * n), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(head), fds, sizeof(int) * n);
	return sendmsg(to, &message, 0);
}

static int receive_fd(int from)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, c;
	struct iovec part = {&c, 1};
	struct msghdr message = {NULL, 0, &part, 1, control, sizeof(control), 0};
	int fd;

	CHECK(recvmsg(from, &message, 0) == 1);
	CHECK(CMSG_FIRSTHDR(&message));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* A rump descriptor goes over a socket of the host; one that is nobody's is refused. */
static void rights(void)
{
	int pair[2], pipes[2], udp = socket(AF_INET, SOCK_DGRAM, 0), got, domain = 0;
	socklen_t size = sizeof(domain);

	CHECK(udp == 3);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair) && pair[0] == 4 && pair[1] == 5);
	CHECK(!pipe(pipes));
	CHECK(send_fd(pair[0], &udp, 1) == 1);
	got = receive_fd(pair[1]);
	CHECK(got == 8 && !getsockopt(got, SOL_SOCKET, SO_DOMAIN, &domain, &size));
	CHECK(domain == AF_INET && !close(got));
	CHECK(send_fd(pair[0], (int[]){pipes[0], 99}, 2) < 0 && errno == EBADF);
	CHECK(recv(pair[1], &got, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
	CHECK(!close(udp));
	CHECK(send_fd(pair[0], &pipes[1], 1) == 1);
	got = receive_fd(pair[1]);
	CHECK(got == 3);
	CHECK(write(got, "x", 1) == 1 && read(pipes[0], &got, 1) == 1);
	puts("rights: done");
}

/* Interfaces are those of the kernel that has the network, whatever socket libc asks by. */
static void interfaces(const char *name)
{
	int host = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct ifreq request = {0};

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	CHECK(if_nametoindex("lo") == 1);
	CHECK(!if_nametoindex(name));
	CHECK(ioctl(host, SIOCGIFINDEX, &request) < 0 && errno == ENODEV);
	CHECK(ioctl(host, SIOCGIFINDEX, (void *)1) < 0 && errno == EFAULT);
	CHECK(socket(AF_INET, SOCK_DGRAM, 0) == host + 1);
	puts("interfaces: done");
}

int main(int argc, char **argv)
{
	close_range(3, ~0U, 0);
	if (argc == 2 && !strcmp(argv[1], "rights"))
		rights();
	else if (argc == 3 && !strcmp(argv[1], "interfaces"))
		interfaces(argv[2]);
	else
		errx(2, "no such test");
	return 0;
}
