/* SPDX-License-Identifier: BSD-2-Clause */
/* ext_raw.h - system calls without the C library: no errno, no cancellation */
#ifndef RUMPUSER_EXT_RAW_H
#define RUMPUSER_EXT_RAW_H

#include <sys/syscall.h>

static inline long raw6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#define raw0(nr)		raw6(nr, 0, 0, 0, 0, 0, 0)
#define raw2(nr, a, b)		raw6(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define raw3(nr, a, b, c)	raw6(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define raw4(nr, a, b, c, d)	raw6(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

#endif
