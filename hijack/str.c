// SPDX-License-Identifier: BSD-2-Clause
/* str.c - the program's memory without faults */
#include <asm/errno.h>

#include "../kernel/lib/core.h"
#include "raw.h"
#include "route.h"
#include "state.h"
#include "str.h"

#define NO_SUCH_CHANGE -1 /* SIG_BLOCK and its like are from 0 on */

struct iovec_raw {
	const void *base;
	size_t length;
};

/**
 * peek() - Read memory that may not be there
 *
 * A bad pointer is an answer and not a signal. In a thread of the rump kernel's the signal is
 * caught; otherwise the host is asked, once for a page (readable.c).
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
 * peek_anew() - Whether a byte can be read, whatever was seen before
 *
 * The host takes a set of signals from there, for something that it does not know how to do with one. The
 * set is in the second half of its 16 bytes, as NULL would be none.
 */
bool peek_anew(const void *at)
{
	char byte;

	if (rump__self.ht)
		return rump__copy(&byte, at, 1);
	return raw4(__NR_rt_sigprocmask, NO_SUCH_CHANGE, ((uintptr_t)at & ~7ul) | 8, NULL, MASK_BYTES) !=
	       -EFAULT;
}

/**
 * poke() - Write memory that may not be there
 *
 * Where the host does not let it be asked (seccomp, old containers) the memory is accessed directly.
 *
 * Return: whether all of it was there
 */
bool poke(void *to, const void *from, size_t length)
{
	struct iovec_raw local = {from, length}, remote = {to, length};
	long done;

	if (rump__self.ht)
		return rump__copy(to, from, length);
	done = raw_call(__NR_process_vm_writev, raw0(__NR_getpid), &local, 1, &remote, 1, 0);
	if (done >= 0 || done == -EFAULT)
		return done == (long)length;
	memcpy(to, from, length);
	return true;
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
