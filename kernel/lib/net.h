/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.h - RUMP_NET: what it says, and making it so
 *
 * The grammar is rump_net(7)'s; netparse.c has no other part of librump below it, so that the rump
 * command uses it too.
 */
#ifndef RUMP_LIB_NET_H
#define RUMP_LIB_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rump/rumpuser_ext.h>

#define NET_ADDRESSES	8
#define NET_NAME	256
#define NET_ARGS	1024
#define NET_SEARCH	256
#define NET_WHY		160

/**
 * struct net_address - An address of either family
 * @family:	AF_INET or AF_INET6, 0: none
 * @prefix:	bits of the network
 */
struct net_address {
	unsigned char family;
	unsigned char prefix;
	unsigned char bytes[16];
};

/**
 * struct net_config - One network, as it was asked for
 * @text:	how; @length bytes of it
 * @name:	of a bus, a tap, a VDE
 * @args:	for passt(1): each ended by a zero byte, and one more
 * @nargs:	bytes of @args
 * @queues:	0: as many as suit
 * @search:	domains that DHCP has given, with blanks between
 */
struct net_config {
	const char *text;
	size_t length;
	enum rumpuser_ext_net_kind kind;
	char name[NET_NAME];
	char args[NET_ARGS];
	size_t nargs;
	struct net_address addresses[NET_ADDRESSES];
	struct net_address gateways[2];
	struct net_address dns[NET_ADDRESSES];
	char search[NET_SEARCH];
	unsigned int naddresses, ngateways, ndns;
	unsigned int mtu;
	unsigned int queues;
	unsigned char mac[6];
	bool has_mac;
	bool dhcp;
};

/* netparse.c */
const char *net_next(const char *list, size_t *length);
bool net_parse(struct net_config *net, const char *text, size_t length, char why[NET_WHY]);
bool net_fits(const struct net_config *net, unsigned int ncpu, char why[NET_WHY]);
bool net_parse_address(const char *value, bool slash, struct net_address *a);

/* netports.c */
bool net_ports(const char *args, size_t length, const char *option, const char *value,
	       const char **why);

/* netlink.c: errno values */
int net_link_up(int index, unsigned int mtu);
int net_add_address(int index, const struct net_address *address);
int net_add_gateway(int index, const struct net_address *gateway);
int net_arp_notify(int index);
void net_text(const struct net_address *address, char *text, size_t size);

/* arp.c */
bool net_arp_probe(int index, const unsigned char mac[6], const unsigned char address[4]);

/* dhcp.c: 0, or an errno value, ETIMEDOUT if nobody answered */
int net_dhcp(int index, const unsigned char mac[6], struct net_config *result);

#endif
