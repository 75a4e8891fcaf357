/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spawn.c - what two commands take from their start to their end, run in turns
 *
 * usage: bench-spawn TURNS [VAR=VALUE...] CMD [ARG...] --- [VAR=VALUE...] CMD [ARG...]
 *
 * prints the milliseconds of both: their medians, then their shortest. A @ in an argument becomes the
 * number of the turn. What the commands print is thrown away; one that fails ends it.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define TURNS_MAX 1001
#define ROOM	  256

extern char **environ;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static _Noreturn void failed(const char *what)
{
	perror(what);
	exit(1);
}

/* @word, with the number of the turn. */
static char *numbered(char *word, int turn)
{
	char *at = strchr(word, '@'), *whole;

	if (!at)
		return word;
	if (asprintf(&whole, "%.*s%d%s", (int)(at - word), word, turn, at + 1) < 0)
		failed(word);
	return whole;
}

/* Run words[] up to "---" or NULL. */
static double run(char **words, int turn, const posix_spawn_file_actions_t *quiet)
{
	char *argv[ROOM], *envp[ROOM];
	int nenv = 0, n = 0, status;
	pid_t pid;
	double t;

	for (; *words && strchr(*words, '=') && nenv < ROOM / 2; words++)
		envp[nenv++] = *words;
	for (char **e = environ; *e && nenv < ROOM - 1; e++)
		envp[nenv++] = *e;
	envp[nenv] = NULL;
	for (; *words && strcmp(*words, "---") && n < ROOM - 1; words++)
		argv[n++] = numbered(*words, turn);
	argv[n] = NULL;
	t = bench_now();
	if (!n || posix_spawn(&pid, argv[0], quiet, NULL, argv, envp) ||
	    waitpid(pid, &status, 0) != pid)
		failed(n ? argv[0] : "no command");
	t = bench_now() - t;
	if (status) {
		fprintf(stderr, "%s: status %d\n", argv[0], status);
		exit(1);
	}
	return t * 1e3;
}

int main(int argc, char **argv)
{
	double a[TURNS_MAX], b[TURNS_MAX];
	posix_spawn_file_actions_t quiet;
	int turns = argc > 1 ? atoi(argv[1]) : 0, i;
	char **second;

	for (second = argv + 2; argc > 2 && *second && strcmp(*second, "---"); second++)
		;
	if (turns < 1 || turns > TURNS_MAX || !*second) {
		fprintf(stderr, "usage: bench-spawn TURNS CMD [ARG...] --- CMD [ARG...]\n");
		return 2;
	}
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	for (i = 0; i < turns; i++) {
		a[i] = run(argv + 2, i, &quiet);
		b[i] = run(second + 1, i, &quiet);
	}
	qsort(a, turns, sizeof(*a), by_value);
	qsort(b, turns, sizeof(*b), by_value);
	printf("%.4f %.4f %.4f %.4f\n", a[turns / 2], b[turns / 2], a[0], b[0]);
	return 0;
}
