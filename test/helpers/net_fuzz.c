/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_fuzz.c - a member of a bus that sends nearly right frames to one kernel: net_fuzz BUS MAC
 * FRAMES SEED
 *
 * It speaks the format of rumpuser/net_bus.c itself, so what stands before a frame is its choice as
 * well. The victim has the addresses 10.9.0.1 and fd09::1 and listens on port 80; its answers are
 * read, so that TCP connections come about and what is sent belongs to them.
 *
 * No frame is lost: a member that sleeps has read all there was, and this one waits for that before
 * it is a ring ahead. One that never sleeps again has hung, which is status 1.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "net_fuzz.h"

#define MAGIC	  0x7375622d706d7572
#define VERSION	  1
#define MEMBERS	  32
#define RING	  (4ul << 20)
#define ALIGN(n)  (((n) + 7) & ~7ul)
#define LOCK_BASE (1l << 40)
#define AHEAD	  (RING / 4)
#define PATIENCE  30 /* seconds */

struct member {
	uint32_t active;
	uint32_t sleeping;
	uint64_t reserved;
	uint64_t head;
} __attribute__((aligned(128)));

struct bus {
	uint64_t magic;
	uint64_t version;
	struct member members[MEMBERS];
	unsigned char rings[MEMBERS][RING] __attribute__((aligned(4096)));
};

static struct bus *bus;
static unsigned int self;
static unsigned char victim[6];
static uint64_t read_to[MEMBERS];
static unsigned long connections, answers;

static void join(const char *path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_len = 1 };
	int fd = open(path, O_RDWR);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		err(2, "%s", path);
	bus = mmap(NULL, sizeof(*bus), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (st.st_size != sizeof(*bus) || bus == MAP_FAILED || bus->magic != MAGIC ||
	    bus->version != VERSION)
		errx(2, "%s is no bus that this program knows", path);
	for (self = 0; self < MEMBERS; self++) {
		lock.l_start = LOCK_BASE + self + 1;
		if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
			break;
	}
	if (self == MEMBERS)
		errx(2, "%s has no place that is free", path);
	for (unsigned int i = 0; i < MEMBERS; i++)
		read_to[i] = __atomic_load_n(&bus->members[i].head, __ATOMIC_ACQUIRE);
	bus->members[self].reserved = bus->members[self].head;
	__atomic_store_n(&bus->members[self].active, 1, __ATOMIC_RELEASE);
}

static void leave(void)
{
	__atomic_store_n(&bus->members[self].active, 0, __ATOMIC_RELEASE);
}

static void ring_copy(unsigned char *ring, uint64_t at, const void *from, size_t length)
{
	size_t part = RING - at % RING;

	if (part > length)
		part = length;
	memcpy(ring + at % RING, from, part);
	memcpy(ring, (const char *)from + part, length - part);
}

/**
 * publish() - Send
 * @said:	the length that the ring has for it
 */
static void publish(const struct frame *f, uint32_t said)
{
	struct member *me = &bus->members[self];
	uint64_t at = me->head;

	__atomic_store_n(&me->reserved, at + ALIGN(sizeof(said) + f->length), __ATOMIC_SEQ_CST);
	ring_copy(bus->rings[self], at, &said, sizeof(said));
	ring_copy(bus->rings[self], at + sizeof(said), f->data, f->length);
	__atomic_store_n(&me->head, at + ALIGN(sizeof(said) + f->length), __ATOMIC_SEQ_CST);
}

static bool all_sleep(void)
{
	for (unsigned int i = 0; i < MEMBERS; i++) {
		const struct member *m = &bus->members[i];

		if (i != self && __atomic_load_n(&m->active, __ATOMIC_RELAXED) &&
		    !__atomic_load_n(&m->sleeping, __ATOMIC_SEQ_CST))
			return false;
	}
	return true;
}

static void wake_all(void)
{
	for (unsigned int i = 0; i < MEMBERS; i++) {
		struct member *m = &bus->members[i];

		if (i != self && __atomic_exchange_n(&m->sleeping, 0, __ATOMIC_SEQ_CST))
			syscall(SYS_futex, &m->sleeping, FUTEX_WAKE, 1, NULL, NULL, 0);
	}
}

/**
 * drain() - Let the others read all that was sent
 */
static void drain(void)
{
	const struct timespec pause = { .tv_nsec = 20000 };
	time_t end = time(NULL) + PATIENCE;

	wake_all();
	while (!all_sleep()) {
		if (time(NULL) > end)
			errx(1, "nothing was read for %d seconds", PATIENCE);
		nanosleep(&pause, NULL);
	}
}

