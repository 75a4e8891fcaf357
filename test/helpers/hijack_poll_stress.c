// SPDX-License-Identifier: BSD-2-Clause
/* hijack_poll_stress.c - many waits at once, waits that are left, waits that last, and their time */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "hijack_poll.h"

#define SOURCES 64
#define PATIENCE 20000 /* ms without an event are a lost one */

static struct {
	int instance, stop, sources, rounds;
	unsigned int flags;
	int in[SOURCES], out[SOURCES];
	atomic_int sent[SOURCES], got[SOURCES], total;
} job;

static void drain_source(int i)
{
	char room[256];
	ssize_t n;

	while ((n = read(job.in[i], room, sizeof(room))) > 0) {
		atomic_fetch_add(&job.got[i], (int)n);
		if (atomic_fetch_add(&job.total, (int)n) + n == job.rounds)
			MUST(write(job.stop, &(uint64_t){1}, 8));
		if (job.flags == 0)
			break;
	}
	if (n < 0 && errno != EAGAIN)
		err(1, "read");
}

static void *worker(void *arg)
{
	struct epoll_event events[4], again;

	for (;;) {
		int n = epoll_wait(job.instance, events, 4, PATIENCE);

		if (n <= 0)
			errx(1, "%d of %d events after %d s", job.total, job.rounds, PATIENCE / 1000);
		for (int i = 0; i < n; i++) {
			int source = (int)events[i].data.u64;

			if (source == SOURCES)
				return arg;
			drain_source(source);
			if (job.flags & EPOLLONESHOT) {
				again = (struct epoll_event){EPOLLIN | job.flags, {.u64 = source}};
				MUST(epoll_ctl(job.instance, EPOLL_CTL_MOD, job.in[source], &again));
			}
		}
	}
}

static void *producer(void *arg)
{
	unsigned int seed = (unsigned int)(unsigned long)arg;
	int rounds = job.rounds / 2;

	for (int i = 0; i < rounds; i++) {
		int source = rand_r(&seed) % job.sources;

		MUST(write(job.out[source], "x", 1));
		atomic_fetch_add(&job.sent[source], 1);
		if (i % 64 == 0)
			usleep(rand_r(&seed) % 200);
	}
	return NULL;
}

static void run(int threads, unsigned int flags)
{
	struct epoll_event event;
	pthread_t thread[16], producers[2];

	memset(job.sent, 0, sizeof(job.sent));
	memset(job.got, 0, sizeof(job.got));
	job.total = 0;
	job.flags = flags;
	job.instance = MUST(epoll_create1(0));
	job.stop = MUST(eventfd(0, 0));
	event = (struct epoll_event){EPOLLIN, {.u64 = SOURCES}};
	MUST(epoll_ctl(job.instance, EPOLL_CTL_ADD, job.stop, &event));
	for (int i = 0; i < job.sources; i++) {
		event = (struct epoll_event){EPOLLIN | flags, {.u64 = i}};
		MUST(epoll_ctl(job.instance, EPOLL_CTL_ADD, job.in[i], &event));
	}
	for (int i = 0; i < threads; i++)
		pthread_create(&thread[i], NULL, worker, NULL);
	for (int i = 0; i < 2; i++)
		pthread_create(&producers[i], NULL, producer, (void *)(i + 1l));
	for (int i = 0; i < 2; i++)
		pthread_join(producers[i], NULL);
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < job.sources; i++)
		if (job.sent[i] != job.got[i])
			errx(1, "source %d: sent %d, got %d", i, job.sent[i], job.got[i]);
	printf("flags %x: %d events\n", flags, job.total);
	MUST(close(job.instance));
	MUST(close(job.stop));
}

/* Bytes go to and fro between two threads, over a socket there and a pipe back, or the other way. */
struct table {
	int tcp[2], pipes[2], rounds;
	bool other;
};

static void *echo(void *arg)
{
	struct table *t = arg;
	struct pollfd set[2] = {{t->tcp[1], POLLIN, 0}, {t->pipes[0], POLLIN, 0}};

	for (int i = 0; i < t->rounds; i++) {
		if (poll(set, 2, PATIENCE) != 1)
			errx(1, "a lost wake-up in round %d", i);
		if (set[0].revents != POLLIN || set[1].revents)
			errx(1, "ready: %x %x", set[0].revents, set[1].revents);
		MUST(read(t->tcp[1], &(char){0}, 1));
		MUST(write(t->tcp[1], "b", 1));
	}
	return NULL;
}

