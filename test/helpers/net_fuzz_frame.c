/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_fuzz_frame.c - frames that are nearly right
 *
 * A frame is built as a good one of some protocol, with choices at random; half of them have bytes
 * changed then. After that come the checksums, so that what is wrong is found where it is, and not
 * by the first sum. A few are changed once more, cut short or made longer. Each is an Ethernet
 * frame at least, which a device counts.
 */
#include <net/ethernet.h>
#include <netinet/in.h>

#include "net_fuzz.h"

#define PIECE 2048

struct net_fuzz fuzz = {
	.self_mac = { 2, 0, 0, 0, 0, 0x66 },
	.victim6 = { 0xfd, 9, [15] = 1 },
	.self6 = { 0xfd, 9, [15] = 0x66 },
	.victim_local = { 0xfe, 0x80 },
	.self_local = { 0xfe, 0x80, [15] = 0x66 },
};

/**
 * struct whole - A packet that goes out in fragments
 * @length:	0 if there is none
 * @at:		so much of it is sent
 */
static struct whole {
	unsigned char data[PIECE];
	size_t length, at;
	bool six;
	uint32_t id;
	unsigned char protocol;
} whole;

/**
 * frame_begin() - Say whom frames are for, and which of all there could be
 */
void frame_begin(uint64_t seed, const unsigned char victim_mac[6])
{
	const unsigned char *m = victim_mac;
	const unsigned char eui[] = { m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5] };

	fuzz.random = seed * 0x9e3779b97f4a7c15 + 1;
	memcpy(fuzz.victim_mac, victim_mac, 6);
	memcpy(fuzz.victim_local + 8, eui, 8);
}

/*
 * Sums
 */

static uint32_t add_words(uint32_t sum, const unsigned char *at, size_t length)
{
	for (; length > 1; at += 2, length -= 2)
		sum += at[0] << 8 | at[1];
	return length ? sum + (at[0] << 8) : sum;
}

static unsigned int folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static uint32_t pseudo_header(const struct frame *f)
{
	const unsigned char *ip = f->data + f->ip;
	bool six = ip[0] >> 4 == 6;

	if (f->protocol == IPPROTO_ICMP || f->protocol == IPPROTO_IGMP)
		return 0;
	return add_words(f->protocol + f->length - f->payload, ip + (six ? 8 : 12), six ? 32 : 8);
}

static void put_sums(struct frame *f)
{
	unsigned char *ip = f->data + f->ip;
	size_t header = (ip[0] & 15) * 4;

	if (!f->ip)
		return;
	if (ip[0] >> 4 == 4 && header >= 20 && f->ip + header <= f->length) {
		set16(ip + 10, 0);
		set16(ip + 10, folded(add_words(0, ip, header)));
	}
	if (f->sum && f->sum + 2 <= f->length) {
		set16(f->data + f->sum, 0);
		set16(f->data + f->sum, folded(add_words(pseudo_header(f), f->data + f->payload,
							 f->length - f->payload)));
	}
}

/*
 * IP headers. Each ends where the payload begins; ip_end() puts the lengths in.
 */

static void ipv4_options(struct frame *f, size_t room)
{
	/* end, nothing, record route, time stamps, routes, security, router alert */
	static const unsigned char kinds[] = { 0, 1, 7, 68, 131, 137, 130, 134, 148 };

	while (room) {
		unsigned int kind = one_in(8) ? any() : PICK(kinds);
		size_t length = 3 + 4 * below(4) + one_in(4) * below(4);

		put8(f, kind);
		room--;
		if (kind < 2 || !room)
			continue;
		put8(f, one_in(16) ? any() : length);
		room--;
		for (length -= 2; length-- && room; room--)
			put8(f, one_in(2) ? 4 + 4 * below(3) : any());
	}
}

static void ipv4_begin(struct frame *f, unsigned char protocol)
{
	size_t options = one_in(4) ? 4 * (1 + below(10)) : 0;

	f->ip = f->length;
	f->protocol = protocol;
	put8(f, 0x45 + options / 4);
	put8(f, one_in(8) ? any() : 0);
	put16(f, 0);
	put16(f, any());
	put16(f, one_in(24) ? any() : 0x4000);
	put8(f, one_in(24) ? any() : 64);
	put8(f, protocol);
	put16(f, 0);
	put32(f, one_in(24) ? any() : SELF4);
	put32(f, one_in(24) ? any() : one_in(24) ? 0xe0000001 : VICTIM4);
	ipv4_options(f, options);
	f->payload = f->length;
}