/**
 * learn() - See what a segment of the victim tells about a connection
 * @tcp:	of @length bytes
 */
static void learn(const unsigned char *tcp, size_t length)
{
	static struct frame f;
	struct tcphdr h;
	struct flow *flow;
	uint16_t i;

	memcpy(&h, tcp, sizeof(h));
	i = ntohs(h.th_dport) - FLOW_PORT;
	if (i >= FLOWS || ntohs(h.th_sport) != OPEN_PORT)
		return;
	flow = &fuzz.flows[i];
	/* What is under way comes still, or it was changed too much. */
	if ((int32_t)(ntohl(h.th_ack) - flow->seq) > 0 || !flow->up || one_in(8))
		flow->seq = ntohl(h.th_ack);
	flow->ack = ntohl(h.th_seq) + length - h.th_off * 4 + !!(h.th_flags & TH_SYN) +
		    !!(h.th_flags & TH_FIN);
	flow->up = !(h.th_flags & TH_RST);
	if (flow->up && (h.th_flags & TH_SYN)) {
		connections++;
		frame_acknowledge(&f, i);
		publish(&f, f.length);
	}
}

static void look_at(const unsigned char *frame, size_t length)
{
	const unsigned char *ip = frame + ETH_HLEN;
	size_t header;

	if (length < ETH_HLEN + 40 || memcmp(frame + ETH_ALEN, victim, ETH_ALEN))
		return;
	answers++;
	if (frame[12] == 8 && frame[13] == 0 && ip[9] == IPPROTO_TCP)
		header = (ip[0] & 15) * 4;
	else if (frame[12] == 0x86 && frame[13] == 0xdd && ip[6] == IPPROTO_TCP)
		header = 40;
	else
		return;
	if (length >= ETH_HLEN + header + sizeof(struct tcphdr))
		learn(ip + header, length - ETH_HLEN - header);
}

/**
 * read_answers() - Read what the others have sent
 *
 * They are kernels, whose lengths are right; what one of them writes over meanwhile is a wrong
 * answer at worst.
 */
static void read_answers(void)
{
	static unsigned char frame[FRAME_ROOM];
	uint32_t length;

	for (unsigned int i = 0; i < MEMBERS; i++) {
		uint64_t head = __atomic_load_n(&bus->members[i].head, __ATOMIC_ACQUIRE);
		const unsigned char *ring = bus->rings[i];

		if (i == self || head - read_to[i] > RING)
			read_to[i] = head;
		while (read_to[i] != head) {
			uint64_t at = read_to[i];

			memcpy(&length, ring + at % RING, sizeof(length));
			if (length > sizeof(frame) || length < HEADER || length > head - at) {
				read_to[i] = head;
				break;
			}
			for (size_t n = 0; n < length; n++)
				frame[n] = ring[(at + sizeof(length) + n) % RING];
			look_at(frame + HEADER, length - HEADER);
			read_to[i] = at + ALIGN(sizeof(length) + length);
		}
	}
}

/**
 * lie() - Send what is no frame, after all that were sent and before all that will be
 */
static void lie(struct frame *f, unsigned long n)
{
	static const uint32_t lengths[] = { 0,	 1,	HEADER - 1, HEADER, HEADER + 13,
					   1000, 70000, 1u << 31,   ~0u };

	f->length = HEADER + 20;
	memset(f->data, 0xff, f->length);
	publish(f, lengths[n % (sizeof(lengths) / sizeof(lengths[0]))]);
	drain();
}

int main(int argc, char **argv)
{
	static struct frame f;
	unsigned long frames, drains = 0;
	uint64_t drained;

	if (argc != 5 || sscanf(argv[2], "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", victim, victim + 1,
				victim + 2, victim + 3, victim + 4, victim + 5) != 6)
		errx(2, "usage: net_fuzz BUS MAC FRAMES SEED");
	frames = strtoul(argv[3], NULL, 0);
	frame_begin(strtoul(argv[4], NULL, 0), victim);
	join(argv[1]);
	drained = bus->members[self].head;
	for (unsigned long n = 0; n < frames; n++) {
		frame_make(&f);
		if (bus->members[self].head + f.length - drained > AHEAD || n % 4096 == 0) {
			drain();
			if (drains++ % 16 == 0)
				lie(&f, drains / 16);
			drained = bus->members[self].head;
		}
		publish(&f, f.length);
		if (n % 64 == 0) {
			wake_all();
			read_answers();
		}
	}
	drain();
	read_answers();
	leave();
	printf("%lu frames, seed %s, %lu answers, %lu connections\n", frames, argv[4], answers,
	       connections);
	return 0;
}
