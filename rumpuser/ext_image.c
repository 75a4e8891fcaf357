/* SPDX-License-Identifier: BSD-2-Clause */
/* ext_image.c - the memory image: a memfd whose parts are mapped where the kernel says */
#include <linux/mman.h>

#include "ext.h"
#include "bare/raw.h"

#ifndef MADV_POPULATE_WRITE /* Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif

static int image_fd = -1;

void rumpuser_ext_setimage(int fd)
{
	image_fd = fd;
}

static int map_result(long ret)
{
	return raw_failed(ret) ? (int)ret : 0;
}

int rumpuser_ext_map(unsigned long addr, unsigned long off, unsigned long len, int prot)
{
	return map_result(raw_call(__NR_mmap, addr, len, prot, MAP_SHARED | MAP_FIXED, image_fd, off));
}

int rumpuser_ext_unmap(unsigned long addr, unsigned long len)
{
	return map_result(raw_call(__NR_mmap, addr, len, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0));
}

int rumpuser_ext_populate(unsigned long addr, unsigned long len)
{
	return raw3(__NR_madvise, addr, len, MADV_POPULATE_WRITE);
}

int rumpuser_ext_discard(unsigned long addr, unsigned long len)
{
	return raw3(__NR_madvise, addr, len, MADV_REMOVE);
}
