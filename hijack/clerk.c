// SPDX-License-Identifier: BSD-2-Clause
/* clerk.c - the server's thread that makes calls into the kernel
 *
 * Theory of operation
 *
 * The server's main thread must not (server.c). So what has to be done there is a job: a request, which
 * is sent to the clerk by a socket, who says by the same that it is done. He may have to wait for a virtual
 * CPU that a killed process holds, which only the main thread finds out; so that this never waits for
 * room in the socket, it sends a few jobs at a time, and the others wait in a ring.
 *
 * Who is to be answered goes along as a number: the threads share their descriptors, which may be few.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "claims.h"
#include "clerk.h"
#include "kernel.h"
#include "message.h"
#include "raw.h"
#include "server.h"
#include "state.h"
#include "thread.h"

#define WAITING	       2048 /* jobs; more than there may be processes */
#define AT_ONCE	       16   /* jobs in the socket, which has room for some hundreds */
#define AF_UNIX	       1
#define SOCK_SEQPACKET 5
#define SOCK_CLOEXEC   02000000

/**
 * struct job - What is to be done
 * @reply:	socket for the answer, closed with the job, or -1
 */
static struct job {
	struct request request;
	int reply;
} waiting[WAITING] RARELY;
static unsigned int first_waiting, nwaiting, nsent;

static int ends[2]; /* the main thread's, the clerk's */

/**
 * join() - A job: make a host process a process of the kernel
 */
static long join(int pid)
{
	long process = kernel_call(RUMP_CALL_FORK_PREPARE, 0, 0, 0, 0, 0, 0), result;

	if (raw_failed(process))
		return process;
	result = kernel_call(RUMP_CALL_FORK, process, 0, pid, 0, 0, 0);
	return raw_failed(result) ? result : process;
}

/**
 * work() - What the thread does
 */
static void work(void *unused)
{
	struct job job;
	int none;

	(void)unused;
	while (message_receive(ends[1], &job, sizeof(job), &none) == sizeof(job)) {
		const struct request request = job.request;
		struct request done = {REQUEST_HALTED, request.pid, 0};
		long result;

		if (request.type == REQUEST_HALT) {
			kernel_exit();
		} else if (request.type == REQUEST_DROPPED) {
			kernel_call(RUMP_CALL_PARCEL_DROP, (long)request.process, 0, 0, 0, 0, 0);
			done = request;
		} else if (request.type == REQUEST_SWEEP) {
			claims_sweep();
			done = request;
		} else if (request.type == REQUEST_CLAIM) {
			struct answer answer = {.result = claims_make(request.process)};

			message_send(job.reply, &answer, sizeof(answer), -1);
			done.type = REQUEST_MADE;
		} else {
			result = join(request.pid);
			done.type = REQUEST_STARTED;
			done.process = raw_failed(result) ? 0 : (uint64_t)result;
			server_send_kernel(job.reply, result);
		}
		if (job.reply >= 0)
			raw1(__NR_close, job.reply);
		message_send(ends[1], &done, sizeof(done), -1);
	}
}

/**
 * feed() - Send as many jobs as fit without waiting
 */
static void feed(void)
{
	while (nwaiting && nsent < AT_ONCE) {
		const struct job *job = &waiting[first_waiting];

		if (!raw_failed(message_send(ends[0], job, sizeof(*job), -1)))
			nsent++;
		else if (job->reply >= 0)
			raw1(__NR_close, job->reply);
		first_waiting = (first_waiting + 1) % WAITING;
		nwaiting--;
	}
}

/**
 * clerk_give() - Have something done
 * @reply:	where the answer goes, or -1
 *
 * Return: 0 or a negated errno
 */
long clerk_give(const struct request *request, int reply)
{
	long copy = reply < 0 ? -1 : raw3(__NR_fcntl, reply, F_DUPFD_CLOEXEC, 3);

	if (nwaiting == WAITING || (reply >= 0 && raw_failed(copy))) {
		if (copy >= 0)
			raw1(__NR_close, copy);
		return -EAGAIN;
	}
	waiting[(first_waiting + nwaiting++) % WAITING] = (struct job){*request, (int)copy};
	feed();
	return 0;
}

/**
 * clerk_done() - A message of the clerk's: one job less
 */
void clerk_done(void)
{
	nsent--;
	feed();
}

/**
 * clerk_is_busy() - Whether anything is to be done yet
 */
bool clerk_is_busy(void)
{
	return nwaiting || nsent;
}

/**
 * clerk_start() - Start the thread
 *
 * Return: the main thread's end of the socket, or a negated errno
 */
long clerk_start(void)
{
	long result = raw4(__NR_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);

	if (!raw_failed(result))
		result = thread_start(work, NULL, "rump-clerk");
	return raw_failed(result) ? result : ends[0];
}
