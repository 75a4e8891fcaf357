// SPDX-License-Identifier: BSD-2-Clause
/* hijack_poll_epoll.c - epoll instances with members of two kernels */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "hijack_poll.h"

#define ROOM 32

static volatile sig_atomic_t handled;

static void count(int sig)
{
	(void)sig;
	handled++;
}

static int compare(const void *a, const void *b)
{
	const struct epoll_event *one = a, *other = b;

	return one->data.u64 < other->data.u64 ? -1 : one->data.u64 > other->data.u64;
}

/* Events in the order of their data: theirs is not specified. */
static void wait_show(int instance, int room, int timeout)
{
	struct epoll_event events[ROOM];
	int n = epoll_wait(instance, events, room, timeout);

	if (n < 0) {
		printf("wait: %s\n", strerrorname_np(errno));
		return;
	}
	qsort(events, n, sizeof(events[0]), compare);
	printf("wait: %d", n);
	for (int i = 0; i < n; i++)
		printf(" %llu=%x", (unsigned long long)events[i].data.u64, events[i].events);
	printf("\n");
}

static int control(int instance, int operation, int fd, unsigned int events, unsigned long data)
{
	struct epoll_event event = {events, {.u64 = data}};

	return epoll_ctl(instance, operation, fd, &event);
}

static void add_all(int instance, struct all *all, unsigned int events)
{
	for (int i = 0; i < KINDS; i++)
		MUST(control(instance, EPOLL_CTL_ADD, all->fd[i], events, i));
}

static void each_kind(unsigned int flags)
{
	struct all all;
	int instance = MUST(epoll_create1(EPOLL_CLOEXEC));

	printf("flags %x\n", flags);
	open_all(&all);
	add_all(instance, &all, EPOLLIN | flags);
	wait_show(instance, ROOM, 0);
	wait_show(instance, ROOM, 10);
	for (int kind = 0; kind < KINDS; kind++) {
		make_ready(&all, kind);
		wait_show(instance, ROOM, -1);
		wait_show(instance, ROOM, 0);
		make_ready(&all, kind);
		wait_show(instance, ROOM, 0);
		while (poll(&(struct pollfd){all.fd[kind], POLLIN, 0}, 1, 0) > 0)
			drain(&all, kind);
		wait_show(instance, ROOM, 0);
		if (flags & EPOLLONESHOT)
			SHOW(control(instance, EPOLL_CTL_MOD, all.fd[kind], EPOLLIN | flags,
				     kind + 100));
		wait_show(instance, ROOM, 0);
	}
	close_all(&all);
	MUST(close(instance));
}

static void woken(void)
{
	struct all all;
	int instance = MUST(epoll_create1(0));

	open_all(&all);
	add_all(instance, &all, EPOLLIN);
	write_soon(all.tcp_end);
	wait_show(instance, ROOM, -1);
	wait_for_writer();
	drain(&all, TCP);
	write_soon(all.pipe_end);
	wait_show(instance, ROOM, 5000);
	wait_for_writer();
	drain(&all, PIPE);
	write_soon(all.fd[UDP]);
	wait_show(instance, 1, -1);
	wait_for_writer();
	drain(&all, UDP);
	wait_show(instance, ROOM, 20);

	/* One at a time, none is left out. */
	unsigned int seen = 0;

	make_ready(&all, TCP);
	make_ready(&all, UDP);
	make_ready(&all, PIPE);
	make_ready(&all, EVENT);
	for (int i = 0; i < 12; i++) {
		struct epoll_event event;

		MUST(epoll_wait(instance, &event, 1, 0));
		seen |= 1U << event.data.u32;
	}
	printf("seen %x\n", seen);
	close_all(&all);
	wait_show(instance, ROOM, 0);
	MUST(close(instance));
}

