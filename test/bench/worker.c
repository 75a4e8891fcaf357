/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker.c - what calls take in this process: NAME, tab, nanoseconds, a line for each
 *
 * usage: bench-worker DIR		by the C library, be a shim below it or not
 *	  bench-worker-rump IMAGE	by librump
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef RUMP
#include <rump/rump.h>
#endif

#include "bench.h"

/* Short ones, of which some are not interrupted. */
#define ROUNDS	   100
#define CALLS	   4000
#define PIPE_BYTES CALLS

static void print_best(const char *name, double (*fn)(const struct side *s, const char *dir),
		       long n, const struct side *s, const char *dir)
{
	double t, best = 1e9;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		t = fn(s, dir);
		best = t < best ? t : best;
	}
	printf("%s\t%.2f\n", name, best / n * 1e9);
}

#ifdef RUMP
static const struct side *use(const char **dir)
{
	if (rump_vfs_mount(*dir, "/mnt", "ext4", 0, NULL))
		exit(1);
	*dir = "/mnt";
	return &rump_side;
}
#else
static double read_pipe(const struct side *s, const char *dir)
{
	static char bytes[PIPE_BYTES];
	char byte;
	double t;
	int p[2], i;

	(void)dir;
	if (pipe(p) || s->write(p[1], bytes, PIPE_BYTES) != PIPE_BYTES) {
		perror("pipe");
		exit(1);
	}
	t = bench_now();
	for (i = 0; i < PIPE_BYTES; i++)
		s->read(p[0], &byte, 1);
	t = bench_now() - t;
	s->close(p[0]);
	s->close(p[1]);
	return t;
}

static const struct side *use(const char **dir)
{
	print_best("read of a pipe", read_pipe, PIPE_BYTES, &host_side, *dir);
	return &host_side;
}
#endif

int main(int argc, char **argv)
{
	const struct bench_call *c;
	const struct side *s;
	const char *dir;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIR\n", argv[0]);
		return 2;
	}
	dir = argv[1];
	bench_calls_made = CALLS;
	s = use(&dir);
	for (c = bench_calls; c->name; c++)
		print_best(c->name, c->fn, CALLS / c->part, s, dir);
	return 0;
}
