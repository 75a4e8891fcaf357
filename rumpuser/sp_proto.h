/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sp_proto.h - what a remote client and the kernel say to each other
 *
 * Theory of operation
 *
 * A client is a process whose system calls a rump kernel in another process
 * performs. They talk over one stream socket. All numbers are little-endian.
 *
 * 1. Banners. The server sends a line SP_BANNER_FORMAT; the client checks the major
 *    version and answers with a line that begins "RUMPSP <major>.", its rest free.
 *    From then on both send frames: struct sp_frame, and payload up to @size.
 *
 * 2. Handshake. The client's first request is SP_GUEST, which makes it a new
 *    process, or SP_FORKED, which makes it a copy of the process that got the key it
 *    shows. All other requests are refused with EPERM before that.
 *
 * 3. Requests and replies. Each request gets one reply with the same @type and @seq,
 *    but for SP_RAISE, which gets none. Each side numbers its own requests. A
 *    client may have SP_MAX_REQUESTS outstanding. While one of its system calls
 *    runs, the server requests pieces of the client's memory, or other favours; a
 *    client must answer those at all times, for replies to its own requests wait for
 *    that. A reply with @error has no payload.
 *
 * 4. fork(2) and exec(2). Before a client forks it sends SP_PREFORK and gets a key that
 *    works once and as long as the parent's connection; the child connects by itself
 *    and shows it in SP_FORKED. A client that keeps its connection over an exec
 *    sends SP_EXEC first thing after: system calls of the threads that are gone are
 *    interrupted, and the kernel learns the new name.
 *
 * 5. Parting. Either side closes. What still runs for the client is interrupted, and
 *    its process ends.
 *
 * Whoever breaks the rules of framing is disconnected. A tcp:// server trusts
 * whoever can connect.
 */
#ifndef RUMPUSER_SP_PROTO_H
#define RUMPUSER_SP_PROTO_H

#include <stdint.h>

#define SP_VERSION_MAJOR 1
#define SP_VERSION_MINOR 0

/* Version, ostype, osrelease, machine. */
#define SP_BANNER_FORMAT "RUMPSP %d.%d %s %s %s\n"
#define SP_BANNER_MAX	 256

#define SP_CHUNK	(256 * 1024) /* most memory in one copy; more is copied in steps */
#define SP_PAYLOAD_MAX	(SP_CHUNK + 64) /* a chunk and what says where it goes */
#define SP_ARGS_MAX	256 /* bytes of system call arguments */
#define SP_COMM_MAX	64 /* bytes of a program's name, its NUL included */
#define SP_MAX_REQUESTS 256 /* that one client has outstanding */

enum sp_kind {
	SP_REQUEST = 1,
	SP_REPLY = 2,
};

enum sp_type {
	/* Requests of the client */
	SP_GUEST = 1, /* payload: program name with NUL */
	SP_FORKED = 2, /* payload: struct sp_key */
	SP_PREFORK = 3, /* reply: struct sp_key */
	SP_EXEC = 4, /* payload: program name with NUL */
	SP_SYSCALL = 5, /* @arg: number; payload: arguments; reply: struct sp_retval */

	/* Requests of the server */
	SP_COPYIN = 16, /* payload: struct sp_range; reply: so many bytes */
	SP_COPYINSTR = 17, /* payload: struct sp_range; reply: bytes up to a NUL or that many */
	SP_COPYOUT = 18, /* payload: struct sp_range and as many bytes */
	SP_ANONMMAP = 19, /* payload: struct sp_range without address; reply: struct sp_range */
	SP_RAISE = 20, /* @arg: signal number; no reply */
};

/**
 * struct sp_frame - what each message begins with
 * @size:	bytes of the whole message, this included
 * @kind:	SP_REQUEST or SP_REPLY
 * @type:	enum sp_type
 * @seq:	number of the request
 * @error:	in a reply, 0 or why it was refused; an error of the kernel's
 * @arg:	see enum sp_type
 */
struct sp_frame {
	uint32_t size;
	uint16_t kind;
	uint16_t type;
	uint64_t seq;
	int32_t error;
	uint32_t arg;
};

/**
 * struct sp_key - permission to become the copy of a process
 * @pid:	the process
 * @secret:	what only it was told
 */
struct sp_key {
	uint64_t pid;
	uint64_t secret[2];
};

/**
 * struct sp_range - a piece of the client's memory
 * @addr:	its address
 * @len:	its size in bytes
 */
struct sp_range {
	uint64_t addr;
	uint64_t len;
};

/**
 * struct sp_retval - what a system call returned
 * @value:	its two return values
 */
struct sp_retval {
	int64_t value[2];
};

#endif /* RUMPUSER_SP_PROTO_H */
