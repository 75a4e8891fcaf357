/* SPDX-License-Identifier: BSD-2-Clause */
/* gen_enter.h - in place of kernel/lib/enter.h: a kernel that only remembers its last call */
#ifndef GEN_ENTER_H
#define GEN_ENTER_H

struct gen_call {
	long nr, arg[6];
	int masked;
};

extern struct gen_call gen_call;
extern long gen_result; /* what the kernel returns */

static inline long rump__enter(long nr, long a, long b, long c, long d, long e, long f)
{
	gen_call = (struct gen_call){nr, {a, b, c, d, e, f}, 0};
	return gen_result;
}

static inline long rump__enter_masked(long nr, long a, long b, long c, long d, long e, long f)
{
	gen_call = (struct gen_call){nr, {a, b, c, d, e, f}, 1};
	return gen_result;
}

#endif
