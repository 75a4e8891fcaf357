/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_net.c - sockets of every family, devices, queues, filters, name spaces */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <linux/wireguard.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "librump_test.h"

#define UNUSED(argc, argv) ((void)(argc), (void)(argv))
#define BULK		   (4L << 20)

/* Netlink: a message under construction, and the answer to it. */
struct nl {
	struct nlmsghdr h;
	char body[8192];
};

static void nl_put(struct nl *m, const void *data, size_t len)
{
	memcpy((char *)m + NLMSG_ALIGN(m->h.nlmsg_len), data, len);
	m->h.nlmsg_len = NLMSG_ALIGN(m->h.nlmsg_len) + len;
}

static void nl_start(struct nl *m, int type, int flags, const void *data, size_t len)
{
	memset(m, 0, sizeof(*m));
	m->h.nlmsg_len = NLMSG_HDRLEN;
	m->h.nlmsg_type = type;
	m->h.nlmsg_flags = NLM_F_REQUEST | flags;
	m->h.nlmsg_seq = 1;
	nl_put(m, data, len);
}

static void nl_attr(struct nl *m, int type, const void *data, size_t len)
{
	struct nlattr a = {.nla_len = NLA_HDRLEN + len, .nla_type = type};

	nl_put(m, &a, sizeof(a));
	if (len)
		nl_put(m, data, len);
}

static void nl_str(struct nl *m, int type, const char *s)
{
	nl_attr(m, type, s, strlen(s) + 1);
}

static void nl_u32(struct nl *m, int type, uint32_t v)
{
	nl_attr(m, type, &v, sizeof(v));
}

static size_t nl_nest(struct nl *m, int type)
{
	size_t at = NLMSG_ALIGN(m->h.nlmsg_len);

	nl_attr(m, type | NLA_F_NESTED, NULL, 0);
	return at;
}

static void nl_end(struct nl *m, size_t at)
{
	((struct nlattr *)((char *)m + at))->nla_len = m->h.nlmsg_len - at;
}

static int nl_open(int protocol)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK};
	int one = 1, fd = rump_sys_socket(AF_NETLINK, SOCK_RAW, protocol);

	CHECK(fd >= 0);
	CHECK(!rump_sys_setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)));
	CHECK(!rump_sys_setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)));
	CHECK(!rump_sys_bind(fd, (struct sockaddr *)&a, sizeof(a)));
	return fd;
}

/* The error of an acknowledgement; what the kernel says about it goes to stderr. */
static int nl_error(struct nlmsghdr *h)
{
	struct nlmsgerr *e = NLMSG_DATA(h);
	struct nlattr *a = (void *)(e + 1);

	while ((h->nlmsg_flags & NLM_F_ACK_TLVS) &&
	       (char *)a + NLA_HDRLEN <= (char *)h + h->nlmsg_len && a->nla_len) {
		if (a->nla_type == NLMSGERR_ATTR_MSG)
			fprintf(stderr, "netlink: %s\n", (char *)(a + 1));
		a = (void *)((char *)a + NLA_ALIGN(a->nla_len));
	}
	return -e->error;
}

/* Send, and wait for the acknowledgement: 0 or an errno value. */
static int nl_talk(int fd, struct nl *m)
{
	static char buf[32768] __attribute__((aligned(8)));
	struct nlmsghdr *h;
	ssize_t n;

	m->h.nlmsg_flags |= NLM_F_ACK;
	CHECK(rump_sys_send(fd, m, m->h.nlmsg_len, 0) == m->h.nlmsg_len);
	for (;;) {
		n = rump_sys_recv(fd, buf, sizeof(buf), 0);
		CHECK(n > 0);
		for (h = (void *)buf; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n))
			if (h->nlmsg_type == NLMSG_ERROR)
				return nl_error(h);
	}
}

/* Dump, and hand each message to seen(). */
static int nl_dump(int fd, struct nl *m, int (*seen)(struct nlmsghdr *h, const void *arg),
		   const void *arg)
{
	static char buf[32768] __attribute__((aligned(8)));
	struct nlmsghdr *h;
	int found = 0;
	ssize_t n;

	m->h.nlmsg_flags |= NLM_F_DUMP;
	CHECK(rump_sys_send(fd, m, m->h.nlmsg_len, 0) == m->h.nlmsg_len);
	for (;;) {
		n = rump_sys_recv(fd, buf, sizeof(buf), 0);
		CHECK(n > 0);
		for (h = (void *)buf; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return found;
			CHECK(h->nlmsg_type != NLMSG_ERROR);
			found += seen(h, arg);
		}
	}
}

/* Does an attribute after a header of this size hold this string? */
static int has_str(struct nlmsghdr *h, size_t header, int type, const char *s)
{
	struct nlattr *a = (void *)((char *)NLMSG_DATA(h) + NLMSG_ALIGN(header));
	char *end = (char *)h + h->nlmsg_len;

	while ((char *)a + NLA_HDRLEN <= end && a->nla_len >= NLA_HDRLEN) {
		if ((a->nla_type & NLA_TYPE_MASK) == type && !strcmp((char *)(a + 1), s))
			return 1;
		a = (void *)((char *)a + NLA_ALIGN(a->nla_len));
	}
	return 0;
}

