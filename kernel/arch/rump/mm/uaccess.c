// SPDX-License-Identifier: GPL-2.0-only
/*
 * uaccess.c - copies to and from the memory of the process
 *
 * The copy runs at full speed; where it faults, the exception table turns it
 * into a count of bytes not done. If the address lies in the window, it is
 * a rump file's page that the host has not mapped yet: fault it in and go on.
 */
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/futex.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <asm/carrier.h>
#include <asm/futex.h>

unsigned long __rump_copy(void *to, const void *from, unsigned long n);
unsigned long __rump_clear(void *to, unsigned long n);

static bool in_window(unsigned long addr)
{
	return addr >= RUMP_WINDOW_ADDR && addr < RUMP_WINDOW_END;
}

static bool fault_in(unsigned long addr, unsigned long access)
{
	return in_window(addr) && current->mm && !faulthandler_disabled() &&
	       !rump_user_fault(addr, access);
}

/**
 * rump_copy_user() - Copy, one side being user memory
 * @to:		destination
 * @from:	source
 * @n:		bytes
 *
 * Return: bytes not copied
 */
unsigned long rump_copy_user(void *to, const void *from, unsigned long n)
{
	unsigned long left = __rump_copy(to, from, n), at;

	while (unlikely(left)) {
		at = n - left;
		if (!fault_in((unsigned long)from + at, RUMP_PROT_READ) &&
		    !fault_in((unsigned long)to + at, RUMP_PROT_WRITE))
			break;
		left = __rump_copy(to + at, from + at, left);
		if (left == n - at)
			break;
	}
	return left;
}
EXPORT_SYMBOL(rump_copy_user);

/**
 * rump_clear_user() - Zero user memory
 * @to:	destination
 * @n:	bytes
 *
 * Return: bytes not cleared
 */
unsigned long rump_clear_user(void *to, unsigned long n)
{
	unsigned long left = __rump_clear(to, n), at;

	while (unlikely(left)) {
		at = n - left;
		if (!fault_in((unsigned long)to + at, RUMP_PROT_WRITE))
			break;
		left = __rump_clear(to + at, left);
		if (left == n - at)
			break;
	}
	return left;
}
EXPORT_SYMBOL(rump_clear_user);

/**
 * rump_copy_kernel() - Copy from or to an address that may be nothing
 * @to:		destination
 * @from:	source
 * @n:		bytes
 *
 * Return: bytes not copied
 */
unsigned long rump_copy_kernel(void *to, const void *from, unsigned long n)
{
	return __rump_copy(to, from, n);
}

bool copy_from_kernel_nofault_allowed(const void *unsafe_src, size_t size)
{
	return (unsigned long)unsafe_src >= RUMP_IMAGE_ADDR &&
	       (unsigned long)unsafe_src < RUMP_VMALLOC_END;
}

/**
 * rump_futex_cmpxchg() - Compare and swap a user word that other threads use now
 * @uval:	what was there
 * @uaddr:	word
 * @oldval:	expected
 * @newval:	new value
 *
 * Return: 0 or -EFAULT
 */
int rump_futex_cmpxchg(u32 *uval, u32 __user *uaddr, u32 oldval, u32 newval)
{
	int err = 0;

	asm volatile("1: lock; cmpxchgl %[new], %[mem]\n"
		     "2:\n"
		     ".pushsection .fixup,\"ax\"\n"
		     "3: movl %[efault], %[err]\n jmp 2b\n"
		     ".popsection\n"
		     ".pushsection __ex_table,\"a\"\n"
		     ".balign 8\n .quad 1b, 3b\n"
		     ".popsection"
		     : [err] "+r"(err), "+a"(oldval), [mem] "+m"(*uaddr)
		     : [new] "r"(newval), [efault] "i"(-EFAULT)
		     : "memory", "cc");
	*uval = oldval;
	return err;
}

/**
 * rump_futex_op() - The operation of FUTEX_WAKE_OP
 * @op:		FUTEX_OP_
 * @uaddr:	word
 * @oparg:	operand
 * @oval:	what was there
 *
 * Return: 0, -EFAULT or -ENOSYS
 */
int rump_futex_op(int op, u32 __user *uaddr, int oparg, int *oval)
{
	u32 old, new, seen;
	int err;

	if (rump_copy_user(&old, (void *)uaddr, sizeof(old)))
		return -EFAULT;
	for (;;) {
		switch (op) {
		case FUTEX_OP_SET:
			new = oparg;
			break;
		case FUTEX_OP_ADD:
			new = old + oparg;
			break;
		case FUTEX_OP_OR:
			new = old | oparg;
			break;
		case FUTEX_OP_ANDN:
			new = old & ~oparg;
			break;
		case FUTEX_OP_XOR:
			new = old ^ oparg;
			break;
		default:
			return -ENOSYS;
		}
		err = rump_futex_cmpxchg(&seen, uaddr, old, new);
		if (err)
			return err;
		if (seen == old)
			break;
		old = seen;
	}
	*oval = old;
	return 0;
}
