/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.c - reading host clocks and sleeping on them
 *
 * Theory of operation
 *
 * Every sleep is a sleep until a moment of CLOCK_MONOTONIC: a duration is added
 * to the present once, so that a sleep which signals interrupt is taken up again
 * without growing, and setting the host's time of day changes nothing.
 */
#include <time.h>

#include "internal.h"

#define NSEC_PER_SEC 1000000000L

/**
 * ru_deadline() - Compute a moment from now on CLOCK_MONOTONIC
 * @sec:	seconds, may be negative
 * @nsec:	and nanoseconds, any number of them
 *
 * Return: the moment, the first or last there is if it is beyond those
 */
struct timespec ru_deadline(int64_t sec, int64_t nsec)
{
	static const struct timespec first = {0, 0};
	static const struct timespec last = {INT64_MAX, 0};
	int64_t carry = nsec / NSEC_PER_SEC, whole;
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += nsec % NSEC_PER_SEC;
	if (end.tv_nsec < 0) {
		end.tv_nsec += NSEC_PER_SEC;
		carry--;
	} else if (end.tv_nsec >= NSEC_PER_SEC) {
		end.tv_nsec -= NSEC_PER_SEC;
		carry++;
	}
	if (__builtin_add_overflow(sec, carry, &whole) ||
	    __builtin_add_overflow(end.tv_sec, whole, &end.tv_sec))
		return sec < 0 ? first : last;
	return end.tv_sec < 0 ? first : end;
}

int rumpuser_clock_gettime(int clock, int64_t *sec, long *nsec)
{
	struct timespec now;
	clockid_t id;

	switch (clock) {
	case RUMPUSER_CLOCK_RELWALL:
		id = CLOCK_REALTIME;
		break;
	case RUMPUSER_CLOCK_ABSMONO:
		id = CLOCK_MONOTONIC;
		break;
	default:
		return ru_errno(EINVAL);
	}
	if (clock_gettime(id, &now) == -1)
		return ru_errno(errno);
	*sec = now.tv_sec;
	*nsec = now.tv_nsec;
	return 0;
}

int rumpuser_clock_sleep(int clock, int64_t sec, long nsec)
{
	struct timespec end = {.tv_sec = sec > 0 ? sec : 0, .tv_nsec = nsec};
	int error, nlocks;

	if (clock != RUMPUSER_CLOCK_RELWALL && clock != RUMPUSER_CLOCK_ABSMONO)
		return ru_errno(EINVAL);
	if (nsec < 0 || nsec >= NSEC_PER_SEC)
		return ru_errno(EINVAL);

	nlocks = ru_unschedule(NULL);
	if (clock == RUMPUSER_CLOCK_RELWALL)
		end = ru_deadline(sec, nsec);
	do
		error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
	while (error == EINTR);
	ru_schedule(nlocks, NULL);
	return ru_errno(error);
}
