// SPDX-License-Identifier: BSD-2-Clause
/* mem.c - what the compiler calls by name, in a library without libc
 *
 * Hidden: the program keeps libc's. Libraries that have libc do not link this.
 */
#include "str.h"

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
	return start;
}

void *memset(void *at, int byte, size_t length)
{
	void *start = at;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(length) : "a"(byte) : "memory");
	return start;
}

int memcmp(const void *a, const void *b, size_t length)
{
	const unsigned char *x = a, *y = b;

	for (; length; length--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}
