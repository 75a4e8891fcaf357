// SPDX-License-Identifier: BSD-2-Clause
/* hijack_sockets_signals.c - signals, cancellation and jumps during blocked calls on sockets */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "hijack_asleep.h"
#include "hijack_sockets.h"

static volatile sig_atomic_t handled;
static sigjmp_buf back;
static int answer = -1; /* what the handler writes to */

static void count(int sig)
{
	(void)sig;
	handled++;
	if (answer >= 0)
		write(answer, "handler", 7);
}

static void jump(int sig)
{
	handled++;
	siglongjmp(back, sig);
}

static void on(int sig, void (*handler)(int), int flags)
{
	struct sigaction act = {.sa_handler = handler, .sa_flags = flags};

	handled = 0;
	MUST(sigaction(sig, &act, NULL));
}

static pthread_t main_thread, interrupter;
static int sleeper; /* the thread that is to be interrupted */

static void *interrupt(void *unused)
{
	(void)unused;
	wait_asleep(&sleeper);
	pthread_kill(main_thread, SIGALRM);
	return NULL;
}

/* A signal for this thread as soon as it sleeps, which it does next. */
static void soon(void)
{
	sleeper = 0;
	main_thread = pthread_self();
	pthread_create(&interrupter, NULL, interrupt, NULL);
	will_sleep(&sleeper, -1);
}

static void show_handled(void)
{
	pthread_join(interrupter, NULL);
	printf("handled %d\n", (int)handled);
}

/* A signal during CALL: without SA_RESTART, so that it ends. */
#define INTERRUPTED(call)                                                       \
	do {                                                                    \
		on(SIGALRM, count, 0);                                          \
		soon();                                                         \
		SHOW(call);                                                     \
		show_handled();                                                 \
	} while (0)

