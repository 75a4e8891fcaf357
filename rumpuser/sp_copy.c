/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sp_copy.c - what the kernel asks of a client while it works for it
 *
 * Theory of operation
 *
 * A thread that asks puts a waiter on the client's list, sends the request and
 * sleeps off the virtual CPU. The server's thread finds the waiter by the number in
 * the reply and wakes it. A client that disconnects or execs gives no more
 * replies: all its waiters are woken empty-handed, and new ones are refused. A reply
 * nobody waits for is dropped.
 *
 * Memory is copied in chunks, so that no message is large.
 */
#include <stdlib.h>
#include <string.h>

#include "sp.h"

struct sp_waiter {
	struct sp_waiter *next;
	uint64_t seq;
	uint16_t type;
	pthread_cond_t woken;
	bool done;
	struct sp_message *reply; /* NULL if none will come */
};

/**
 * waiter_add() - Put a waiter on a client's list
 * @client:	client
 * @waiter:	waiter, its type set
 *
 * Return: false if the client gives no replies any more
 */
static bool waiter_add(struct sp_client *client, struct sp_waiter *waiter)
{
	bool answers;

	pthread_mutex_lock(&client->lock);
	answers = client->state != SP_DYING && client->state != SP_EXECING;
	if (answers) {
		waiter->seq = ++client->seq;
		waiter->next = client->waiters;
		client->waiters = waiter;
	}
	pthread_mutex_unlock(&client->lock);
	return answers;
}

/**
 * waiter_take() - Take a waiter off a client's list
 * @client:	client, locked
 * @seq:	the number of its request
 *
 * Return: the waiter, or NULL if there is none of that number
 */
static struct sp_waiter *waiter_take(struct sp_client *client, uint64_t seq)
{
	struct sp_waiter **at, *waiter;

	for (at = &client->waiters; (waiter = *at); at = &waiter->next) {
		if (waiter->seq == seq) {
			*at = waiter->next;
			break;
		}
	}
	return waiter;
}

/**
 * waiter_wake() - Let a waiter go on
 * @waiter:	waiter, taken off the list, its client locked
 * @reply:	what came for it, or NULL
 */
static void waiter_wake(struct sp_waiter *waiter, struct sp_message *reply)
{
	waiter->reply = reply;
	waiter->done = true;
	pthread_cond_signal(&waiter->woken);
}

/**
 * waiter_await() - Sleep until there is a reply, or will be none
 * @client:	client
 * @waiter:	waiter
 * @sent:	false if the request could not be sent
 */
static void waiter_await(struct sp_client *client, struct sp_waiter *waiter, bool sent)
{
	pthread_mutex_lock(&client->lock);
	if (!sent && !waiter->done) {
		waiter_take(client, waiter->seq);
		waiter->done = true;
	}
	while (!waiter->done)
		pthread_cond_wait(&waiter->woken, &client->lock);
	pthread_mutex_unlock(&client->lock);
}

/**
 * ask() - Send a client a request and wait for the reply
 * @client:	client
 * @type:	SP_*
 * @range:	piece of its memory that is meant
 * @data:	what goes with that, or NULL
 * @len:	size of that
 * @replyp:	where the reply goes, allocated, free of error
 *
 * Return: 0, EFAULT if there is no reply, or the error in the reply
 */
static int ask(struct sp_client *client, uint16_t type, const struct sp_range *range,
	       const void *data, size_t len, struct sp_message **replyp)
{
	struct sp_waiter waiter = {.type = type, .woken = PTHREAD_COND_INITIALIZER};
	struct sp_frame frame = {.kind = SP_REQUEST, .type = type};
	int error;

	if (!waiter_add(client, &waiter))
		return ru_errno(EFAULT);
	frame.seq = waiter.seq;
	error = sp_client_send(client, &frame, range, sizeof(*range), data, len);
	waiter_await(client, &waiter, error == 0);
	pthread_cond_destroy(&waiter.woken);

	if (!waiter.reply)
		return ru_errno(EFAULT);
	error = waiter.reply->frame.error;
	if (error)
		free(waiter.reply);
	else
		*replyp = waiter.reply;
	return error;
}

/**
 * payload_size() - Measure what came with a message
 * @message:	message
 *
 * Return: bytes
 */
static size_t payload_size(const struct sp_message *message)
{
	return message->frame.size - sizeof(message->frame);
}

/**
 * chunk_of() - Choose how much to copy in one step
 * @len:	what is left
 *
 * Return: bytes
 */
static size_t chunk_of(size_t len)
{
	return len < SP_CHUNK ? len : SP_CHUNK;
}

/**
 * copy_in() - Copy from a client's memory
 * @client:	client
 * @raddr:	address there
 * @laddr:	address here
 * @len:	bytes
 *
 * Return: true if all of it was copied
 */
static bool copy_in(struct sp_client *client, uint64_t raddr, char *laddr, size_t len)
{
	struct sp_message *reply;
	bool good = true;

	while (good && len > 0) {
		struct sp_range range = {raddr, chunk_of(len)};

		if (ask(client, SP_COPYIN, &range, NULL, 0, &reply))
			return false;
		good = payload_size(reply) == range.len;
		if (good)
			memcpy(laddr, reply->payload, range.len);
		free(reply);
		raddr += range.len;
		laddr += range.len;
		len -= range.len;
	}
	return good;
}

