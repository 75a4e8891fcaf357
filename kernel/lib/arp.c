/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arp.c - whether an IPv4 address is somebody's already (RFC 5227)
 *
 * The waits are much shorter than that document's, which has wireless networks and sleeping hosts
 * in mind: the program waits meanwhile. Who answers later is found out by the kernel, as long as it
 * lives (kernel/arch/rump/drivers/conflict.c).
 */
#include <asm/poll.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <rump/rumpuser_ext.h>

#include "bare/raw.h"
#include "bare/str.h"

#include "core.h"
#include "net.h"

#define PROBES	   2
#define PROBE_WAIT 75 /* ms */
#define MSEC	   1000000ull

struct arp {
	uint16_t htype, ptype;
	uint8_t hlen, plen;
	uint16_t op;
	uint8_t from_mac[6], from[4], to_mac[6], to[4];
};

static uint16_t be16(uint16_t v)
{
	return __builtin_bswap16(v);
}

/**
 * open_socket() - For ARP on a device
 *
 * To close it takes an RCU grace period, several milliseconds.
 *
 * Return: descriptor or -errno
 */
static long open_socket(int index)
{
	struct sockaddr_ll here = { .sll_family = AF_PACKET,
				    .sll_protocol = be16(ETH_P_ARP),
				    .sll_ifindex = index };
	long fd = rump__enter(__NR_socket, AF_PACKET, SOCK_DGRAM, 0, 0, 0, 0), err;

	if (fd < 0)
		return fd;
	err = rump__enter(__NR_bind, fd, (long)&here, sizeof(here), 0, 0, 0);
	if (!err)
		return fd;
	rump__enter(__NR_close, fd, 0, 0, 0, 0, 0);
	return err;
}

/**
 * send_request() - Ask all who has an address
 * @from:	whose address it is, NULL: nobody's yet
 */
static void send_request(long fd, int index, const unsigned char mac[6], const unsigned char *from,
			 const unsigned char *address)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = be16(ETH_P_ARP),
				  .sll_ifindex = index,
				  .sll_halen = ETH_ALEN };
	struct arp arp = { .htype = be16(ARPHRD_ETHER),
			   .ptype = be16(ETH_P_IP),
			   .hlen = ETH_ALEN,
			   .plen = 4,
			   .op = be16(ARPOP_REQUEST) };

	memcpy(arp.from_mac, mac, ETH_ALEN);
	if (from)
		memcpy(arp.from, from, 4);
	memcpy(arp.to, address, 4);
	memset(to.sll_addr, 0xff, ETH_ALEN);
	rump__enter(__NR_sendto, fd, (long)&arp, sizeof(arp), 0, (long)&to, sizeof(to));
}

/**
 * is_claim() - Whether somebody else says that an address is his, or is about to
 */
static bool is_claim(const struct arp *arp, const unsigned char mac[6],
		     const unsigned char *address)
{
	static const unsigned char nobody[4];

	if (arp->htype != be16(ARPHRD_ETHER) || arp->ptype != be16(ETH_P_IP) ||
	    arp->hlen != ETH_ALEN || arp->plen != 4 || !memcmp(arp->from_mac, mac, ETH_ALEN))
		return false;
	return !memcmp(arp->from, address, 4) ||
	       (arp->op == be16(ARPOP_REQUEST) && !memcmp(arp->from, nobody, 4) &&
		!memcmp(arp->to, address, 4));
}

/**
 * net_arp_probe() - Whether somebody else has an address that is to become ours
 * @mac:	of the device
 *
 * If not, all are told that it is ours now.
 */
bool net_arp_probe(int index, const unsigned char mac[6], const unsigned char address[4])
{
	long fd = open_socket(index);
	struct pollfd poll = { .fd = fd, .events = POLLIN };
	unsigned long long now, until;
	bool claimed = false;
	struct arp arp;
	long n;

	if (fd < 0)
		return false;
	for (unsigned int i = 0; i < PROBES && !claimed; i++) {
		send_request(fd, index, mac, NULL, address);
		until = rumpuser_ext_clock_mono() + PROBE_WAIT * MSEC;
		while (!claimed && (now = rumpuser_ext_clock_mono()) < until) {
			if (rump__enter(__NR_poll, (long)&poll, 1, (until - now) / MSEC + 1, 0, 0,
					0) <= 0)
				continue;
			n = rump__enter(__NR_recvfrom, fd, (long)&arp, sizeof(arp), 0, 0, 0);
			claimed = n == sizeof(arp) && is_claim(&arp, mac, address);
		}
	}
	if (!claimed)
		send_request(fd, index, mac, address, address);
	rump__enter(__NR_close, fd, 0, 0, 0, 0, 0);
	return claimed;
}
