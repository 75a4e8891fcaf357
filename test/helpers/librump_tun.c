/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * librump_tun.c - network devices that the program serves: tap and tun
 *
 * The kernel is 10.7.0.1; the test is 10.7.0.2, at the other end of the device, and answers ARP and
 * pings by hand.
 */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "librump_netlink.h"

#define HERE  "10.7.0.1"
#define THERE "10.7.0.2"

static const unsigned char our_mac[ETH_ALEN] = {2, 0, 0, 0, 7, 2};

struct ping {
	struct iphdr ip;
	struct icmphdr icmp;
	char data[8];
} __attribute__((packed));

struct frame {
	struct ether_header eth;
	union {
		struct ether_arp arp;
		struct ping ping;
	};
} __attribute__((packed));

#define ARP_SIZE  (offsetof(struct frame, arp) + sizeof(struct ether_arp))
#define PING_SIZE (offsetof(struct frame, ping) + sizeof(struct ping))

static int device(const char *name, int flags)
{
	struct ifreq request = {.ifr_flags = flags | IFF_NO_PI};
	int fd = rump_sys_open("/dev/net/tun", O_RDWR);

	CHECK(fd >= 0);
	strcpy(request.ifr_name, name);
	CHECK(!rump_sys_ioctl(fd, TUNSETIFF, &request));
	CHECK(!strcmp(request.ifr_name, name));
	add_address(name, HERE, 24);
	up(name);
	return fd;
}