static void ipv6_options(struct frame *f, size_t room)
{
	/* padding, router alert, CALIPSO, jumbo, home address, IOAM */
	static const unsigned char kinds[] = { 0, 1, 5, 7, 0xc2, 0xc9, 0x31 };

	while (room) {
		unsigned int kind = one_in(8) ? any() : PICK(kinds);
		size_t length = room > 1 ? below(room - 1) : 0;

		put8(f, kind);
		room--;
		if (!kind || !room)
			continue;
		put8(f, one_in(16) ? any() : length);
		put_noise(f, length);
		room -= 1 + length;
	}
}

static void ipv6_extension(struct frame *f, unsigned int kind)
{
	static const unsigned char types[] = { 0, 2, 3, 4 }; /* of routing headers */
	size_t length = 8 * (1 + below(5));

	put8(f, 0);
	if (kind == IPPROTO_FRAGMENT) {
		put8(f, 0);
		put16(f, one_in(2) ? 0 : any());
		put32(f, below(16));
		return;
	}
	put8(f, one_in(16) ? any() : kind == IPPROTO_AH ? length / 4 - 2 : length / 8 - 1);
	if (kind == IPPROTO_HOPOPTS || kind == IPPROTO_DSTOPTS) {
		ipv6_options(f, length - 2);
	} else {
		put8(f, PICK(types));
		put8(f, below(4));
		put_noise(f, length - 4);
	}
}

static void ipv6_begin(struct frame *f, unsigned char protocol)
{
	static const unsigned char all_nodes[16] = { 0xff, 2, [15] = 1 };
	static const unsigned char kinds[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT,
					      IPPROTO_DSTOPTS, IPPROTO_AH,	IPPROTO_NONE };
	bool local = protocol == IPPROTO_ICMPV6 && one_in(2);
	unsigned int extensions = one_in(4) ? 1 + below(4) : 0;
	size_t next = f->length + 6;

	f->ip = f->length;
	f->protocol = protocol;
	put32(f, 0x60000000 | (one_in(8) ? any() >> 4 : 0));
	put16(f, 0);
	put8(f, 0);
	put8(f, one_in(16) ? any() : 255);
	put(f, local ? fuzz.self_local : fuzz.self6, 16);
	put(f, one_in(16) ? all_nodes : local ? fuzz.victim_local : fuzz.victim6, 16);
	for (unsigned int i = 0; i < extensions; i++) {
		unsigned int kind = i || one_in(2) ? PICK(kinds) : IPPROTO_HOPOPTS;

		f->data[next] = kind;
		next = f->length;
		ipv6_extension(f, kind);
	}
	f->data[next] = protocol;
	f->payload = f->length;
}

static void ip_end(struct frame *f)
{
	unsigned char *ip = f->data + f->ip;
	size_t length = f->length - f->ip;

	if (one_in(24))
		length = one_in(2) ? any() : below(2 * length);
	if (ip[0] >> 4 == 4)
		set16(ip + 2, length);
	else
		set16(ip + 4, length - 40);
}

static void put_ip(struct frame *f, bool six, unsigned char protocol)
{
	(six ? ipv6_begin : ipv4_begin)(f, protocol);
	put_payload(f, six, protocol);
	ip_end(f);
}

static unsigned char some_protocol(bool six)
{
	if (one_in(24))
		return any();
	if (one_in(2))
		return IPPROTO_TCP;
	if (one_in(2))
		return IPPROTO_UDP;
	return six ? IPPROTO_ICMPV6 : one_in(8) ? IPPROTO_IGMP : IPPROTO_ICMP;
}

/* A header without anything odd. */
static void put_plain(struct frame *f, bool six, unsigned char protocol, size_t length)
{
	f->ip = f->length;
	f->protocol = protocol;
	if (six) {
		put32(f, 0x60000000);
		put16(f, length);
		put8(f, protocol);
		put8(f, 64);
		put(f, fuzz.self6, 16);
		put(f, fuzz.victim6, 16);
	} else {
		put16(f, 0x4500);
		put16(f, 20 + length);
		put32(f, 0);
		put8(f, 64);
		put8(f, protocol);
		put16(f, 0);
		put32(f, SELF4);
		put32(f, VICTIM4);
	}
}

/*
 * Fragments: a packet is kept, and goes out with others between. Some of its pieces overlap, some
 * come twice, some never.
 */

static void keep_whole(const struct frame *f, bool six)
{
	whole.length = f->length - f->payload;
	if (whole.length > PIECE)
		whole.length = PIECE;
	memcpy(whole.data, f->data + f->payload, whole.length);
	whole.at = 0;
	whole.six = six;
	whole.id = any();
	whole.protocol = f->protocol;
}

