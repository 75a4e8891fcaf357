/* SPDX-License-Identifier: BSD-2-Clause */
/* calls.c - single calls that do not block */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "bench.h"

#define N	200000
#define N_PATH	50000

static char buf[4096];

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

static void on(const char *what, const char *rump_dir, const char *host_dir)
{
	static const struct {
		const char *name;
		double (*fn)(const struct side *s, const char *dir);
		long n;
		double target;
	} list[] = {
		{ "fstat", do_fstat, N, 0.5 },
		{ "pread 1", do_pread1, N, 0.5 },
		{ "pread 4096", do_pread4k, N, 0.5 },
		{ "pwrite 1", do_pwrite1, N, 0.5 },
		{ "pwrite 4096", do_pwrite4k, N, 0.5 },
		{ "stat", do_stat, N_PATH, 0.7 },
		{ "open+close", do_open, N_PATH, 0.7 },
	};
	char name[64];
	unsigned int i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		sprintf(name, "%s %s", what, list[i].name);
		bench_time(name, list[i].fn, list[i].n, rump_dir, host_dir, list[i].target);
	}
}

void bench_calls(const char *rump_ext4, const char *rump_tmpfs, const char *host_ext4,
		 const char *host_tmpfs)
{
	bench_time("getpid", do_getpid, N, NULL, NULL, 0.3);
	on("ext4", rump_ext4, host_ext4);
	on("tmpfs", rump_tmpfs, host_tmpfs);
}