static void waits(void)
{
	struct sigaction act = {.sa_handler = count, .sa_flags = SA_RESTART};
	struct itimerval soon = {.it_value = {0, 30000}};
	struct epoll_event events[ROOM], *volatile nowhere = (struct epoll_event *)8;
	struct timespec before, after, time = {0, 20000000};
	struct all all;
	sigset_t empty, blocked;
	int instance = MUST(epoll_create1(0));

	open_all(&all);
	add_all(instance, &all, EPOLLIN);
	MUST(sigaction(SIGALRM, &act, NULL));
	MUST(setitimer(ITIMER_REAL, &soon, NULL));
	wait_show(instance, ROOM, -1);
	printf("handled %d\n", (int)handled);
	sigemptyset(&empty);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGALRM);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	MUST(raise(SIGALRM));
	wait_show(instance, ROOM, 10);
	SHOW(epoll_pwait(instance, events, ROOM, -1, &empty));
	printf("handled %d\n", (int)handled);
	clock_gettime(CLOCK_MONOTONIC, &before);
	SHOW(syscall(SYS_epoll_pwait2, instance, events, ROOM, &time, NULL, 8));
	clock_gettime(CLOCK_MONOTONIC, &after);
	long us = (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000;

	printf("took its time: %d\n", us >= 20000 && us < 1000000);
	time = (struct timespec){0, -1};
	SHOW(syscall(SYS_epoll_pwait2, instance, events, ROOM, &time, NULL, 8));
	SHOW(syscall(SYS_epoll_pwait2, instance, events, ROOM, 8, NULL, 8));
	SHOW(syscall(SYS_epoll_wait, instance, events, 0, 0));
	SHOW(syscall(SYS_epoll_wait, instance, events, -1, 0));
	SHOW(syscall(SYS_epoll_wait, instance, events, 1 << 30, 0));
	make_ready(&all, TCP);
	make_ready(&all, PIPE);
	SHOW(epoll_wait(instance, nowhere, ROOM, 0));
	time = (struct timespec){1L << 60, 0};
	SHOW(syscall(SYS_epoll_pwait2, instance, events, ROOM, &time, NULL, 8));
	wait_show(instance, ROOM, 0x7fffffff);
	close_all(&all);
	MUST(close(instance));
}

void test_epoll(void)
{
	each_kind(0);
	each_kind(EPOLLET);
	each_kind(EPOLLONESHOT);
	each_kind(EPOLLET | EPOLLONESHOT);
	each_kind(EPOLLEXCLUSIVE);
	woken();
	waits();
}

static void errors(void)
{
	struct epoll_event event = {EPOLLIN, {.u64 = 1}}, *volatile nowhere = (void *)8;
	int instance = MUST(epoll_create1(0)), pair[2], pipes[2];
	int file = MUST(open("/etc/passwd", O_RDONLY));

	tcp_pair(pair);
	MUST(pipe(pipes));
	SHOW(epoll_ctl(instance, EPOLL_CTL_MOD, pair[0], &event));
	SHOW(epoll_ctl(instance, EPOLL_CTL_DEL, pair[0], NULL));
	SHOW(epoll_ctl(instance, EPOLL_CTL_ADD, pair[0], nowhere));
	SHOW(epoll_ctl(instance, EPOLL_CTL_ADD, pair[0], &event));
	SHOW(epoll_ctl(instance, EPOLL_CTL_ADD, pair[0], &event));
	SHOW(epoll_ctl(instance, EPOLL_CTL_ADD, pipes[0], &event));
	SHOW(epoll_ctl(instance, EPOLL_CTL_ADD, pipes[0], &event));
	SHOW(epoll_ctl(instance, EPOLL_CTL_MOD, pair[1], &event));
	SHOW(epoll_ctl(instance, EPOLL_CTL_DEL, pair[1], NULL));
	SHOW(epoll_ctl(instance, EPOLL_CTL_ADD, file, &event));
	SHOW(epoll_ctl(instance, EPOLL_CTL_ADD, instance, &event));
	SHOW(epoll_ctl(instance, EPOLL_CTL_ADD, 99, &event));
	SHOW(epoll_ctl(instance, 77, pair[0], &event));
	SHOW(epoll_ctl(99, EPOLL_CTL_ADD, pair[0], &event));
	SHOW(epoll_ctl(pipes[0], EPOLL_CTL_ADD, pair[0], &event));
	SHOW(epoll_ctl(pair[0], EPOLL_CTL_ADD, pipes[0], &event));
	SHOW(epoll_ctl(pair[0], EPOLL_CTL_ADD, pair[1], &event));
	SHOW(epoll_wait(pair[0], &event, 1, 0));
	SHOW(epoll_wait(pipes[0], &event, 1, 0));
	SHOW(epoll_wait(99, &event, 1, 0));
	SHOW(control(instance, EPOLL_CTL_MOD, pair[0], EPOLLIN | EPOLLEXCLUSIVE, 1));
	SHOW(control(instance, EPOLL_CTL_ADD, pair[1], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT, 1));
	SHOW(epoll_create(0));
	SHOW(epoll_create1(1));
	for (int fd = 3; fd < 9; fd++)
		MUST(close(fd));
}

