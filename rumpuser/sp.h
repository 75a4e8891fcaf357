/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sp.h - what the files of the system call server share
 *
 * Theory of operation
 *
 *	sp.c		the server's life, and its thread: accepts, reads, hands out
 *	sp_url.c	from a URL to a listening socket
 *	sp_client.c	a client's life, and its messages
 *	sp_request.c	what clients ask for
 *	sp_copy.c	what the kernel asks clients for
 *	sp_lwproc.c	upcalls about processes
 *	sp_job.c	threads to do work
 *
 * One thread reads from all clients. It never blocks on a client and never makes
 * an upcall: whatever may do either is a job for a thread of sp_job.c. So a client's
 * answer to a copyin is always read, whatever else goes on.
 *
 * A client is referred to by its connection and by each of its jobs. The last to let
 * go ends its process and frees it. A client that hangs up gets one more job, which the
 * connection's reference goes to: it interrupts the others.
 *
 * Locks, none held during an upcall but @main_lock, and taken in this order:
 * main_lock, sp_clients_lock, client's lock. @send_lock is taken alone.
 */
#ifndef RUMPUSER_SP_H
#define RUMPUSER_SP_H

#include "internal.h"
#include "sp_proto.h"

enum sp_state {
	SP_GREETING, /* no banner from it yet */
	SP_STRANGER, /* no process yet */
	SP_JOINING, /* a process is being made */
	SP_MEMBER, /* has a process */
	SP_EXECING, /* has one, whose other threads are being interrupted */
	SP_DYING, /* disconnected */
};

/* A message that was received; the payload follows. */
struct sp_message {
	struct sp_frame frame;
	char payload[];
};

struct sp_job;
struct sp_waiter;

struct sp_client {
	struct sp_client *next; /* sp_clients_lock */
	int fd;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t idle; /* @jobs went down */
	enum sp_state state;
	unsigned int refs;
	unsigned int jobs;
	unsigned int outstanding; /* of its requests, not answered yet */
	struct sp_job *calls; /* system calls that run */
	struct sp_waiter *waiters; /* requests to the client without a reply yet */
	uint64_t seq; /* of the last of those */
	struct sp_key *keys; /* given out by SP_PREFORK */
	unsigned int nkeys;
	bool has_process;
	char comm[SP_COMM_MAX];
	struct sp_job *farewell; /* made ahead, for when it hangs up */

	pthread_mutex_t main_lock; /* held while a thread runs as @main_lwp */
	struct lwp *main_lwp; /* these two are set before SP_MEMBER is */
	pid_t pid;

	pthread_mutex_t send_lock; /* keeps messages to it whole */

	/* What has arrived of the next message; the server's thread only. */
	size_t have;
	char banner[SP_BANNER_MAX];
	struct sp_frame head;
	struct sp_message *message;
};

struct sp_job {
	struct sp_job *next; /* in the queue, or in the client's list of calls */
	struct sp_client *client; /* referred to */
	struct sp_message *request; /* NULL: the client has hung up */
	bool answered; /* client's lock */
};

/* sp_url.c */
int sp_url_listen(const char *url, int *fdp, char **pathp);

/* sp_client.c */
extern pthread_mutex_t sp_clients_lock;
extern struct sp_client *sp_clients;
struct sp_client *sp_client_new(int fd);
void sp_client_release(struct sp_client *client);
struct sp_client *sp_client_by_key(const struct sp_key *key);
void sp_client_disconnect(struct sp_client *client);
int sp_client_receive(struct sp_client *client, struct sp_message **messagep);
int sp_client_send(struct sp_client *client, const struct sp_frame *frame, const void *head,
		   size_t headlen, const void *data, size_t datalen);

/* sp_request.c */
void sp_job_run(struct sp_job *job);
void sp_answer_stopper(struct sp_client *client);

/* sp_copy.c */
void sp_waiters_kick(struct sp_client *client);
void sp_reply_deliver(struct sp_client *client, struct sp_message *message);

/* sp_lwproc.c */
int sp_up_rfork(struct sp_client *client, int flags, const char *comm);
int sp_up_newlwp(pid_t pid);
void sp_up_release(void);
void sp_up_switch(struct lwp *l);
struct lwp *sp_up_curlwp(void);
pid_t sp_up_getpid(void);
int sp_up_syscall(int nr, void *args, long *retval);
void sp_up_lwpexit(void);
void sp_up_execnotify(const char *comm);

/* sp_job.c */
int sp_job_submit(struct sp_job *job);

#endif /* RUMPUSER_SP_H */
