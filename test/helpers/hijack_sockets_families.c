// SPDX-License-Identifier: BSD-2-Clause
/* hijack_sockets_families.c - unix sockets by path and by abstract name, netlink, raw, packet */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "hijack_sockets.h"

static socklen_t unix_name(struct sockaddr_un *address, const char *dir, const char *name)
{
	address->sun_family = AF_UNIX;
	if (dir)
		snprintf(address->sun_path, sizeof(address->sun_path), "%s/%s", dir, name);
	else
		snprintf(address->sun_path, sizeof(address->sun_path), "%c%s-%d", 0, name, getpid());
	/* With the zero at the end of a path, that at the beginning of a name. */
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   strlen(address->sun_path + !dir));
}

/* Print a name; what depends on the directory or the process does not appear. */
static void show_name(const char *what, const struct sockaddr_un *address, socklen_t length,
		      const char *dir)
{
	size_t skip = dir ? strlen(dir) : 0;
	bool ours = dir && length > 2 && !strncmp(address->sun_path, dir, skip);

	printf("%s: length %ld, %s\n", what, (long)length - (long)(ours ? skip : 0),
	       length <= 2 ? "no name" : ours ? address->sun_path + skip :
			     address->sun_path[0] ? address->sun_path : "abstract");
}

static void unix_stream(const char *dir, int type)
{
	struct sockaddr_un address, other;
	socklen_t size, length;
	struct stat status;
	char buffer[32];
	int a, b, c, on = 1;

	memset(&address, 0, sizeof(address));
	size = unix_name(&address, dir, "stream");
	a = (int)SHOW(socket(AF_UNIX, type, 0));
	SHOW(connect(a, (struct sockaddr *)&address, size));
	SHOW(setsockopt(a, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	SHOW(bind(a, (struct sockaddr *)&address, size));
	SHOW(bind(a, (struct sockaddr *)&address, size));
	show_option(a, SOL_SOCKET, SO_PASSCRED, "SO_PASSCRED");
	SHOW(connect(a, (struct sockaddr *)&address, size));
	SHOW(listen(a, 3));
	if (dir) {
		SHOW(stat(address.sun_path, &status));
		printf("mode %o\n", status.st_mode & S_IFMT);
		SHOW(open(address.sun_path, O_RDWR));
	}
	length = sizeof(other);
	SHOW(getsockname(a, (struct sockaddr *)&other, &length));
	show_name("name", &other, length, dir);
	c = (int)SHOW(socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	SHOW(bind(c, (struct sockaddr *)&address, size));
	SHOW(connect(c, (struct sockaddr *)&address, size));
	SHOW(fcntl(c, F_GETFL));
	SHOW(fcntl(c, F_GETFD));
	length = sizeof(other);
	b = (int)SHOW(accept(a, (struct sockaddr *)&other, &length));
	show_name("from", &other, length, dir);
	length = sizeof(other);
	SHOW(getpeername(c, (struct sockaddr *)&other, &length));
	show_name("peer", &other, length, dir);
	length = 9;
	SHOW(getpeername(c, (struct sockaddr *)&other, &length));
	printf("length as long: %d\n", length == size);
	SHOW(read(c, buffer, 32));
	SHOW(write(b, "message", 7));
	SHOW(write(b, "second", 6));
	SHOW(recv(c, buffer, 3, 0));
	SHOW(recv(c, buffer, 32, 0));
	SHOW(close(b));
	SHOW(recv(c, buffer, 32, 0));
	SHOW(send(c, "x", 1, MSG_NOSIGNAL));
	SHOW(close(a));
	SHOW(close(c));
	if (dir)
		SHOW(unlink(address.sun_path));
}

static void unix_dgram(const char *dir)
{
	struct sockaddr_un here, there, from;
	socklen_t size = unix_name(&here, dir, "here"), other = unix_name(&there, dir, "there");
	socklen_t length = sizeof(from);
	struct iovec part = {"by message", 10};
	struct msghdr message = {&there, other, &part, 1, NULL, 0, 0};
	char buffer[32];
	int a, b, c;

	a = (int)SHOW(socket(AF_UNIX, SOCK_DGRAM, 0));
	b = (int)SHOW(socket(AF_UNIX, SOCK_DGRAM, 0));
	c = (int)SHOW(socket(AF_UNIX, SOCK_DGRAM, 0));
	SHOW(bind(a, (struct sockaddr *)&here, size));
	SHOW(bind(b, (struct sockaddr *)&there, other));
	SHOW(sendto(a, "to there", 8, 0, (struct sockaddr *)&there, other));
	SHOW(recvfrom(b, buffer, 32, MSG_DONTWAIT, (struct sockaddr *)&from, &length));
	show_name("from", &from, length, dir);
	SHOW(sendmsg(c, &message, 0));
	SHOW(recv(b, buffer, 32, MSG_DONTWAIT));
	message = (struct msghdr){&from, sizeof(from), &part, 1, NULL, 0, 0};
	SHOW(sendto(a, "named", 5, 0, (struct sockaddr *)&there, other));
	part.iov_base = buffer;
	SHOW(recvmsg(b, &message, MSG_DONTWAIT));
	show_name("message from", &from, message.msg_namelen, dir);
	SHOW(connect(a, (struct sockaddr *)&there, other));
	SHOW(send(a, "connected", 9, 0));
	SHOW(recv(b, buffer, 32, MSG_DONTWAIT));
	SHOW(close(b));
	SHOW(send(a, "gone", 4, 0));
	SHOW(send(a, "gone", 4, 0));
	if (dir) {
		SHOW(unlink(there.sun_path));
		SHOW(sendto(c, "none", 4, 0, (struct sockaddr *)&there, other));
		SHOW(unlink(here.sun_path));
	}
	SHOW(close(a));
	SHOW(close(c));
}

void test_unix(const char *dir)
{
	int *volatile nowhere = (int *)1;
	struct sockaddr_un address;
	char buffer[8];
	int pair[2], fd;

	unix_stream(dir, SOCK_STREAM);
	unix_stream(dir, SOCK_SEQPACKET);
	unix_dgram(dir);
	unix_stream(NULL, SOCK_STREAM);
	unix_dgram(NULL);
	fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	unix_name(&address, dir, "missing/name");
	SHOW(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	SHOW(connect(fd, (struct sockaddr *)&address, sizeof(address)));
	SHOW(bind(fd, (struct sockaddr *)&address, sizeof(address) + 1));
	SHOW(bind(fd, (struct sockaddr *)1, sizeof(address)));
	SHOW(close(fd));
	/* By the working directory. */
	SHOW(chdir(dir));
	fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	address = (struct sockaddr_un){AF_UNIX, "relative"};
	SHOW(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	SHOW(access("relative", F_OK));
	SHOW(listen(fd, 1));
	pair[0] = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	SHOW(connect(pair[0], (struct sockaddr *)&address, sizeof(address)));
	SHOW(unlink("relative"));
	SHOW(chdir("/"));
	SHOW(close(fd));
	SHOW(close(pair[0]));
	SHOW(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair));
	printf("%d %d\n", pair[0], pair[1]);
	SHOW(read(pair[0], buffer, 8));
	SHOW(write(pair[1], "pair", 4));
	SHOW(read(pair[0], buffer, 2));
	SHOW(read(pair[0], buffer, 2));
	SHOW(close(pair[0]));
	SHOW(close(pair[1]));
	SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, nowhere));
	SHOW(socketpair(AF_INET, SOCK_STREAM, 0, pair));
	show_fd_table("after socketpair");
}

/* The loopback interface as netlink tells of it. */
void test_links(void)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	} request = {
		.head = {sizeof(request), RTM_GETLINK, NLM_F_REQUEST, 7, 0},
		.info = {.ifi_family = AF_UNSPEC, .ifi_index = 1},
	};
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	socklen_t length = sizeof(address);
	char room[8192];
	struct nlmsghdr *head = (struct nlmsghdr *)room;
	struct ifinfomsg *info = NLMSG_DATA(head);
	int fd = (int)SHOW(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));

	SHOW(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	SHOW(getsockname(fd, (struct sockaddr *)&address, &length));
	printf("is the process: %d\n", address.nl_pid == (unsigned int)getpid());
	SHOW(send(fd, &request, sizeof(request), 0));
	printf("answer: %d\n", recv(fd, room, sizeof(room), 0) > 0);
	printf("type %d sequence %d index %d %s %s\n", head->nlmsg_type, head->nlmsg_seq,
	       info->ifi_index, info->ifi_flags & IFF_UP ? "up" : "down",
	       info->ifi_flags & IFF_LOOPBACK ? "loopback" : "");
	request.head.nlmsg_type = 9999;
	SHOW(send(fd, &request, sizeof(request), 0));
	printf("answer: %d\n", recv(fd, room, sizeof(room), 0) > 0);
	printf("type %d error %d\n", head->nlmsg_type, ((struct nlmsgerr *)info)->error);
	printf("by name: %u\n", if_nametoindex("lo"));
	printf("by index: %s\n", if_indextoname(1, room));
	SHOW(close(fd));
	SHOW(socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE));
}