static int route;

static int ifindex(const char *name)
{
	struct ifreq r = {0};
	int fd = rump_sys_socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (rump_sys_ioctl(fd, SIOCGIFINDEX, &r))
		fprintf(stderr, "%s: ", name);
	CHECK(!rump_sys_ioctl(fd, SIOCGIFINDEX, &r));
	rump_sys_close(fd);
	return r.ifr_ifindex;
}

static int link_change(const char *name, unsigned int flags)
{
	struct ifinfomsg i = {.ifi_index = ifindex(name), .ifi_flags = flags, .ifi_change = IFF_UP};
	struct nl m;

	nl_start(&m, RTM_NEWLINK, 0, &i, sizeof(i));
	return nl_talk(route, &m);
}

static void up(const char *name)
{
	CHECK(!link_change(name, IFF_UP));
}

static void add_address(const char *name, const char *ip, int bits)
{
	struct ifaddrmsg a = {.ifa_prefixlen = bits, .ifa_index = ifindex(name)};
	unsigned char addr[16];
	struct nl m;
	size_t len;

	a.ifa_family = strchr(ip, ':') ? AF_INET6 : AF_INET;
	a.ifa_flags = IFA_F_NODAD;
	len = a.ifa_family == AF_INET ? 4 : 16;
	CHECK(inet_pton(a.ifa_family, ip, addr) == 1);
	nl_start(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &a, sizeof(a));
	nl_attr(&m, IFA_LOCAL, addr, len);
	nl_attr(&m, IFA_ADDRESS, addr, len);
	CHECK(!nl_talk(route, &m));
}

/* A link of a kind; more() adds to IFLA_INFO_DATA. */
static int new_link(const char *name, const char *kind, void (*more)(struct nl *m), int under)
{
	struct ifinfomsg i = {0};
	size_t info, data;
	struct nl m;
	int err;

	nl_start(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &i, sizeof(i));
	nl_str(&m, IFLA_IFNAME, name);
	if (under)
		nl_u32(&m, IFLA_LINK, under);
	info = nl_nest(&m, IFLA_LINKINFO);
	nl_str(&m, IFLA_INFO_KIND, kind);
	if (more) {
		data = nl_nest(&m, IFLA_INFO_DATA);
		more(&m);
		nl_end(&m, data);
	}
	nl_end(&m, info);
	err = nl_talk(route, &m);
	if (err)
		fprintf(stderr, "link of kind %s: %s\n", kind, strerror(err));
	return err;
}

static void veth_peer(struct nl *m)
{
	struct ifinfomsg i = {0};
	size_t at = nl_nest(m, VETH_INFO_PEER);

	nl_put(m, &i, sizeof(i));
	nl_str(m, IFLA_IFNAME, "peer");
	nl_end(m, at);
}

static void vlan_id(struct nl *m)
{
	uint16_t id = 42;

	nl_attr(m, IFLA_VLAN_ID, &id, sizeof(id));
}

static void boot(void)
{
	CHECK(!rump_init());
	route = nl_open(NETLINK_ROUTE);
	up("lo");
}

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t address(union addr *a, const char *ip, int port)
{
	memset(a, 0, sizeof(*a));
	if (strchr(ip, ':')) {
		a->in6.sin6_family = AF_INET6;
		a->in6.sin6_port = htons(port);
		CHECK(inet_pton(AF_INET6, ip, &a->in6.sin6_addr) == 1);
		return sizeof(a->in6);
	}
	a->in.sin_family = AF_INET;
	a->in.sin_port = htons(port);
	CHECK(inet_pton(AF_INET, ip, &a->in.sin_addr) == 1);
	return sizeof(a->in);
}

