// SPDX-License-Identifier: BSD-2-Clause
/* hijack_poll_sets.c - poll(2), ppoll(2), select(2), pselect(2) on sets of two kernels */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "hijack_poll.h"

static volatile sig_atomic_t handled;

static void count(int sig)
{
	(void)sig;
	handled++;
}

static void show_fds(const struct pollfd *fds, int n)
{
	for (int i = 0; i < n; i++)
		printf(" %x", (unsigned int)(unsigned short)fds[i].revents);
	printf("\n");
}

static int all_fds(const struct all *all, struct pollfd *fds)
{
	for (int i = 0; i < KINDS; i++)
		fds[i] = (struct pollfd){all->fd[i], POLLIN, 0x55};
	return KINDS;
}

static long elapsed(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

/* A wait took about as long as it should. */
static void show_time(const struct timespec *since, long ms)
{
	long took = elapsed(since);

	printf("took its time: %d\n", took >= ms - 1 && took < ms + 1000);
}

static void each_kind(struct all *all)
{
	struct pollfd fds[KINDS + 1];
	int n = all_fds(all, fds);

	for (int kind = 0; kind < KINDS; kind++) {
		printf("%s\n", kind_names[kind]);
		make_ready(all, kind);
		SHOW(poll(fds, n, -1));
		show_fds(fds, n);
		SHOW(poll(fds, n, 0));
		drain(all, kind);
		SHOW(poll(fds, n, 0));
		show_fds(fds, n);
	}
	for (int kind = 0; kind < KINDS; kind++)
		make_ready(all, kind);
	SHOW(poll(fds, n, 1000));
	show_fds(fds, n);
	for (int kind = 0; kind < KINDS; kind++)
		drain(all, kind);
	write_soon(all->tcp_end);
	SHOW(poll(fds, n, -1));
	show_fds(fds, n);
	wait_for_writer();
	drain(all, TCP);
	write_soon(all->pipe_end);
	SHOW(poll(fds, n, 5000));
	show_fds(fds, n);
	wait_for_writer();
	drain(all, PIPE);
}

static void odd_sets(struct all *all)
{
	struct pollfd fds[KINDS + 4], *many, *volatile nowhere = (struct pollfd *)8;
	int n = all_fds(all, fds), pair[2];
	struct timespec since;

	fds[n++] = (struct pollfd){-1, POLLIN, 7};
	fds[n++] = (struct pollfd){all->fd[TCP], POLLOUT, 0};
	fds[n++] = (struct pollfd){all->fd[TCP], 0, 0};
	SHOW(poll(fds, n, 1000));
	show_fds(fds, n);
	fds[n - 2].fd = -5;
	fds[n++] = (struct pollfd){444, POLLIN, 0};
	SHOW(poll(fds, n, -1));
	show_fds(fds, n);
	n--;
	clock_gettime(CLOCK_MONOTONIC, &since);
	SHOW(poll(fds, n, 40));
	show_time(&since, 40);
	show_fds(fds, n);
	clock_gettime(CLOCK_MONOTONIC, &since);
	SHOW(poll(NULL, 0, 20));
	show_time(&since, 20);
	SHOW(poll(nowhere, 2, 0));
	SHOW(syscall(SYS_poll, NULL, 1, 0));
	SHOW(syscall(SYS_poll, fds, 1 << 30, 0));
	/* Larger than what fits on a stack. */
	many = calloc(600, sizeof(*many));
	for (int i = 0; i < 600; i++)
		many[i] = (struct pollfd){all->fd[i % KINDS], POLLIN, 0};
	make_ready(all, UDP);
	make_ready(all, EVENT);
	SHOW(poll(many, 600, -1));
	show_fds(many + 595, 5);
	drain(all, UDP);
	drain(all, EVENT);
	SHOW(poll(many, 600, 10));
	/* Of one kernel. */
	for (int i = 0; i < 600; i++)
		many[i].fd = i % 2 ? all->fd[TCP] : -1;
	SHOW(poll(many, 600, 10));
	make_ready(all, TCP);
	SHOW(poll(many, 600, -1));
	drain(all, TCP);
	free(many);
	/* The other end goes. */
	tcp_pair(pair);
	fds[0] = (struct pollfd){pair[0], POLLIN | POLLRDHUP, 0};
	fds[1] = (struct pollfd){all->fd[PIPE], POLLIN, 0};
	MUST(shutdown(pair[1], SHUT_WR));
	SHOW(poll(fds, 2, -1));
	show_fds(fds, 2);
	MUST(close(pair[1]));
	MUST(shutdown(pair[0], SHUT_WR));
	SHOW(poll(fds, 2, -1));
	show_fds(fds, 2);
	MUST(close(pair[0]));
	SHOW(poll(fds, 2, -1));
	show_fds(fds, 2);
}

static void masks(struct all *all)
{
	struct sigaction act = {.sa_handler = count, .sa_flags = SA_RESTART};
	struct itimerval soon = {.it_value = {0, 30000}};
	struct timespec time = {5, 0}, since, *volatile nowhere = (struct timespec *)8;
	struct pollfd fds[KINDS];
	int n = all_fds(all, fds);
	sigset_t blocked, empty;

	sigemptyset(&empty);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGALRM);
	MUST(sigaction(SIGALRM, &act, NULL));
	MUST(setitimer(ITIMER_REAL, &soon, NULL));
	SHOW(poll(fds, n, -1));
	printf("handled %d\n", (int)handled);
	MUST(sigprocmask(SIG_BLOCK, &blocked, NULL));
	MUST(raise(SIGALRM));
	clock_gettime(CLOCK_MONOTONIC, &since);
	SHOW(poll(fds, n, 20));
	show_time(&since, 20);
	printf("handled %d\n", (int)handled);
	SHOW(ppoll(fds, n, NULL, &empty));
	printf("handled %d\n", (int)handled);
	SHOW(ppoll(fds, 1, &(struct timespec){0, 1000000}, &empty));
	MUST(raise(SIGALRM));
	SHOW(ppoll(fds, 1, NULL, &empty));
	printf("handled %d\n", (int)handled);
	MUST(raise(SIGALRM));
	make_ready(all, TCP);
	SHOW(ppoll(fds, n, NULL, &empty) == 1 || handled == 4);
	drain(all, TCP);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	sigaddset(&empty, SIGUSR2);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	printf("handled %d\n", (int)handled);
	/* What is left of the time is stored. */
	make_ready(all, UDP);
	SHOW(syscall(SYS_ppoll, fds, n, &time, NULL, 8));
	printf("left %d\n", time.tv_sec == 4 || (time.tv_sec == 5 && !time.tv_nsec));
	drain(all, UDP);
	time = (struct timespec){0, 20000000};
	SHOW(syscall(SYS_ppoll, fds, n, &time, NULL, 8));
	printf("left %ld %ld\n", (long)time.tv_sec, time.tv_nsec);
	time = (struct timespec){0, -1};
	SHOW(syscall(SYS_ppoll, fds, n, &time, NULL, 8));
	time = (struct timespec){-1, 0};
	SHOW(syscall(SYS_ppoll, fds, n, &time, NULL, 8));
	SHOW(syscall(SYS_ppoll, fds, n, nowhere, NULL, 8));
	SHOW(syscall(SYS_ppoll, fds, n, NULL, nowhere, 8));
	SHOW(syscall(SYS_ppoll, fds, n, NULL, &empty, 5));
}

