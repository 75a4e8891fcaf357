/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_MMU_CONTEXT_H
#define _ASM_RUMP_MMU_CONTEXT_H

/*
 * The host switches address spaces with its processes; a context that needs
 * its process's memory is handed to a thread of that process (carrier.c).
 */
#include <asm-generic/mm_hooks.h>

struct mm_struct;
struct task_struct;

void rump_post_switch(void);
#define finish_arch_post_lock_switch	rump_post_switch

static inline void switch_mm(struct mm_struct *prev, struct mm_struct *next,
			     struct task_struct *tsk)
{
}

#include <asm-generic/mmu_context.h>

#endif
