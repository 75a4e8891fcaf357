/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_TLB_H
#define _ASM_RUMP_TLB_H

#include <linux/pagemap.h>

#define tlb_flush tlb_flush
static inline void tlb_flush(struct mmu_gather *tlb);

#include <asm-generic/tlb.h>

static inline void tlb_flush(struct mmu_gather *tlb)
{
	if (tlb->fullmm || tlb->need_flush_all)
		rump_unmap_window(tlb->mm, 0, TASK_SIZE);
	else if (tlb->end)
		rump_unmap_window(tlb->mm, tlb->start, tlb->end);
}

#endif
