/* SPDX-License-Identifier: BSD-2-Clause */
/* unix.h - unix sockets follow their path */
#ifndef HIJACK_UNIX_H
#define HIJACK_UNIX_H

#include <stdbool.h>
#include <stdint.h>

#define SUN_ROOM 110 /* struct sockaddr_un */

/* struct msghdr and struct mmsghdr, as the kernel has them */
struct message {
	void *name;
	uint32_t name_length;
	void *iov;
	uint64_t iov_length;
	void *control;
	uint64_t control_length;
	uint32_t flags;
};

struct message_vector {
	struct message message;
	uint32_t length;
};

/* Let a message to a path of the rump kernel go to that kernel's name; @room: SUN_ROOM bytes. */
bool unix_names_rump(struct message *message, char *room);
/* Make the socket anew in the rump kernel, if it is the host's; 0 or a negated errno. */
long unix_follow(unsigned int fd);
/* A call on a rump socket has stored a name where there is @room for one: let it be the program's. */
void unix_name_back(void *address, uint32_t *length, uint32_t room);

#endif
