/* SPDX-License-Identifier: BSD-2-Clause */
/* thread.h - host threads of the kernel's own */
#ifndef HIJACK_THREAD_H
#define HIJACK_THREAD_H

int thread_start(void (*fn)(void *argument), void *argument, const char *name);

#endif
