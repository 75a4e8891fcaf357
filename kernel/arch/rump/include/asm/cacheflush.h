/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_CACHEFLUSH_H
#define _ASM_RUMP_CACHEFLUSH_H

/* Called with the kernel's page tables filled: map the pages on the host. */
void flush_cache_vmap(unsigned long start, unsigned long end);
#define flush_cache_vmap flush_cache_vmap

#include <asm-generic/cacheflush.h>

#endif
