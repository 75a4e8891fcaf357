// SPDX-License-Identifier: BSD-2-Clause
/* readable.c - whether memory of the program's can be read
 *
 * Theory of operation
 *
 * The shim looks at paths and poll sets before any kernel does, and a bad pointer has to be
 * EFAULT and not a signal. A thread of the rump kernel's reads them where its handler lets a
 * fault fail (rump__scan()). Any other thread has no such handler yet: it asks the host, and
 * remembers the page in seen[]. The generation is part of an entry, so that all are forgotten at once
 * when the program unmaps or protects anything. An entry is one word: threads need no lock.
 */
#include <asm/errno.h>

#include "route.h"
#include "str.h"
#include "words.h"

#define PAGE	   4096ul
#define SEEN	   64
#define PAGE_BITS  36 /* of the number of a page: a user's address has 47 */

static uint64_t seen[SEEN];
static uint64_t generation = 1;

/**
 * page_is_there() - Whether a page can be read
 */
static inline bool page_is_there(const char *at)
{
	uint64_t page = (uintptr_t)at / PAGE, entry;
	uint64_t *slot = &seen[page % SEEN];

	if (page >> PAGE_BITS)
		return false;
	entry = __atomic_load_n(&generation, __ATOMIC_ACQUIRE) << PAGE_BITS | page;
	if (__atomic_load_n(slot, __ATOMIC_RELAXED) == entry)
		return true;
	if (!peek_anew(at))
		return false;
	__atomic_store_n(slot, entry, __ATOMIC_RELAXED);
	return true;
}

/**
 * scan() - Length of a string, in a thread without a handler for faults
 */
static long scan(const char *string, size_t room)
{
	const word_t *at = words_of(string);
	uint64_t end;

	if (!page_is_there(string))
		return -EFAULT;
	for (end = words_equal(words_first(string), 0); !end; end = words_equal(*at, 0)) {
		at++;
		if ((const char *)at >= string + room)
			return (long)room;
		if ((uintptr_t)at % PAGE == 0 && !page_is_there((const char *)at))
			return -EFAULT;
	}
	long length = (const char *)at + __builtin_ctzl(end) / 8 - string;

	return length < (long)room ? length : (long)room;
}

/**
 * readable_plain() - Whether a path is absolute, and its text says where it leads
 *
 * In one pass, as this is most of what the shim costs a call that stays on the host. What is not readable
 * is not plain; nor is a path with // or with a component that begins with a dot.
 */
bool readable_plain(const char *path)
{
	const word_t *at = words_of(path);
	uint64_t word, before = 0, end, slash, odd;

	if (!page_is_there(path) || path[0] != '/')
		return false;
	for (word = words_first(path);; word = *at) {
		end = words_equal(word, 0);
		slash = words_equal(word, '/');
		odd = (slash << 8 | before) & (slash | words_equal(word, '.'));
		if (end)
			return !(odd & ((end & -end) - 1));
		if (odd)
			return false;
		before = slash >> 56;
		at++;
		if (__builtin_expect((uintptr_t)at % PAGE == 0, 0) && !page_is_there((const char *)at))
			return false;
	}
}

/**
 * readable_empty() - Whether a string is empty
 */
bool readable_empty(const char *string)
{
	return page_is_there(string) && !*string;
}

/**
 * readable_path() - Check the pointer to a path
 *
 * Return: 0, -EFAULT, -ENAMETOOLONG; as from a kernel that copies it
 */
long readable_path(const char *path)
{
	long length = rump__self.ht ? rump__scan(path, PATH_ROOM) : scan(path, PATH_ROOM);

	if (length == PATH_ROOM)
		return -ENAMETOOLONG;
	return length < 0 ? length : 0;
}

/**
 * readable_memory() - Whether all of a piece of memory can be read
 */
bool readable_memory(const void *memory, size_t size)
{
	const char *at = memory, *end = at + size;
	char byte;

	if (end < at)
		return false;
	for (; at < end; at = (const char *)(((uintptr_t)at | (PAGE - 1)) + 1))
		if (!(rump__self.ht ? peek(&byte, at, 1) : page_is_there(at)))
			return false;
	return true;
}

/**
 * readable_forget() - The program is about to unmap or protect memory
 */
void readable_forget(void)
{
	__atomic_fetch_add(&generation, 1, __ATOMIC_RELEASE);
}
