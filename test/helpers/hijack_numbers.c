// SPDX-License-Identifier: BSD-2-Clause
/* hijack_numbers.c - threads that open, duplicate and close files of two kernels at once
 *
 *	hijack_numbers DIR HOST THREADS ROUNDS [MILLISECONDS]
 *
 * Each thread has a file in either directory that nobody else opens, and knows of each of its numbers
 * which file it is: it reads a byte from it before it closes it. No number may belong to two threads
 * at once, and in the end all are free and the lowest ones come first again. With
 * MILLISECONDS the process ends after that time, with status 7.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define THREADS_MAX 32
#define HELD	    12
#define NUMBERS	    4096
#define TARGETS	    512 /* dup2() goes to numbers from here on, 4 for each thread */

#define check(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s (errno %d, fd %d)\n", __FILE__, __LINE__,       \
				#condition, errno, current);                                       \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

struct held {
	int fd;
	char byte;
};

struct worker {
	pthread_t thread;
	int id;
	unsigned int seed;
	char names[2][4096];
	char bytes[2];
	struct held held[HELD], target[4];
	int n;
};

static struct worker workers[THREADS_MAX];
static char owner[NUMBERS];
static int rounds;
static __thread int current = -1;
static const char *dirs[2];

static void take(struct worker *w, int fd)
{
	char none = 0;

	current = fd;
	check(fd >= 3 && fd < NUMBERS);
	check(__atomic_compare_exchange_n(&owner[fd], &none, (char)(w->id + 1), false,
					  __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
}

static void look(const struct held *held)
{
	struct stat status;
	char byte = 0;

	current = held->fd;
	check(pread(held->fd, &byte, 1, 0) == 1);
	check(byte == held->byte);
	check(!fstat(held->fd, &status));
	check(status.st_size == 1);
}

static void give(struct worker *w, const struct held *held)
{
	look(held);
	check(owner[held->fd] == w->id + 1);
	owner[held->fd] = 0;
	check(!close(held->fd));
}

static void hold(struct worker *w, int fd, char byte)
{
	take(w, fd);
	w->held[w->n++] = (struct held){fd, byte};
	look(&w->held[w->n - 1]);
}

static void drop(struct worker *w, int i)
{
	give(w, &w->held[i]);
	w->held[i] = w->held[--w->n];
}

/* A number that is chosen: first one kernel's file, then the other's. */
static void onto(struct worker *w, const struct held *from, int i)
{
	struct held *target = &w->target[i];
	int fd = TARGETS + 4 * w->id + i;

	current = fd;
	if (!target->fd)
		take(w, fd);
	check(dup3(from->fd, fd, i & 1 ? O_CLOEXEC : 0) == fd);
	*target = (struct held){fd, from->byte};
	look(target);
	check(fcntl(fd, F_GETFD) == (i & 1));
}

static void step(struct worker *w)
{
	int what = rand_r(&w->seed) % 12, side = rand_r(&w->seed) & 1, ends[2], fd;
	int i = w->n ? rand_r(&w->seed) % w->n : 0;

	if (w->n == HELD || (w->n && what > 7)) {
		drop(w, i);
		return;
	}
	switch (what) {
	case 0 ... 4:
		fd = open(w->names[side], O_RDWR | O_CLOEXEC);
		hold(w, fd, w->bytes[side]);
		check(fcntl(fd, F_GETFD) == FD_CLOEXEC);
		break;
	case 5:
		if (w->n) {
			fd = dup(w->held[i].fd);
			hold(w, fd, w->held[i].byte);
			check(fcntl(fd, F_GETFD) == 0);
		}
		break;
	case 6:
		if (w->n)
			onto(w, &w->held[i], rand_r(&w->seed) & 3);
		break;
	case 7:
		check(!pipe2(ends, O_CLOEXEC));
		take(w, ends[0]);
		take(w, ends[1]);
		check(write(ends[1], "p", 1) == 1);
		for (int end = 0; end < 2; end++) {
			owner[ends[end]] = 0;
			check(!close(ends[end]));
		}
		break;
	default:
		/* What does not exist takes no number. */
		check(openat(AT_FDCWD, side ? "/mnt/none" : "/none", O_RDONLY) == -1);
	}
}

static void *work(void *argument)
{
	struct worker *w = argument;

	for (int i = 0; i < rounds; i++)
		step(w);
	while (w->n)
		drop(w, 0);
	for (int i = 0; i < 4; i++)
		if (w->target[i].fd)
			give(w, &w->target[i]);
	return NULL;
}

/* A handler that opens and closes, at any moment in any thread. */
static void on_alarm(int signal)
{
	int saved = errno, fd;

	(void)signal;
	for (int side = 0; side < 2; side++) {
		fd = open(dirs[side], O_RDONLY | O_DIRECTORY);
		current = fd;
		check(fd >= 3 && !owner[fd]);
		check(!close(fd));
	}
	errno = saved;
}

static int count_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	struct itimerval often = {{0, 3000}, {0, 3000}};
	int threads, before, fd, lowest;

	check(argc == 5 || argc == 6);
	check(!close_range(3, ~0u, 0));
	threads = atoi(argv[3]);
	rounds = atoi(argv[4]);
	check(threads > 0 && threads <= THREADS_MAX);
	for (int i = 0; i < threads; i++) {
		workers[i].id = i;
		workers[i].seed = (unsigned int)i + 1;
		for (int side = 0; side < 2; side++) {
			dirs[side] = argv[1 + side];
			workers[i].bytes[side] = (char)((side ? 'A' : 'a') + i % 26);
			snprintf(workers[i].names[side], sizeof(workers[i].names[side]), "%s/%d",
				 argv[1 + side], i);
			fd = open(workers[i].names[side], O_RDWR | O_CREAT | O_TRUNC, 0600);
			current = fd;
			check(write(fd, &workers[i].bytes[side], 1) == 1);
			check(!close(fd));
		}
	}
	lowest = open("/dev/null", O_RDONLY);
	close(lowest);
	before = count_open();
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < threads; i++)
		check(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	if (argc == 6) {
		usleep((useconds_t)atoi(argv[5]) * 1000);
		exit(7);
	}
	for (int i = 0; i < threads; i++)
		check(!pthread_join(workers[i].thread, NULL));
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	for (int i = 0; i < 20; i++) {
		fd = open(workers[0].names[i & 1], O_RDONLY);
		current = fd;
		check(fd == lowest + i);
	}
	for (int i = 0; i < 20; i++)
		check(!close(lowest + i));
	check(count_open() == before);
	printf("done\n");
	return 0;
}
