/* SPDX-License-Identifier: BSD-2-Clause */
/* lock.h - a lock for code that signal handlers may run in */
#ifndef RUMPUSER_BARE_LOCK_H
#define RUMPUSER_BARE_LOCK_H

#include <stdint.h>

struct lock {
	uint32_t word; /* 0: free */
};

unsigned long lock_take(struct lock *lock);
unsigned long lock_take_but(struct lock *lock, unsigned long open);
void lock_release(struct lock *lock, unsigned long mask);

#endif
