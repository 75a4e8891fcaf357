// SPDX-License-Identifier: BSD-2-Clause
/*
 * hijack_poll.c - waits for descriptors of all kinds and prints what came of it
 *
 *	hijack_poll GROUP
 *
 * The groups poll, select, epoll, members and nested print the same on the host and under the
 * shim, where the sockets are the rump kernel's and everything else is the host's.
 */
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "hijack_poll.h"

const char *const kind_names[KINDS] = {"tcp", "udp", "pipe", "event", "timer", "signal", "watch"};

void tcp_pair(int fds[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = MUST(socket(AF_INET, SOCK_STREAM, 0));

	MUST(bind(listener, (struct sockaddr *)&address, length));
	MUST(getsockname(listener, (struct sockaddr *)&address, &length));
	MUST(listen(listener, 1));
	fds[0] = MUST(socket(AF_INET, SOCK_STREAM, 0));
	MUST(connect(fds[0], (struct sockaddr *)&address, length));
	fds[1] = MUST(accept(listener, NULL, NULL));
	MUST(close(listener));
}

/* A datagram socket that is connected to itself. */
int udp_socket(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = MUST(socket(AF_INET, SOCK_DGRAM, 0));

	MUST(bind(fd, (struct sockaddr *)&address, length));
	MUST(getsockname(fd, (struct sockaddr *)&address, &length));
	MUST(connect(fd, (struct sockaddr *)&address, length));
	return fd;
}

static pthread_t writer;

static void *write_later(void *arg)
{
	uint64_t one = 1;

	usleep(30000);
	MUST(write((int)(intptr_t)arg, &one, sizeof(one)));
	return NULL;
}

void write_soon(int fd)
{
	pthread_create(&writer, NULL, write_later, (void *)(intptr_t)fd);
}

void wait_for_writer(void)
{
	pthread_join(writer, NULL);
}

void open_all(struct all *all)
{
	int pair[2];
	sigset_t set;

	tcp_pair(pair);
	all->fd[TCP] = pair[0];
	all->tcp_end = pair[1];
	all->fd[UDP] = udp_socket();
	MUST(pipe(pair));
	all->fd[PIPE] = pair[0];
	all->pipe_end = pair[1];
	all->fd[EVENT] = MUST(eventfd(0, EFD_NONBLOCK));
	all->fd[TIMER] = MUST(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	all->fd[SIGNAL] = MUST(signalfd(-1, &set, SFD_NONBLOCK));
	all->fd[WATCH] = MUST(inotify_init1(IN_NONBLOCK));
	strcpy(all->file, "/tmp/poll.XXXXXX");
	MUST(close(MUST(mkstemp(all->file))));
	MUST(inotify_add_watch(all->fd[WATCH], all->file, IN_ATTRIB));
}

void make_ready(struct all *all, enum kind kind)
{
	struct itimerspec at_once = {.it_value = {0, 1}};
	uint64_t one = 1;

	switch (kind) {
	case TCP:
		MUST(write(all->tcp_end, "t", 1));
		break;
	case PIPE:
		MUST(write(all->pipe_end, "p", 1));
		break;
	case TIMER:
		MUST(timerfd_settime(all->fd[TIMER], 0, &at_once, NULL));
		usleep(1000);
		break;
	case SIGNAL:
		MUST(kill(getpid(), SIGUSR2));
		break;
	case WATCH:
		MUST(chmod(all->file, 0600));
		break;
	default:
		MUST(write(all->fd[kind], &one, sizeof(one)));
	}
}

void drain(struct all *all, enum kind kind)
{
	char room[1024];

	MUST(read(all->fd[kind], room, sizeof(room)));
}

void close_all(struct all *all)
{
	for (int i = 0; i < KINDS; i++)
		MUST(close(all->fd[i]));
	MUST(close(all->tcp_end));
	MUST(close(all->pipe_end));
	unlink(all->file);
}

int main(int argc, char **argv)
{
	const char *group = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	close_range(3, ~0U, 0);
	if (!strcmp(group, "poll"))
		test_poll();
	else if (!strcmp(group, "select"))
		test_select();
	else if (!strcmp(group, "epoll"))
		test_epoll();
	else if (!strcmp(group, "members"))
		test_members();
	else if (!strcmp(group, "nested"))
		test_nested();
	else if (!strcmp(group, "stress") && argc == 5)
		return stress(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
	else if (!strcmp(group, "idle"))
		return idle();
	else if (!strcmp(group, "leaks"))
		return leaks();
	else if (!strcmp(group, "latency"))
		return latency();
	else
		errx(2, "no such group: %s", group);
	return 0;
}
