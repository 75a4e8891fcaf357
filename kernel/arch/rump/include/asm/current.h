/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_CURRENT_H
#define _ASM_RUMP_CURRENT_H

#ifndef __ASSEMBLY__

#include <asm/kstack.h>

static __always_inline struct task_struct *get_current(void)
{
	return kstack_base()->task;
}

#define current get_current()

#endif

#endif
