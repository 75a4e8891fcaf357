/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * params.c - the environment variables of rump(3), read once
 *
 * A value that makes no sense is an error that names the variable; nothing is
 * guessed or clamped.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rump/rumpuser.h>

#include "internal.h"

#define SECTION		(16UL << 20)	/* memory comes in these, see asm/sparsemem.h */
#define MEM_DEFAULT	(256UL << 20)
#define MEM_MIN		(32UL << 20)
#define MEM_MAX		(128UL << 30)

struct rump__params rump__params;

/* A number with an optional k, m or g. */
static int parse_size(const char *s, unsigned long *value)
{
	unsigned long v, unit = 1;
	char *end;

	if (!isdigit((unsigned char)*s))
		return EINVAL;
	errno = 0;
	v = strtoul(s, &end, 0);
	if (errno)
		return errno;
	switch (tolower((unsigned char)*end)) {
	case 'g':
		unit <<= 10;
		/* fall through */
	case 'm':
		unit <<= 10;
		/* fall through */
	case 'k':
		unit <<= 10;
		end++;
	}
	if (*end || v > ~0UL / unit)
		return EINVAL;
	*value = v * unit;
	return 0;
}

static int number(const char *name, unsigned long min, unsigned long max, unsigned int *out)
{
	const char *s = getenv(name);
	unsigned long v;

	if (!s)
		return 0;
	if (parse_size(s, &v) || v < min || v > max) {
		rump__error("%s='%s' is not a number from %lu to %lu", name, s, min, max);
		return EINVAL;
	}
	*out = v;
	return 0;
}

static int memlimit(unsigned long *out)
{
	const char *s = getenv("RUMP_MEMLIMIT");

	if (!s)
		return 0;
	if (parse_size(s, out) || *out < MEM_MIN || *out > MEM_MAX) {
		rump__error("RUMP_MEMLIMIT='%s' is not a size from 32m to 128g", s);
		return EINVAL;
	}
	*out = (*out + SECTION - 1) & ~(SECTION - 1);
	return 0;
}

static int threads(unsigned int *bound)
{
	const char *s = getenv("RUMP_THREADS");

	if (!s)
		return 0;
	if (!strcmp(s, "bound")) {
		*bound = 1;
	} else if (!strcmp(s, "carried") || !strcmp(s, "1")) {
		*bound = 0;
	} else {
		rump__error("RUMP_THREADS='%s' is neither 'carried' nor 'bound'", s);
		return EINVAL;
	}
	return 0;
}

static int verbose(unsigned int *out)
{
	const char *s = getenv("RUMP_VERBOSE");

	/* NetBSD's rump kernels take any value but 0; so does this. */
	*out = s && *s && strcmp(s, "0");
	return 0;
}

static int hostname(char *out, size_t size)
{
	const char *s = getenv("RUMP_HOSTNAME");

	if (s && strlen(s) >= size) {
		rump__error("RUMP_HOSTNAME is longer than %zu characters", size - 1);
		return ENAMETOOLONG;
	}
	return rumpuser_getparam("_RUMPUSER_HOSTNAME", out, size);
}

static int cmdline(char *out, size_t size)
{
	const char *s = getenv("RUMP_CMDLINE");

	if (s && strlen(s) >= size) {
		rump__error("RUMP_CMDLINE is longer than %zu characters", size - 1);
		return ENAMETOOLONG;
	}
	strcpy(out, s ? s : "");
	return 0;
}

/**
 * rump__params_read() - Read and check the environment
 * @p:	result
 *
 * Return: 0, or a host errno value after a message
 */
int rump__params_read(struct rump__params *p)
{
	int err;

	*p = (struct rump__params){ .memlimit = MEM_DEFAULT, .ncpu = 1 };
	err = memlimit(&p->memlimit);
	if (!err)
		err = number("RUMP_NCPU", 1, RUMP_MAX_NCPU, &p->ncpu);
	if (!err)
		err = threads(&p->bound);
	if (!err)
		err = verbose(&p->verbose);
	if (!err)
		err = number("RUMP_BLKFAIL", 0, 1U << 31, &p->blkfail);
	if (!err)
		err = number("RUMP_BLKFAIL_SEED", 0, ~0U, &p->blkfail_seed);
	if (!err)
		err = number("RUMP_BLKDELAY", 0, 60000, &p->blkdelay);
	if (!err)
		err = hostname(p->hostname, sizeof(p->hostname));
	if (!err)
		err = cmdline(p->cmdline, sizeof(p->cmdline));
	return err;
}
