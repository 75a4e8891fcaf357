/* SPDX-License-Identifier: BSD-2-Clause */
/* connect.h - connections to kernels with a name */
#ifndef HIJACK_CONNECT_H
#define HIJACK_CONNECT_H

int connect_named(const char *value, const char *runtime);
void connect_checked(const char *value, long result);

#endif
