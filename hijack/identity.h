/* SPDX-License-Identifier: BSD-2-Clause */
/* identity.h - who a process is that joins the kernel */
#ifndef HIJACK_IDENTITY_H
#define HIJACK_IDENTITY_H

#include <stdint.h>

/**
 * struct identity - What the server says of a process that joins
 * @uid, @gid:	of the process, effective, as the server's user namespace has them
 * @capabilities: of the server, on the host
 */
struct identity {
	uint32_t uid, gid;
	uint64_t capabilities;
};

uint64_t identity_capabilities(void);
void identity_take(const struct identity *seen);

#endif
