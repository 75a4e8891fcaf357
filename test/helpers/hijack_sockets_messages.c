// SPDX-License-Identifier: BSD-2-Clause
/* hijack_sockets_messages.c - messages: UDP, several at once, control data, descriptors in them */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>

#include "hijack_sockets.h"

#define N 4

static void datagrams(int family)
{
	struct sockaddr_storage to, from;
	socklen_t size = family == AF_INET ? sizeof(struct sockaddr_in) :
					     sizeof(struct sockaddr_in6), length = sizeof(from);
	int a = bound(family, SOCK_DGRAM, &to), b = bound(family, SOCK_DGRAM, &from), on = 1;
	char buffer[64], control[128];
	struct iovec parts[2] = {{"ab", 2}, {"cdef", 4}}, room[2] = {{buffer, 3}, {buffer + 8, 3}};
	struct msghdr message = {&to, size, parts, 2, NULL, 0, 0};

	SHOW(recv(a, buffer, 1, MSG_DONTWAIT));
	SHOW(send(b, "x", 1, 0));
	SHOW(sendto(b, "datagram", 8, 0, (struct sockaddr *)&to, size));
	SHOW(sendto(b, "", 0, 0, (struct sockaddr *)&to, size));
	SHOW(recv(a, buffer, 3, MSG_PEEK | MSG_TRUNC));
	SHOW(recvfrom(a, buffer, 3, 0, (struct sockaddr *)&from, &length));
	printf("from length %u\n", length);
	SHOW(recv(a, buffer, 3, 0));
	SHOW(sendmsg(b, &message, 0));
	message.msg_name = &from;
	message.msg_iov = room;
	message.msg_control = control;
	message.msg_controllen = sizeof(control);
	SHOW(setsockopt(a, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)));
	SHOW(recvmsg(a, &message, 0));
	printf("flags %x control %zu name %u\n", (unsigned int)message.msg_flags,
	       message.msg_controllen, message.msg_namelen);
	show_data("first", buffer, 3);
	show_data("second", buffer + 8, 3);
	SHOW(connect(b, (struct sockaddr *)&to, size));
	SHOW(send(b, "again", 5, 0));
	SHOW(ioctl(a, FIONREAD, &length));
	printf("FIONREAD %u\n", length);
	SHOW(recv(a, buffer, 64, MSG_WAITALL | MSG_DONTWAIT));
	SHOW(sendmsg(b, (struct msghdr *)1, 0));
	SHOW(recvmsg(a, (struct msghdr *)1, MSG_DONTWAIT));
	message.msg_iovlen = 5000;
	SHOW(sendmsg(b, &message, 0));
	SHOW(close(a));
	SHOW(send(b, "refused", 7, 0));
	SHOW(recv(b, buffer, 1, MSG_DONTWAIT));
	SHOW(close(b));
}

static void many(void)
{
	struct sockaddr_storage to;
	int a = bound(AF_INET, SOCK_DGRAM, &to), b = bound(AF_INET, SOCK_DGRAM, &to);
	char text[N][8] = {"one", "two", "three", "four"}, got[N + 1][8] = {{0}};
	struct mmsghdr out[N] = {{{0}, 0}}, in[N + 1] = {{{0}, 0}};
	struct iovec from[N], room[N + 1];
	struct timespec time = {0, 20000000};

	for (int i = 0; i < N; i++) {
		from[i] = (struct iovec){text[i], strlen(text[i])};
		out[i].msg_hdr = (struct msghdr){&to, sizeof(struct sockaddr_in), &from[i], 1, NULL,
						 0, 0};
	}
	for (int i = 0; i <= N; i++) {
		room[i] = (struct iovec){got[i], 4};
		in[i].msg_hdr = (struct msghdr){NULL, 0, &room[i], 1, NULL, 0, 0};
	}
	SHOW(sendmmsg(a, out, N, 0));
	SHOW(recvmmsg(b, in, N + 1, MSG_DONTWAIT, NULL));
	for (int i = 0; i < N; i++)
		printf("%u %u %x %s\n", out[i].msg_len, in[i].msg_len,
		       (unsigned int)in[i].msg_hdr.msg_flags, got[i]);
	SHOW(recvmmsg(b, in, 1, MSG_DONTWAIT, NULL));
	out[1].msg_hdr.msg_name = (void *)1;
	SHOW(sendmmsg(a, out, N, 0));
	SHOW(recvmmsg(b, in, 1, MSG_WAITFORONE, &time));
	SHOW(sendmmsg(a, (struct mmsghdr *)1, 2, 0));
	SHOW(sendmmsg(a, out, 0, 0));
	SHOW(recvmmsg(b, (struct mmsghdr *)1, 2, MSG_DONTWAIT, NULL));
	MUST(close(a));
	MUST(close(b));
}

void test_messages(void)
{
	datagrams(AF_INET);
	datagrams(AF_INET6);
	many();
}