/**
 * copy_in_string() - Copy a string from a client's memory
 * @client:	client
 * @raddr:	address there
 * @laddr:	address here
 * @lenp:	room here, then the bytes copied
 *
 * Return: 0, EFAULT or ENAMETOOLONG
 */
static int copy_in_string(struct sp_client *client, uint64_t raddr, char *laddr, size_t *lenp)
{
	size_t size, done = 0;
	struct sp_message *reply;
	const char *nul;

	while (done < *lenp) {
		struct sp_range range = {raddr + done, chunk_of(*lenp - done)};

		if (ask(client, SP_COPYINSTR, &range, NULL, 0, &reply))
			return EFAULT;
		size = payload_size(reply);
		nul = size <= range.len ? memchr(reply->payload, '\0', size) : NULL;
		if (nul)
			size = (size_t)(nul - reply->payload) + 1;
		if (nul || size == range.len)
			memcpy(laddr + done, reply->payload, size);
		free(reply);
		if (nul) {
			*lenp = done + size;
			return 0;
		}
		if (size != range.len)
			return EFAULT;
		done += size;
	}
	return ENAMETOOLONG;
}

/**
 * copy_out() - Copy to a client's memory
 * @client:	client
 * @laddr:	address here
 * @raddr:	address there
 * @len:	bytes
 *
 * Return: true if all of it was copied
 */
static bool copy_out(struct sp_client *client, const char *laddr, uint64_t raddr, size_t len)
{
	struct sp_message *reply;

	while (len > 0) {
		struct sp_range range = {raddr, chunk_of(len)};

		if (ask(client, SP_COPYOUT, &range, laddr, range.len, &reply))
			return false;
		free(reply);
		raddr += range.len;
		laddr += range.len;
		len -= range.len;
	}
	return true;
}

/**
 * map_pages() - Map zeroed pages in a client
 * @client:	client
 * @len:	bytes
 * @addrp:	where their address goes
 *
 * Return: 0 or an error number of the kernel's
 */
static int map_pages(struct sp_client *client, size_t len, void **addrp)
{
	struct sp_range range = {0, len};
	struct sp_message *reply;
	int error = ask(client, SP_ANONMMAP, &range, NULL, 0, &reply);

	if (error)
		return error;
	if (payload_size(reply) == sizeof(range)) {
		memcpy(&range, reply->payload, sizeof(range));
		*addrp = (void *)(uintptr_t)range.addr;
	} else {
		error = ru_errno(EFAULT);
	}
	free(reply);
	return error;
}

/**
 * sp_waiters_kick() - Wake all waiters of a client empty-handed
 * @client:	client, locked
 */
void sp_waiters_kick(struct sp_client *client)
{
	struct sp_waiter *waiter;

	while ((waiter = client->waiters)) {
		client->waiters = waiter->next;
		waiter_wake(waiter, NULL);
	}
}

/**
 * sp_reply_deliver() - Give a client's reply to whom it is for
 * @client:	client
 * @message:	reply, consumed
 */
void sp_reply_deliver(struct sp_client *client, struct sp_message *message)
{
	struct sp_waiter *waiter;

	pthread_mutex_lock(&client->lock);
	waiter = waiter_take(client, message->frame.seq);
	if (waiter && waiter->type != message->frame.type) {
		waiter_wake(waiter, NULL);
		waiter = NULL;
	}
	if (waiter)
		waiter_wake(waiter, message);
	else
		free(message);
	pthread_mutex_unlock(&client->lock);
}

int rumpuser_sp_copyin(void *arg, const void *raddr, void *laddr, size_t len)
{
	int nlocks = ru_unschedule(NULL);
	bool copied = copy_in(arg, (uintptr_t)raddr, laddr, len);

	ru_schedule(nlocks, NULL);
	return copied ? 0 : ru_errno(EFAULT);
}

int rumpuser_sp_copyinstr(void *arg, const void *raddr, void *laddr, size_t *lenp)
{
	int nlocks = ru_unschedule(NULL);
	int error = copy_in_string(arg, (uintptr_t)raddr, laddr, lenp);

	ru_schedule(nlocks, NULL);
	return ru_errno(error);
}

int rumpuser_sp_copyout(void *arg, const void *laddr, void *raddr, size_t len)
{
	int nlocks = ru_unschedule(NULL);
	bool copied = copy_out(arg, laddr, (uintptr_t)raddr, len);

	ru_schedule(nlocks, NULL);
	return copied ? 0 : ru_errno(EFAULT);
}

int rumpuser_sp_copyoutstr(void *arg, const void *laddr, void *raddr, size_t *lenp)
{
	size_t len = strnlen(laddr, *lenp);
	int error;

	if (len == *lenp)
		return ru_errno(ENAMETOOLONG);
	error = rumpuser_sp_copyout(arg, laddr, raddr, len + 1);
	if (!error)
		*lenp = len + 1;
	return error;
}

int rumpuser_sp_anonmmap(void *arg, size_t len, void **addrp)
{
	int nlocks = ru_unschedule(NULL);
	int error = map_pages(arg, len, addrp);

	ru_schedule(nlocks, NULL);
	return error;
}

int rumpuser_sp_raise(void *arg, int signo)
{
	struct sp_frame frame = {.kind = SP_REQUEST, .type = SP_RAISE, .arg = (uint32_t)signo};
	int error, nlocks = ru_unschedule(NULL);

	error = sp_client_send(arg, &frame, NULL, 0, NULL, 0);
	ru_schedule(nlocks, NULL);
	return error ? ru_errno(ESRCH) : 0;
}
