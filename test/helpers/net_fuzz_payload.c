/* SPDX-License-Identifier: BSD-2-Clause */
/* net_fuzz_payload.c - what is in the packets of the frame fuzzer: nearly right segments, messages,
 * options */
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>

#include "net_fuzz.h"

static void put_udp(struct frame *f)
{
	size_t length = some_length();

	put16(f, one_in(16) ? any() : FLOW_PORT);
	put16(f, one_in(2) ? OPEN_PORT : any());
	put16(f, one_in(16) ? any() : 8 + length);
	if (!one_in(16))
		f->sum = f->length;
	put16(f, 0);
	put_noise(f, length);
}

static void tcp_options(struct frame *f, size_t room)
{
	/* with the lengths that they should have */
	static const unsigned char kinds[][2] = { { 2, 4 },   { 3, 3 },   { 4, 2 },   { 5, 10 },
						 { 5, 18 },  { 8, 10 },  { 19, 18 }, { 29, 16 },
						 { 30, 12 }, { 34, 10 }, { 254, 4 } };

	while (room) {
		const unsigned char *kind = PICK(kinds);
		size_t length = kind[1];

		if (length > room || one_in(4)) {
			put8(f, one_in(8) ? any() : 1);
			room--;
			continue;
		}
		put8(f, one_in(16) ? any() : kind[0]);
		put8(f, one_in(16) ? any() : length);
		put_noise(f, length - 2);
		room -= length;
	}
}

/* One that is up, or that has not been asked for lately. */
static unsigned int some_flow(bool six)
{
	unsigned int i = 0;

	for (unsigned int turn = 0; turn < 8; turn++) {
		i = 2 * below(FLOWS / 2) + six;
		if (fuzz.flows[i].up || fuzz.frames - fuzz.flows[i].asked > SYN_PAUSE)
			break;
	}
	return i;
}

static void put_tcp(struct frame *f, bool six)
{
	static const unsigned char odd[] = { TH_FIN,	     TH_RST, TH_SYN, TH_SYN | TH_ACK,
					    TH_URG | TH_ACK, 0,	     0xff };
	unsigned int i = some_flow(six);
	struct flow *flow = &fuzz.flows[i];
	size_t options = one_in(3) ? 4 * (1 + below(10)) : 0, length = flow->up ? some_length() : 0;
	unsigned int flags = flow->up ? TH_ACK | TH_PUSH : TH_SYN;
	uint32_t seq = flow->up ? flow->seq : any(), ack = flow->ack;

	if (!flow->up)
		flow->asked = fuzz.frames;
	if (one_in(6))
		seq += below(6000) - 3000;
	else if (flow->up)
		flow->seq += length;
	if (one_in(12))
		ack += below(6000) - 3000;
	if (one_in(48))
		flags = one_in(4) ? any() : PICK(odd);
	put16(f, FLOW_PORT + i);
	put16(f, one_in(64) ? any() : OPEN_PORT);
	put32(f, seq);
	put32(f, ack);
	put8(f, one_in(48) ? any() : (20 + options) << 2);
	put8(f, flags);
	put16(f, one_in(8) ? any() : 0xffff);
	f->sum = f->length;
	put16(f, 0);
	put16(f, flags & TH_URG ? below(1000) : 0);
	tcp_options(f, options);
	put_noise(f, length);
}

/* What the victim is to have sent, as errors quote it. */
static void put_quoted(struct frame *f, bool six)
{
	unsigned int i = 2 * below(FLOWS / 2) + six;
	unsigned char protocol = one_in(2) ? IPPROTO_TCP : one_in(2) ? IPPROTO_UDP : any();

	if (six) {
		put32(f, 0x60000000);
		put16(f, 20);
		put8(f, protocol);
		put8(f, 64);
		put(f, fuzz.victim6, 16);
		put(f, fuzz.self6, 16);
	} else {
		put32(f, 0x45000028);
		put32(f, any());
		put8(f, 64);
		put8(f, protocol);
		put16(f, 0);
		put32(f, VICTIM4);
		put32(f, SELF4);
	}
	put16(f, OPEN_PORT);
	put16(f, FLOW_PORT + i);
	put32(f, fuzz.flows[i].ack);
	put_noise(f, below(64));
}