static void members(void)
{
	int instance = MUST(epoll_create1(0)), pair[2], other, pipes[2];

	tcp_pair(pair);
	MUST(pipe(pipes));
	MUST(control(instance, EPOLL_CTL_ADD, pair[0], EPOLLIN, 1));
	MUST(control(instance, EPOLL_CTL_ADD, pipes[0], EPOLLIN, 2));
	MUST(write(pair[1], "a", 1));
	MUST(write(pipes[1], "b", 1));
	wait_show(instance, ROOM, 0);
	SHOW(control(instance, EPOLL_CTL_MOD, pair[0], EPOLLIN | EPOLLOUT, 3));
	wait_show(instance, ROOM, 0);
	SHOW(control(instance, EPOLL_CTL_MOD, pair[0], 0, 3));
	wait_show(instance, ROOM, 0);
	SHOW(control(instance, EPOLL_CTL_MOD, pair[0], EPOLLIN, 4));
	/* A duplicate keeps a member there when its number is closed. */
	other = MUST(dup(pair[0]));
	SHOW(close(pair[0]));
	wait_show(instance, ROOM, 0);
	SHOW(epoll_ctl(instance, EPOLL_CTL_DEL, pair[0], NULL));
	SHOW(close(other));
	wait_show(instance, ROOM, 0);
	/* A closed number gets another file. */
	SHOW(dup2(pipes[0], pair[0]));
	SHOW(control(instance, EPOLL_CTL_ADD, pair[0], EPOLLIN, 5));
	wait_show(instance, ROOM, 0);
	SHOW(close(pair[0]));
	SHOW(close(pair[1]));
	SHOW(close(pipes[0]));
	SHOW(close(pipes[1]));
	wait_show(instance, ROOM, 0);
	tcp_pair(pair);
	MUST(control(instance, EPOLL_CTL_ADD, pair[0], EPOLLIN | EPOLLRDHUP, 6));
	MUST(shutdown(pair[1], SHUT_WR));
	wait_show(instance, ROOM, -1);
	MUST(close(pair[1]));
	MUST(shutdown(pair[0], SHUT_WR));
	wait_show(instance, ROOM, -1);
	MUST(close(pair[0]));
	wait_show(instance, ROOM, 0);
	/* An instance without members of the host. */
	other = udp_socket();
	MUST(control(instance, EPOLL_CTL_ADD, other, EPOLLIN | EPOLLET, 7));
	MUST(write(other, "u", 1));
	wait_show(instance, ROOM, -1);
	wait_show(instance, ROOM, 0);
	SHOW(epoll_ctl(instance, EPOLL_CTL_DEL, other, NULL));
	MUST(write(other, "u", 1));
	wait_show(instance, ROOM, 0);
	MUST(close(other));
	MUST(close(instance));
}

/* An instance by other numbers. */
static void names(void)
{
	int instance = MUST(epoll_create1(0)), pair[2], other, again, third;

	tcp_pair(pair);
	MUST(control(instance, EPOLL_CTL_ADD, pair[0], EPOLLIN, 1));
	other = (int)SHOW(dup(instance));
	MUST(write(pair[1], "x", 1));
	wait_show(other, ROOM, 0);
	SHOW(control(other, EPOLL_CTL_ADD, pair[1], EPOLLOUT, 2));
	wait_show(instance, ROOM, 0);
	SHOW(close(instance));
	wait_show(other, ROOM, 0);
	again = (int)SHOW(epoll_create1(0));
	wait_show(again, ROOM, 0);
	SHOW(control(again, EPOLL_CTL_ADD, pair[1], EPOLLOUT, 3));
	wait_show(again, ROOM, 0);
	wait_show(other, ROOM, 0);
	third = (int)SHOW(fcntl(other, F_DUPFD_CLOEXEC, 30));
	SHOW(dup2(again, other));
	wait_show(other, ROOM, 0);
	wait_show(third, ROOM, 0);
	SHOW(close_range(other, other, 0));
	SHOW(close(again));
	wait_show(again, ROOM, 0);
	SHOW(epoll_ctl(again, EPOLL_CTL_DEL, pair[0], NULL));
	SHOW(dup2(pair[0], again));
	SHOW(epoll_wait(again, (struct epoll_event[1]){0}, 1, 0));
	SHOW(dup2(third, again));
	wait_show(again, ROOM, 0);
	/* In place of a socket, and a socket in its place. */
	other = MUST(udp_socket());
	SHOW(dup2(third, other));
	wait_show(other, ROOM, 0);
	SHOW(dup2(pair[1], other));
	SHOW(epoll_wait(other, (struct epoll_event[1]){0}, 1, 0));
	close_range(3, ~0U, 0);
	SHOW(epoll_create1(0));
	SHOW(epoll_create1(0));
	tcp_pair(pair);
	MUST(control(4, EPOLL_CTL_ADD, pair[0], EPOLLOUT, 4));
	wait_show(3, ROOM, 0);
	wait_show(4, ROOM, 0);
	close_range(3, ~0U, 0);
	/* More instances than there could be at once. */
	for (int i = 0; i < 600; i++) {
		tcp_pair(pair);
		instance = MUST(epoll_create1(0));
		MUST(control(instance, EPOLL_CTL_ADD, pair[0], EPOLLOUT, 8));
		if (i % 200 == 0)
			wait_show(instance, ROOM, -1);
		MUST(close(pair[0]));
		MUST(close(pair[1]));
		MUST(close(instance));
	}
}