static int bound(const char *ip, int port, int type)
{
	union addr a;
	socklen_t len = address(&a, ip, port);
	int one = 1, fd = rump_sys_socket(a.sa.sa_family, type, 0);

	CHECK(fd >= 0);
	CHECK(!rump_sys_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	CHECK(!rump_sys_bind(fd, &a.sa, len));
	if (type == SOCK_STREAM)
		CHECK(!rump_sys_listen(fd, 5));
	return fd;
}

static int connected(const char *ip, int port, int type)
{
	union addr a;
	socklen_t len = address(&a, ip, port);
	int fd = rump_sys_socket(a.sa.sa_family, type, 0);

	CHECK(fd >= 0);
	CHECK(!rump_sys_connect(fd, &a.sa, len));
	return fd;
}

static int readable(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return rump_sys_poll(&p, 1, ms) == 1 && (p.revents & POLLIN);
}

static void fill(char *p, long n, unsigned int seed)
{
	for (long i = 0; i < n; i++)
		p[i] = (seed = seed * 1664525 + 1013904223) >> 24;
}

static char sent[BULK], received[BULK];

static void *send_bulk(void *arg)
{
	int fd = *(int *)arg;
	long n = 0, piece;

	while (n < BULK) {
		piece = rump_sys_send(fd, sent + n, BULK - n, 0);
		CHECK(piece > 0);
		n += piece;
	}
	CHECK(!rump_sys_shutdown(fd, SHUT_WR));
	return NULL;
}

/* One way, to the end; the other end sends from a thread of its own. */
static void bulk(int from, int to)
{
	long n = 0, piece;
	pthread_t t;

	fill(sent, BULK, 1);
	CHECK(!pthread_create(&t, NULL, send_bulk, &from));
	while ((piece = rump_sys_recv(to, received + n, BULK - n, 0)) > 0)
		n += piece;
	CHECK(!piece && n == BULK);
	CHECK(!memcmp(sent, received, BULK));
	pthread_join(t, NULL);
}

static void inet_any(const char *ip)
{
	union addr a, b;
	socklen_t len;
	int l, c, s, u, v;
	char buf[2000];

	l = bound(ip, 7000, SOCK_STREAM);
	c = connected(ip, 7000, SOCK_STREAM);
	len = sizeof(a);
	s = rump_sys_accept4(l, &a.sa, &len, SOCK_CLOEXEC);
	CHECK(s >= 0);
	len = sizeof(b);
	CHECK(!rump_sys_getsockname(c, &b.sa, &len));
	CHECK(a.in.sin_port == b.in.sin_port);
	bulk(c, s);
	bulk(s, c);
	rump_sys_close(c);
	rump_sys_close(s);
	rump_sys_close(l);
	/* Nobody listens. */
	address(&a, ip, 7001);
	c = rump_sys_socket(a.sa.sa_family, SOCK_STREAM, 0);
	CHECK_ERR(rump_sys_connect(c, &a.sa, sizeof(a)), ECONNREFUSED);
	rump_sys_close(c);
	/* Datagrams keep their bounds, and large ones are fragmented. */
	u = bound(ip, 7000, SOCK_DGRAM);
	v = connected(ip, 7000, SOCK_DGRAM);
	CHECK(rump_sys_send(v, "first", 5, 0) == 5);
	CHECK(rump_sys_send(v, "second one", 10, 0) == 10);
	CHECK(rump_sys_send(v, sent, 60000, 0) == 60000);
	CHECK(rump_sys_recv(u, buf, sizeof(buf), 0) == 5 && !memcmp(buf, "first", 5));
	CHECK(rump_sys_recv(u, buf, sizeof(buf), 0) == 10);
	CHECK(rump_sys_recv(u, received, BULK, 0) == 60000 && !memcmp(sent, received, 60000));
	CHECK_ERR(rump_sys_recv(u, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	rump_sys_close(u);
	rump_sys_close(v);
}

static void inet(int argc, char **argv)
{
	UNUSED(argc, argv);
	boot();
	inet_any("127.0.0.1");
}

static void inet6(int argc, char **argv)
{
	UNUSED(argc, argv);
	boot();
	inet_any("::1");
}

/* Raw ICMP: the kernel answers an echo request. */
static void ping(int argc, char **argv)
{
	struct {
		uint8_t type, code;
		uint16_t sum, id, seq;
	} * reply, echo = {.type = 8, .id = htons(7), .seq = htons(1)};
	char buf[256];
	union addr a;
	int fd;

	UNUSED(argc, argv);
	boot();
	fd = rump_sys_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	CHECK(fd >= 0);
	echo.sum = ~(uint16_t)(8 + echo.id + echo.seq);
	address(&a, "127.0.0.1", 0);
	CHECK(rump_sys_sendto(fd, &echo, 8, 0, &a.sa, sizeof(a.in)) == 8);
	for (;;) {
		CHECK(readable(fd, 2000));
		CHECK(rump_sys_recv(fd, buf, sizeof(buf), 0) == 28);
		reply = (void *)(buf + 20);
		if (reply->type == 0)
			break;
	}
	CHECK(reply->id == echo.id && reply->seq == echo.seq);
}

static void unix_stream(int argc, char **argv)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/tmp/socket"};
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct stat st;
	int l, c, s;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	l = rump_sys_socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(!rump_sys_bind(l, (struct sockaddr *)&a, sizeof(a)));
	CHECK(!rump_sys_stat("/tmp/socket", &st) && S_ISSOCK(st.st_mode));
	CHECK(!rump_sys_listen(l, 1));
	c = rump_sys_socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(!rump_sys_connect(c, (struct sockaddr *)&a, sizeof(a)));
	s = rump_sys_accept(l, NULL, NULL);
	CHECK(s >= 0);
	bulk(c, s);
	CHECK(!rump_sys_getsockopt(s, SOL_SOCKET, SO_PEERCRED, &cred, &len));
	CHECK(cred.pid == rump_sys_getpid() && cred.uid == rump_sys_getuid());
	CHECK_ERR(rump_sys_bind(c, (struct sockaddr *)&a, sizeof(a)), EADDRINUSE);
}

static void unix_dgram(int argc, char **argv)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "\0abstract"};
	struct sockaddr_un from;
	socklen_t len = sizeof(from);
	char buf[64];
	int r, s, p[2];

	UNUSED(argc, argv);
	CHECK(!rump_init());
	r = rump_sys_socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK(!rump_sys_bind(r, (struct sockaddr *)&a, 2 + 9));
	s = rump_sys_socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK(rump_sys_sendto(s, "hello", 5, 0, (struct sockaddr *)&a, 2 + 9) == 5);
	CHECK(rump_sys_sendto(s, "", 0, 0, (struct sockaddr *)&a, 2 + 9) == 0);
	CHECK(rump_sys_recvfrom(r, buf, 64, 0, (struct sockaddr *)&from, &len) == 5);
	CHECK(rump_sys_recv(r, buf, 64, 0) == 0);
	CHECK_ERR(rump_sys_recv(r, buf, 64, MSG_DONTWAIT), EAGAIN);
	CHECK(!rump_sys_socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p));
	CHECK(rump_sys_send(p[0], "one", 3, 0) == 3 && rump_sys_send(p[0], "two!", 4, 0) == 4);
	CHECK(rump_sys_recv(p[1], buf, 64, 0) == 3 && rump_sys_recv(p[1], buf, 64, 0) == 4);
}

