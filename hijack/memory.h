/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.h - what dispatch.c needs of memory.c */
#ifndef HIJACK_MEMORY_H
#define HIJACK_MEMORY_H

#include "call.h"

extern bool memory_used; /* rump files have been mapped */

long memory_retry(struct hijack_call *call);

#endif
