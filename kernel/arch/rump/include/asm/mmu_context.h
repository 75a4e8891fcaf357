/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_MMU_CONTEXT_H
#define _ASM_RUMP_MMU_CONTEXT_H

/*
 * The host switches address spaces with its processes; a context that needs
 * its process's memory is handed to a thread of that process (carrier.c).
 */
#include <asm/watch.h>

struct mm_struct;
struct task_struct;
struct vm_area_struct;

static inline int arch_dup_mmap(struct mm_struct *old, struct mm_struct *mm)
{
	return 0;
}

static inline void arch_exit_mmap(struct mm_struct *mm)
{
	rump_watch_mm_exit(mm);
}

static inline bool arch_vma_access_permitted(struct vm_area_struct *vma, bool write, bool execute,
					     bool foreign)
{
	return true;
}

void rump_post_switch(void);
#define finish_arch_post_lock_switch	rump_post_switch

static inline void switch_mm(struct mm_struct *prev, struct mm_struct *next,
			     struct task_struct *tsk)
{
}

#include <asm-generic/mmu_context.h>

#endif
