/* SPDX-License-Identifier: BSD-2-Clause */
/* message.h - messages of unix sockets that may carry a descriptor */
#ifndef RUMPUSER_BARE_MESSAGE_H
#define RUMPUSER_BARE_MESSAGE_H

#include <stddef.h>

long message_send(int socket, const void *data, size_t size, int fd);
long message_receive(int socket, void *data, size_t size, int *fd);

#endif