static void put_icmp(struct frame *f)
{
	static const unsigned char types[] = {
		ICMP_ECHO,	    ICMP_ECHO,		ICMP_ECHOREPLY, ICMP_DEST_UNREACH,
		ICMP_DEST_UNREACH,  ICMP_SOURCE_QUENCH, ICMP_REDIRECT,	ICMP_TIME_EXCEEDED,
		ICMP_PARAMETERPROB, ICMP_TIMESTAMP,	ICMP_ADDRESS,	42 /* extended echo */ };
	unsigned int type = one_in(16) ? any() : PICK(types);

	put8(f, type);
	put8(f, one_in(8) ? any() : below(6));
	f->sum = f->length;
	put16(f, 0);
	put32(f, one_in(2) ? below(1500) : any());
	if (type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
	    type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB)
		put_quoted(f, false);
	else
		put_noise(f, some_length());
}

static void put_igmp(struct frame *f)
{
	static const unsigned char types[] = { 0x11, 0x12, 0x16, 0x17, 0x22 };
	unsigned int words = below(8);

	put8(f, one_in(8) ? any() : PICK(types));
	put8(f, any());
	f->sum = f->length;
	put16(f, 0);
	put32(f, one_in(2) ? 0 : 0xe0000000 | below(256));
	put16(f, any());
	put16(f, one_in(4) ? any() : words);
	put_noise(f, 4 * words);
}

/* Of neighbour discovery. */
static void nd_options(struct frame *f)
{
	/* addresses, prefix, redirected header, MTU, nonce, route, servers, names, and so on */
	static const unsigned char kinds[] = { 1, 2, 3, 4, 5, 14, 24, 25, 31, 38 };

	for (unsigned int n = below(5); n--;) {
		unsigned int kind = PICK(kinds), words = kind == 3 ? 4 : 1 + below(4);

		put8(f, kind);
		put8(f, one_in(16) ? below(8) : words);
		if (kind == 3) {
			put16(f, 0x4000 | (any() & 0xffff));
			put32(f, any());
			put32(f, any());
			put32(f, 0);
			put32(f, 0xfd090000 | below(32));
			put_noise(f, 12);
		} else {
			put_noise(f, 8 * words - 2);
		}
	}
}

static void put_icmp6(struct frame *f)
{
	static const unsigned char types[] = { ICMP6_ECHO_REQUEST,
					      ICMP6_DST_UNREACH,
					      ICMP6_PACKET_TOO_BIG,
					      ICMP6_TIME_EXCEEDED,
					      ICMP6_PARAM_PROB,
					      MLD_LISTENER_QUERY,
					      MLD_LISTENER_REPORT,
					      MLD_LISTENER_REDUCTION,
					      133,
					      134,
					      135,
					      136,
					      137,
					      143,
					      157,
					      160 };
	unsigned int type = one_in(16) ? any() : PICK(types);

	put8(f, type);
	put8(f, one_in(8) ? any() : 0);
	f->sum = f->length;
	put16(f, 0);
	put32(f, one_in(2) ? 1280 + below(300) : any());
	if (type < ICMP6_ECHO_REQUEST) {
		put_quoted(f, true);
	} else if (type >= 133 && type <= 137) {
		if (type == 134)
			put_noise(f, 8);
		if (type >= 135)
			put(f,
			    one_in(2)	? fuzz.victim6
			    : one_in(2) ? fuzz.self6
					: fuzz.victim_local,
			    16);
		if (type == 137)
			put(f, fuzz.self6, 16);
		nd_options(f);
	} else {
		put_noise(f, some_length());
	}
}

void put_arp(struct frame *f)
{
	put16(f, one_in(16) ? any() : 1);
	put16(f, one_in(16) ? any() : ETHERTYPE_IP);
	put16(f, one_in(16) ? any() : 0x0604);
	put16(f, one_in(16) ? any() : 1 + below(2));
	put(f, fuzz.self_mac, 6);
	put32(f, one_in(4) ? VICTIM4 : SELF4);
	put(f, fuzz.victim_mac, 6);
	put32(f, VICTIM4);
}

/**
 * put_payload() - Put what a protocol has behind the IP header
 * @six:	that is of IPv6
 */
void put_payload(struct frame *f, bool six, unsigned char protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		put_tcp(f, six);
		break;
	case IPPROTO_UDP:
		put_udp(f);
		break;
	case IPPROTO_ICMP:
		put_icmp(f);
		break;
	case IPPROTO_IGMP:
		put_igmp(f);
		break;
	case IPPROTO_ICMPV6:
		put_icmp6(f);
		break;
	default:
		put_noise(f, some_length());
	}
}
