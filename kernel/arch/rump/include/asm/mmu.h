/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_MMU_H
#define _ASM_RUMP_MMU_H

struct rump_process;

typedef struct {
	struct rump_process *proc;	/* host process whose window this fills */
} mm_context_t;

#endif
