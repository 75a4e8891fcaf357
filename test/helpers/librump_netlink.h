/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * librump_netlink.h - netlink messages, links and addresses in the rump kernel, for tests
 *
 * What goes wrong ends the test with a message, but for functions that return an errno value.
 */
#ifndef LIBRUMP_NETLINK_H
#define LIBRUMP_NETLINK_H

#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include "librump_test.h"

/* Netlink: a message under construction, and the answer to it. */
struct nl {
	struct nlmsghdr h;
	char body[8192];
};

void nl_put(struct nl *m, const void *data, size_t len);
void nl_start(struct nl *m, int type, int flags, const void *data, size_t len);
void nl_attr(struct nl *m, int type, const void *data, size_t len);
void nl_str(struct nl *m, int type, const char *s);
void nl_u32(struct nl *m, int type, uint32_t v);
size_t nl_nest(struct nl *m, int type);
void nl_end(struct nl *m, size_t at);
int nl_open(int protocol);
/* The error of an acknowledgement; what the kernel says about it goes to stderr. */
int nl_error(struct nlmsghdr *h);
/* Send, and wait for the acknowledgement: 0 or an errno value. */
int nl_talk(int fd, struct nl *m);
/* Dump, and hand each message to seen(). */
int nl_dump(int fd, struct nl *m, int (*seen)(struct nlmsghdr *h, const void *arg),
	    const void *arg);
/* Does an attribute after a header of this size hold this string? */
int has_str(struct nlmsghdr *h, size_t header, int type, const char *s);
/* The number of a family of generic netlink's. */
int genl_family(int fd, const char *name);

int ifindex(const char *name);
int link_change(const char *name, unsigned int flags);
void up(const char *name);
void add_address(const char *name, const char *ip, int bits);
/* A link of a kind; more() adds to IFLA_INFO_DATA. */
int new_link(const char *name, const char *kind, void (*more)(struct nl *m), int under);

/* Boot, with lo up and the netlink socket that the functions above use. */
void boot(void);

extern int route;

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

socklen_t address(union addr *a, const char *ip, int port);
int bound(const char *ip, int port, int type);
int connected(const char *ip, int port, int type);
int readable(int fd, int ms);

#endif
