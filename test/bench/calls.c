/* SPDX-License-Identifier: BSD-2-Clause */
/* calls.c - single calls that do not block */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "bench.h"

#define N	bench_calls_made
#define N_PATH	(bench_calls_made / 4)

long bench_calls_made = 200000;

static char buf[4096];

double bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int open_file(const struct side *s, const char *dir, char *path)
{
	int fd;

	sprintf(path, "%s/bench-file", dir);
	fd = s->open(path, O_CREAT | O_RDWR, 0644);
	if (fd < 0 || s->pwrite(fd, buf, sizeof(buf), 0) != sizeof(buf)) {
		perror(path);
		exit(1);
	}
	return fd;
}

static double do_getpid(const struct side *s, const char *dir)
{
	double t = bench_now();
	int i;

	(void)dir;
	for (i = 0; i < N; i++)
		s->getpid();
	return bench_now() - t;
}

#define FD_BENCH(name, call)                                                                 \
	static double name(const struct side *s, const char *dir)                            \
	{                                                                                    \
		char path[256];                                                              \
		struct stat st;                                                              \
		int fd = open_file(s, dir, path), i;                                         \
		double t = bench_now();                                                      \
                                                                                             \
		for (i = 0; i < N; i++)                                                      \
			call;                                                                \
		t = bench_now() - t;                                                         \
		(void)st;                                                                    \
		s->close(fd);                                                                \
		s->unlink(path);                                                             \
		return t;                                                                    \
	}

FD_BENCH(do_fstat, s->fstat(fd, &st))
FD_BENCH(do_pread1, s->pread(fd, buf, 1, 0))
FD_BENCH(do_pread4k, s->pread(fd, buf, 4096, 0))
FD_BENCH(do_pwrite1, s->pwrite(fd, buf, 1, 0))
FD_BENCH(do_pwrite4k, s->pwrite(fd, buf, 4096, 0))

static double do_stat(const struct side *s, const char *dir)
{
	char path[256];
	struct stat st;
	int fd = open_file(s, dir, path), i;
	double t = bench_now();

	for (i = 0; i < N_PATH; i++)
		s->stat(path, &st);
	t = bench_now() - t;
	s->close(fd);
	s->unlink(path);
	return t;
}

static double do_absent(const struct side *s, const char *dir)
{
	char path[256];
	struct stat st;
	double t;
	int i;

	sprintf(path, "%s/bench-absent", dir);
	t = bench_now();
	for (i = 0; i < N_PATH; i++)
		s->stat(path, &st);
	return bench_now() - t;
}

static double do_open(const struct side *s, const char *dir)
{
	char path[256];
	int fd = open_file(s, dir, path), i;
	double t = bench_now();

	for (i = 0; i < N_PATH; i++)
		s->close(s->open(path, O_RDONLY, 0));
	t = bench_now() - t;
	s->close(fd);
	s->unlink(path);
	return t;
}

const struct bench_call bench_calls[] = {
	{ "getpid", do_getpid, 1, 0.3 },
	{ "fstat", do_fstat, 1, 0.5 },
	{ "pread 1", do_pread1, 1, 0.5 },
	{ "pread 4096", do_pread4k, 1, 0.5 },
	{ "pwrite 1", do_pwrite1, 1, 0.5 },
	{ "pwrite 4096", do_pwrite4k, 1, 0.5 },
	{ "stat", do_stat, 4, 0.7 },
	{ "stat of no file", do_absent, 4, 0.7 },
	{ "open+close", do_open, 4, 0.7 },
	{ NULL, NULL, 1, 0 },
};
