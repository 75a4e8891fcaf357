// SPDX-License-Identifier: GPL-2.0-only
/*
 * conflict.c - another station has an IPv4 address of this kernel's
 *
 * Linux leaves that to daemons, of which there is none here. So a look is taken at each ARP packet
 * that says whose an address is: if it is ours, and the sender another, the user is told, and the
 * address defended by an announcement, once in ten seconds, as RFC 5227 has it (2.4, b). Two
 * kernels that do so both know.
 *
 * The message is written by the process that booted: whoever carries this may have anything for its
 * descriptor 2.
 */
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/ratelimit.h>
#include <net/arp.h>
#include <asm/carrier.h>
#include <asm/drivers.h>

#define INTERVAL	(10 * HZ)	/* DEFEND_INTERVAL */
#define ADDRESSES	4		/* that may be told of in that time */

/* Of ARP for IPv4 on Ethernet. */
struct arp_packet {
	struct arphdr head;
	u8 from_mac[ETH_ALEN];
	__be32 from;
	u8 to_mac[ETH_ALEN];
	__be32 to;
} __packed;

static struct {
	struct rump_hostwork work;
	bool busy;
	char text[80];
} message;

static long write_message(struct rump_hostwork *work)
{
	hyp->console(message.text, strlen(message.text));
	return 0;
}

static void message_written(struct rump_hostwork *work)
{
	WRITE_ONCE(message.busy, false);
}

static void tell(const struct net_device *dev, const struct arp_packet *arp)
{
	pr_warn("%s: %pI4 is also the address of %pM\n", dev->name, &arp->from, arp->from_mac);
	if (rump_boot.verbose || cmpxchg(&message.busy, false, true))
		return;
	snprintf(message.text, sizeof(message.text), "rump: %s: %pI4 is also the address of %pM\n",
		 dev->name, &arp->from, arp->from_mac);
	message.work.fn = write_message;
	message.work.done = message_written;
	rump_hostwork_submit(&message.work);
}

/* Not of this address in the last while, nor of too many others. */
static bool is_due(__be32 address)
{
	static DEFINE_RATELIMIT_STATE(limit, INTERVAL, ADDRESSES);
	static unsigned long until;
	static __be32 last;

	if ((address == last && time_before(jiffies, until)) || !__ratelimit(&limit))
		return false;
	last = address;
	until = jiffies + INTERVAL;
	return true;
}

static bool has_address(struct net_device *dev, __be32 address)
{
	struct in_device *in_dev = __in_dev_get_rcu(dev);
	const struct in_ifaddr *ifa;

	if (!in_dev)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in_dev)
		if (ifa->ifa_local == address)
			return true;
	return false;
}

static int look(struct sk_buff *skb, struct net_device *dev, struct packet_type *type,
		struct net_device *orig)
{
	const struct arp_packet *arp;
	struct arp_packet room;

	arp = skb_header_pointer(skb, 0, sizeof(room), &room);
	if (arp && arp->head.ar_hrd == htons(ARPHRD_ETHER) && arp->head.ar_pro == htons(ETH_P_IP) &&
	    arp->head.ar_hln == ETH_ALEN && arp->head.ar_pln == sizeof(arp->from) &&
	    dev->addr_len == ETH_ALEN && memcmp(arp->from_mac, dev->dev_addr, ETH_ALEN) &&
	    has_address(dev, arp->from) && is_due(arp->from)) {
		tell(dev, arp);
		arp_send(ARPOP_REQUEST, ETH_P_ARP, arp->from, dev, arp->from, NULL, dev->dev_addr,
			 NULL);
	}
	kfree_skb(skb);
	return NET_RX_SUCCESS;
}

static struct packet_type arp_type __read_mostly = {
	.type	= cpu_to_be16(ETH_P_ARP),
	.func	= look,
};

static int __init conflict_init(void)
{
	dev_add_pack(&arp_type);
	return 0;
}
device_initcall(conflict_init);
