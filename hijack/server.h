/* SPDX-License-Identifier: BSD-2-Clause */
/* server.h - what the processes of a kernel and the one that keeps it say to each other
 *
 * All processes of a tree have one end of a SOCK_SEQPACKET pair, the control socket, inherited by
 * fork and exec; the server has the other. A request with an answer carries a socket for it. When the
 * server reads the end of the control socket, no process is left.
 */
#ifndef HIJACK_SERVER_H
#define HIJACK_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "../kernel/lib/core.h"

enum request_type {
	REQUEST_HELLO,	/* answered when the kernel is up and all is mounted */
	REQUEST_ATTACH, /* @pid wants to be a process; answered with the memfd */
	REQUEST_LAYOUT, /* the same for a process that is one, and has executed a program */
	REQUEST_BORN,	/* @pid is a process, named @process: see to its burial; no answer */
	REQUEST_BELL,	/* here is an eventfd for the kernel to ring; answered with its number there */
	REQUEST_END,	/* @pid is about to end; answered when nothing more is to be written */
};

struct request {
	uint32_t type;
	int32_t pid;
	uint64_t process;
};

struct answer {
	int64_t result; /* of ATTACH the process, or a negated errno */
	struct rump__layout layout;
};

/* server.c */
_Noreturn void server_main(int control);

/* client.c */
/* Of a program that is executed, or was. */
extern bool client_cwd_is_rump, client_root_is_rump;
void client_configure(const char *value);
void client_prepare(void);
bool client_was_process(void);
unsigned long client_process(void);
void client_is(unsigned long process);
long client_join(const struct rump__setup *setup);
void client_born(int pid, unsigned long process);
int client_bell(int fd);
void client_end(void);
const char *client_variable(char *room, size_t size);

#endif
