/* SPDX-License-Identifier: BSD-2-Clause */
/* sources.h - the files of the server: what it waits for, whom it watches */
#ifndef HIJACK_SOURCES_H
#define HIJACK_SOURCES_H

#include <stdbool.h>
#include <stdint.h>

enum source_type {
	SOURCE_NONE,
	SOURCE_CONTROL,	   /* processes ask */
	SOURCE_LISTEN,	   /* others want to */
	SOURCE_PROCESS,	   /* a pidfd: it has ended */
	SOURCE_UNDERTAKER, /* likewise */
	SOURCE_PARCEL,	   /* the writing end of a ticket: nobody has the other one any more */
	SOURCE_CLAIMS,	   /* the bell of files that are held (claims.c) */
	SOURCE_LEFT,	   /* a parcel that is to be dropped; nothing is waited for */
	SOURCE_TYPES,
};

/**
 * struct source - What the server waits for
 * @fd:		it, closed with it
 * @pid:	of a process
 * @process:	what the kernel calls it, or what it is the undertaker of; of a parcel, the ticket
 * @refused:	of a control socket: who is at its other end may not use this kernel
 */
struct source {
	enum source_type type;
	int fd;
	int pid;
	bool refused;
	uint64_t process;
};

/* sources.c */
extern unsigned int sources_count[SOURCE_TYPES];
long sources_start(void);
struct source *source_add(enum source_type type, int fd);
void source_end(struct source *source, enum source_type type);
void source_drop(struct source *source);
void source_forget(struct source *source);
struct source *source_of_type(enum source_type type);
struct source *source_wait(void);
struct source *source_of(enum source_type type, uint64_t process);

/* watched.c */
extern bool watched_missed; /* there are processes that could not be watched */
void watched_add(int pid, uint64_t process);
void watched_search(void);
void watched_ended(struct source *source);
bool watched_is_last(int pid);
bool watched_knows(int whom);
_Noreturn void server_give_up(void);

/* server.c */
void server_unlink(void);
void server_ended(int pid);

/* ringers.c */
long ringers_take(int pid, int reply);
void ringers_drop(int pid, int fd);
void ringers_drop_all(int pid);

#endif
