/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_TLBFLUSH_H
#define _ASM_RUMP_TLBFLUSH_H

#include <linux/mm.h>

/* The "TLB" is the set of mappings that the host holds in a process's window. */
static inline void flush_tlb_mm(struct mm_struct *mm)
{
	rump_unmap_window(mm, 0, TASK_SIZE);
}

static inline void flush_tlb_range(struct vm_area_struct *vma, unsigned long start,
				   unsigned long end)
{
	rump_unmap_window(vma->vm_mm, start, end);
}

static inline void flush_tlb_page(struct vm_area_struct *vma, unsigned long addr)
{
	rump_unmap_window(vma->vm_mm, addr, addr + PAGE_SIZE);
}

void flush_tlb_all(void);
void flush_tlb_kernel_range(unsigned long start, unsigned long end);

#endif
