// SPDX-License-Identifier: BSD-2-Clause
/* str.c - the program's memory without faults */
#include "raw.h"
#include "str.h"

struct iovec_raw {
	const void *base;
	size_t length;
};

/**
 * peek() - Read memory that may not be there
 *
 * The kernel reads it, so that a bad pointer is an answer and not a signal. Where
 * process_vm_readv() is forbidden (seccomp, old containers) the memory is read directly.
 *
 * Return: whether all of it was there
 */
bool peek(void *to, const void *from, size_t length)
{
	struct iovec_raw local = {to, length}, remote = {from, length};
	long done = raw_call(__NR_process_vm_readv, raw0(__NR_getpid), &local, 1, &remote, 1, 0);

	if (done == (long)length)
		return true;
	if (done >= 0 || done == -14 /* EFAULT */)
		return false;
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
			return -14; /* EFAULT */
		for (size_t end = done + part; done < end; done++)
			if (!to[done])
				return (long)done;
	}
	return (long)done;
}
