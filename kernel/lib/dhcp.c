/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dhcp.c - an address by DHCP (RFC 2131)
 *
 * DISCOVER, OFFER, REQUEST, ACK, once, while the kernel is brought up. It speaks through a packet
 * socket, as the device has no address yet that an answer could be for. Each turn waits twice as
 * long as the one before it, and no longer for an answer because of others that come meanwhile. An
 * address that somebody has is declined. The lease is not renewed: servers for kernels that live
 * for hours are to be asked by dhclient or udhcpc.
 */
#include <asm/errno.h>
#include <asm/poll.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <sys/socket.h>

#include <rump/rumpuser_ext.h>

#include "bare/raw.h"
#include "bare/str.h"

#include "core.h"
#include "dhcp.h"

#define TURNS	     4
#define FIRST_WAIT   500 /* ms */
#define SERVER_PORT  67
#define CLIENT_PORT  68
#define MAGIC	     0x63825363
#define FLAG_BROADCAST 0x8000
#define MSEC	     1000000ull
#define UDP	     17
#define OPTIONS_MAX  1200

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK };

/* Everything in network order. */
struct packet {
	struct {
		uint8_t version_length, tos;
		uint16_t length, id, fragment;
		uint8_t ttl, protocol;
		uint16_t sum;
		uint32_t from, to;
	} ip;
	struct {
		uint16_t from, to, length, sum;
	} udp;
	uint8_t op, htype, hlen, hops;
	uint32_t xid;
	uint16_t secs, flags;
	uint32_t ciaddr, yiaddr, siaddr, giaddr;
	uint8_t chaddr[16];
	uint8_t sname[64], file[128];
	uint32_t magic;
	uint8_t options[OPTIONS_MAX];
} __attribute__((packed));

#define FIXED offsetof(struct packet, options)

/**
 * struct client - One exchange
 * @packet:	last received, or sent
 * @options:	bytes of options in it
 * @alone:	nobody else can be on this network, so its addresses are free
 * @look:	only see whether there is a server
 */
struct client {
	long fd;
	int index;
	const unsigned char *mac;
	bool alone, look;
	uint32_t xid;
	uint32_t address, server;
	size_t options;
	struct packet packet;
};

static uint16_t be16(uint16_t v)
{
	return __builtin_bswap16(v);
}

static uint32_t be32(uint32_t v)
{
	return __builtin_bswap32(v);
}

/**
 * sum() - Checksum of the Internet
 */
static uint16_t sum(const void *data, size_t length, uint32_t start)
{
	const unsigned char *bytes = data;
	uint32_t total = start;

	for (size_t i = 0; i < length; i++)
		total += i % 2 ? bytes[i] << 8 : bytes[i];
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return ~total;
}

static void put(struct client *c, int option, const void *data, size_t length)
{
	uint8_t *at = c->packet.options + c->options;

	at[0] = option;
	at[1] = length;
	memcpy(at + 2, data, length);
	c->options += 2 + length;
}

/**
 * send_message() - Broadcast a message
 * @type:	DISCOVER, REQUEST or DECLINE
 */
static void send_message(struct client *c, uint8_t type)
{
	static const uint8_t wanted[] = { O_MASK, O_ROUTER, O_DNS, O_DOMAIN, O_MTU, O_SEARCH };
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = be16(ETH_P_IP),
				  .sll_ifindex = c->index,
				  .sll_halen = ETH_ALEN };
	struct packet *p = &c->packet;
	size_t length;

	memset(p, 0, sizeof(*p));
	c->options = 0;
	p->op = 1;
	p->htype = 1;
	p->hlen = ETH_ALEN;
	p->xid = c->xid;
	p->flags = be16(FLAG_BROADCAST);
	memcpy(p->chaddr, c->mac, ETH_ALEN);
	p->magic = be32(MAGIC);
	put(c, O_TYPE, &type, 1);
	if (type != DISCOVER) {
		put(c, O_ADDRESS, &c->address, 4);
		put(c, O_SERVER, &c->server, 4);
	}
	if (type != DECLINE)
		put(c, O_WANTED, wanted, sizeof(wanted));
	p->options[c->options++] = O_END;
	length = FIXED + c->options;
	p->udp.from = be16(CLIENT_PORT);
	p->udp.to = be16(SERVER_PORT);
	p->udp.length = be16(length - sizeof(p->ip));
	p->ip.version_length = 0x45;
	p->ip.length = be16(length);
	p->ip.ttl = 64;
	p->ip.protocol = UDP;
	p->ip.to = ~0u;
	p->ip.sum = sum(&p->ip, sizeof(p->ip), 0);
	/* With the pseudo header: the addresses, the protocol and the length. */
	p->udp.sum = sum(&p->udp, length - sizeof(p->ip),
			 2u * 0xffff + be16(UDP) + p->udp.length) ?: 0xffff;
	memset(to.sll_addr, 0xff, ETH_ALEN);
	rump__enter(__NR_sendto, c->fd, (long)p, length, 0, (long)&to, sizeof(to));
}

/* Find an option of the last packet. */
static const uint8_t *get(const struct client *c, int option, size_t least)
{
	const struct dhcp_options options = { c->packet.options, c->options };

	return dhcp_get(options, option, least, NULL);
}

/**
 * is_answer() - Whether what came is an answer to this client
 * @n:	bytes
 */
static bool is_answer(struct client *c, long n)
{
	struct packet *p = &c->packet;

	if (n < (long)FIXED || p->ip.version_length != 0x45 || p->ip.protocol != UDP ||
	    p->udp.to != be16(CLIENT_PORT) || p->op != 2 || p->xid != c->xid ||
	    p->magic != be32(MAGIC) || memcmp(p->chaddr, c->mac, ETH_ALEN))
		return false;
	c->options = n - FIXED;
	return get(c, O_TYPE, 1);
}

