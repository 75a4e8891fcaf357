/* SPDX-License-Identifier: BSD-2-Clause */
/* halves.h - what epoll.c knows of the second halves of instances */
#ifndef HIJACK_HALVES_H
#define HIJACK_HALVES_H

#include <stdbool.h>
#include <stdint.h>

#define BELL_DATA 0x72756d702062656cul /* "rump bel": a program's own data is rarely that */

struct event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

/**
 * struct half - The second half of an instance
 * @bell:	member of the host half
 * @watch:	of the rump kernel; 0: of this process's parent only
 * @names:	numbers of the instance
 * @waiters:	threads in a wait
 * @host_first:	the next wait asks the host half first
 * @shared:	another process has it too
 */
struct half {
	long bell;
	unsigned long watch;
	uint32_t names;
	uint32_t waiters;
	bool host_first;
	bool shared;
};

struct half *half_find(unsigned long fd);
bool half_is_instance(unsigned long fd);
void half_note(unsigned long fd);
long half_need(unsigned int fd);
long half_adopt(struct half *half, unsigned long instance);

#endif
