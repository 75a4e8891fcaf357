/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ext_park.c - host threads wait for each other on words of the memory image
 *
 * The words are shared between processes, so the futexes are not private ones.
 */
#include <linux/futex.h>
#include <linux/time_types.h>

#include "ext.h"
#include "bare/raw.h"

int rumpuser_ext_park(unsigned int *word, unsigned int val, unsigned long long until)
{
	struct __kernel_timespec ts, *timeout = NULL;

	if (until != RUMPUSER_EXT_FOREVER) {
		ts.tv_sec = until / 1000000000;
		ts.tv_nsec = until % 1000000000;
		timeout = &ts;
	}
	/* WAIT_BITSET, as its time-out is absolute. */
	return raw_call(__NR_futex, word, FUTEX_WAIT_BITSET, val, timeout, 0,
		    FUTEX_BITSET_MATCH_ANY);
}

void rumpuser_ext_wake(unsigned int *word)
{
	raw3(__NR_futex, word, FUTEX_WAKE, 1);
}

void rumpuser_ext_yield(void)
{
	raw0(__NR_sched_yield);
}
