/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
#ifndef _UAPI_ASM_RUMP_PTRACE_H
#define _UAPI_ASM_RUMP_PTRACE_H

/* Registers live in the host thread, where the host's ptrace(2) reads them. */

#endif
