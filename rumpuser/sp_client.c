/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sp_client.c - a client's life, and messages to and from it
 *
 * Theory of operation
 *
 * Reading is for the server's thread and never blocks: what has arrived of a
 * message is kept until the rest has. Writing is for any other thread and may wait
 * for a slow client, but for no other's sake: each has a lock of its own, and
 * disconnecting it ends the wait.
 *
 * The descriptor stays open until the last reference is gone, so that no thread
 * ever writes to a descriptor that has become something else's.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sp.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "messages are little-endian");

pthread_mutex_t sp_clients_lock = PTHREAD_MUTEX_INITIALIZER;
struct sp_client *sp_clients; /* all there are; sp_clients_lock */

/**
 * client_unlink() - Take a client off the list
 * @client:	client
 */
static void client_unlink(struct sp_client *client)
{
	struct sp_client **at;

	pthread_mutex_lock(&sp_clients_lock);
	for (at = &sp_clients; *at; at = &(*at)->next) {
		if (*at == client) {
			*at = client->next;
			break;
		}
	}
	pthread_mutex_unlock(&sp_clients_lock);
}

/**
 * client_free() - End a client's process, and the client
 * @client:	client nobody refers to
 */
static void client_free(struct sp_client *client)
{
	if (client->has_process) {
		sp_up_switch(client->main_lwp);
		sp_up_release();
	}
	close(client->fd);
	pthread_mutex_destroy(&client->lock);
	pthread_mutex_destroy(&client->main_lock);
	pthread_mutex_destroy(&client->send_lock);
	pthread_cond_destroy(&client->idle);
	free(client->farewell);
	free(client->keys);
	free(client->message);
	free(client);
}

/**
 * key_find() - Find a key among those a client was given
 * @client:	client, locked
 * @key:	what was shown
 *
 * Return: its index, or -1
 */
static int key_find(const struct sp_client *client, const struct sp_key *key)
{
	for (unsigned int i = 0; i < client->nkeys; i++)
		if (memcmp(&client->keys[i], key, sizeof(*key)) == 0)
			return (int)i;
	return -1;
}

/**
 * receive_some() - Read into a buffer without waiting
 * @client:	client
 * @buf:	buffer
 * @want:	its size
 *
 * Return: 0 when it is full, EAGAIN when more has to arrive, or a host error number
 */
static int receive_some(struct sp_client *client, void *buf, size_t want)
{
	ssize_t n;

	while (client->have < want) {
		n = recv(client->fd, (char *)buf + client->have, want - client->have, 0);
		if (n > 0)
			client->have += (size_t)n;
		else if (n == 0)
			return ECONNRESET;
		else if (errno != EINTR)
			return errno;
	}
	return 0;
}

/**
 * banner_accept() - Check a client's banner
 * @line:	the line, without its end
 *
 * Return: true if it speaks our version
 */
static bool banner_accept(const char *line)
{
	int major;

	return sscanf(line, "RUMPSP %d.", &major) == 1 && major == SP_VERSION_MAJOR;
}

/**
 * receive_banner() - Read the line a client begins with
 * @client:	client
 *
 * Return: 0 when it has come and is good, EAGAIN, or a host error number
 */
static int receive_banner(struct sp_client *client)
{
	int error;

	/* By the byte, for what follows the line is not ours to read here. */
	do {
		if (client->have == sizeof(client->banner))
			return EPROTO;
		error = receive_some(client, client->banner, client->have + 1);
		if (error)
			return error;
	} while (client->banner[client->have - 1] != '\n');
	client->banner[client->have - 1] = '\0';
	client->have = 0;
	if (!banner_accept(client->banner))
		return EPROTONOSUPPORT;
	pthread_mutex_lock(&client->lock);
	if (client->state == SP_GREETING)
		client->state = SP_STRANGER;
	pthread_mutex_unlock(&client->lock);
	return 0;
}

/**
 * receive_head() - Read a message's header, and make room for the rest
 * @client:	client
 *
 * Return: 0 when it has come and is good, EAGAIN, or a host error number
 */
static int receive_head(struct sp_client *client)
{
	struct sp_frame *head = &client->head;
	int error = receive_some(client, head, sizeof(*head));

	if (error)
		return error;
	if (head->size < sizeof(*head) || head->size > sizeof(*head) + SP_PAYLOAD_MAX ||
	    (head->kind != SP_REQUEST && head->kind != SP_REPLY))
		return EPROTO;
	client->message = malloc(head->size);
	if (!client->message)
		return ENOMEM;
	client->message->frame = *head;
	return 0;
}

/**
 * write_all() - Write to a client, waiting if it is slow
 * @client:	client, its send_lock held
 * @iov:	what to write, changed
 * @n:		pieces
 *
 * Return: 0 or a host error number
 */