static void *serve(void *arg)
{
	struct table *t = arg;
	struct pollfd set[2] = {{t->tcp[0], POLLIN, 0}, {t->pipes[0], POLLIN, 0}};
	pthread_t thread;

	tcp_pair(t->tcp);
	MUST(pipe(t->pipes));
	set[0].fd = t->tcp[0];
	set[1].fd = t->pipes[0];
	pthread_create(&thread, NULL, echo, t);
	for (int i = 0; i < t->rounds; i++) {
		MUST(write(t->tcp[0], "a", 1));
		if (poll(set, 2, PATIENCE) != 1)
			errx(1, "a lost wake-up in round %d", i);
		MUST(read(t->tcp[0], &(char){0}, 1));
	}
	pthread_join(thread, NULL);
	return NULL;
}

int stress(int threads, int sources, int rounds)
{
	struct table tables[8] = {0};
	pthread_t thread[8];
	int pair[2];

	job.sources = sources;
	job.rounds = rounds & ~1;
	for (int i = 0; i < sources; i++) {
		if (i % 2)
			MUST(pipe(pair));
		else
			tcp_pair(pair);
		job.in[i] = pair[0];
		job.out[i] = pair[1];
		MUST(fcntl(pair[0], F_SETFL, O_NONBLOCK));
	}
	run(threads, 0);
	run(threads, EPOLLET);
	run(threads, EPOLLONESHOT);
	run(threads, EPOLLET | EPOLLONESHOT);
	run(threads, EPOLLEXCLUSIVE | EPOLLET);
	for (int i = 0; i < threads; i++) {
		tables[i].rounds = rounds / 10;
		pthread_create(&thread[i], NULL, serve, &tables[i]);
	}
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	printf("%d rounds to and fro\n", threads * (rounds / 10));
	return 0;
}

static double time_of(clockid_t clock)
{
	struct timespec time;

	return clock_gettime(clock, &time) ? -1 : (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/*
 * Of the process that keeps the kernel, which is called after this one. Forks of it are, too,
 * and use less.
 */
static clockid_t kernel_clock(void)
{
	char expected[32], name[32], path[64];
	DIR *dir = opendir("/proc");
	clockid_t clock, found = -1;
	struct dirent *entry;
	double most = -1;
	FILE *file;

	snprintf(expected, sizeof(expected), "rump:%.10s\n", program_invocation_short_name);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.20s/comm", entry->d_name);
		file = atoi(entry->d_name) ? fopen(path, "r") : NULL;
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file) && !strcmp(name, expected) &&
		    !clock_getcpuclockid(atoi(entry->d_name), &clock) && time_of(clock) > most) {
			found = clock;
			most = time_of(clock);
		}
		fclose(file);
	}
	closedir(dir);
	if (most < 0)
		errx(1, "there is no process %s", expected);
	return found;
}

/*
 * Waits of three seconds together use next to no processor time, here and in the kernel's
 * process.
 */
int idle(void)
{
	int instance = MUST(epoll_create1(0)), pair[2], pipes[2];
	struct epoll_event event = {EPOLLIN, {.u64 = 0}};
	struct pollfd set[3];
	fd_set fds;
	double used, kernel;
	clockid_t clock;

	tcp_pair(pair);
	clock = kernel_clock();
	MUST(pipe(pipes));
	MUST(epoll_ctl(instance, EPOLL_CTL_ADD, pair[0], &event));
	MUST(epoll_ctl(instance, EPOLL_CTL_ADD, pipes[0], &event));
	/* A bell has rung for what is there no more. */
	MUST(write(pair[1], "x", 1));
	MUST(read(pair[0], &(char){0}, 1));
	set[0] = (struct pollfd){pair[0], POLLIN, 0};
	set[1] = (struct pollfd){pipes[0], POLLIN, 0};
	set[2] = (struct pollfd){instance, POLLIN, 0};
	FD_ZERO(&fds);
	for (int i = 0; i < 3; i++)
		FD_SET(set[i].fd, &fds);
	used = time_of(CLOCK_PROCESS_CPUTIME_ID);
	kernel = time_of(clock);
	if (poll(set, 2, 750) || poll(set, 3, 750) ||
	    select(20, &fds, NULL, NULL, &(struct timeval){0, 750000}) ||
	    epoll_wait(instance, &event, 1, 750))
		errx(1, "something was ready");
	used = time_of(CLOCK_PROCESS_CPUTIME_ID) - used;
	kernel = time_of(clock) - kernel;
	printf("used %.3f s, the kernel's process %.3f s\n", used, kernel);
	if (used > 0.03 || kernel > 0.03)
		errx(1, "that is too much");
	return 0;
}

