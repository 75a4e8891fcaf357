/* SPDX-License-Identifier: BSD-2-Clause */
/* net_fuzz.h - what the parts of the frame fuzzer know of each other */
#ifndef NET_FUZZ_H
#define NET_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/virtio_net.h>

#define HEADER	   sizeof(struct virtio_net_hdr)
#define FRAME_ROOM (65536 + 64)
#define FLOWS	   64 /* half of them of IPv4 */
#define OPEN_PORT  80 /* where the victim listens, by TCP and UDP */
#define FLOW_PORT  30000 /* this side's port of flow 0 */
#define SYN_PAUSE  4096	 /* frames until another SYN of a flow */
#define VICTIM4	   0x0a090001 /* 10.9.0.1 */
#define SELF4	   0x0a090042 /* 10.9.0.66 */

/**
 * struct frame - One that is being made
 * @data:	the header of the bus, and the frame
 * @length:	bytes of that
 * @ip:		where the IP header begins, 0 if there is none
 * @payload:	where that begins which a checksum covers
 * @sum:	where this checksum is, 0 if there is none
 * @protocol:	for the pseudo-header
 */
struct frame {
	unsigned char data[FRAME_ROOM];
	size_t length;
	size_t ip, payload, sum;
	unsigned char protocol;
};

/**
 * struct flow - A TCP connection to the victim, as its last segment told
 * @asked:	when its last SYN was sent
 * @seq:	what this side sends next
 * @ack:	what the victim sends next
 */
struct flow {
	bool up;
	unsigned long asked;
	uint32_t seq, ack;
};

/**
 * struct net_fuzz - What frames are made of
 * @random:	state of the generator
 * @frames:	how many were made
 */
extern struct net_fuzz {
	uint64_t random;
	unsigned long frames;
	struct flow flows[FLOWS];
	unsigned char victim_mac[6], self_mac[6];
	unsigned char victim6[16], self6[16];
	unsigned char victim_local[16], self_local[16];
} fuzz;

/* net_fuzz_frame.c */
void frame_begin(uint64_t seed, const unsigned char victim_mac[6]);
void frame_make(struct frame *f);
void frame_acknowledge(struct frame *f, unsigned int flow);

/* net_fuzz_payload.c */
void put_payload(struct frame *f, bool six, unsigned char protocol);
void put_arp(struct frame *f);

/* xorshift64* */
static inline uint32_t any(void)
{
	fuzz.random ^= fuzz.random >> 12;
	fuzz.random ^= fuzz.random << 25;
	fuzz.random ^= fuzz.random >> 27;
	return fuzz.random * 0x2545f4914f6cdd1d >> 32;
}

static inline uint32_t below(uint32_t n)
{
	return (uint64_t)any() * n >> 32;
}

static inline bool one_in(uint32_t n)
{
	return below(n) == 0;
}

#define PICK(array) ((array)[below(sizeof(array) / sizeof((array)[0]))])

static inline void put(struct frame *f, const void *data, size_t length)
{
	memcpy(f->data + f->length, data, length);
	f->length += length;
}

static inline void put8(struct frame *f, unsigned int value)
{
	f->data[f->length++] = value;
}

static inline void set16(unsigned char *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static inline void put16(struct frame *f, unsigned int value)
{
	set16(f->data + f->length, value);
	f->length += 2;
}

static inline void put32(struct frame *f, uint32_t value)
{
	put16(f, value >> 16);
	put16(f, value);
}

static inline void put_noise(struct frame *f, size_t length)
{
	const size_t end = f->length + length;

	while (f->length + 4 <= end)
		put32(f, any());
	while (f->length < end)
		put8(f, any());
}

/* Most are small: it is headers that are looked at. */
static inline size_t some_length(void)
{
	return one_in(1024) ? below(60000) : one_in(32) ? below(1440) : below(48);
}

#endif
