/* SPDX-License-Identifier: BSD-2-Clause */
/* rights.h - descriptors of one kernel in messages of the other's sockets */
#ifndef HIJACK_RIGHTS_H
#define HIJACK_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "unix.h"

#define SOL_SOCKET 1
#define SCM_RIGHTS 1
#define RIGHTS_MAX 253 /* SCM_MAX_FD */

/* struct cmsghdr, as the kernel has it */
struct control {
	uint64_t length;
	int32_t level;
	int32_t type;
	int32_t fds[];
};

/* The shim's descriptors of tickets, or of claims (@rump), till the message is sent. */
struct tickets {
	bool rump;
	unsigned int n;
	int32_t fds[RIGHTS_MAX];
};

/*
 * Put tickets in the place of rump descriptors, or claims in that of the host's if the socket is rump's;
 * @room: PATH_ROOM bytes. 0 or a negated errno.
 */
long rights_pack(struct message *message, bool rump, char *room, struct tickets *tickets);
void rights_sent(struct tickets *tickets);
/* A message has come: let tickets and claims become what they stand for. */
void rights_unpack(const struct message *message, bool cloexec);

#endif