static void scm_rights(int argc, char **argv)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control = {0};
	char byte = 'x', buf[16];
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	int pair[2], fd[2], got[2];

	UNUSED(argc, argv);
	CHECK(!rump_init());
	CHECK(!rump_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	fd[0] = rump_sys_open("/tmp/passed", O_CREAT | O_RDWR, 0600);
	CHECK(rump_sys_write(fd[0], "content", 7) == 7);
	fd[1] = rump_sys_open("/dev/null", O_RDWR);
	CHECK(fd[1] >= 0);
	control.h = (struct cmsghdr){CMSG_LEN(sizeof(fd)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.h), fd, sizeof(fd));
	CHECK(rump_sys_sendmsg(pair[0], &msg, 0) == 1);
	rump_sys_close(fd[0]);
	rump_sys_close(fd[1]);
	memset(&control, 0, sizeof(control));
	CHECK(rump_sys_recvmsg(pair[1], &msg, MSG_CMSG_CLOEXEC) == 1);
	CHECK(control.h.cmsg_type == SCM_RIGHTS && control.h.cmsg_len == CMSG_LEN(sizeof(got)));
	memcpy(got, CMSG_DATA(&control.h), sizeof(got));
	CHECK(rump_sys_pread(got[0], buf, sizeof(buf), 0) == 7 && !memcmp(buf, "content", 7));
	CHECK(rump_sys_fcntl(got[0], F_GETFD) == FD_CLOEXEC);
	CHECK(rump_sys_write(got[1], "x", 1) == 1);
}

static void sysctl(const char *path)
{
	int fd = rump_sys_open(path, O_WRONLY);

	CHECK(fd >= 0);
	CHECK(rump_sys_write(fd, "1", 1) == 1);
	rump_sys_close(fd);
}

/* What passes a device is seen by a packet socket, and can be sent by one. */
static void packet(int argc, char **argv)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
	int p, u, v;
	char buf[2000];
	ssize_t n;

	UNUSED(argc, argv);
	boot();
	p = rump_sys_socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
	CHECK(p >= 0);
	ll.sll_ifindex = ifindex("lo");
	CHECK(!rump_sys_bind(p, (struct sockaddr *)&ll, sizeof(ll)));
	u = bound("127.0.0.1", 7000, SOCK_DGRAM);
	v = connected("127.0.0.1", 7000, SOCK_DGRAM);
	CHECK(rump_sys_send(v, "seen", 4, 0) == 4);
	CHECK(rump_sys_recv(u, buf, sizeof(buf), 0) == 4);
	CHECK(readable(p, 1000));
	n = rump_sys_recv(p, buf, sizeof(buf), 0);
	CHECK(n == 20 + 8 + 4 && !memcmp(buf + 28, "seen", 4));
	/* The same datagram once more, by hand. It comes from this machine as if from outside. */
	sysctl("/proc/sys/net/ipv4/conf/lo/route_localnet");
	sysctl("/proc/sys/net/ipv4/conf/lo/accept_local");
	ll.sll_halen = 6;
	memset(buf + 26, 0, 2); /* the checksum, which lo leaves unfinished */
	CHECK(rump_sys_sendto(p, buf, n, 0, (struct sockaddr *)&ll, sizeof(ll)) == n);
	CHECK(readable(u, 1000));
	CHECK(rump_sys_recv(u, buf, sizeof(buf), 0) == 4 && !memcmp(buf, "seen", 4));
}

static int link_seen(struct nlmsghdr *h, const void *name)
{
	return has_str(h, sizeof(struct ifinfomsg), IFLA_IFNAME, name);
}

