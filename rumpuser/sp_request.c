/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sp_request.c - doing what clients ask for
 *
 * Theory of operation
 *
 * Each request is a job on a thread of its own (sp_job.c). A system call runs as
 * an lwp made for it in the client's process. The process has one more, @main_lwp,
 * which keeps it alive and as which the server speaks about the process as a whole.
 *
 * Interrupting all system calls of a process, when it execs or hangs up, is: change
 * the client's state, then call hyp_lwpexit(). A system call makes its lwp first and looks
 * at the state after, so either it sees the change and gives up, or its lwp is there
 * to be found by hyp_lwpexit().
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sp.h"

#define KEYS_MAX 64 /* that a client may have outstanding */

/* The system call that this thread performs. */
static __thread struct sp_job *job_current __attribute__((__tls_model__("initial-exec")));

/**
 * answer_claim() - Take it upon oneself to reply to a request
 * @job:	job, its client locked
 * @frame:	where the reply's header goes
 *
 * Return: false if somebody did already
 */
static bool answer_claim(struct sp_job *job, struct sp_frame *frame)
{
	if (job->answered)
		return false;
	job->answered = true;
	job->client->outstanding--;
	*frame = (struct sp_frame){
		.kind = SP_REPLY,
		.type = job->request->frame.type,
		.seq = job->request->frame.seq,
	};
	return true;
}

/**
 * answer() - Reply to a request, unless that was done already
 * @job:	job
 * @error:	0 or an error number of the kernel's
 * @data:	payload if there is no error
 * @len:	its size
 */
static void answer(struct sp_job *job, int error, const void *data, size_t len)
{
	struct sp_client *client = job->client;
	struct sp_frame frame;
	bool mine;

	pthread_mutex_lock(&client->lock);
	mine = answer_claim(job, &frame);
	pthread_mutex_unlock(&client->lock);
	if (!mine)
		return;
	frame.error = error;
	sp_client_send(client, &frame, data, error ? 0 : len, NULL, 0);
}

/**
 * state_change() - Move a client from one state to another
 * @client:	client
 * @from:	state it must be in
 * @to:		next state
 *
 * Return: false if it was in any other state
 */
static bool state_change(struct sp_client *client, enum sp_state from, enum sp_state to)
{
	bool changed;

	pthread_mutex_lock(&client->lock);
	changed = client->state == from;
	if (changed)
		client->state = to;
	pthread_mutex_unlock(&client->lock);
	return changed;
}

/**
 * is_member() - Find whether a client may make system calls
 * @client:	client
 *
 * Return: true if it may
 */
static bool is_member(struct sp_client *client)
{
	return state_change(client, SP_MEMBER, SP_MEMBER);
}

/**
 * request_comm() - Find the program name in a request
 * @request:	request
 *
 * Return: the name, or NULL if it is none
 */
static const char *request_comm(const struct sp_message *request)
{
	size_t size = request->frame.size - sizeof(request->frame);

	if (size == 0 || size > SP_COMM_MAX || request->payload[size - 1] != '\0')
		return NULL;
	return request->payload;
}

/**
 * comm_set() - Remember the name of a client's program
 * @client:	client
 * @comm:	name, shorter than SP_COMM_MAX
 */
static void comm_set(struct sp_client *client, const char *comm)
{
	pthread_mutex_lock(&client->lock);
	strcpy(client->comm, comm);
	pthread_mutex_unlock(&client->lock);
}

/**
 * process_interrupt() - Make all system calls of a client's process return
 * @client:	client, in a state that admits no more of them
 */
static void process_interrupt(struct sp_client *client)
{
	pthread_mutex_lock(&client->main_lock);
	sp_up_switch(client->main_lwp);
	sp_up_lwpexit();
	sp_up_switch(NULL);
	pthread_mutex_unlock(&client->main_lock);
}

/**
 * process_make() - Make a client's process, as a copy of the current one
 * @client:	client, joining
 * @flags:	RUMPUSER_RFFD_*
 * @comm:	name of its program
 *
 * The thread runs as the process's main lwp on success.
 *
 * Return: 0 or an error number of the kernel's
 */
static int process_make(struct sp_client *client, int flags, const char *comm)
{
	int error = sp_up_rfork(client, flags, comm);

	if (error) {
		state_change(client, SP_JOINING, SP_STRANGER);
		return error;
	}
	client->main_lwp = sp_up_curlwp();
	client->pid = sp_up_getpid();
	comm_set(client, comm);
	return 0;
}

/**
 * process_joined() - Let a client that has got its process use it
 * @client:	client
 *
 * It may have hung up meanwhile; then its last reference ends the process.
 */
