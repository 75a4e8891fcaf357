/* SPDX-License-Identifier: BSD-2-Clause */
/* identity.h - who a process is that joins the kernel */
#ifndef HIJACK_IDENTITY_H
#define HIJACK_IDENTITY_H

#include <stdint.h>

#define STANDING_GROUPS 32

/**
 * struct standing - What a process is on the host
 * @uid, @gid:	real, effective, saved
 * @ngroups:	its supplementary groups in @groups, or STANDING_MANY
 * @fsize:	RLIMIT_FSIZE
 *
 * Compared as bytes.
 */
struct standing {
	uint32_t uid[3], gid[3];
	uint32_t ngroups, groups[STANDING_GROUPS];
	uint32_t unused;
	uint64_t effective, permitted, inheritable;
	uint64_t fsize[2];
};

#define STANDING_MANY (~0u)

/**
 * struct identity - What the server says of a process that joins
 * @uid, @gid:	of the process, effective, as the server's user namespace has them
 * @server:	what the server is itself
 */
struct identity {
	uint32_t uid, gid;
	struct standing server;
};

void identity_standing(struct standing *standing);
void identity_take(const struct identity *seen);

#endif
