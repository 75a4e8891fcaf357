/* SPDX-License-Identifier: BSD-2-Clause */
/* server.h - what the processes of a kernel and the one that keeps it say to each other
 *
 * A control socket is a SOCK_SEQPACKET connection to the server. All processes of a tree have the one
 * that its first process had, inherited by fork and exec. A request with an answer carries a socket for
 * it. The server of a kernel without a name ends when it reads the end of its last control socket, as
 * no process is left then.
 */
#ifndef HIJACK_SERVER_H
#define HIJACK_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "../kernel/lib/core.h"
#include "identity.h"

enum request_type {
	REQUEST_HELLO,	  /* answered when the kernel is up and all is mounted */
	REQUEST_ATTACH,	  /* @pid wants to be a process; answered with the memfd, and the lifeline behind */
	REQUEST_LAYOUT,	  /* the same for a process that is one, and has executed a program */
	REQUEST_BORN,	  /* @pid is a process, named @process: see to its burial; no answer */
	REQUEST_BELL,	  /* here is an eventfd for the kernel to ring; answered with its number there */
	REQUEST_BELL_DROP, /* that eventfd, number @process there, is not rung any more; no answer */
	REQUEST_LIFELINE, /* answered with a description of its own of the lifeline */
	REQUEST_END,	  /* @pid is about to end; answered when nothing more is to be written */
	REQUEST_PLACES,	  /* answered with a struct places_answer */
	REQUEST_STATUS,	  /* answered with the number of processes, and its pid in the upper half */
	REQUEST_HALT,	  /* end; @process: also if processes use the kernel. -EBUSY, or no answer but the end */
	REQUEST_PARCEL,	  /* here is the writing end of ticket @process: a file waits for its readers; answered */
	REQUEST_CLAIM,	  /* here is a file for a rump socket: hold it; answered with a claim's number (claims.c) */
	REQUEST_CLAIMED,  /* answered with the file of claim @process */
	REQUEST_KNOWS,	  /* answered with whether @pid is a process, or may be soon; < 0: any of a group, 0: any */
	REQUEST_FIRST,	  /* answered with whether nobody has asked the same, @process, before */
	REQUEST_STARTED,  /* of the server's own: a process has joined, @process, or could not, 0 */
	REQUEST_DROPPED,  /* of the server's own: ticket @process is forgotten */
	REQUEST_MADE,	  /* of the server's own: claim @process is made, or is not */
	REQUEST_SWEEP,	  /* of the server's own: look for claims that nobody has, and answer the same */
	REQUEST_HALTED,	  /* of the server's own: the images are clean */
};

struct request {
	uint32_t type;
	int32_t pid;
	uint64_t process;
};

struct answer {
	int64_t result; /* of ATTACH the process, or a negated errno; -EPERM for another user's process,
			   -EXDEV for one of another pid namespace */
	struct identity identity; /* of who asks ATTACH */
	struct rump__layout layout;
};

#define PLACES_TEXT 3072

/* RUMPHIJACK, for processes that attach and have none of their own. */
struct places_answer {
	int64_t result;
	char text[PLACES_TEXT];
};

/* server.c */
_Noreturn void server_main(int control);
void server_send_kernel(int reply, long result);

/* client.c */
/* There is a server; the kernel may be needed yet. */
extern bool client_has_kernel;
/* Of a program that was executed; and whether the root is the kernel's. */
extern bool client_cwd_is_rump, client_root_is_rump;

/**
 * struct borrower - Who a vfork child is, which has its parent's memory
 * @is:		the calling thread is one
 * @process:	for the kernel, or 0
 */
extern __thread struct borrower {
	bool is;
	unsigned long process;
} client_borrower __attribute__((tls_model("initial-exec")));
void client_configure(const char *value, const char *runtime);
long client_lifeline(void);
const char *client_places(void);
void client_prepare(void);
bool client_was_process(void);
void client_executes(bool cwd, bool root_too);
void client_is(unsigned long process);
unsigned long client_process(void);
long client_join(const struct rump__setup *setup);
void client_born(int pid, unsigned long process);
long client_bell(int fd);
void client_bell_drop(int number);
long client_parcel(int fd, uint64_t ticket);
long client_claim(int fd);
long client_claimed(uint64_t number);
bool client_first(uint64_t what);
bool client_knows(int whom);
void client_end(void);
const char *client_variable(char *room, size_t size);

#endif