static unsigned short checksum(const unsigned short *data, int words)
{
	unsigned int sum = 0;

	while (words--)
		sum += *data++;
	sum = (sum >> 16) + (sum & 0xffff);
	return (unsigned short)~(sum + (sum >> 16));
}

/* An echo over loopback by a raw socket, seen by a packet socket. */
void test_packets(void)
{
	struct sockaddr_storage to;
	struct sockaddr_ll link = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP),
				   .sll_ifindex = 1};
	struct icmphdr echo = {.type = ICMP_ECHO, .un.echo = {htons(77), htons(1)}};
	socklen_t length = loopback(AF_INET, 0, &to);
	unsigned char room[256];
	int raw = (int)SHOW(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	int tap = (int)SHOW(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)));
	long got;

	SHOW(bind(tap, (struct sockaddr *)&link, sizeof(link)));
	echo.checksum = checksum((unsigned short *)&echo, sizeof(echo) / 2);
	SHOW(sendto(raw, &echo, sizeof(echo), 0, (struct sockaddr *)&to, length));
	for (int i = 0; i < 2; i++) {
		got = SHOW(recv(raw, room, sizeof(room), 0));
		printf("icmp %d of %ld\n", room[20], got);
	}
	got = SHOW(recv(tap, room, sizeof(room), 0));
	printf("packet: version %d protocol %d\n", room[0] >> 4, room[9]);
	SHOW(close(raw));
	SHOW(close(tap));
}
