/* SPDX-License-Identifier: BSD-2-Clause */
/* outsider.h - programs that the shim is not loaded into */
#ifndef HIJACK_OUTSIDER_H
#define HIJACK_OUTSIDER_H

#include <stdbool.h>

/* Why a program of the host would not be hijacked, or NULL. @dir, @path, @flags: as for execveat(2). */
const char *outsider_on_host(long dir, const char *path, unsigned long flags);
/* The same of a file that is executed by descriptor, and gives nobody privileges. */
const char *outsider_file(long fd, const char *path);
/* It is about to be executed all the same: say so. */
void outsider_leaves(const char *path, const char *reason);

#endif