void test_members(void)
{
	errors();
	members();
	names();
}

static void show_poll(int instance)
{
	struct pollfd fd = {instance, POLLIN, 0};

	SHOW(poll(&fd, 1, 0));
}

void test_nested(void)
{
	int inner = MUST(epoll_create1(0)), outer = MUST(epoll_create1(0)), pair[2], pipes[2], late;
	struct pollfd set[2];
	fd_set fds;

	tcp_pair(pair);
	MUST(pipe(pipes));
	SHOW(control(outer, EPOLL_CTL_ADD, inner, EPOLLIN, 1));
	SHOW(control(inner, EPOLL_CTL_ADD, pair[0], EPOLLIN, 2));
	SHOW(control(inner, EPOLL_CTL_ADD, pipes[0], EPOLLIN, 3));
	SHOW(control(inner, EPOLL_CTL_ADD, outer, EPOLLIN, 3));
	show_poll(inner);
	wait_show(outer, ROOM, 0);
	write_soon(pair[1]);
	wait_show(outer, ROOM, -1);
	wait_for_writer();
	show_poll(inner);
	show_poll(outer);
	wait_show(outer, ROOM, 0);
	wait_show(inner, ROOM, 0);
	MUST(read(pair[0], &(char[64]){0}, 64));
	show_poll(inner);
	show_poll(outer);
	wait_show(outer, ROOM, 0);
	wait_show(inner, ROOM, 0);
	write_soon(pipes[1]);
	wait_show(outer, ROOM, -1);
	wait_for_writer();
	MUST(write(pair[1], "x", 1));
	wait_show(outer, ROOM, 0);
	wait_show(inner, ROOM, 0);
	MUST(read(pipes[0], &(char[64]){0}, 64));
	MUST(read(pair[0], &(char){0}, 1));
	wait_show(outer, ROOM, 0);
	/* poll and select of an instance beside others. */
	set[0] = (struct pollfd){inner, POLLIN, 0};
	set[1] = (struct pollfd){pipes[0], POLLIN, 0};
	SHOW(poll(set, 2, 10));
	write_soon(pair[1]);
	SHOW(poll(set, 2, -1));
	printf("%x %x\n", (unsigned int)set[0].revents, (unsigned int)set[1].revents);
	wait_for_writer();
	FD_ZERO(&fds);
	FD_SET(inner, &fds);
	FD_SET(pipes[0], &fds);
	SHOW(select(20, &fds, NULL, NULL, NULL));
	SHOW(FD_ISSET(inner, &fds));
	MUST(read(pair[0], &(char[64]){0}, 64));
	SHOW(poll(set, 2, 10));
	SHOW(control(outer, EPOLL_CTL_DEL, inner, 0, 0));
	MUST(write(pair[1], "x", 1));
	wait_show(outer, ROOM, 0);
	/* The inner one gets its first socket when it is there already; by another number too. */
	late = MUST(epoll_create1(0));
	SHOW(control(outer, EPOLL_CTL_ADD, late, EPOLLIN | EPOLLET, 4));
	SHOW(control(late, EPOLL_CTL_ADD, pair[1], EPOLLIN, 5));
	wait_show(outer, ROOM, 0);
	MUST(write(pair[0], "y", 1));
	wait_show(outer, ROOM, 0);
	wait_show(outer, ROOM, 0);
	wait_show(late, ROOM, 0);
	MUST(close(late));
	wait_show(outer, ROOM, 0);
	SHOW(control(outer, EPOLL_CTL_ADD, inner, EPOLLIN | EPOLLONESHOT, 6));
	wait_show(outer, ROOM, 0);
	wait_show(outer, ROOM, 0);
	MUST(close(inner));
	wait_show(outer, ROOM, 0);
	close_range(3, ~0U, 0);
}
