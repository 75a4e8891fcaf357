/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_PERCPU_H
#define _ASM_RUMP_PERCPU_H

#include <asm/kstack.h>

/*
 * Interrupts are polled, never taken in the middle of an instruction
 * sequence, and nothing preempts: plain read-modify-write is enough.
 */
#define __my_cpu_offset		(kstack_base()->pcpu_off)

#define this_cpu_read_1(pcp)	raw_cpu_generic_read(pcp)
#define this_cpu_read_2(pcp)	raw_cpu_generic_read(pcp)
#define this_cpu_read_4(pcp)	raw_cpu_generic_read(pcp)
#define this_cpu_read_8(pcp)	raw_cpu_generic_read(pcp)
#define this_cpu_write_1(pcp, v)	raw_cpu_generic_to_op(pcp, v, =)
#define this_cpu_write_2(pcp, v)	raw_cpu_generic_to_op(pcp, v, =)
#define this_cpu_write_4(pcp, v)	raw_cpu_generic_to_op(pcp, v, =)
#define this_cpu_write_8(pcp, v)	raw_cpu_generic_to_op(pcp, v, =)
#define this_cpu_add_1(pcp, v)	raw_cpu_generic_to_op(pcp, v, +=)
#define this_cpu_add_2(pcp, v)	raw_cpu_generic_to_op(pcp, v, +=)
#define this_cpu_add_4(pcp, v)	raw_cpu_generic_to_op(pcp, v, +=)
#define this_cpu_add_8(pcp, v)	raw_cpu_generic_to_op(pcp, v, +=)
#define this_cpu_and_1(pcp, v)	raw_cpu_generic_to_op(pcp, v, &=)
#define this_cpu_and_2(pcp, v)	raw_cpu_generic_to_op(pcp, v, &=)
#define this_cpu_and_4(pcp, v)	raw_cpu_generic_to_op(pcp, v, &=)
#define this_cpu_and_8(pcp, v)	raw_cpu_generic_to_op(pcp, v, &=)
#define this_cpu_or_1(pcp, v)	raw_cpu_generic_to_op(pcp, v, |=)
#define this_cpu_or_2(pcp, v)	raw_cpu_generic_to_op(pcp, v, |=)
#define this_cpu_or_4(pcp, v)	raw_cpu_generic_to_op(pcp, v, |=)
#define this_cpu_or_8(pcp, v)	raw_cpu_generic_to_op(pcp, v, |=)
#define this_cpu_add_return_1(pcp, v)	raw_cpu_generic_add_return(pcp, v)
#define this_cpu_add_return_2(pcp, v)	raw_cpu_generic_add_return(pcp, v)
#define this_cpu_add_return_4(pcp, v)	raw_cpu_generic_add_return(pcp, v)
#define this_cpu_add_return_8(pcp, v)	raw_cpu_generic_add_return(pcp, v)
#define this_cpu_xchg_1(pcp, v)	raw_cpu_generic_xchg(pcp, v)
#define this_cpu_xchg_2(pcp, v)	raw_cpu_generic_xchg(pcp, v)
#define this_cpu_xchg_4(pcp, v)	raw_cpu_generic_xchg(pcp, v)
#define this_cpu_xchg_8(pcp, v)	raw_cpu_generic_xchg(pcp, v)
#define this_cpu_cmpxchg_1(pcp, o, n)	raw_cpu_generic_cmpxchg(pcp, o, n)
#define this_cpu_cmpxchg_2(pcp, o, n)	raw_cpu_generic_cmpxchg(pcp, o, n)
#define this_cpu_cmpxchg_4(pcp, o, n)	raw_cpu_generic_cmpxchg(pcp, o, n)
#define this_cpu_cmpxchg_8(pcp, o, n)	raw_cpu_generic_cmpxchg(pcp, o, n)
#define this_cpu_cmpxchg64(pcp, o, n)	raw_cpu_generic_cmpxchg(pcp, o, n)
#define this_cpu_cmpxchg128(pcp, o, n)	raw_cpu_generic_cmpxchg(pcp, o, n)
#define this_cpu_try_cmpxchg128(pcp, op, n)	raw_cpu_generic_try_cmpxchg(pcp, op, n)

#include <asm-generic/percpu.h>

#endif
