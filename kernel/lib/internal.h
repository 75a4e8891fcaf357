/* SPDX-License-Identifier: BSD-2-Clause */
/* internal.h - what the files of librump share beyond the core; names begin with rump__ */
#ifndef RUMP_LIB_INTERNAL_H
#define RUMP_LIB_INTERNAL_H

#include "core.h"

/* thread.c */
int rump__threads_init(void);
int rump__host_thread(void (*fn)(void *), void *arg, const char *name);
void rump__thread_attached(void);

/* lwproc.c */
void rump__lwproc_forked(void);

/* howto.c */
void rump__howto_apply(struct rump__params *p, struct rump_hyp *h);
void rump__howto_devices(void);

#endif
