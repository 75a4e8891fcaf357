/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_call.h - requests beyond the system calls, as the shim makes them */
#ifndef LIBRUMP_CALL_H
#define LIBRUMP_CALL_H

#include "librump_test.h"
#include "../../kernel/arch/rump/include/uapi/asm/rump.h"

static inline long rump_call(long nr, long a, long b, long c, long d, long e)
{
	return rump_sys_syscall(nr, a, b, c, d, e, 0L);
}

#endif
