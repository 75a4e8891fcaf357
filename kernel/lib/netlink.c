/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink.c - links, addresses and routes of the rump kernel, by rtnetlink(7) */
#include <asm/errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>

#include "bare/raw.h"
#include "bare/str.h"

#include "core.h"
#include "net.h"

/**
 * struct request - A message under construction
 * @body:	whichever it begins with
 */
struct request {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
		struct rtmsg route;
		char room[256];
	} body;
};

static void begin(struct request *r, int type, int flags, size_t body)
{
	memset(r, 0, sizeof(*r));
	r->head.nlmsg_type = type;
	r->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	r->head.nlmsg_len = NLMSG_LENGTH(body);
}

static void attribute(struct request *r, int type, const void *data, size_t length)
{
	struct rtattr *a = (void *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(length);
	memcpy(RTA_DATA(a), data, length);
	r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(a->rta_len);
}

/**
 * ask() - Send a request and wait for what becomes of it
 *
 * Return: 0 or an errno value
 */
static int ask(struct request *r)
{
	long fd = rump__enter(__NR_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, 0, 0, 0), n;
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char room[512];
	} answer;

	if (fd < 0)
		return -fd;
	n = rump__enter(__NR_sendto, fd, (long)r, r->head.nlmsg_len, 0, 0, 0);
	if (n >= 0)
		n = rump__enter(__NR_recvfrom, fd, (long)&answer, sizeof(answer), 0, 0, 0);
	rump__enter(__NR_close, fd, 0, 0, 0, 0, 0);
	if (n < 0)
		return -n;
	return answer.head.nlmsg_type == NLMSG_ERROR ? -answer.error.error : EPROTO;
}

static size_t size_of(const struct net_address *a)
{
	return a->family == AF_INET ? 4 : 16;
}

/**
 * net_link_up() - Bring a device up
 * @mtu:	bytes, 0: as it is
 *
 * Return: 0 or an errno value
 */
int net_link_up(int index, unsigned int mtu)
{
	struct request r;

	begin(&r, RTM_NEWLINK, 0, sizeof(r.body.link));
	r.body.link.ifi_index = index;
	r.body.link.ifi_flags = r.body.link.ifi_change = IFF_UP;
	if (mtu)
		attribute(&r, IFLA_MTU, &mtu, sizeof(mtu));
	return ask(&r);
}

/**
 * net_add_address() - Give a device an address
 *
 * Return: 0 or an errno value
 */
int net_add_address(int index, const struct net_address *address)
{
	unsigned char broadcast[4];
	struct request r;

	begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, sizeof(r.body.address));
	r.body.address.ifa_family = address->family;
	r.body.address.ifa_prefixlen = address->prefix;
	r.body.address.ifa_index = index;
	attribute(&r, IFA_LOCAL, address->bytes, size_of(address));
	attribute(&r, IFA_ADDRESS, address->bytes, size_of(address));
	if (address->family == AF_INET && address->prefix < 31) {
		for (unsigned int i = 0; i < 4; i++)
			broadcast[i] = address->bytes[i] |
				       (unsigned char)(~0ul >> (32 + address->prefix) >>
						       (24 - 8 * i));
		attribute(&r, IFA_BROADCAST, broadcast, sizeof(broadcast));
	}
	return ask(&r);
}

/**
 * net_add_gateway() - Add a default route
 *
 * Return: 0 or an errno value
 */
int net_add_gateway(int index, const struct net_address *gateway)
{
	struct request r;

	begin(&r, RTM_NEWROUTE, NLM_F_CREATE, sizeof(r.body.route));
	r.body.route.rtm_family = gateway->family;
	r.body.route.rtm_table = RT_TABLE_MAIN;
	r.body.route.rtm_protocol = RTPROT_BOOT;
	r.body.route.rtm_type = RTN_UNICAST;
	/* It may lie outside of the address's network, as on a point-to-point link. */
	r.body.route.rtm_flags = RTNH_F_ONLINK;
	attribute(&r, RTA_GATEWAY, gateway->bytes, size_of(gateway));
	attribute(&r, RTA_OIF, &index, sizeof(index));
	return ask(&r);
}

/**
 * net_arp_notify() - Have a device's IPv4 addresses announced to all when it is brought up
 *
 * Return: 0 or an errno value
 */
int net_arp_notify(int index)
{
	const struct {
		struct rtattr family, configuration, notify;
		int on;
	} inet = {
		{ sizeof(inet), AF_INET },
		{ sizeof(inet) - RTA_LENGTH(0), IFLA_INET_CONF },
		{ RTA_LENGTH(sizeof(int)), IPV4_DEVCONF_ARP_NOTIFY },
		1,
	};
	struct request r;

	begin(&r, RTM_NEWLINK, 0, sizeof(r.body.link));
	r.body.link.ifi_index = index;
	attribute(&r, IFLA_AF_SPEC, &inet, sizeof(inet));
	return ask(&r);
}

/**
 * net_text() - An address in words
 * @text:	result; of IPv6 without leaving out zeroes
 */
void net_text(const struct net_address *a, char *text, size_t size)
{
	const unsigned char *b = a->bytes;

	if (a->family == AF_INET)
		str_printf(text, size, "%d.%d.%d.%d", b[0], b[1], b[2], b[3]);
	else
		str_printf(text, size, "%x:%x:%x:%x:%x:%x:%x:%x", b[0] << 8 | b[1],
			   b[2] << 8 | b[3], b[4] << 8 | b[5], b[6] << 8 | b[7], b[8] << 8 | b[9],
			   b[10] << 8 | b[11], b[12] << 8 | b[13], b[14] << 8 | b[15]);
}
