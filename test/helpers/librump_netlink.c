/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_netlink.c - what tests of the network share */
#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "librump_netlink.h"

void nl_put(struct nl *m, const void *data, size_t len)
{
	memcpy((char *)m + NLMSG_ALIGN(m->h.nlmsg_len), data, len);
	m->h.nlmsg_len = NLMSG_ALIGN(m->h.nlmsg_len) + len;
}

void nl_start(struct nl *m, int type, int flags, const void *data, size_t len)
{
	memset(m, 0, sizeof(*m));
	m->h.nlmsg_len = NLMSG_HDRLEN;
	m->h.nlmsg_type = type;
	m->h.nlmsg_flags = NLM_F_REQUEST | flags;
	m->h.nlmsg_seq = 1;
	nl_put(m, data, len);
}

void nl_attr(struct nl *m, int type, const void *data, size_t len)
{
	struct nlattr a = {.nla_len = NLA_HDRLEN + len, .nla_type = type};

	nl_put(m, &a, sizeof(a));
	if (len)
		nl_put(m, data, len);
}

void nl_str(struct nl *m, int type, const char *s)
{
	nl_attr(m, type, s, strlen(s) + 1);
}

void nl_u32(struct nl *m, int type, uint32_t v)
{
	nl_attr(m, type, &v, sizeof(v));
}

size_t nl_nest(struct nl *m, int type)
{
	size_t at = NLMSG_ALIGN(m->h.nlmsg_len);

	nl_attr(m, type | NLA_F_NESTED, NULL, 0);
	return at;
}

void nl_end(struct nl *m, size_t at)
{
	((struct nlattr *)((char *)m + at))->nla_len = m->h.nlmsg_len - at;
}

int nl_open(int protocol)
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
int nl_error(struct nlmsghdr *h)
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
int nl_talk(int fd, struct nl *m)
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
int nl_dump(int fd, struct nl *m, int (*seen)(struct nlmsghdr *h, const void *arg),
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
int has_str(struct nlmsghdr *h, size_t header, int type, const char *s)
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

int genl_family(int fd, const char *name)
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

int route;

int ifindex(const char *name)
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

int link_change(const char *name, unsigned int flags)
{
	struct ifinfomsg i = {.ifi_index = ifindex(name), .ifi_flags = flags, .ifi_change = IFF_UP};
	struct nl m;

	nl_start(&m, RTM_NEWLINK, 0, &i, sizeof(i));
	return nl_talk(route, &m);
}

void up(const char *name)
{
	CHECK(!link_change(name, IFF_UP));
}

void add_address(const char *name, const char *ip, int bits)
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
int new_link(const char *name, const char *kind, void (*more)(struct nl *m), int under)
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

void boot(void)
{
	CHECK(!rump_init());
	route = nl_open(NETLINK_ROUTE);
	up("lo");
}

socklen_t address(union addr *a, const char *ip, int port)
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

int bound(const char *ip, int port, int type)
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

int connected(const char *ip, int port, int type)
{
	union addr a;
	socklen_t len = address(&a, ip, port);
	int fd = rump_sys_socket(a.sa.sa_family, type, 0);

	CHECK(fd >= 0);
	CHECK(!rump_sys_connect(fd, &a.sa, len));
	return fd;
}

int readable(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return rump_sys_poll(&p, 1, ms) == 1 && (p.revents & POLLIN);
}
