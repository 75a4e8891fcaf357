/* SPDX-License-Identifier: BSD-2-Clause */
/* hijack_asleep.h - wait until a thread sleeps in the call that it said it would make next */
#ifndef HIJACK_ASLEEP_H
#define HIJACK_ASLEEP_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/**
 * wait_asleep() - Wait until a thread of this process sleeps
 * @tid:	where the thread has put its id, or will, right before a call that blocks
 *
 * From then on it sleeps in that call only.
 */
static inline void wait_asleep(const int *tid)
{
	char name[64], line[256], *state;

	for (;; usleep(1000)) {
		int id = __atomic_load_n(tid, __ATOMIC_ACQUIRE);
		FILE *file;

		if (!id)
			continue;
		snprintf(name, sizeof(name), "/proc/self/task/%d/stat", id);
		file = fopen(name, "r");
		if (!file || !fgets(line, sizeof(line), file))
			abort();
		fclose(file);
		state = strrchr(line, ')');
		if (state && state[1] && state[2] == 'S')
			return;
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
