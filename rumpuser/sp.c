/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sp.c - the system call server's life
 *
 * Theory of operation
 *
 * The server's thread waits for connections, for what clients send, and for the
 * end. It only reads; see sp.h for who does the rest. A client that hangs up, or breaks the
 * rules, is disconnected, and a job interrupts what runs for it.
 *
 * rumpuser_sp_fini() is the kernel's last word: from then on nothing a client
 * does makes an upcall. Clients see their connection close; what becomes of their
 * processes is the kernel's own affair.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sp.h"

#define SERVER_EVENTS	32
#define SERVER_BATCH	16 /* messages read from a client before others have their turn */
#define SERVER_PAUSE_MS 10 /* before accepting again when the host is out of something */

static pthread_mutex_t server_lock = PTHREAD_MUTEX_INITIALIZER; /* init against fini */

static struct {
	bool running; /* server_lock */
	bool stopping; /* atomic */
	int listen;
	int epoll;
	int wake; /* eventfd: look at @stopping */
	char *path; /* file to be removed, or NULL */
	pid_t owner; /* the process that serves */
	char banner[SP_BANNER_MAX];
} server;

/**
 * server_is_stopping() - Find whether rumpuser_sp_fini() was called
 *
 * Return: true if it was
 */
static bool server_is_stopping(void)
{
	return __atomic_load_n(&server.stopping, __ATOMIC_ACQUIRE);
}

/**
 * server_watch() - Have the server's thread told when a descriptor can be read
 * @fd:		descriptor
 * @what:	told with it
 *
 * Return: 0 or a host error number
 */
static int server_watch(int fd, void *what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

	return epoll_ctl(server.epoll, EPOLL_CTL_ADD, fd, &event) == -1 ? errno : 0;
}

/**
 * server_unlink() - Remove the socket file
 *
 * Called with server_lock held.
 */
static void server_unlink(void)
{
	if (server.path)
		unlink(server.path);
	free(server.path);
	server.path = NULL;
}

/**
 * server_hangup() - Part with a client
 * @client:	client
 */
static void server_hangup(struct sp_client *client)
{
	struct sp_job *job;

	epoll_ctl(server.epoll, EPOLL_CTL_DEL, client->fd, NULL);
	if (server_is_stopping())
		return;
	sp_client_disconnect(client);
	/* The connection's reference becomes the job's. */
	pthread_mutex_lock(&client->lock);
	job = client->farewell;
	client->farewell = NULL;
	client->jobs++;
	pthread_mutex_unlock(&client->lock);
	if (sp_job_submit(job))
		sp_job_run(job);
}

/**
 * server_request() - Have a client's request done
 * @client:	client
 * @message:	request, consumed on success
 *
 * Return: 0, or a host error number if the client cannot be served
 */
static int server_request(struct sp_client *client, struct sp_message *message)
{
	struct sp_job *job = calloc(1, sizeof(*job));
	int error = 0;

	if (!job)
		return ENOMEM;
	job->client = client;
	job->request = message;
	pthread_mutex_lock(&client->lock);
	if (client->outstanding < SP_MAX_REQUESTS) {
		client->outstanding++;
		client->jobs++;
		client->refs++;
	} else {
		error = EPROTO;
	}
	pthread_mutex_unlock(&client->lock);
	if (!error) {
		error = sp_job_submit(job);
		if (!error)
			return 0;
		pthread_mutex_lock(&client->lock);
		client->outstanding--;
		client->jobs--;
		client->refs--; /* not the last: the connection's is there */
		pthread_mutex_unlock(&client->lock);
	}
	free(job);
	return error;
}

/**
 * server_read() - Read what a client sent
 * @client:	client
 */
static void server_read(struct sp_client *client)
{
	struct sp_message *message;
	int error = 0;

	for (int i = 0; i < SERVER_BATCH && !error; i++) {
		error = sp_client_receive(client, &message);
		if (error)
			break;
		if (message->frame.kind == SP_REPLY) {
			sp_reply_deliver(client, message);
			continue;
		}
		error = server_request(client, message);
		if (error)
			free(message);
	}
	if (error && error != EAGAIN)
		server_hangup(client);
}

/**
 * server_greet() - Begin to serve a client
 * @fd:		its socket, consumed
 */