static int links_named(const char *name)
{
	struct ifinfomsg i = {0};
	struct nl m;

	nl_start(&m, RTM_GETLINK, 0, &i, sizeof(i));
	return nl_dump(route, &m, link_seen, name);
}

static void links(int argc, char **argv)
{
	static const char *const kinds[][2] = {
		{"dummy7", "dummy"},
		{"br0", "bridge"},
		{"wg0", "wireguard"},
		{"bond7", "bond"},
	};
	struct ifinfomsg i = {0};
	struct nl m;
	unsigned int k;

	UNUSED(argc, argv);
	boot();
	CHECK(links_named("lo") == 1);
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		CHECK(!new_link(kinds[k][0], kinds[k][1], NULL, 0));
		CHECK(links_named(kinds[k][0]) == 1);
		up(kinds[k][0]);
	}
	CHECK(new_link("dummy7", "dummy", NULL, 0) == EEXIST);
	CHECK(new_link("x0", "nonsense", NULL, 0) == EOPNOTSUPP);
	CHECK(!new_link("veth0", "veth", veth_peer, 0));
	CHECK(links_named("peer") == 1);
	CHECK(!new_link("vlan42", "vlan", vlan_id, ifindex("veth0")));
	CHECK(links_named("vlan42") == 1);
	up("veth0");
	up("vlan42");
	/* veth0 into the bridge. */
	i.ifi_index = ifindex("veth0");
	nl_start(&m, RTM_NEWLINK, 0, &i, sizeof(i));
	nl_u32(&m, IFLA_MASTER, ifindex("br0"));
	CHECK(!nl_talk(route, &m));
	add_address("br0", "10.1.0.1", 24);
	add_address("br0", "fd00::1", 64);
	rump_sys_close(connected("10.1.0.1", 9, SOCK_DGRAM));
	rump_sys_close(connected("fd00::1", 9, SOCK_DGRAM));
	/* And away; the peer goes with it. */
	nl_start(&m, RTM_DELLINK, 0, &i, sizeof(i));
	CHECK(!nl_talk(route, &m));
	CHECK(!links_named("veth0") && !links_named("peer") && !links_named("vlan42"));
}

/* A frame through veth, bridge and vlan: between two addresses that a packet socket sees. */
static void bridge(int argc, char **argv)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	unsigned char frame[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,   0,	 0,  0,
				   0,	 9,    0x88, 0xb5, 'f',	 'r',  'a', 'm', 'e'};
	struct ifinfomsg i = {0};
	struct nl m;
	char buf[2000];
	int out, in;

	UNUSED(argc, argv);
	boot();
	CHECK(!new_link("br0", "bridge", NULL, 0));
	CHECK(!new_link("veth0", "veth", veth_peer, 0));
	CHECK(!new_link("vlan42", "vlan", vlan_id, ifindex("br0")));
	i.ifi_index = ifindex("veth0");
	nl_start(&m, RTM_NEWLINK, 0, &i, sizeof(i));
	nl_u32(&m, IFLA_MASTER, ifindex("br0"));
	CHECK(!nl_talk(route, &m));
	up("br0");
	up("veth0");
	up("peer");
	up("vlan42");
	in = rump_sys_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	ll.sll_ifindex = ifindex("vlan42");
	CHECK(!rump_sys_bind(in, (struct sockaddr *)&ll, sizeof(ll)));
	out = rump_sys_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	ll.sll_ifindex = ifindex("peer");
	ll.sll_halen = 6;
	/* With the tag by hand: it comes out of the vlan device without. */
	memmove(frame + 16, frame + 12, sizeof(frame) - 16);
	memcpy(frame + 12, (unsigned char[]){0x81, 0, 0, 42}, 4);
	CHECK(rump_sys_sendto(out, frame, sizeof(frame), 0, (struct sockaddr *)&ll, sizeof(ll)) ==
	      sizeof(frame));
	for (;;) {
		CHECK(readable(in, 2000));
		CHECK(rump_sys_recv(in, buf, sizeof(buf), 0) > 0);
		if (!memcmp(buf + 12,
			    "\x88\xb5"
			    "frame",
			    7))
			break;
	}
}

static int genl_family(int fd, const char *name)
{
	struct genlmsghdr g = {.cmd = CTRL_CMD_GETFAMILY, .version = 1};
	static char buf[8192] __attribute__((aligned(8)));
	struct nlmsghdr *h = (void *)buf;
	struct nlattr *a;
	struct nl m;

	nl_start(&m, GENL_ID_CTRL, 0, &g, sizeof(g));
	nl_str(&m, CTRL_ATTR_FAMILY_NAME, name);
	CHECK(rump_sys_send(fd, &m, m.h.nlmsg_len, 0) == m.h.nlmsg_len);
	CHECK(rump_sys_recv(fd, buf, sizeof(buf), 0) > 0);
	CHECK(h->nlmsg_type == GENL_ID_CTRL);
	for (a = (void *)((char *)NLMSG_DATA(h) + sizeof(g)); a->nla_type != CTRL_ATTR_FAMILY_ID;)
		a = (void *)((char *)a + NLA_ALIGN(a->nla_len));
	return *(uint16_t *)(a + 1);
}