static void process_joined(struct sp_client *client)
{
	pthread_mutex_lock(&client->lock);
	client->has_process = true;
	if (client->state == SP_JOINING)
		client->state = SP_MEMBER;
	pthread_mutex_unlock(&client->lock);
}

/**
 * do_guest() - Make a client a new process
 * @job:	its request
 */
static void do_guest(struct sp_job *job)
{
	const char *comm = request_comm(job->request);
	struct sp_client *client = job->client;
	int error;

	if (!comm) {
		answer(job, ru_errno(EINVAL), NULL, 0);
		return;
	}
	if (!state_change(client, SP_STRANGER, SP_JOINING)) {
		answer(job, ru_errno(EISCONN), NULL, 0);
		return;
	}
	error = process_make(client, RUMPUSER_RFFD_CLEAR, comm);
	if (!error) {
		sp_up_switch(NULL);
		process_joined(client);
	}
	answer(job, error, NULL, 0);
}

/**
 * fork_process() - Make a client the copy of another's process
 * @client:	client, joining
 * @parent:	the other
 *
 * Return: 0 or an error number of the kernel's
 */
static int fork_process(struct sp_client *client, struct sp_client *parent)
{
	int error = sp_up_newlwp(parent->pid);
	char comm[SP_COMM_MAX];
	struct lwp *own;

	if (error) {
		state_change(client, SP_JOINING, SP_STRANGER);
		return error;
	}
	own = sp_up_curlwp();
	pthread_mutex_lock(&parent->lock);
	strcpy(comm, parent->comm);
	pthread_mutex_unlock(&parent->lock);
	error = process_make(client, RUMPUSER_RFFD_COPY, comm);
	if (!error) {
		sp_up_switch(own);
		process_joined(client);
	}
	sp_up_release();
	return error;
}

/**
 * do_forked() - Make a client the copy of the process whose key it shows
 * @job:	its request
 */
static void do_forked(struct sp_job *job)
{
	struct sp_client *client = job->client, *parent;
	size_t size = job->request->frame.size - sizeof(job->request->frame);
	struct sp_key key;

	if (size != sizeof(key)) {
		answer(job, ru_errno(EINVAL), NULL, 0);
		return;
	}
	if (!state_change(client, SP_STRANGER, SP_JOINING)) {
		answer(job, ru_errno(EISCONN), NULL, 0);
		return;
	}
	memcpy(&key, job->request->payload, sizeof(key));
	parent = sp_client_by_key(&key);
	if (!parent) {
		state_change(client, SP_JOINING, SP_STRANGER);
		answer(job, ru_errno(EPERM), NULL, 0);
		return;
	}
	answer(job, fork_process(client, parent), NULL, 0);
	sp_client_release(parent);
}

/**
 * do_prefork() - Give a client a key for the child it is going to have
 * @job:	its request
 */
static void do_prefork(struct sp_job *job)
{
	struct sp_client *client = job->client;
	struct sp_key key = {0}, *keys;
	int error = 0;

	if (getrandom(key.secret, sizeof(key.secret), 0) != sizeof(key.secret))
		error = errno;
	pthread_mutex_lock(&client->lock);
	key.pid = (uint64_t)client->pid;
	if (!error && client->state != SP_MEMBER)
		error = EPERM;
	if (!error && client->nkeys == KEYS_MAX)
		error = EAGAIN;
	if (!error) {
		keys = reallocarray(client->keys, client->nkeys + 1, sizeof(key));
		if (keys) {
			client->keys = keys;
			client->keys[client->nkeys++] = key;
		} else {
			error = ENOMEM;
		}
	}
	pthread_mutex_unlock(&client->lock);
	answer(job, ru_errno(error), &key, sizeof(key));
}

/**
 * exec_drain() - Wait until a client's other jobs are over
 * @client:	client, execing, its calls interrupted
 */
static void exec_drain(struct sp_client *client)
{
	pthread_mutex_lock(&client->lock);
	while (client->jobs > 1 && client->state == SP_EXECING)
		pthread_cond_wait(&client->idle, &client->lock);
	pthread_mutex_unlock(&client->lock);
}

/**
 * exec_begin() - Admit no more system calls, and expect no more replies
 * @client:	client
 *
 * Return: false if it has no process, or is execing already
 */
static bool exec_begin(struct sp_client *client)
{
	bool begun;

	pthread_mutex_lock(&client->lock);
	begun = client->state == SP_MEMBER;
	if (begun) {
		client->state = SP_EXECING;
		client->nkeys = 0;
		sp_waiters_kick(client);
	}
	pthread_mutex_unlock(&client->lock);
	return begun;
}

/**
 * do_exec() - Give a client's process a new program
 * @job:	its request
 */