static void server_greet(int fd)
{
	static const int on = 1;
	size_t len = strlen(server.banner);
	struct sp_client *client;

	/* Fails for a unix:// server, and does not matter there. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (send(fd, server.banner, len, MSG_NOSIGNAL) != (ssize_t)len)
		goto close_socket;
	client = sp_client_new(fd);
	if (!client)
		goto close_socket;
	if (server_watch(fd, client))
		sp_client_release(client);
	return;

close_socket:
	close(fd);
}

/**
 * server_accept() - Let in who waits at the door
 */
static void server_accept(void)
{
	int fd;

	for (;;) {
		fd = accept4(server.listen, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			server_greet(fd);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR && errno != ECONNABORTED)
			break;
	}
	/* Out of descriptors or memory: whoever waits stays; do not ask all the time. */
	poll(NULL, 0, SERVER_PAUSE_MS);
}

/**
 * server_close() - Close what the server has open
 */
static void server_close(void)
{
	close(server.listen);
	close(server.epoll);
	close(server.wake);
}

/**
 * server_thread() - Serve until told to stop
 * @arg:	unused
 *
 * Return: NULL
 */
static void *server_thread(void *arg)
{
	struct epoll_event events[SERVER_EVENTS];
	int n;

	(void)arg;
	while (!server_is_stopping()) {
		n = epoll_wait(server.epoll, events, SERVER_EVENTS, -1);
		for (int i = 0; i < n && !server_is_stopping(); i++) {
			if (events[i].data.ptr == &server.listen)
				server_accept();
			else if (events[i].data.ptr != &server.wake)
				server_read(events[i].data.ptr);
		}
	}
	pthread_mutex_lock(&server_lock);
	server_close();
	pthread_mutex_unlock(&server_lock);
	return NULL;
}

/**
 * word() - Make a string a word of the banner
 * @to:		where it goes
 * @size:	room there
 * @from:	string
 *
 * Return: false if there is no room
 */
static bool word(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len == 0 || len >= size)
		return false;
	for (size_t i = 0; i <= len; i++)
		to[i] = (unsigned char)from[i] <= ' ' && from[i] ? '_' : from[i];
	return true;
}

/**
 * server_banner() - Make the line that clients are greeted with
 * @ostype:	what the kernel calls itself
 * @osrelease:	its version
 * @machine:	its machine type
 *
 * Return: 0, or EINVAL if it cannot be a line
 */
static int server_banner(const char *ostype, const char *osrelease, const char *machine)
{
	char words[3][SP_BANNER_MAX / 4];

	if (!word(words[0], sizeof(words[0]), ostype) ||
	    !word(words[1], sizeof(words[1]), osrelease) ||
	    !word(words[2], sizeof(words[2]), machine))
		return EINVAL;
	snprintf(server.banner, sizeof(server.banner), SP_BANNER_FORMAT, SP_VERSION_MAJOR,
		 SP_VERSION_MINOR, words[0], words[1], words[2]);
	return 0;
}

/**
 * server_start() - Listen, and start the thread
 * @url:	where to listen
 *
 * Return: 0 or a host error number, with nothing left behind
 */
static int server_start(const char *url)
{
	int error = sp_url_listen(url, &server.listen, &server.path);

	if (error)
		return error;
	server.owner = getpid();
	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	server.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server.epoll == -1 || server.wake == -1)
		error = errno;
	if (!error)
		error = server_watch(server.listen, &server.listen);
	if (!error)
		error = server_watch(server.wake, &server.wake);
	if (!error)
		error = ru_thread_start(server_thread, NULL, "rump-sp", NULL);
	if (error) {
		server_unlink();
		server_close();
	}
	return error;
}

/**
 * server_exit() - Remove the socket file when the process ends
 */
__attribute__((__destructor__)) static void server_exit(void)
{
	/* A forked child has neither made the file, nor can it trust the lock. */
	if (server.owner != getpid())
		return;
	pthread_mutex_lock(&server_lock);
	server_unlink();
	pthread_mutex_unlock(&server_lock);
}

int rumpuser_sp_init(const char *url, const char *ostype, const char *osrelease,
		     const char *machine)
{
	int error;

	pthread_mutex_lock(&server_lock);
	if (server.running)
		error = EBUSY;
	else
		error = server_banner(ostype, osrelease, machine);
	if (!error)
		error = server_start(url);
	if (!error)
		server.running = true;
	pthread_mutex_unlock(&server_lock);
	return ru_errno(error);
}

void rumpuser_sp_fini(void *arg)
{
	static const uint64_t one = 1;
	struct sp_client *client;
	int nlocks = ru_unschedule(NULL);

	pthread_mutex_lock(&server_lock);
	if (!server.running || server_is_stopping())
		goto out;
	__atomic_store_n(&server.stopping, true, __ATOMIC_RELEASE);
	if (arg)
		sp_answer_stopper(arg);
	server_unlink();
	shutdown(server.listen, SHUT_RDWR);
	if (write(server.wake, &one, sizeof(one)) == -1)
		rumpuser_dprintf("rumpuser: the system call server is not told to stop\n");
	pthread_mutex_lock(&sp_clients_lock);
	for (client = sp_clients; client; client = client->next)
		sp_client_disconnect(client);
	pthread_mutex_unlock(&sp_clients_lock);
out:
	pthread_mutex_unlock(&server_lock);
	ru_schedule(nlocks, NULL);
}