/**
 * receive() - Wait for an answer
 * @wanted:	whether it is the one
 * @wait:	milliseconds
 *
 * Return: false if it has not come
 */
static bool receive(struct client *c, bool (*wanted)(const struct client *), unsigned int wait)
{
	unsigned long long now, until = rumpuser_ext_clock_mono() + wait * MSEC;
	struct pollfd poll = { .fd = c->fd, .events = POLLIN };
	long n;

	while ((now = rumpuser_ext_clock_mono()) < until) {
		if (rump__enter(__NR_poll, (long)&poll, 1, (until - now) / MSEC + 1, 0, 0, 0) <= 0)
			break;
		n = rump__enter(__NR_recvfrom, c->fd, (long)&c->packet, sizeof(c->packet), 0, 0, 0);
		if (is_answer(c, n) && wanted(c))
			return true;
	}
	return false;
}

/**
 * take() - What the server has given
 */
static void take(const struct client *c, struct net_config *result)
{
	struct net_address *a = &result->addresses[result->naddresses++];

	*a = (struct net_address){ .family = AF_INET };
	memcpy(a->bytes, &c->packet.yiaddr, 4);
	dhcp_take((struct dhcp_options){ c->packet.options, c->options }, result);
}

/**
 * is_offer() - Whether the last packet offers an address
 */
static bool is_offer(const struct client *c)
{
	return *get(c, O_TYPE, 1) == OFFER && get(c, O_SERVER, 4) && c->packet.yiaddr;
}

/**
 * is_decision() - Whether the last packet grants or refuses what the server has offered
 */
static bool is_decision(const struct client *c)
{
	const uint8_t *server = get(c, O_SERVER, 4);
	uint8_t type = *get(c, O_TYPE, 1);

	if (server && memcmp(server, &c->server, 4))
		return false;
	return type == NAK || (type == ACK && c->packet.yiaddr);
}

/**
 * turn() - One try
 * @wait:	milliseconds for each answer
 *
 * Return: 0 if there is an address, ECONNREFUSED if the server would not give it, EADDRINUSE if
 * somebody has it, ETIMEDOUT
 */
static int turn(struct client *c, unsigned int wait)
{
	send_message(c, DISCOVER);
	if (!receive(c, is_offer, wait))
		return ETIMEDOUT;
	if (c->look)
		return 0;
	memcpy(&c->server, get(c, O_SERVER, 4), 4);
	c->address = c->packet.yiaddr;
	send_message(c, REQUEST);
	if (!receive(c, is_decision, wait))
		return ETIMEDOUT;
	if (*get(c, O_TYPE, 1) != ACK)
		return ECONNREFUSED;
	c->address = c->packet.yiaddr;
	if (c->alone || !net_arp_probe(c->index, c->mac, (const unsigned char *)&c->address))
		return 0;
	send_message(c, DECLINE);
	return EADDRINUSE;
}

/**
 * is_connected() - Whether what the device leads to is still there
 */
static bool is_connected(const struct client *c)
{
	struct ifreq request = { .ifr_ifindex = c->index };

	rump__enter(__NR_ioctl, c->fd, SIOCGIFNAME, (long)&request, 0, 0, 0);
	return rump__enter(__NR_ioctl, c->fd, SIOCGIFFLAGS, (long)&request, 0, 0, 0) >= 0 &&
	       (request.ifr_flags & IFF_RUNNING);
}

/**
 * ask() - Try until there is an address, or it is enough
 *
 * Return: as turn(), or ENOLINK
 */
static int ask(struct client *c)
{
	unsigned int wait = FIRST_WAIT;
	int err = ETIMEDOUT;

	for (int i = 0; i < TURNS && err; i++, wait *= 2) {
		err = turn(c, wait);
		if (err && !is_connected(c))
			return ENOLINK;
	}
	return err;
}

/**
 * net_dhcp() - Ask for an address, or, if none is wanted, whether a server is there
 * @index:	of the device, which is up
 * @mac:	its address
 * @result:	gets addresses, gateway, servers, size
 *
 * Return: 0 or an errno value, ETIMEDOUT if nobody answered, ENOLINK if nobody will, ECONNREFUSED
 * if the server has refused what it had offered, EADDRINUSE if that was somebody's
 */
int net_dhcp(int index, const unsigned char mac[6], struct net_config *result)
{
	static struct client client;
	struct sockaddr_ll here = { .sll_family = AF_PACKET,
				    .sll_protocol = be16(ETH_P_IP),
				    .sll_ifindex = index };
	struct client *c = &client;
	long err;

	if (result->dhcp && result->naddresses == NET_ADDRESSES)
		return EMFILE;
	c->index = index;
	c->mac = mac;
	c->look = !result->dhcp;
	c->alone = result->kind == RUMPUSER_EXT_NET_PASST;
	err = rumpuser_ext_random(&c->xid, sizeof(c->xid));
	if (err)
		return -err;
	c->fd = rump__enter(__NR_socket, AF_PACKET, SOCK_DGRAM, be16(ETH_P_IP), 0, 0, 0);
	if (c->fd < 0)
		return -c->fd;
	err = rump__enter(__NR_bind, c->fd, (long)&here, sizeof(here), 0, 0, 0);
	if (!err)
		err = -ask(c);
	rump__enter(__NR_close, c->fd, 0, 0, 0, 0, 0);
	if (!err && !c->look)
		take(c, result);
	return -err;
}
