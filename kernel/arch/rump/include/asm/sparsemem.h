/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_SPARSEMEM_H
#define _ASM_RUMP_SPARSEMEM_H

/*
 * Memory grows by sections as it is needed (mm/grow.c), so they are small;
 * 256 GiB is what the window between RUMP_IMAGE_ADDR and RUMP_VMEMMAP_ADDR
 * and common sense allow.
 */
#define SECTION_SIZE_BITS	24
#define MAX_PHYSMEM_BITS	38

#endif
