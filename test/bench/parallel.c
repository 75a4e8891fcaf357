/* SPDX-License-Identifier: BSD-2-Clause */
/* parallel.c - two threads reading independent files, against one: RUMP_NCPU=2 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define READS	400000

struct reader {
	const struct side *s;
	const char *dir;
	int number;
};

static pthread_barrier_t start;

static void *reader(void *arg)
{
	static __thread char buf[4096];
	struct reader *r = arg;
	char path[256];
	int fd, i;

	sprintf(path, "%s/bench-parallel-%d", r->dir, r->number);
	fd = r->s->open(path, O_CREAT | O_RDWR, 0644);
	if (fd < 0 || r->s->pwrite(fd, buf, sizeof(buf), 0) != sizeof(buf)) {
		perror(path);
		exit(1);
	}
	pthread_barrier_wait(&start);
	for (i = 0; i < READS; i++)
		r->s->pread(fd, buf, sizeof(buf), 0);
	r->s->close(fd);
	r->s->unlink(path);
	return NULL;
}

/* Reads per second of @n threads together. */
static double rate(const struct side *s, const char *dir, int n)
{
	struct reader r[2] = { { s, dir, 0 }, { s, dir, 1 } };
	pthread_t t[2];
	double begin;
	int i;

	pthread_barrier_init(&start, NULL, n + 1);
	for (i = 0; i < n; i++)
		pthread_create(&t[i], NULL, reader, &r[i]);
	pthread_barrier_wait(&start);
	begin = bench_now();
	for (i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	pthread_barrier_destroy(&start);
	return n * READS / (bench_now() - begin);
}

static double speedup(const struct side *s, const char *dir)
{
	double one, two, best = 0;
	int i;

	for (i = 0; i < TURNS; i++) {
		one = rate(s, dir, 1);
		two = rate(s, dir, 2);
		if (two / one > best)
			best = two / one;
	}
	return best;
}

void bench_parallel(const char *rump_dir, const char *host_dir)
{
	double rump = speedup(&rump_side, rump_dir);

	bench_line("two readers against one, 2 vCPUs", rump, 0, "x", -1.6);
	bench_line("the same, beside the host's", rump, speedup(&host_side, host_dir), "x", 0);
}