static void do_exec(struct sp_job *job)
{
	const char *comm = request_comm(job->request);
	struct sp_client *client = job->client;

	if (!comm) {
		answer(job, ru_errno(EINVAL), NULL, 0);
		return;
	}
	if (!exec_begin(client)) {
		answer(job, ru_errno(EPERM), NULL, 0);
		return;
	}
	process_interrupt(client);
	exec_drain(client);
	pthread_mutex_lock(&client->main_lock);
	sp_up_switch(client->main_lwp);
	sp_up_execnotify(comm);
	sp_up_switch(NULL);
	pthread_mutex_unlock(&client->main_lock);
	comm_set(client, comm);
	state_change(client, SP_EXECING, SP_MEMBER);
	answer(job, 0, NULL, 0);
}

/**
 * call_begin() - Note that a system call runs
 * @job:	its request
 */
static void call_begin(struct sp_job *job)
{
	pthread_mutex_lock(&job->client->lock);
	job->next = job->client->calls;
	job->client->calls = job;
	pthread_mutex_unlock(&job->client->lock);
	job_current = job;
}

/**
 * call_end() - Note that a system call has returned
 * @job:	its request
 */
static void call_end(struct sp_job *job)
{
	struct sp_job **at;

	job_current = NULL;
	pthread_mutex_lock(&job->client->lock);
	for (at = &job->client->calls; *at != job; at = &(*at)->next)
		;
	*at = job->next;
	pthread_mutex_unlock(&job->client->lock);
}

/**
 * do_syscall() - Perform a system call
 * @job:	its request
 */
static void do_syscall(struct sp_job *job)
{
	const struct sp_message *request = job->request;
	size_t size = request->frame.size - sizeof(request->frame);
	/* Whatever the client sent, the kernel finds all the arguments it looks for. */
	uint64_t args[SP_ARGS_MAX / sizeof(uint64_t)] = {0};
	struct sp_retval result = {{0}};
	long retval[2] = {0};
	int error;

	if (size > sizeof(args)) {
		answer(job, ru_errno(EINVAL), NULL, 0);
		return;
	}
	memcpy(args, request->payload, size);
	error = is_member(job->client) ? sp_up_newlwp(job->client->pid) : ru_errno(EPERM);
	if (error) {
		answer(job, error, NULL, 0);
		return;
	}
	if (is_member(job->client)) {
		call_begin(job);
		error = sp_up_syscall((int)request->frame.arg, args, retval);
		call_end(job);
	} else {
		error = ru_errno(EINTR);
	}
	sp_up_release();
	result.value[0] = retval[0];
	result.value[1] = retval[1];
	answer(job, error, &result, sizeof(result));
}

/**
 * do_hangup() - Interrupt what runs for a client that has gone
 * @client:	client
 */
static void do_hangup(struct sp_client *client)
{
	bool has_process;

	pthread_mutex_lock(&client->lock);
	has_process = client->has_process;
	pthread_mutex_unlock(&client->lock);
	if (has_process)
		process_interrupt(client);
}

/**
 * do_request() - Do what a client asks for
 * @job:	its request
 */
static void do_request(struct sp_job *job)
{
	switch (job->request->frame.type) {
	case SP_GUEST:
		do_guest(job);
		break;
	case SP_FORKED:
		do_forked(job);
		break;
	case SP_PREFORK:
		do_prefork(job);
		break;
	case SP_EXEC:
		do_exec(job);
		break;
	case SP_SYSCALL:
		do_syscall(job);
		break;
	default:
		answer(job, ru_errno(ENOSYS), NULL, 0);
		break;
	}
}

/**
 * sp_job_run() - Do a job and be done with it
 * @job:	job, consumed
 */
void sp_job_run(struct sp_job *job)
{
	struct sp_client *client = job->client;

	if (job->request)
		do_request(job);
	else
		do_hangup(client);
	free(job->request);
	free(job);
	pthread_mutex_lock(&client->lock);
	client->jobs--;
	pthread_cond_broadcast(&client->idle);
	pthread_mutex_unlock(&client->lock);
	sp_client_release(client);
}

/**
 * sp_answer_stopper() - Tell a client that its system call has stopped the kernel
 * @client:	client
 *
 * That is the call this thread performs; else the latest of the client's.
 */
void sp_answer_stopper(struct sp_client *client)
{
	static const struct sp_retval success;
	struct sp_job *job = job_current;
	struct sp_frame frame;
	bool mine;

	pthread_mutex_lock(&client->lock);
	if (!job || job->client != client)
		job = client->calls;
	mine = job && answer_claim(job, &frame);
	pthread_mutex_unlock(&client->lock);
	if (mine)
		sp_client_send(client, &frame, &success, sizeof(success), NULL, 0);
}