static void interruptions(void)
{
	struct sockaddr_storage address;
	int listener = bound(AF_INET, SOCK_STREAM, &address), pair[2], local[2], full;
	int udp = bound(AF_INET, SOCK_DGRAM, &(struct sockaddr_storage){0});
	struct iovec part;
	char buffer[16], *much = calloc(1, 8 << 20);
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct mmsghdr several = {.msg_hdr = message};
	struct timeval limit = {5, 0};

	part = (struct iovec){buffer, sizeof(buffer)};
	MUST(listen(listener, 1));
	tcp_pair(AF_INET, pair);
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, local));
	INTERRUPTED(accept(listener, NULL, NULL));
	INTERRUPTED(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	INTERRUPTED(read(pair[0], buffer, 1));
	INTERRUPTED(recv(pair[0], buffer, 1, MSG_PEEK));
	INTERRUPTED(recvfrom(udp, buffer, 1, 0, NULL, NULL));
	INTERRUPTED(recvmsg(udp, &message, 0));
	INTERRUPTED(recvmmsg(udp, &several, 1, 0, NULL));
	INTERRUPTED(recvmsg(local[0], &message, 0));
	INTERRUPTED(poll(&(struct pollfd){pair[0], POLLIN, 0}, 1, -1));
	MUST(fcntl(pair[0], F_SETFL, O_NONBLOCK));
	while (write(pair[0], much, 8 << 20) > 0)
		;
	MUST(fcntl(pair[0], F_SETFL, 0));
	INTERRUPTED(write(pair[0], much, 8 << 20));
	/* A backlog that is full: connect(2) waits. */
	for (int i = 0; i < 3; i++) {
		full = MUST(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
		connect(full, (struct sockaddr *)&address, sizeof(struct sockaddr_in));
	}
	full = MUST(socket(AF_INET, SOCK_STREAM, 0));
	INTERRUPTED(connect(full, (struct sockaddr *)&address, sizeof(struct sockaddr_in)));
	/* Part of the data is there: that is the result. */
	MUST(write(local[1], "part", 4));
	INTERRUPTED(recv(local[0], buffer, 8, MSG_WAITALL));

	on(SIGALRM, count, SA_RESTART);
	answer = local[1];
	soon();
	SHOW(read(local[0], buffer, 16));
	show_handled();
	answer = -1;
	/* With a time-out there is no restart. */
	MUST(setsockopt(local[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	soon();
	SHOW(read(local[0], buffer, 16));
	show_handled();
	free(much);
	close_range(3, ~0U, 0);
}

static void restart_accept(void)
{
	struct sockaddr_storage address;
	int listener = bound(AF_INET, SOCK_STREAM, &address), client;
	struct itimerval often = {{0, 1000}, {0, 1000}}, none = {{0, 0}, {0, 0}};

	/* Interrupted again and again, it finds what comes in the end. */
	MUST(listen(listener, 1));
	on(SIGALRM, count, SA_RESTART);
	MUST(setitimer(ITIMER_REAL, &often, NULL));
	for (int i = 0; i < 200; i++) {
		int server;

		client = MUST(socket(AF_INET, SOCK_STREAM, 0));
		MUST(connect(client, (struct sockaddr *)&address, sizeof(struct sockaddr_in)));
		server = MUST(accept(listener, NULL, NULL));
		MUST(write(client, "x", 1));
		MUST(read(server, &(char){0}, 1));
		MUST(close(client));
		MUST(close(server));
	}
	MUST(setitimer(ITIMER_REAL, &none, NULL));
	printf("200 connections under fire\n");
	MUST(close(listener));
}

static void jumps(void)
{
	struct sockaddr_storage address;
	int listener = bound(AF_INET, SOCK_STREAM, &address), pair[2], pipes[2];
	volatile int times = 0;
	char c;

	MUST(listen(listener, 1));
	tcp_pair(AF_INET, pair);
	MUST(pipe(pipes));
	struct pollfd mixed[2] = {{pair[0], POLLIN, 0}, {pipes[0], POLLIN, 0}};

	on(SIGALRM, jump, 0);
	for (int i = 0; i < 3000; i++) {
		if (!sigsetjmp(back, 1)) {
			/* On the way into the call, as likely as not. */
			MUST(setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 1 + i % 200}}, NULL));
			if (i % 3 == 0)
				accept(listener, NULL, NULL);
			else if (i % 3 == 1)
				read(pair[0], &c, 1);
			else
				poll(mixed, 2, -1);
			printf("came back\n");
		} else {
			times++;
		}
	}
	printf("%d jumps\n", times);
	SHOW(write(pair[1], "y", 1));
	SHOW(read(pair[0], &c, 1));
	show_fd_table("after the jumps");
	close_range(3, ~0U, 0);
}

static int blocked;
static int waiter; /* the thread that is to be cancelled */

static void cleaned(void *how)
{
	printf("cleaned after %s\n", (const char *)how);
}

#define CANCELLED(name, call)                                                   \
	static void *name(void *arg)                                            \
	{                                                                       \
		char c;                                                         \
		struct pollfd mixed[2] = {{blocked, POLLIN, 0}, {*(int *)arg, POLLIN, 0}}; \
		pthread_cleanup_push(cleaned, #name);                           \
		(void)c, (void)mixed;                                           \
		will_sleep(&waiter, blocked);                                   \
		call;                                                           \
		printf(#name " came back\n");                                   \
		pthread_cleanup_pop(0);                                         \
		return NULL;                                                    \
	}

CANCELLED(in_accept, accept(blocked, NULL, NULL))
CANCELLED(in_recv, recv(blocked, &c, 1, 0))
CANCELLED(in_read, read(blocked, &c, 1))
CANCELLED(in_poll, poll(mixed, 1, -1))
CANCELLED(in_mixed, poll(mixed, 2, -1))
CANCELLED(in_select, ({ fd_set set; FD_ZERO(&set); FD_SET(blocked, &set); FD_SET(mixed[1].fd, &set);
			select(64, &set, NULL, NULL, NULL); }))

static void cancel(void *(*fn)(void *), int *other)
{
	pthread_t thread;
	void *result;

	waiter = 0;
	pthread_create(&thread, NULL, fn, other);
	wait_asleep(&waiter);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	printf("cancelled %d\n", result == PTHREAD_CANCELED);
}

static void cancellations(void)
{
	int pair[2], pipes[2];

	blocked = bound(AF_INET, SOCK_STREAM, &(struct sockaddr_storage){0});
	MUST(listen(blocked, 1));
	MUST(pipe(pipes));
	cancel(in_accept, pipes);
	MUST(close(blocked));
	tcp_pair(AF_INET, pair);
	blocked = pair[0];
	cancel(in_recv, pipes);
	cancel(in_read, pipes);
	cancel(in_poll, pipes);
	for (int i = 0; i < 3; i++) {
		cancel(in_mixed, pipes);
		cancel(in_select, pipes);
	}
	SHOW(write(pair[1], "z", 1));
	SHOW(read(pair[0], &(char){0}, 1));
	show_fd_table("after cancelling");
	close_range(3, ~0U, 0);
}

struct reader {
	int fd, tid;
};

static void *reader(void *arg)
{
	struct reader *self = arg;
	char c = '-';
	long result;

	will_sleep(&self->tid, self->fd);
	result = read(self->fd, &c, 1);

	printf("reader %ld %c %s\n", result, c, result < 0 ? strerrorname_np(errno) : "");
	return NULL;
}

/* A signal to one thread leaves the other alone. */
static void directed(void)
{
	struct reader readers[2] = {0};
	int a[2], b[2];
	pthread_t first, second;

	tcp_pair(AF_INET, a);
	tcp_pair(AF_INET, b);
	on(SIGUSR1, count, 0);
	readers[0].fd = a[0];
	readers[1].fd = b[0];
	pthread_create(&first, NULL, reader, &readers[0]);
	pthread_create(&second, NULL, reader, &readers[1]);
	wait_asleep(&readers[0].tid);
	wait_asleep(&readers[1].tid);
	pthread_kill(first, SIGUSR1);
	pthread_join(first, NULL);
	printf("handled %d\n", (int)handled);
	MUST(write(b[1], "2", 1));
	pthread_join(second, NULL);
	close_range(3, ~0U, 0);
}

static void broken_pipes(void)
{
	sigset_t set, pending;
	int pair[2];

	on(SIGPIPE, count, 0);
	tcp_pair(AF_INET, pair);
	MUST(shutdown(pair[0], SHUT_WR));
	SHOW(write(pair[0], "x", 1));
	printf("handled %d\n", (int)handled);
	SHOW(send(pair[0], "x", 1, MSG_NOSIGNAL));
	printf("handled %d\n", (int)handled);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	SHOW(write(pair[0], "x", 1));
	sigpending(&pending);
	printf("handled %d pending %d\n", (int)handled, sigismember(&pending, SIGPIPE));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	printf("handled %d\n", (int)handled);
	on(SIGPIPE, SIG_IGN, 0);
	SHOW(write(pair[0], "x", 1));
	close_range(3, ~0U, 0);
}

void test_signals(void)
{
	interruptions();
	restart_accept();
	jumps();
	cancellations();
	directed();
	broken_pipes();
}

/* Ends by SIGPIPE, or waits for a signal in accept(2). */
void test_end(const char *how)
{
	int pair[2], listener;

	if (!strcmp(how, "pipe")) {
		tcp_pair(AF_INET, pair);
		MUST(shutdown(pair[0], SHUT_WR));
		write(pair[0], "x", 1);
	} else {
		listener = bound(AF_INET, SOCK_STREAM, &(struct sockaddr_storage){0});
		MUST(listen(listener, 1));
		printf("waiting\n");
		accept(listener, NULL, NULL);
	}
	printf("came back\n");
}