static int wg_port(struct nlmsghdr *h, const void *port)
{
	struct nlattr *a = (void *)((char *)NLMSG_DATA(h) + sizeof(struct genlmsghdr));

	while ((char *)a + NLA_HDRLEN <= (char *)h + h->nlmsg_len && a->nla_len) {
		if (a->nla_type == WGDEVICE_A_LISTEN_PORT)
			return !memcmp(a + 1, port, 2);
		a = (void *)((char *)a + NLA_ALIGN(a->nla_len));
	}
	return 0;
}

static void wireguard(int argc, char **argv)
{
	struct genlmsghdr g = {.cmd = WG_CMD_SET_DEVICE, .version = WG_GENL_VERSION};
	uint16_t port = 51820;
	char key[32];
	struct nl m;
	int fd, family;

	UNUSED(argc, argv);
	boot();
	CHECK(!new_link("wg0", "wireguard", NULL, 0));
	fd = nl_open(NETLINK_GENERIC);
	family = genl_family(fd, "wireguard");
	memset(key, 'k', sizeof(key));
	nl_start(&m, family, 0, &g, sizeof(g));
	nl_str(&m, WGDEVICE_A_IFNAME, "wg0");
	nl_attr(&m, WGDEVICE_A_PRIVATE_KEY, key, sizeof(key));
	nl_attr(&m, WGDEVICE_A_LISTEN_PORT, &port, sizeof(port));
	CHECK(!nl_talk(fd, &m));
	up("wg0");
	g.cmd = WG_CMD_GET_DEVICE;
	nl_start(&m, family, 0, &g, sizeof(g));
	nl_str(&m, WGDEVICE_A_IFNAME, "wg0");
	CHECK(nl_dump(fd, &m, wg_port, &port) == 1);
	/* It holds its port. */
	union addr a;
	int u = rump_sys_socket(AF_INET, SOCK_DGRAM, 0);
	address(&a, "0.0.0.0", port);
	CHECK_ERR(rump_sys_bind(u, &a.sa, sizeof(a.in)), EADDRINUSE);
}

static int new_qdisc(const char *dev, const char *kind, int cmd, uint32_t handle, uint32_t parent,
		     int type, const void *options, size_t len)
{
	struct tcmsg t = {.tcm_ifindex = ifindex(dev), .tcm_handle = handle, .tcm_parent = parent};
	size_t at;
	struct nl m;

	nl_start(&m, cmd, NLM_F_CREATE | NLM_F_REPLACE, &t, sizeof(t));
	nl_str(&m, TCA_KIND, kind);
	if (type < 0) {
		nl_attr(&m, TCA_OPTIONS, options, len);
	} else {
		at = nl_nest(&m, TCA_OPTIONS);
		if (options)
			nl_attr(&m, type, options, len);
		nl_end(&m, at);
	}
	return nl_talk(route, &m);
}

static int qdisc_seen(struct nlmsghdr *h, const void *kind)
{
	return has_str(h, sizeof(struct tcmsg), TCA_KIND, kind);
}

static int qdiscs(const char *kind)
{
	struct tcmsg t = {0};
	struct nl m;

	nl_start(&m, RTM_GETQDISC, 0, &t, sizeof(t));
	return nl_dump(route, &m, qdisc_seen, kind);
}

/* Seconds for n datagrams of a size over lo. */
static double datagrams(int n, int size)
{
	int u = bound("127.0.0.1", 7000, SOCK_DGRAM), v = connected("127.0.0.1", 7000, SOCK_DGRAM);
	double start = now();
	int i;

	for (i = 0; i < n; i++)
		CHECK(rump_sys_send(v, sent, size, 0) == size);
	for (i = 0; i < n; i++) {
		CHECK(readable(u, 5000));
		CHECK(rump_sys_recv(u, received, size, 0) == size);
	}
	start = now() - start;
	rump_sys_close(u);
	rump_sys_close(v);
	return start;
}

/* psched ticks are 64 ns */
#define TICKS(ms) ((ms)*1000000U / 64)