static void put_piece(struct frame *f)
{
	size_t at = one_in(16) ? 8 * below(whole.length / 8 + 2) : whole.at;
	size_t length = 8 * (1 + below(whole.length / 16 + 1));
	bool more;

	if (at >= whole.length)
		at = 0;
	if (length > whole.length - at)
		length = whole.length - at;
	more = at + length < whole.length;
	if (one_in(32))
		more = !more;
	if (!one_in(12))
		whole.at = at + length;
	if (whole.six) {
		put_plain(f, true, IPPROTO_FRAGMENT, 8 + length);
		put8(f, whole.protocol);
		put8(f, 0);
		put16(f, at | more);
		put32(f, whole.id);
	} else {
		put_plain(f, false, whole.protocol, length);
		set16(f->data + f->ip + 4, whole.id);
		set16(f->data + f->ip + 6, at / 8 | more << 13);
	}
	put(f, whole.data + at, length);
	if (whole.at >= whole.length)
		whole.length = 0;
}

/*
 * The frame
 */

static void put_ethernet(struct frame *f, unsigned int type)
{
	static const unsigned char groups[][6] = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
						  { 0x33, 0x33, 0, 0, 0, 1 },
						  { 1, 0, 0x5e, 0, 0, 1 } };

	put(f, one_in(16) ? PICK(groups) : fuzz.victim_mac, 6);
	put(f, fuzz.self_mac, 6);
	for (; one_in(32);) {
		put16(f, one_in(4) ? 0x88a8 : ETHERTYPE_VLAN);
		put16(f, one_in(2) ? 0 : any());
	}
	put16(f, type);
}

static void change(struct frame *f, size_t from)
{
	static const unsigned char extremes[] = { 0, 1, 0x7f, 0x80, 0xff };
	size_t length = f->length - from;

	if (length > 120 && !one_in(8))
		length = 120; /* the headers */
	for (unsigned int n = 1 + below(4); n-- && length;) {
		unsigned char *at = f->data + from + below(length);

		*at = one_in(3) ? *at ^ 1u << below(8) : one_in(2) ? PICK(extremes) : any();
	}
}

/* What the sender's stack has left to others, or says it has. */
static void put_offload(struct frame *f)
{
	static const unsigned char kinds[] = { 0, 1, 3, 4, 5, 0x81, 0x84 };
	struct virtio_net_hdr h = {
		.flags = one_in(8) ? any() : below(4),
		.gso_type = one_in(8) ? any() : PICK(kinds),
		.hdr_len = one_in(2) ? f->payload - HEADER + 20 : any(),
		.gso_size = one_in(2) ? 1 + below(1460) : any(),
		.csum_start = one_in(4) ? any() : f->payload - HEADER,
		.csum_offset = one_in(4) ? any() : f->sum - f->payload,
	};

	memcpy(f->data, &h, sizeof(h));
}

static void begin(struct frame *f)
{
	memset(f->data, 0, HEADER);
	f->length = HEADER;
	f->ip = f->payload = f->sum = 0;
	fuzz.frames++;
}

/**
 * frame_acknowledge() - Make the segment that says that a flow has got the victim's last
 */
void frame_acknowledge(struct frame *f, unsigned int flow)
{
	begin(f);
	put(f, fuzz.victim_mac, 6);
	put(f, fuzz.self_mac, 6);
	put16(f, flow & 1 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	put_plain(f, flow & 1, IPPROTO_TCP, 20);
	f->payload = f->length;
	put16(f, FLOW_PORT + flow);
	put16(f, OPEN_PORT);
	put32(f, fuzz.flows[flow].seq);
	put32(f, fuzz.flows[flow].ack);
	put16(f, 0x5010); /* its length, and ACK */
	put16(f, 0xffff);
	f->sum = f->length;
	put32(f, 0);
	put_sums(f);
}

/**
 * frame_make() - Make the next one
 */
void frame_make(struct frame *f)
{
	static const unsigned short types[] = {
		0x0806, 0x0800, 0x86dd, 0x8100, 0x88cc, 0x8847,
		0x8863, 0x8864, 0x888e, 0x88f7, 0x0027 /* a length */ };
	const size_t least = HEADER + ETH_HLEN;
	bool six = one_in(2), good = one_in(2);

	begin(f);
	if (whole.length && one_in(4)) {
		put_ethernet(f, whole.six ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
		put_piece(f);
	} else if (one_in(24)) {
		put_ethernet(f, ETHERTYPE_ARP);
		put_arp(f);
	} else if (one_in(24)) {
		put_ethernet(f, one_in(2) ? any() : PICK(types));
		put_noise(f, some_length());
	} else {
		put_ethernet(f, six ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
		put_ip(f, six, some_protocol(six));
	}
	if (!good)
		change(f, f->ip ? f->ip : least);
	put_sums(f);
	if (f->payload && !whole.length && one_in(8))
		keep_whole(f, six);
	if (f->payload && one_in(16))
		put_offload(f);
	if (good)
		return;
	if (one_in(8))
		change(f, HEADER + 12);
	if (one_in(12))
		f->length = least + below(f->length - least + 1);
	else if (one_in(24))
		put_noise(f, below(64));
}