void test_poll(void)
{
	struct all all;

	open_all(&all);
	each_kind(&all);
	odd_sets(&all);
	masks(&all);
	close_all(&all);
}

static void show_set(const char *name, const fd_set *set)
{
	printf("%s:", name);
	for (int fd = 0; fd < FD_SETSIZE; fd++)
		if (FD_ISSET(fd, set))
			printf(" %d", fd);
	printf("\n");
}

static int all_set(const struct all *all, fd_set *set)
{
	int highest = 0;

	FD_ZERO(set);
	for (int i = 0; i < KINDS; i++) {
		FD_SET(all->fd[i], set);
		highest = all->fd[i] > highest ? all->fd[i] : highest;
	}
	return highest + 1;
}

void test_select(void)
{
	struct itimerval soon = {.it_value = {0, 30000}};
	struct sigaction act = {.sa_handler = count};
	struct timeval time = {5, 0};
	struct timespec since;
	fd_set in, out, except, *volatile nowhere = (fd_set *)8;
	struct all all;
	sigset_t blocked, empty;
	int high, n;

	/*
	 * A closed number below nfds is EBADF only as far as the kernel's table of descriptors
	 * reaches; where it ends depends on the numbers that were inherited. It shall reach 200.
	 */
	high = MUST(fcntl(STDERR_FILENO, F_DUPFD, 300));
	open_all(&all);
	for (int kind = 0; kind < KINDS; kind++) {
		printf("%s\n", kind_names[kind]);
		make_ready(&all, kind);
		n = all_set(&all, &in);
		SHOW(select(n, &in, NULL, NULL, NULL));
		show_set("in", &in);
		drain(&all, kind);
		all_set(&all, &in);
		SHOW(select(n, &in, NULL, NULL, &(struct timeval){0, 0}));
		show_set("in", &in);
	}
	all_set(&all, &in);
	FD_ZERO(&out);
	FD_SET(all.fd[TCP], &out);
	FD_SET(all.pipe_end, &out);
	except = in;
	MUST(send(all.tcp_end, "!", 1, MSG_OOB));
	make_ready(&all, UDP);
	SHOW(select(n, &in, &out, &except, &time));
	printf("left %d\n", time.tv_sec == 4 || time.tv_sec == 5);
	show_set("in", &in);
	show_set("out", &out);
	show_set("except", &except);
	drain(&all, UDP);
	MUST(recv(all.fd[TCP], &(char){0}, 1, MSG_OOB));
	all_set(&all, &in);
	write_soon(all.tcp_end);
	SHOW(select(n, &in, NULL, NULL, NULL));
	show_set("in", &in);
	wait_for_writer();
	drain(&all, TCP);
	all_set(&all, &in);
	write_soon(all.fd[EVENT]);
	SHOW(select(n, &in, NULL, NULL, &time));
	show_set("in", &in);
	wait_for_writer();
	drain(&all, EVENT);
	all_set(&all, &in);
	clock_gettime(CLOCK_MONOTONIC, &since);
	time = (struct timeval){0, 30000};
	SHOW(select(n, &in, NULL, NULL, &time));
	show_time(&since, 30);
	printf("left %ld %ld\n", (long)time.tv_sec, (long)time.tv_usec);
	show_set("in", &in);
	/* A number that is closed; one that is too large; bits behind the last. */
	all_set(&all, &in);
	FD_SET(200, &in);
	SHOW(select(n, &in, NULL, NULL, &(struct timeval){0, 0}));
	all_set(&all, &in);
	FD_SET(200, &in);
	SHOW(select(201, &in, NULL, NULL, NULL));
	show_set("in", &in);
	all_set(&all, &in);
	SHOW(select(n, nowhere, NULL, NULL, NULL));
	SHOW(select(n, &in, nowhere, NULL, NULL));
	SHOW(select(-1, &in, NULL, NULL, NULL));
	SHOW(select(n, &in, NULL, NULL, &(struct timeval){-1, 0}));
	SHOW(select(1 << 16, NULL, NULL, NULL, &(struct timeval){0, 0}));
	SHOW(select(FD_SETSIZE, &in, NULL, NULL, &(struct timeval){0, 0}));
	/* Signals. */
	MUST(sigaction(SIGALRM, &act, NULL));
	MUST(setitimer(ITIMER_REAL, &soon, NULL));
	all_set(&all, &in);
	SHOW(select(n, &in, NULL, NULL, NULL));
	show_set("in", &in);
	printf("handled %d\n", (int)handled);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGALRM);
	sigemptyset(&empty);
	MUST(sigprocmask(SIG_BLOCK, &blocked, NULL));
	MUST(raise(SIGALRM));
	SHOW(pselect(n, &in, NULL, NULL, &(struct timespec){0, 10000000}, NULL));
	printf("handled %d\n", (int)handled);
	all_set(&all, &in);
	SHOW(pselect(n, &in, NULL, NULL, NULL, &empty));
	printf("handled %d\n", (int)handled);
	make_ready(&all, TCP);
	SHOW(pselect(n, &in, NULL, NULL, NULL, &empty));
	show_set("in", &in);
	SHOW(pselect(n, &in, NULL, NULL, &(struct timespec){0, 1000000000}, NULL));
	close_all(&all);
	close(high);
}
