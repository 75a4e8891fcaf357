/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.c - host memory for the kernel
 */
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define ADDRESS_BITS 47 /* of user space on the hosts we know; more need not be asked for */

/**
 * map_pages() - Map zeroed private memory
 * @addr:	address that would be liked, or NULL
 * @size:	bytes
 * @prot:	PROT_*
 *
 * Return: its address, or MAP_FAILED with errno set
 */
static void *map_pages(void *addr, size_t size, int prot)
{
	return mmap(addr, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/**
 * map_aligned() - Map zeroed private memory at a multiple of @align
 * @size:	bytes, whole pages
 * @align:	power of two, more than a page
 * @prot:	PROT_*
 *
 * Maps enough to hold an aligned piece and unmaps what is around that.
 *
 * Return: its address, or MAP_FAILED with errno set
 */
static void *map_aligned(size_t size, size_t align, int prot)
{
	uintptr_t base, start;
	size_t total;
	void *mem;

	if (__builtin_add_overflow(size, align, &total)) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	mem = map_pages(NULL, total, prot);
	if (mem == MAP_FAILED)
		return mem;
	base = (uintptr_t)mem;
	start = (base + align - 1) & ~(align - 1);
	if (start > base)
		munmap((void *)base, start - base);
	if (base + total > start + size)
		munmap((void *)(start + size), base + total - (start + size));
	return (void *)start;
}

int rumpuser_malloc(size_t len, int alignment, void **memp)
{
	size_t align = alignment ? (size_t)alignment : _Alignof(max_align_t);

	if (alignment < 0 || (align & (align - 1)))
		return ru_errno(EINVAL);
	if (align < sizeof(void *))
		align = sizeof(void *);
	if (len == 0)
		len = 1;
	return ru_errno(posix_memalign(memp, align, len));
}

void rumpuser_free(void *mem, size_t len)
{
	(void)len;
	free(mem);
}

int rumpuser_anonmmap(void *prefaddr, size_t size, int alignbit, int exec, void **memp)
{
	int prot = PROT_READ | PROT_WRITE | (exec ? PROT_EXEC : 0);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t align, whole;
	void *mem;

	if (alignbit < 0 || alignbit > ADDRESS_BITS || size == 0)
		return ru_errno(EINVAL);
	align = (size_t)1 << alignbit;
	if (__builtin_add_overflow(size, page - 1, &whole))
		return ru_errno(ENOMEM);
	whole &= ~(page - 1);

	mem = map_pages(prefaddr, whole, prot);
	if (mem == MAP_FAILED)
		return ru_errno(errno);
	if ((uintptr_t)mem & (align - 1)) {
		munmap(mem, whole);
		mem = map_aligned(whole, align, prot);
		if (mem == MAP_FAILED)
			return ru_errno(errno);
	}
	*memp = mem;
	return 0;
}

void rumpuser_unmap(void *addr, size_t len)
{
	if (munmap(addr, len) == -1)
		ru_panic("unmap of %zu bytes at %p: error %d", len, addr, errno);
}
