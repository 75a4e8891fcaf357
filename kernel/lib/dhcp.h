/* SPDX-License-Identifier: BSD-2-Clause */
/* dhcp.h - what dhcp.c and dhcp_options.c know of each other */
#ifndef RUMP_LIB_DHCP_H
#define RUMP_LIB_DHCP_H

#include "net.h"

/* Options of RFC 2132, and of RFC 3397. */
enum {
	O_PAD = 0,
	O_MASK = 1,
	O_ROUTER = 3,
	O_DNS = 6,
	O_DOMAIN = 15,
	O_MTU = 26,
	O_ADDRESS = 50,
	O_TYPE = 53,
	O_SERVER = 54,
	O_WANTED = 55,
	O_SEARCH = 119,
	O_END = 255,
};

/**
 * struct dhcp_options - As they were received
 */
struct dhcp_options {
	const uint8_t *at;
	size_t length;
};

const uint8_t *dhcp_get(struct dhcp_options options, int option, size_t least, size_t *length);
void dhcp_take(struct dhcp_options options, struct net_config *result);

#endif
