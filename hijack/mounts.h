/* SPDX-License-Identifier: BSD-2-Clause */
/* mounts.h - RUMP_MOUNT */
#ifndef HIJACK_MOUNTS_H
#define HIJACK_MOUNTS_H

#include <stdbool.h>

bool mounts_read(const char *value);
bool mounts_mount(void);

extern const char *mounts_directory; /* what relative names in RUMP_MOUNT are relative to */

#endif