static int count_entries(const char *name)
{
	DIR *dir = opendir(name);
	int n = -3; /* with ".", "..", and its own descriptor */

	while (dir && readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* A thread that was joined may still be listed for a moment. */
static int count_threads(int expected)
{
	int n = count_entries("/proc/self/task");

	for (int i = 0; i < 100 && n != expected; i++) {
		usleep(10000);
		n = count_entries("/proc/self/task");
	}
	return n;
}

static sigjmp_buf back;
static struct pollfd both[2];

static void jump(int sig)
{
	siglongjmp(back, sig);
}

static void wait_too(int sig)
{
	(void)sig;
	if (poll(both, 2, 5))
		_exit(3);
}

static void *waiter(void *arg)
{
	poll(both, 2, arg ? -1 : 5);
	return NULL;
}

static void soon(void)
{
	MUST(setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 2000}}, NULL));
}

/* Threads that end in a wait or after it, jumps out of waits, waits in handlers. */
static void leave_waits(void)
{
	pthread_t thread[4];

	for (int i = 0; i < 25; i++) {
		for (long t = 0; t < 4; t++)
			pthread_create(&thread[t], NULL, waiter, (void *)(t & 1));
		usleep(1000);
		for (int t = 0; t < 4; t++) {
			if (t & 1)
				pthread_cancel(thread[t]);
			pthread_join(thread[t], NULL);
		}
	}
	signal(SIGALRM, jump);
	for (volatile int i = 0; i < 100; i++) {
		if (sigsetjmp(back, 1))
			continue;
		soon();
		poll(both, 2, -1);
		errx(1, "came back");
	}
	signal(SIGALRM, wait_too);
	for (int i = 0; i < 20; i++) {
		soon();
		if (poll(both, 2, -1) != -1 || errno != EINTR)
			errx(1, "the handler's wait ended this one otherwise");
	}
}

int leaks(void)
{
	int pair[2], pipes[2], fds, threads;

	tcp_pair(pair);
	MUST(pipe(pipes));
	both[0] = (struct pollfd){pair[0], POLLIN, 0};
	both[1] = (struct pollfd){pipes[0], POLLIN, 0};
	/* This thread's wait comes before the others', so that all hold what they hold from here on. */
	poll(both, 2, 0);
	leave_waits();
	fds = count_entries("/proc/self/fd");
	usleep(100000);
	threads = count_entries("/proc/self/task");
	leave_waits();
	printf("%d more descriptors, %d more threads\n", count_entries("/proc/self/fd") - fds,
	       count_threads(threads) - threads);
	/* All the same the thread's waits work. */
	write_soon(pair[1]);
	SHOW(poll(both, 2, -1));
	wait_for_writer();
	return 0;
}

static int latency_fds[2];

static void *answer(void *arg)
{
	struct pollfd set = {latency_fds[1], POLLIN, 0};

	(void)arg;
	for (int i = 0; i < 2000; i++) {
		poll(&set, 1, -1);
		MUST(read(latency_fds[1], &(char){0}, 1));
		MUST(write(latency_fds[1], "b", 1));
	}
	return NULL;
}

/* Prints the time of a round trip whose one end waits in a mixed instance. */
int latency(void)
{
	int instance = MUST(epoll_create1(0)), pipes[2];
	struct epoll_event event = {EPOLLIN, {.u64 = 0}};
	struct timespec begin, end;
	pthread_t thread;

	tcp_pair(latency_fds);
	MUST(pipe(pipes));
	MUST(epoll_ctl(instance, EPOLL_CTL_ADD, latency_fds[0], &event));
	MUST(epoll_ctl(instance, EPOLL_CTL_ADD, pipes[0], &event));
	pthread_create(&thread, NULL, answer, NULL);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < 2000; i++) {
		MUST(write(latency_fds[0], "a", 1));
		if (epoll_wait(instance, &event, 1, PATIENCE) != 1)
			errx(1, "a lost wake-up in round %d", i);
		MUST(read(latency_fds[0], &(char){0}, 1));
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	pthread_join(thread, NULL);
	printf("%.1f us\n", ((double)(end.tv_sec - begin.tv_sec) * 1e9 +
			     (double)(end.tv_nsec - begin.tv_nsec)) / 2000 / 1000);
	return 0;
}