static long send_fds(int to, const int *fds, int n)
{
	char control[CMSG_SPACE(sizeof(int) * 300)] = {0}, c = 'f';
	struct iovec part = {&c, 1};
	struct msghdr message = {NULL, 0, &part, 1, control, CMSG_SPACE(sizeof(int) * n), 0};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int) * n);
	memcpy(CMSG_DATA(head), fds, sizeof(int) * n);
	return sendmsg(to, &message, 0);
}

/* Receive descriptors with room for @room. */
static int receive_fds(int from, int *fds, int room, int flags)
{
	char control[CMSG_SPACE(sizeof(int) * 300)] = {0}, c;
	struct iovec part = {&c, 1};
	struct msghdr message = {NULL, 0, &part, 1, room ? control : NULL,
				 room ? CMSG_LEN(sizeof(int) * room) : 0, 0};
	struct cmsghdr *head;
	int n = 0;

	SHOW(recvmsg(from, &message, flags));
	head = CMSG_FIRSTHDR(&message);
	if (head) {
		n = (int)((head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(head), sizeof(int) * n);
	}
	printf("flags %x, %d descriptors:", (unsigned int)message.msg_flags, n);
	for (int i = 0; i < n; i++)
		printf(" %d", fds[i]);
	printf("\n");
	return n;
}

/*
 * Descriptors of one kernel over a socket of the same: under the shim, with unix sockets of the rump
 * kernel, all three kinds are.
 */
void test_rights(void)
{
	int pair[2], tcp[2], got[300], other[2];
	char buffer[8];

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	tcp_pair(AF_INET, tcp);
	MUST(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, other));
	show_fd_table("begin");
	SHOW(send_fds(pair[0], tcp, 1));
	SHOW(receive_fds(pair[1], got, 1, 0));
	SHOW(write(got[0], "tcp", 3));
	SHOW(read(tcp[1], buffer, 8));
	show_fd_table("one came");
	SHOW(close(tcp[0]));
	SHOW(send_fds(pair[0], (int[]){tcp[1], other[0], pair[1]}, 3));
	SHOW(receive_fds(pair[1], got, 20, MSG_CMSG_CLOEXEC));
	show_fd_table("three came");
	SHOW(dup(1));
	SHOW(socket(AF_INET, SOCK_STREAM, 0));
	SHOW(close_range(9, ~0U, 0));
	SHOW(send_fds(pair[0], other, 2));
	SHOW(receive_fds(pair[1], got, 1, 0));
	show_fd_table("room for one, perhaps two by alignment");
	SHOW(close_range(9, ~0U, 0));
	SHOW(send_fds(pair[0], other, 2));
	SHOW(receive_fds(pair[1], got, 0, 0));
	SHOW(send_fds(pair[0], (int[]){99}, 1));
	SHOW(send_fds(pair[0], (int[]){-1}, 1));
	for (int i = 0; i < 300; i++)
		got[i] = other[0];
	SHOW(send_fds(pair[0], got, 254));
	SHOW(send_fds(pair[0], got, 253));
	SHOW(receive_fds(pair[1], got, 253, MSG_PEEK));
	SHOW(close_range(20, ~0U, 0));
	SHOW(receive_fds(pair[1], got, 253, 0));
	SHOW(close_range(10, ~0U, 0));
	show_fd_table("after many");
	SHOW(dup(1));
	SHOW(close_range(3, ~0U, 0));
}

void test_credentials(void)
{
	char control[CMSG_SPACE(sizeof(struct ucred))] = {0}, c = 'c';
	struct iovec part = {&c, 1};
	struct msghdr message = {NULL, 0, &part, 1, control, sizeof(control), 0};
	struct cmsghdr *head;
	struct ucred *who, peer;
	socklen_t length = sizeof(peer);
	int pair[2], on = 1;

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	SHOW(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &length));
	printf("peer %d %u %u\n", peer.pid == getpid(), peer.uid, peer.gid);
	SHOW(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_CREDENTIALS;
	head->cmsg_len = CMSG_LEN(sizeof(struct ucred));
	who = (struct ucred *)CMSG_DATA(head);
	*who = (struct ucred){getpid(), getuid(), getgid()};
	SHOW(sendmsg(pair[0], &message, 0));
	memset(control, 0, sizeof(control));
	SHOW(recvmsg(pair[1], &message, 0));
	printf("type %d from %d %u %u\n", head->cmsg_type, who->pid == getpid(), who->uid, who->gid);
	MUST(write(pair[0], "p", 1));
	message.msg_controllen = sizeof(control);
	SHOW(recvmsg(pair[1], &message, 0));
	printf("type %d from %d %u %u\n", head->cmsg_type, who->pid == getpid(), who->uid, who->gid);
	MUST(close(pair[0]));
	MUST(close(pair[1]));
}
