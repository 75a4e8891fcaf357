/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.c - what a boot takes, and what a program pays that links librump and never boots
 *
 * Each start is of a process of its own, and the median counts: there is no best
 * case to come back to, as what a start finds in caches is left by the one before.
 */
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rump/rump.h>

#include "bench.h"

#define BOOTS  21
#define STARTS 201

extern char **environ;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *t, int n)
{
	qsort(t, n, sizeof(*t), by_value);
	return t[n / 2];
}

static void failed(const char *what)
{
	perror(what);
	exit(1);
}

/* Seconds of rump_init(). */
static double boot(void)
{
	double t;
	int p[2];

	if (pipe(p))
		failed("pipe");
	if (!fork()) {
		t = bench_now();
		if (rump_init())
			_exit(1);
		t = bench_now() - t;
		_exit(write(p[1], &t, sizeof(t)) != sizeof(t));
	}
	close(p[1]);
	if (read(p[0], &t, sizeof(t)) != sizeof(t))
		failed("boot");
	close(p[0]);
	wait(NULL);
	return t;
}

/* Seconds from posix_spawn() to the end of a program that does nothing. */
static double start(char *program)
{
	char *argv[] = {program, NULL};
	double t = bench_now();
	int status;
	pid_t pid;

	if (posix_spawn(&pid, program, NULL, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) != pid || status)
		failed(program);
	return bench_now() - t;
}

void bench_start(void)
{
	double boots[BOOTS], with[STARTS], without[STARTS], a, b;
	char linked[PATH_MAX + 16], plain[PATH_MAX + 16], self[PATH_MAX] = "";
	int i;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		failed("/proc/self/exe");
	sprintf(linked, "%s-linked", self);
	sprintf(plain, "%s-plain", self);
	for (i = 0; i < STARTS; i++) {
		with[i] = start(linked);
		without[i] = start(plain);
	}
	a = median(with, STARTS) * 1e3;
	b = median(without, STARTS) * 1e3;
	bench_line("start without boot, linked, plain", a, b, "ms", 0);
	bench_line("start without boot, difference", a - b, 0, "ms", 0.3);
	for (i = 0; i < BOOTS; i++)
		boots[i] = boot();
	bench_line("boot", median(boots, BOOTS) * 1e3, 0, "ms", 4.0);
}
