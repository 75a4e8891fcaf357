/* SPDX-License-Identifier: BSD-2-Clause */
/* rump.h - a kernel in this process: rump(3) */
#ifndef RUMP_RUMP_H
#define RUMP_RUMP_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * rump_init() - Boot the kernel
 *
 * Return: 0, also if it is up already, or an errno value after a message on stderr
 */
__attribute__((visibility("default"))) int rump_init(void);

#ifdef __cplusplus
}
#endif

#endif
