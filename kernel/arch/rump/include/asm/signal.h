/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_SIGNAL_H
#define _ASM_RUMP_SIGNAL_H

/* As on the host: 64 signals, one word. */
#define _NSIG		64
#define _NSIG_BPW	__BITS_PER_LONG
#define _NSIG_WORDS	(_NSIG / _NSIG_BPW)

#ifndef __ASSEMBLY__

#include <linux/types.h>

typedef unsigned long old_sigset_t;

typedef struct {
	unsigned long sig[_NSIG_WORDS];
} sigset_t;

#endif

#include <uapi/asm/signal.h>

#ifndef __ASSEMBLY__
#define __ARCH_HAS_SA_RESTORER
#include <asm/sigcontext.h>
#endif

#endif
