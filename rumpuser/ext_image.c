/* SPDX-License-Identifier: BSD-2-Clause */
/* ext_image.c - the memory image: a memfd whose parts are mapped where the kernel says */
#include <sys/mman.h>

#include "internal.h"
#include "ext.h"
#include "ext_raw.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static int image_fd = -1;

void rumpuser_ext_setimage(int fd)
{
	image_fd = fd;
}

static int map_result(long ret)
{
	return ret < 0 && ret > -4096 ? ret : 0;
}

int rumpuser_ext_map(unsigned long addr, unsigned long off, unsigned long len, int prot)
{
	return map_result(raw6(SYS_mmap, addr, len, prot, MAP_SHARED | MAP_FIXED, image_fd, off));
}

int rumpuser_ext_unmap(unsigned long addr, unsigned long len)
{
	return map_result(raw6(SYS_mmap, addr, len, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0));
}

int rumpuser_ext_populate(unsigned long addr, unsigned long len)
{
	return raw3(SYS_madvise, addr, len, MADV_POPULATE_WRITE);
}

int rumpuser_ext_discard(unsigned long addr, unsigned long len)
{
	return raw3(SYS_madvise, addr, len, MADV_REMOVE);
}
