/* SPDX-License-Identifier: BSD-2-Clause */
/* raw.h - system calls without libc
 *
 * For what runs on kernel stacks, in signal handlers, and in the middle of the system calls of a
 * program whose libc is rewritten. A result in [-4095, -1] is a negated errno, as the kernel gives
 * it; nothing here touches errno or is a cancellation point. The instructions lie in the text of the
 * library that includes this, which for the shim is what Syscall User Dispatch lets through.
 */
#ifndef RUMPUSER_BARE_RAW_H
#define RUMPUSER_BARE_RAW_H

#include <asm/unistd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * raw6() - Make a system call
 */
static inline long raw6(long nr, unsigned long a, unsigned long b, unsigned long c, unsigned long d,
			unsigned long e, unsigned long f)
{
	register unsigned long r10 __asm__("r10") = d;
	register unsigned long r8 __asm__("r8") = e;
	register unsigned long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* raw_call(__NR_openat, AT_FDCWD, path, flags, 0, 0, 0): pointers and integers alike */
#define raw_call(nr, a, b, c, d, e, f)                                                             \
	raw6(nr, (unsigned long)(a), (unsigned long)(b), (unsigned long)(c), (unsigned long)(d),   \
	     (unsigned long)(e), (unsigned long)(f))

/* The same, with the arguments that are left out zero. */
#define raw0(nr)	     raw_call(nr, 0, 0, 0, 0, 0, 0)
#define raw1(nr, a)	     raw_call(nr, a, 0, 0, 0, 0, 0)
#define raw2(nr, a, b)	     raw_call(nr, a, b, 0, 0, 0, 0)
#define raw3(nr, a, b, c)    raw_call(nr, a, b, c, 0, 0, 0)
#define raw4(nr, a, b, c, d) raw_call(nr, a, b, c, d, 0, 0)

/**
 * raw_failed() - Whether a result is a negated errno
 */
static inline bool raw_failed(long result)
{
	return (unsigned long)result > -4096ul;
}

#endif
