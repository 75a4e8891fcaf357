/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_FUTEX_H
#define _ASM_RUMP_FUTEX_H

#include <linux/futex.h>
#include <linux/uaccess.h>

/*
 * The word belongs to host threads that run at this moment, so the operations
 * are real atomics even on one virtual CPU.
 */
int rump_futex_op(int op, u32 __user *uaddr, int oparg, int *oval);
int rump_futex_cmpxchg(u32 *uval, u32 __user *uaddr, u32 oldval, u32 newval);

static inline int arch_futex_atomic_op_inuser(int op, int oparg, int *oval, u32 __user *uaddr)
{
	if (!access_ok(uaddr, sizeof(u32)))
		return -EFAULT;
	return rump_futex_op(op, uaddr, oparg, oval);
}

static inline int futex_atomic_cmpxchg_inatomic(u32 *uval, u32 __user *uaddr, u32 oldval,
						u32 newval)
{
	if (!access_ok(uaddr, sizeof(u32)))
		return -EFAULT;
	return rump_futex_cmpxchg(uval, uaddr, oldval, newval);
}

#endif
