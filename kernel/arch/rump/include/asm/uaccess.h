/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_UACCESS_H
#define _ASM_RUMP_UACCESS_H

#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/map.h>
#include <asm/extable.h>

/*
 * User memory is the memory of the process the kernel lives in. Anything the
 * host lets it read or write will do, except the kernel itself: a buffer in
 * the image or its vmalloc area would let a program read and overwrite kernel
 * data by way of a system call.
 */
static inline bool __access_ok(const void __user *ptr, unsigned long size)
{
	unsigned long addr = (unsigned long)ptr;
	unsigned long end = addr + size;

	if (unlikely(end < addr || end > TASK_SIZE_MAX))
		return false;
	/* An undertaker ends the calls of a process whose memory is gone (kernel/fork.c). */
	if (unlikely(READ_ONCE(*(u32 *)RUMP_USER_GONE)))
		return false;
	return likely(end <= RUMP_HYP_ADDR || addr >= RUMP_VMALLOC_END);
}
#define __access_ok __access_ok

/* Bytes not copied. The first form may fault rump mappings in, and sleep. */
unsigned long rump_copy_user(void *to, const void *from, unsigned long n);
unsigned long rump_clear_user(void *to, unsigned long n);

/* A fault at 1 goes on at 2, with %[err] set. */
#define __RUMP_FIXUP							\
	".pushsection .fixup,\"ax\"\n"					\
	"3: movl $1, %[err]\n jmp 2b\n"					\
	".popsection\n"							\
	".pushsection __ex_table,\"a\"\n"				\
	".balign 8\n .quad 1b, 3b\n"					\
	".popsection"

#define __rump_get(size_suffix, to, from, type)				\
({									\
	int __err = 0;							\
	type __v;							\
	asm volatile("1: mov" size_suffix " %[from], %[v]\n"		\
		     "2:\n"						\
		     __RUMP_FIXUP					\
		     : [v] "=r" (__v), [err] "+r" (__err)		\
		     : [from] "m" (*(const type __force *)(from)));	\
	if (likely(!__err))						\
		*(type *)(to) = __v;					\
	__err;								\
})

#define __rump_put(size_suffix, to, from, type)				\
({									\
	int __err = 0;							\
	asm volatile("1: mov" size_suffix " %[v], %[to]\n"		\
		     "2:\n"						\
		     __RUMP_FIXUP					\
		     : [to] "=m" (*(type __force *)(to)), [err] "+r" (__err)	\
		     : [v] "r" (*(const type *)(from)));		\
	__err;								\
})

static __always_inline __must_check unsigned long
raw_copy_from_user(void *to, const void __user *from, unsigned long n)
{
	if (__builtin_constant_p(n)) {
		switch (n) {
		case 1:
			if (likely(!__rump_get("b", to, from, u8)))
				return 0;
			break;
		case 2:
			if (likely(!__rump_get("w", to, from, u16)))
				return 0;
			break;
		case 4:
			if (likely(!__rump_get("l", to, from, u32)))
				return 0;
			break;
		case 8:
			if (likely(!__rump_get("q", to, from, u64)))
				return 0;
			break;
		}
	}
	return rump_copy_user(to, (__force const void *)from, n);
}

static __always_inline __must_check unsigned long
raw_copy_to_user(void __user *to, const void *from, unsigned long n)
{
	if (__builtin_constant_p(n)) {
		switch (n) {
		case 1:
			if (likely(!__rump_put("b", to, from, u8)))
				return 0;
			break;
		case 2:
			if (likely(!__rump_put("w", to, from, u16)))
				return 0;
			break;
		case 4:
			if (likely(!__rump_put("l", to, from, u32)))
				return 0;
			break;
		case 8:
			if (likely(!__rump_put("q", to, from, u64)))
				return 0;
			break;
		}
	}
	return rump_copy_user((__force void *)to, from, n);
}
#define INLINE_COPY_FROM_USER
#define INLINE_COPY_TO_USER

static inline unsigned long __clear_user(void __user *to, unsigned long n)
{
	return rump_clear_user((__force void *)to, n);
}
#define __clear_user __clear_user

#define __put_user_fn(size, ptr, x)	(raw_copy_to_user(ptr, x, size) ? -EFAULT : 0)
#define __get_user_fn(size, ptr, x)	(raw_copy_from_user(x, ptr, size) ? -EFAULT : 0)

#define __get_kernel_nofault(dst, src, type, label)			\
do {									\
	if (rump_copy_kernel(dst, src, sizeof(type)))			\
		goto label;						\
} while (0)
#define __put_kernel_nofault(dst, src, type, label)			\
do {									\
	if (rump_copy_kernel(dst, src, sizeof(type)))			\
		goto label;						\
} while (0)
unsigned long rump_copy_kernel(void *to, const void *from, unsigned long n);

#include <asm-generic/uaccess.h>

#endif