static uint16_t checksum(const void *data, size_t len)
{
	const uint16_t *p = data;
	uint32_t sum = 0;

	for (; len; len -= 2)
		sum += *p++;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static uint32_t ip_of(const char *text)
{
	union addr a;

	address(&a, text, 0);
	return a.in.sin_addr.s_addr;
}

static struct icmphdr echo(int seq)
{
	return (struct icmphdr){.type = ICMP_ECHO, .un.echo = {htons(7), htons(seq)}};
}

/* A request from this end. */
static struct ping request(int seq)
{
	struct ping p = {
		.ip = {.version = 4,
		       .ihl = 5,
		       .tot_len = htons(sizeof(p)),
		       .ttl = 64,
		       .protocol = IPPROTO_ICMP,
		       .saddr = ip_of(THERE),
		       .daddr = ip_of(HERE)},
		.icmp = echo(seq),
		.data = "request",
	};

	p.ip.check = checksum(&p.ip, sizeof(p.ip));
	p.icmp.checksum = checksum(&p.icmp, sizeof(p.icmp) + sizeof(p.data));
	return p;
}

static void turn_round(struct ping *p)
{
	CHECK(p->ip.daddr == ip_of(THERE) && p->ip.saddr == ip_of(HERE));
	CHECK(!checksum(&p->ip, sizeof(p->ip)));
	CHECK(!checksum(&p->icmp, sizeof(p->icmp) + sizeof(p->data)));
	p->ip.daddr = p->ip.saddr;
	p->ip.saddr = ip_of(THERE);
	p->icmp.type = ICMP_ECHOREPLY;
	p->icmp.checksum = 0;
	p->icmp.checksum = checksum(&p->icmp, sizeof(p->icmp) + sizeof(p->data));
}

static int open_raw(void)
{
	int s = rump_sys_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

	CHECK(s >= 0);
	return s;
}

static void send_echo(int s, int seq)
{
	struct {
		struct icmphdr icmp;
		char data[8];
	} e = {echo(seq), "kernel"};
	union addr to;
	socklen_t len = address(&to, THERE, 0);

	e.icmp.checksum = checksum(&e, sizeof(e));
	CHECK(rump_sys_sendto(s, &e, sizeof(e), 0, &to.sa, len) == sizeof(e));
}

static void expect_reply(int s, int seq)
{
	struct ping p;

	CHECK(readable(s, 5000));
	CHECK(rump_sys_recv(s, &p, sizeof(p), 0) == sizeof(p));
	CHECK(p.icmp.type == ICMP_ECHOREPLY && p.icmp.un.echo.sequence == htons(seq));
	CHECK(p.ip.saddr == ip_of(THERE) && !strcmp(p.data, "kernel"));
}

/* The next frame of a type; others, as of IPv6, are nothing to us. */
static void next_frame(int fd, struct frame *f, int type)
{
	do {
		CHECK(readable(fd, 5000));
		CHECK(rump_sys_read(fd, f, sizeof(*f)) > (ssize_t)sizeof(f->eth));
	} while (f->eth.ether_type != htons(type));
}

static void write_frame(int fd, struct frame *f, size_t size)
{
	memcpy(f->eth.ether_dhost, f->eth.ether_shost, ETH_ALEN);
	memcpy(f->eth.ether_shost, our_mac, ETH_ALEN);
	CHECK(rump_sys_write(fd, f, size) == (ssize_t)size);
}

static void answer_arp(int fd, struct frame *f)
{
	uint32_t there = ip_of(THERE);
	struct ether_arp arp;

	next_frame(fd, f, ETHERTYPE_ARP);
	arp = f->arp;
	CHECK(arp.ea_hdr.ar_op == htons(ARPOP_REQUEST) && !memcmp(arp.arp_tpa, &there, 4));
	arp.ea_hdr.ar_op = htons(ARPOP_REPLY);
	memcpy(arp.arp_tha, arp.arp_sha, ETH_ALEN);
	memcpy(arp.arp_tpa, arp.arp_spa, 4);
	memcpy(arp.arp_sha, our_mac, ETH_ALEN);
	memcpy(arp.arp_spa, &there, 4);
	f->arp = arp;
	write_frame(fd, f, ARP_SIZE);
}

static void tap(int argc, char **argv)
{
	int fd, s;
	struct frame f;

	(void)argc;
	(void)argv;
	boot();
	fd = device("tap7", IFF_TAP);
	s = open_raw();
	/* The kernel asks who we are, then it asks us. */
	send_echo(s, 1);
	answer_arp(fd, &f);
	next_frame(fd, &f, ETHERTYPE_IP);
	CHECK(!memcmp(f.eth.ether_dhost, our_mac, ETH_ALEN));
	CHECK(f.ping.icmp.type == ICMP_ECHO && !strcmp(f.ping.data, "kernel"));
	turn_round(&f.ping);
	write_frame(fd, &f, PING_SIZE);
	expect_reply(s, 1);
	/* And we ask the kernel; f has its address still. */
	memcpy(f.eth.ether_shost, f.eth.ether_dhost, ETH_ALEN);
	f.ping = request(2);
	write_frame(fd, &f, PING_SIZE);
	next_frame(fd, &f, ETHERTYPE_IP);
	CHECK(f.ping.icmp.type == ICMP_ECHOREPLY && f.ping.icmp.un.echo.sequence == htons(2));
	CHECK(f.ping.ip.daddr == ip_of(THERE) && !strcmp(f.ping.data, "request"));
	/* The device goes with its descriptor. */
	CHECK(!rump_sys_close(fd));
	CHECK_ERR(rump_sys_access("/sys/class/net/tap7", F_OK), ENOENT);
}

static void tun(int argc, char **argv)
{
	struct ping p;
	int fd, s;

	(void)argc;
	(void)argv;
	boot();
	fd = device("tun7", IFF_TUN);
	s = open_raw();
	send_echo(s, 3);
	do {
		CHECK(readable(fd, 5000));
		CHECK(rump_sys_read(fd, &p, sizeof(p)) > 0);
	} while (p.ip.version != 4);
	CHECK(p.icmp.type == ICMP_ECHO && !strcmp(p.data, "kernel"));
	turn_round(&p);
	CHECK(rump_sys_write(fd, &p, sizeof(p)) == sizeof(p));
	expect_reply(s, 3);
}

static const struct test tests[] = {
	{"tap", tap},
	{"tun", tun},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
