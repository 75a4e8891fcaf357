// SPDX-License-Identifier: BSD-2-Clause
/* str.c - the program's memory without faults */
#include <asm/errno.h>

#include "../kernel/lib/core.h"
#include "raw.h"
#include "route.h"
#include "str.h"

struct iovec_raw {
	const void *base;
	size_t length;
};

/**
 * reach() - Copy by a call of the kernel's
 * @nr:		process_vm_readv() or process_vm_writev()
 * @own:	the shim's memory
 * @other:	the program's
 *
 * Where they are forbidden (seccomp, old containers) the memory is accessed directly.
 *
 * Return: 1, 0 if part of it is not there, -1 if the call is forbidden
 */
static int reach(long nr, const void *own, const void *other, size_t length)
{
	struct iovec_raw local = {own, length}, remote = {other, length};
	long done = raw_call(nr, raw0(__NR_getpid), &local, 1, &remote, 1, 0);

	if (done == (long)length)
		return 1;
	return done >= 0 || done == -EFAULT ? 0 : -1;
}

/**
 * peek() - Read memory that may not be there
 *
 * A bad pointer is an answer and not a signal. In a thread of the rump kernel's the signal is
 * caught; otherwise the host is asked, which takes a microsecond, once for a page (readable.c).
 *
 * Return: whether all of it was there
 */
bool peek(void *to, const void *from, size_t length)
{
	if (rump__self.ht)
		return rump__copy(to, from, length);
	if (!readable_memory(from, length))
		return false;
	memcpy(to, from, length);
	return true;
}

/**
 * peek_anew() - peek() that relies on nothing that was seen before
 */
bool peek_anew(void *to, const void *from, size_t length)
{
	int done;

	if (rump__self.ht)
		return rump__copy(to, from, length);
	done = reach(__NR_process_vm_readv, to, from, length);
	if (done < 0)
		memcpy(to, from, length);
	return done;
}

/**
 * poke() - Write memory that may not be there
 *
 * Return: whether all of it was there
 */
bool poke(void *to, const void *from, size_t length)
{
	int done;

	if (rump__self.ht)
		return rump__copy(to, from, length);
	done = reach(__NR_process_vm_writev, from, to, length);
	if (done < 0)
		memcpy(to, from, length);
	return done;
}

/**
 * peek_string() - Read a string that may not be there
 * @room:	of @to; a longer string is cut, without a NUL
 *
 * Return: its length as far as it was read, -EFAULT
 */
long peek_string(char *to, const char *from, size_t room)
{
	size_t done = 0;

	while (done < room) {
		size_t part = 4096 - ((uintptr_t)(from + done) & 4095);

		if (part > 256)
			part = 256;
		if (part > room - done)
			part = room - done;
		if (!peek(to + done, from + done, part))
			return -EFAULT;
		for (size_t end = done + part; done < end; done++)
			if (!to[done])
				return (long)done;
	}
	return (long)done;
}
