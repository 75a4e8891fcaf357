/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random.c - random bytes from the host
 */
#include <sys/random.h>

#include "internal.h"

/**
 * random_fill() - Get bytes until there are enough or no more come
 * @buf:	where they go
 * @len:	how many
 * @flags:	GRND_*
 * @gotp:	bytes there so far, updated
 *
 * Return: 0 when all are there, or a host error number
 */
static int random_fill(uint8_t *buf, size_t len, unsigned int flags, size_t *gotp)
{
	ssize_t n;

	while (*gotp < len) {
		n = getrandom(buf + *gotp, len - *gotp, flags);
		if (n >= 0)
			*gotp += (size_t)n;
		else if (errno != EINTR)
			return errno;
	}
	return 0;
}

int rumpuser_getrandom(void *buf, size_t len, int flags, size_t *retp)
{
	unsigned int source = flags & RUMPUSER_RANDOM_HARD ? GRND_RANDOM : 0;
	int error, nlocks;
	size_t got = 0;

	if (flags & ~(RUMPUSER_RANDOM_HARD | RUMPUSER_RANDOM_NOWAIT))
		return ru_errno(EINVAL);

	error = random_fill(buf, len, source | GRND_NONBLOCK, &got);
	if (error == EAGAIN && flags & RUMPUSER_RANDOM_NOWAIT) {
		if (got > 0)
			error = 0;
	} else if (error == EAGAIN) {
		nlocks = ru_unschedule(NULL);
		error = random_fill(buf, len, source, &got);
		ru_schedule(nlocks, NULL);
	}
	*retp = got;
	return ru_errno(error);
}
