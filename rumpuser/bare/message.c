// SPDX-License-Identifier: BSD-2-Clause
/* message.c - messages of unix sockets that may carry a descriptor */
#include <stdint.h>

#include "message.h"
#include "raw.h"
#include "str.h"

#define SOL_SOCKET	 1
#define SCM_RIGHTS	 1
#define MSG_NOSIGNAL	 0x4000
#define MSG_CMSG_CLOEXEC 0x40000000

struct vector {
	void *base;
	size_t length;
};

struct header {
	void *name;
	uint32_t name_length;
	struct vector *vector;
	size_t vector_length;
	void *control;
	size_t control_length;
	uint32_t flags;
};

struct control {
	size_t length;
	int32_t level;
	int32_t type;
	int32_t fd;
	int32_t padding;
};

#define CONTROL_LENGTH (offsetof(struct control, padding))

/**
 * message_send() - Send a message
 * @fd:	descriptor to go with it, or -1
 *
 * Return: bytes or a negated errno; there is no SIGPIPE
 */
long message_send(int socket, const void *data, size_t size, int fd)
{
	struct vector vector = {(void *)data, size};
	struct control control = {CONTROL_LENGTH, SOL_SOCKET, SCM_RIGHTS, fd, 0};
	struct header header = {.vector = &vector, .vector_length = 1};

	if (fd >= 0) {
		header.control = &control;
		header.control_length = sizeof(control);
	}
	return raw3(__NR_sendmsg, socket, &header, MSG_NOSIGNAL);
}

/**
 * message_receive() - Receive a message
 * @fd:	what came with it, close-on-exec, or -1
 *
 * Return: bytes, 0 at the end, or a negated errno
 */
long message_receive(int socket, void *data, size_t size, int *fd)
{
	struct vector vector = {data, size};
	struct control control = {0, 0, 0, -1, 0};
	struct header header = {.vector = &vector,
				.vector_length = 1,
				.control = &control,
				.control_length = sizeof(control)};
	long result = raw3(__NR_recvmsg, socket, &header, MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (result > 0 && control.length == CONTROL_LENGTH && control.type == SCM_RIGHTS)
		*fd = control.fd;
	return result;
}
