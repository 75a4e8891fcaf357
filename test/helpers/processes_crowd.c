// SPDX-License-Identifier: BSD-2-Clause
/*
 * processes_crowd.c - many threads or processes that make short calls at the same time
 *
 * usage: processes_crowd FILE PROCESSES THREADS CALLS
 *
 * All of them have the kernel and wait, then each reads CALLS times from the file. Prints the
 * milliseconds that it took until the last one had ended.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *name;
static int calls, ready[2], start[2];

static void *read_often(void *arg)
{
	char buffer[4096];
	int fd = open(name, O_RDONLY), i;

	if (fd < 0 || pread(fd, buffer, 1, 0) != 1)
		err(1, "%s", name);
	if (write(ready[1], "x", 1) != 1 || read(start[0], buffer, 1) != 0)
		err(1, "pipe");
	for (i = 0; i < calls; i++)
		if (pread(fd, buffer, sizeof(buffer), 0) <= 0)
			err(1, "%s", name);
	close(fd);
	return arg;
}

static void child(int threads)
{
	pthread_t *thread = calloc(threads, sizeof(*thread));
	int i;

	close(start[1]);
	for (i = 1; i < threads; i++)
		if (pthread_create(&thread[i], NULL, read_often, NULL))
			err(1, "pthread_create");
	read_often(NULL);
	for (i = 1; i < threads; i++)
		pthread_join(thread[i], NULL);
	_exit(0);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	int processes, threads, i, status, bad = 0;
	double begin;
	char c;

	if (argc != 5)
		errx(2, "usage: processes_crowd FILE PROCESSES THREADS CALLS");
	name = argv[1];
	processes = atoi(argv[2]);
	threads = atoi(argv[3]);
	calls = atoi(argv[4]);
	if (pipe(ready) || pipe(start))
		err(1, "pipe");
	for (i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (!pid)
			child(threads);
	}
	for (i = 0; i < processes * threads; i++)
		if (read(ready[0], &c, 1) != 1)
			err(1, "pipe");
	begin = now();
	close(start[1]);
	while (wait(&status) > 0)
		bad |= status;
	printf("%.3f\n", now() - begin);
	return bad != 0;
}
