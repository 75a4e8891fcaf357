/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/* map.h - addresses of a rump kernel in its processes */
#ifndef _UAPI_ASM_RUMP_MAP_H
#define _UAPI_ASM_RUMP_MAP_H

/*
 * The map, the same in every process of one kernel. The hypercall table is a
 * private page, since host code lies elsewhere in each process; the other
 * areas are reserved and filled with pages of the memfd.
 */
#define RUMP_HYP_ADDR		0x2ffffffff000
#define RUMP_VMAP_FOLLOWED	0x2ffffffffff8	/* the end of that page, see mm/vmap.c */
#define RUMP_IMAGE_ADDR		0x300000000000	/* the memfd, from offset 0 */
#define RUMP_VMEMMAP_ADDR	0x308000000000	/* struct pages: the memfd behind RAM */
#define RUMP_VMALLOC_ADDR	0x310000000000
#define RUMP_VMALLOC_END	0x311000000000
#define RUMP_WINDOW_ADDR	0x320000000000	/* rump files that the process maps */
#define RUMP_WINDOW_END		0x330000000000

#endif
