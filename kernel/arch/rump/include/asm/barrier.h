/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_BARRIER_H
#define _ASM_RUMP_BARRIER_H

/*
 * The memory model is the host processor's, x86 TSO. mb() orders against
 * host threads that hold no virtual CPU too, so it is a real fence; the smp_
 * forms order virtual CPUs among each other.
 */
#define mb()		asm volatile("lock; addl $0,-4(%%rsp)" ::: "memory", "cc")
#define rmb()		barrier()
#define wmb()		barrier()
#define __smp_mb()	asm volatile("lock; addl $0,-4(%%rsp)" ::: "memory", "cc")
#define __smp_rmb()	barrier()
#define __smp_wmb()	barrier()
#define __smp_store_mb(var, value) do { (void)xchg(&(var), value); } while (0)

#define __smp_store_release(p, v)			\
do {							\
	compiletime_assert_atomic_type(*p);		\
	barrier();					\
	WRITE_ONCE(*p, v);				\
} while (0)

#define __smp_load_acquire(p)				\
({							\
	typeof(*p) ___p1 = READ_ONCE(*p);		\
	compiletime_assert_atomic_type(*p);		\
	barrier();					\
	___p1;						\
})

#define __smp_mb__before_atomic()	do { } while (0)
#define __smp_mb__after_atomic()	do { } while (0)

#include <asm-generic/barrier.h>

#endif
