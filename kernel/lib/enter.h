/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * enter.h - a system call of the rump kernel
 *
 * Inlined into every wrapper. The thread's struct in the kernel is in
 * thread-local storage; a thread that has none yet is attached first. While
 * incall is set, signal handlers are deferred (signals.c): what follows the
 * call looks whether any was.
 *
 * Built without a red zone, as the kernel is entered by a call.
 */
#ifndef RUMP_LIB_ENTER_H
#define RUMP_LIB_ENTER_H

#include <stdint.h>

struct rump_hthread;

struct rump__thread {
	struct rump_hthread *ht;	/* NULL: not attached */
	uint64_t ending;		/* runs rump__exit(); exit.c knows the offset */
	volatile uint32_t incall;	/* the kernel runs, or is about to */
	volatile uint32_t deferred;	/* signals wait, blocked, for the call's end */
	uint64_t deferred_set;		/* which ones */
	uint32_t handlers;		/* HANDLER_ flags of those that ran since it was cleared */
	uint32_t held;			/* depth of rump_schedule() */
	uint64_t masked;		/* signals the program has blocked, and the core has not */
	volatile uint32_t hold;		/* wait at the call's end, the process stops */
	uint32_t unborn;		/* has no process of the kernel, and will have none: why */
};

#define RUMP__UNBORN	1
#define RUMP__FOREIGN	2		/* it is in another pid namespace */

extern __thread struct rump__thread rump__self
	__attribute__((tls_model("initial-exec"), visibility("hidden")));
extern void (*rump__enter_image)(void) __attribute__((visibility("hidden")));

/* attach.c, signals.c */
int rump__attach(void);
long rump__call_end(long ret, long nr, long a, long b, long c, long d, long e, long f);

/* masks.c; librump's only */
long rump__enter_masked(long nr, long a, long b, long c, long d, long e, long f);

/* Results from here on are the kernel's ERESTART codes, never a program's. */
#define RUMP__RESTART_FIRST	(-516L)
#define RUMP__RESTART_LAST	(-512L)
#define RUMP__RESTART_ALWAYS	(-513L) /* ERESTARTNOINTR: whatever handlers there are */

static inline long rump__enter_once(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	register struct rump_hthread *r11 __asm__("r11") = rump__self.ht;
	long ret = nr;

	rump__self.incall = 1;
	__asm__ volatile("call *%[enter]"
			 : "+a"(ret), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8), "+r"(r9),
			   "+r"(r11)
			 : [enter] "m"(rump__enter_image)
			 : "rcx", "memory", "cc");
	rump__self.incall = rump__self.held;
	return ret;
}

/**
 * rump__enter() - Make a system call in the rump kernel
 * @nr:	number; a to f: arguments
 *
 * Return: result, or -errno
 */
static inline long rump__enter(long nr, long a, long b, long c, long d, long e, long f)
{
	long ret;

	if (__builtin_expect(!rump__self.ht, 0)) {
		ret = rump__attach();
		if (ret)
			return ret;
	}
	ret = rump__enter_once(nr, a, b, c, d, e, f);
	if (__builtin_expect(rump__self.deferred ||
			     (unsigned long)(ret - RUMP__RESTART_FIRST) <=
				     RUMP__RESTART_LAST - RUMP__RESTART_FIRST, 0))
		ret = rump__call_end(ret, nr, a, b, c, d, e, f);
	return ret;
}

#endif