static int write_all(struct sp_client *client, struct iovec *iov, size_t n)
{
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = n};
	struct pollfd pfd = {.fd = client->fd, .events = POLLOUT};
	ssize_t sent;

	while (msg.msg_iovlen > 0) {
		sent = sendmsg(client->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent == -1 && errno == EAGAIN)
			poll(&pfd, 1, -1);
		else if (sent == -1 && errno != EINTR)
			return errno;
		while (sent > 0 && (size_t)sent >= msg.msg_iov->iov_len) {
			sent -= (ssize_t)msg.msg_iov->iov_len;
			msg.msg_iov++;
			msg.msg_iovlen--;
		}
		if (sent > 0) {
			msg.msg_iov->iov_base = (char *)msg.msg_iov->iov_base + sent;
			msg.msg_iov->iov_len -= (size_t)sent;
		}
		while (msg.msg_iovlen > 0 && msg.msg_iov->iov_len == 0) {
			msg.msg_iov++;
			msg.msg_iovlen--;
		}
	}
	return 0;
}

/**
 * sp_client_new() - Make a client and put it on the list
 * @fd:		its socket, consumed on success
 *
 * Return: the client, referred to by its connection, or NULL without memory
 */
struct sp_client *sp_client_new(int fd)
{
	struct sp_client *client = calloc(1, sizeof(*client));
	struct sp_job *farewell = calloc(1, sizeof(*farewell));

	if (!client || !farewell) {
		free(client);
		free(farewell);
		return NULL;
	}
	farewell->client = client;
	client->farewell = farewell;
	client->fd = fd;
	client->refs = 1;
	client->state = SP_GREETING;
	pthread_mutex_init(&client->lock, NULL);
	pthread_mutex_init(&client->main_lock, NULL);
	pthread_mutex_init(&client->send_lock, NULL);
	pthread_cond_init(&client->idle, NULL);
	pthread_mutex_lock(&sp_clients_lock);
	client->next = sp_clients;
	sp_clients = client;
	pthread_mutex_unlock(&sp_clients_lock);
	return client;
}

/**
 * sp_client_release() - Let go of a client
 * @client:	client
 */
void sp_client_release(struct sp_client *client)
{
	bool last;

	pthread_mutex_lock(&client->lock);
	last = --client->refs == 0;
	pthread_mutex_unlock(&client->lock);
	if (last) {
		client_unlink(client);
		client_free(client);
	}
}

/**
 * sp_client_by_key() - Find the client that was given a key, and use the key up
 * @key:	key
 *
 * Return: the client with a reference, or NULL
 */
struct sp_client *sp_client_by_key(const struct sp_key *key)
{
	struct sp_client *client;
	int i = -1;

	pthread_mutex_lock(&sp_clients_lock);
	for (client = sp_clients; client; client = client->next) {
		pthread_mutex_lock(&client->lock);
		i = client->state == SP_MEMBER ? key_find(client, key) : -1;
		if (i >= 0) {
			client->keys[i] = client->keys[--client->nkeys];
			client->refs++;
		}
		pthread_mutex_unlock(&client->lock);
		if (i >= 0)
			break;
	}
	pthread_mutex_unlock(&sp_clients_lock);
	return client;
}

/**
 * sp_client_disconnect() - Have nothing more to do with a client
 * @client:	client
 *
 * Whoever waits for it stops waiting.
 */
void sp_client_disconnect(struct sp_client *client)
{
	pthread_mutex_lock(&client->lock);
	client->state = SP_DYING;
	sp_waiters_kick(client);
	pthread_cond_broadcast(&client->idle);
	pthread_mutex_unlock(&client->lock);
	shutdown(client->fd, SHUT_RDWR);
}

/**
 * sp_client_receive() - Read a message without waiting
 * @client:	client
 * @messagep:	where the message goes, allocated
 *
 * Return: 0 when a whole one has come, EAGAIN, or a host error number
 */
int sp_client_receive(struct sp_client *client, struct sp_message **messagep)
{
	enum sp_state state;
	int error = 0;

	pthread_mutex_lock(&client->lock);
	state = client->state;
	pthread_mutex_unlock(&client->lock);

	if (state == SP_GREETING)
		error = receive_banner(client);
	if (!error && !client->message)
		error = receive_head(client);
	if (!error)
		error = receive_some(client, client->message, client->message->frame.size);
	if (error)
		return error;
	*messagep = client->message;
	client->message = NULL;
	client->have = 0;
	return 0;
}

/**
 * sp_client_send() - Send a message, waiting if the client is slow
 * @client:	client
 * @frame:	its header, but for the size
 * @head:	beginning of the payload
 * @headlen:	size of that
 * @data:	rest of the payload
 * @datalen:	size of that
 *
 * Return: 0 or a host error number
 */
int sp_client_send(struct sp_client *client, const struct sp_frame *frame, const void *head,
		   size_t headlen, const void *data, size_t datalen)
{
	struct sp_frame out = *frame;
	struct iovec iov[] = {
		{&out, sizeof(out)},
		{(void *)head, headlen},
		{(void *)data, datalen},
	};
	int error;

	out.size = (uint32_t)(sizeof(out) + headlen + datalen);
	pthread_mutex_lock(&client->send_lock);
	error = write_all(client, iov, sizeof(iov) / sizeof(iov[0]));
	pthread_mutex_unlock(&client->send_lock);
	if (error)
		shutdown(client->fd, SHUT_RDWR);
	return error;
}