static void tc(int argc, char **argv)
{
	struct tc_netem_qopt netem = {.latency = TICKS(100), .limit = 1000};
	struct tc_htb_glob glob = {.version = 3, .rate2quantum = 10, .defcls = 1};
	struct tc_htb_opt htb = {
		.rate = {.rate = 100000, .linklayer = TC_LINKLAYER_ETHERNET},
		.ceil = {.rate = 100000, .linklayer = TC_LINKLAYER_ETHERNET},
		.buffer = TICKS(50),
		.cbuffer = TICKS(50),
		.quantum = 5000,
	};
	double t;

	UNUSED(argc, argv);
	boot();
	t = datagrams(10, 1000);
	printf("plain %.3f s\n", t);
	CHECK(t < 0.09);
	CHECK(!new_qdisc("lo", "netem", RTM_NEWQDISC, 0x10000, TC_H_ROOT, -1, &netem,
			 sizeof(netem)));
	CHECK(qdiscs("netem") == 1);
	t = datagrams(10, 1000);
	printf("netem %.3f s\n", t);
	CHECK(t >= 0.1 && t < 0.6);
	CHECK(!new_qdisc("lo", "fq", RTM_NEWQDISC, 0x20000, TC_H_ROOT, 1, NULL, 0));
	CHECK(qdiscs("fq") == 1 && !qdiscs("netem"));
	t = datagrams(10, 1000);
	printf("fq %.3f s\n", t);
	CHECK(t < 0.09);
	/* 30 datagrams of 1 kB at 100 kB/s, 5 kB of burst. */
	CHECK(!new_qdisc("lo", "htb", RTM_NEWQDISC, 0x30000, TC_H_ROOT, TCA_HTB_INIT, &glob,
			 sizeof(glob)));
	CHECK(!new_qdisc("lo", "htb", RTM_NEWTCLASS, 0x30001, 0x30000, TCA_HTB_PARMS, &htb,
			 sizeof(htb)));
	CHECK(qdiscs("htb") == 1);
	t = datagrams(30, 1000);
	printf("htb %.3f s\n", t);
	CHECK(t > 0.2 && t < 1);
}

