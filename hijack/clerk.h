/* SPDX-License-Identifier: BSD-2-Clause */
/* clerk.h - the server's thread that makes calls into the kernel */
#ifndef HIJACK_CLERK_H
#define HIJACK_CLERK_H

#include <stdbool.h>

struct request;

long clerk_start(void);
long clerk_give(const struct request *request, int reply);
void clerk_done(void);
bool clerk_is_busy(void);

#endif
