/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * params.c - the environment variables of rump(3), read once
 *
 * A value that makes no sense is an error that names the variable; nothing is
 * guessed or clamped.
 */
#include <asm/errno.h>
#include <linux/utsname.h>

#include "bare/raw.h"
#include "bare/str.h"

#include "core.h"

#define SECTION		(16UL << 20)	/* memory comes in these, see asm/sparsemem.h */
#define MEM_DEFAULT	(256UL << 20)
#define MEM_MIN		(32UL << 20)
#define MEM_MAX		(128UL << 30)

struct rump__params rump__params;

/**
 * rump__getenv() - getenv(3)
 * @envp:	the environment
 * @name:	of the variable
 *
 * Return: its value or NULL
 */
const char *rump__getenv(char *const *envp, const char *name)
{
	size_t len = str_length(name);

	for (; *envp; envp++)
		if (str_starts(*envp, name) && (*envp)[len] == '=')
			return *envp + len + 1;
	return NULL;
}

/* A number with an optional k, m or g. */
static int parse_size(const char *s, unsigned long *value)
{
	unsigned long v, unit = 1;
	const char *end;

	if (!str_to_number(s, &v, &end))
		return EINVAL;
	switch (*end | 0x20) {
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

static int number(char *const *envp, const char *name, unsigned long min, unsigned long max,
		  unsigned int *out)
{
	const char *s = rump__getenv(envp, name);
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

static int memlimit(char *const *envp, unsigned long *out)
{
	const char *s = rump__getenv(envp, "RUMP_MEMLIMIT");

	if (!s)
		return 0;
	if (parse_size(s, out) || *out < MEM_MIN || *out > MEM_MAX) {
		rump__error("RUMP_MEMLIMIT='%s' is not a size from 32m to 128g", s);
		return EINVAL;
	}
	*out = (*out + SECTION - 1) & ~(SECTION - 1);
	return 0;
}

static int threads(char *const *envp, unsigned int *bound)
{
	const char *s = rump__getenv(envp, "RUMP_THREADS");

	if (!s)
		return 0;
	if (str_equal(s, "bound")) {
		*bound = 1;
	} else if (str_equal(s, "carried") || str_equal(s, "1")) {
		*bound = 0;
	} else {
		rump__error("RUMP_THREADS='%s' is neither 'carried' nor 'bound'", s);
		return EINVAL;
	}
	return 0;
}

/* NetBSD's rump kernels take any value but 0; so does this. */
static unsigned int verbose(char *const *envp)
{
	const char *s = rump__getenv(envp, "RUMP_VERBOSE");

	return s && *s && !str_equal(s, "0");
}

/* rumpuser(3): rump-<pid>.<name of the host>, unless RUMP_HOSTNAME says something. */
static int hostname(char *const *envp, char *out, size_t size)
{
	const char *s = rump__getenv(envp, "RUMP_HOSTNAME");
	struct new_utsname host;

	if (s && str_length(s) >= size) {
		rump__error("RUMP_HOSTNAME is longer than %zu characters", size - 1);
		return ENAMETOOLONG;
	}
	if (s && *s)
		str_copy(out, s);
	else
		str_printf(out, size, "rump-%05d.%s", (int)raw0(__NR_getpid),
			   raw_failed(raw1(__NR_uname, &host)) ? "localhost" : host.nodename);
	return 0;
}

static int cmdline(char *const *envp, char *out, size_t size)
{
	const char *s = rump__getenv(envp, "RUMP_CMDLINE");

	if (s && str_length(s) >= size) {
		rump__error("RUMP_CMDLINE is longer than %zu characters", size - 1);
		return ENAMETOOLONG;
	}
	str_copy(out, s ? s : "");
	return 0;
}

/**
 * rump__params_read() - Read and check the environment
 * @p:		result
 * @envp:	environment
 *
 * Return: 0, or a host errno value after a message
 */
int rump__params_read(struct rump__params *p, char *const *envp)
{
	int err;

	*p = (struct rump__params){ .memlimit = MEM_DEFAULT, .ncpu = 1, .verbose = verbose(envp) };
	err = memlimit(envp, &p->memlimit);
	if (!err)
		err = number(envp, "RUMP_NCPU", 1, RUMP_MAX_NCPU, &p->ncpu);
	if (!err)
		err = threads(envp, &p->bound);
	if (!err)
		err = number(envp, "RUMP_BLKFAIL", 0, 1U << 31, &p->blkfail);
	if (!err)
		err = number(envp, "RUMP_BLKFAIL_SEED", 0, ~0U, &p->blkfail_seed);
	if (!err)
		err = number(envp, "RUMP_BLKDELAY", 0, 60000, &p->blkdelay);
	if (!err)
		err = hostname(envp, p->hostname, sizeof(p->hostname));
	if (!err)
		err = cmdline(envp, p->cmdline, sizeof(p->cmdline));
	return err;
}
