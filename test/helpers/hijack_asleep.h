/* SPDX-License-Identifier: BSD-2-Clause */
/* hijack_asleep.h - wait until a thread sleeps in the call that it said it would make next */
#ifndef HIJACK_ASLEEP_H
#define HIJACK_ASLEEP_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASLEEP_LOOKS 5	/* 2 ms apart */

/**
 * asleep_since() - How often a thread of this process has gone to sleep
 *
 * Return: -1 if it does not sleep
 */
static inline long asleep_since(int id)
{
	char name[64], line[256];
	bool asleep = false;
	long times = -1;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/self/task/%d/status", id);
	file = fopen(name, "r");
	if (!file)
		abort();
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "State:\tS", 8))
			asleep = true;
		sscanf(line, "voluntary_ctxt_switches: %ld", &times);
	}
	fclose(file);
	return asleep ? times : -1;
}

/**
 * wait_asleep() - Wait until a thread of this process sleeps
 * @tid:	where the thread has put its id, or will, right before a call that blocks
 *
 * It has slept for some time then, as one that waits for a virtual CPU, on its way into the call, does not.
 */
static inline void wait_asleep(const int *tid)
{
	long before = -1, now;
	int id, looks = 0;

	for (; looks < ASLEEP_LOOKS; usleep(2000)) {
		id = __atomic_load_n(tid, __ATOMIC_ACQUIRE);
		if (!id)
			continue;
		now = asleep_since(id);
		looks = now >= 0 && now == before ? looks + 1 : 0;
		before = now;
	}
}

/**
 * will_sleep() - Let others know that this thread's next call blocks
 * @fd:		what it is for: the first call of a thread to a kernel may sleep until it is known there
 */
static inline void will_sleep(int *tid, int fd)
{
	fcntl(fd, F_GETFD);
	__atomic_store_n(tid, gettid(), __ATOMIC_RELEASE);
}

#endif