/* Batches of nf_tables: begin, one message, end. */
static int nft(int fd, int type, int flags, void (*more)(struct nl *m))
{
	struct nfgenmsg inet = {.nfgen_family = NFPROTO_IPV4, .version = NFNETLINK_V0};
	struct nfgenmsg batch = {.version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
	static char buf[3 * sizeof(struct nl)];
	struct nlmsghdr *h = (void *)buf;
	struct nl m[3];
	size_t at = 0;
	ssize_t n;
	int i;

	nl_start(&m[0], NFNL_MSG_BATCH_BEGIN, 0, &batch, sizeof(batch));
	nl_start(&m[1], NFNL_SUBSYS_NFTABLES << 8 | type, flags | NLM_F_ACK, &inet, sizeof(inet));
	more(&m[1]);
	nl_start(&m[2], NFNL_MSG_BATCH_END, 0, &batch, sizeof(batch));
	for (i = 0; i < 3; i++) {
		memcpy(buf + at, &m[i], m[i].h.nlmsg_len);
		at += NLMSG_ALIGN(m[i].h.nlmsg_len);
	}
	CHECK(rump_sys_send(fd, buf, at, 0) == (ssize_t)at);
	n = rump_sys_recv(fd, buf, sizeof(buf), 0);
	CHECK(n > 0 && h->nlmsg_type == NLMSG_ERROR);
	return nl_error(h);
}

static void nft_table(struct nl *m)
{
	nl_str(m, NFTA_TABLE_NAME, "wall");
}

static void nft_chain(struct nl *m)
{
	size_t at;

	nl_str(m, NFTA_CHAIN_TABLE, "wall");
	nl_str(m, NFTA_CHAIN_NAME, "closed");
	at = nl_nest(m, NFTA_CHAIN_HOOK);
	nl_u32(m, NFTA_HOOK_HOOKNUM, htonl(NF_INET_LOCAL_IN));
	nl_u32(m, NFTA_HOOK_PRIORITY, htonl(0));
	nl_end(m, at);
	nl_u32(m, NFTA_CHAIN_POLICY, htonl(NF_DROP));
	nl_str(m, NFTA_CHAIN_TYPE, "filter");
}

static int table_seen(struct nlmsghdr *h, const void *name)
{
	return has_str(h, sizeof(struct nfgenmsg), NFTA_TABLE_NAME, name);
}

static int tables(int fd)
{
	struct nfgenmsg inet = {.nfgen_family = NFPROTO_IPV4};
	struct nl m;

	nl_start(&m, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0, &inet, sizeof(inet));
	return nl_dump(fd, &m, table_seen, "wall");
}

static void nftables(int argc, char **argv)
{
	int fd, u, v;
	char c;

	UNUSED(argc, argv);
	boot();
	u = bound("127.0.0.1", 7000, SOCK_DGRAM);
	v = connected("127.0.0.1", 7000, SOCK_DGRAM);
	fd = nl_open(NETLINK_NETFILTER);
	CHECK(!nft(fd, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, nft_table));
	CHECK(nft(fd, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, nft_table) == EEXIST);
	CHECK(tables(fd) == 1);
	CHECK(rump_sys_send(v, "1", 1, 0) == 1);
	CHECK(readable(u, 1000) && rump_sys_recv(u, &c, 1, 0) == 1 && c == '1');
	CHECK(!nft(fd, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, nft_chain));
	rump_sys_send(v, "2", 1, 0);
	CHECK(!readable(u, 100));
	CHECK(!nft(fd, NFT_MSG_DELTABLE, 0, nft_table));
	CHECK(tables(fd) == 0);
	CHECK(rump_sys_send(v, "3", 1, 0) == 1);
	CHECK(readable(u, 1000) && rump_sys_recv(u, &c, 1, 0) == 1 && c == '3');
}

static void congestion(int argc, char **argv)
{
	static const char *const algorithms[] = {"cubic", "bbr", "reno"};
	struct tcp_info info;
	socklen_t len;
	char name[16];
	unsigned int i;
	int l, c, s;

	UNUSED(argc, argv);
	boot();
	l = bound("127.0.0.1", 7000, SOCK_STREAM);
	for (i = 0; i < 3; i++) {
		c = connected("127.0.0.1", 7000, SOCK_STREAM);
		s = rump_sys_accept(l, NULL, NULL);
		CHECK(!rump_sys_setsockopt(c, IPPROTO_TCP, TCP_CONGESTION, algorithms[i],
					   strlen(algorithms[i])));
		len = sizeof(name);
		CHECK(!rump_sys_getsockopt(c, IPPROTO_TCP, TCP_CONGESTION, name, &len));
		CHECK(!strcmp(name, algorithms[i]));
		bulk(c, s);
		len = sizeof(info);
		CHECK(!rump_sys_getsockopt(c, IPPROTO_TCP, TCP_INFO, &info, &len));
		CHECK(info.tcpi_snd_mss > 500);
		rump_sys_close(c);
		rump_sys_close(s);
	}
	c = rump_sys_socket(AF_INET, SOCK_STREAM, 0);
	CHECK_ERR(rump_sys_setsockopt(c, IPPROTO_TCP, TCP_CONGESTION, "nonsense", 8), ENOENT);
}

static int other_ns = -1;
static pthread_barrier_t barrier;

/* A thread in a name space of its own: has nothing, gets one end of a veth, answers. */
static void *other_side(void *arg)
{
	char buf[64];
	union addr a;
	socklen_t len = sizeof(a);
	int u;

	(void)arg;
	CHECK(!rump_sys_unshare(CLONE_NEWNET));
	other_ns = rump_sys_open("/proc/thread-self/ns/net", O_RDONLY);
	CHECK(other_ns >= 0);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	u = bound("10.9.0.2", 7000, SOCK_DGRAM);
	pthread_barrier_wait(&barrier);
	CHECK(rump_sys_recvfrom(u, buf, sizeof(buf), 0, &a.sa, &len) == 5);
	CHECK(a.in.sin_addr.s_addr == inet_addr("10.9.0.1"));
	CHECK(rump_sys_sendto(u, "reply", 5, 0, &a.sa, len) == 5);
	rump_sys_close(u);
	return NULL;
}

static void name_spaces(int argc, char **argv)
{
	struct ifinfomsg i = {0};
	char buf[64];
	pthread_t t;
	struct nl m;
	int home, v, old;

	UNUSED(argc, argv);
	boot();
	CHECK(!pthread_barrier_init(&barrier, NULL, 2));
	CHECK(!pthread_create(&t, NULL, other_side, NULL));
	pthread_barrier_wait(&barrier);
	home = rump_sys_open("/proc/thread-self/ns/net", O_RDONLY);
	CHECK(home >= 0);
	CHECK(!new_link("veth0", "veth", veth_peer, 0));
	i.ifi_index = ifindex("peer");
	nl_start(&m, RTM_NEWLINK, 0, &i, sizeof(i));
	nl_u32(&m, IFLA_NET_NS_FD, other_ns);
	CHECK(!nl_talk(route, &m));
	CHECK(!links_named("peer"));
	up("veth0");
	add_address("veth0", "10.9.0.1", 24);
	/* Over there and back. */
	CHECK(!rump_sys_setns(other_ns, CLONE_NEWNET));
	old = route;
	route = nl_open(NETLINK_ROUTE);
	CHECK(links_named("peer") == 1 && !links_named("veth0"));
	up("peer");
	add_address("peer", "10.9.0.2", 24);
	rump_sys_close(route);
	route = old;
	CHECK(!rump_sys_setns(home, CLONE_NEWNET));
	CHECK(links_named("veth0") == 1);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	v = connected("10.9.0.2", 7000, SOCK_DGRAM);
	CHECK(rump_sys_send(v, "hello", 5, 0) == 5);
	CHECK(readable(v, 3000));
	CHECK(rump_sys_recv(v, buf, sizeof(buf), 0) == 5 && !memcmp(buf, "reply", 5));
	pthread_join(t, NULL);
	/* The last one who uses it gone, so is it, and the veth with it. */
	rump_sys_close(other_ns);
	for (v = 0; v < 100 && links_named("veth0"); v++)
		usleep(20000);
	CHECK(!links_named("veth0"));
}

static const struct test tests[] = {
	{"inet", inet},
	{"inet6", inet6},
	{"ping", ping},
	{"unix_stream", unix_stream},
	{"unix_dgram", unix_dgram},
	{"scm_rights", scm_rights},
	{"packet", packet},
	{"links", links},
	{"bridge", bridge},
	{"wireguard", wireguard},
	{"tc", tc},
	{"nftables", nftables},
	{"congestion", congestion},
	{"name_spaces", name_spaces},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
