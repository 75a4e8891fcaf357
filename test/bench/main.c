/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - bench HOST-DIR IMAGE TSV [start|parallel|peer]: figures of one boot, on stdout
 * and appended to TSV; with "start" those of the boot itself; with "parallel" only those
 * that want two virtual CPUs; with "peer" the files' ones of a directory of another system's
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rump/rump.h>

#include "bench.h"

static FILE *tsv;
/* What is measured against the host, and what its lines begin with. */
static const struct side *left = &rump_side;
static const char *prefix = "";

const struct side *bench_left(void)
{
	return left;
}

void bench_line(const char *name, double rump, double host, const char *unit, double target)
{
	double ratio = host > 0 ? rump / host : 0;
	int digits = rump < 10 ? 2 : 1;

	printf("%s%-*s %10.*f %10.*f %-5s", prefix, 34 - (int)strlen(prefix), name, digits, rump,
	       digits, host, unit);
	if (host > 0)
		printf(" %6.2f", ratio);
	else
		printf(" %6s", "-");
	if (target)
		printf("   (aim %s %.2f)", target < 0 ? "at least" : "at most",
		       target < 0 ? -target : target);
	printf("\n");
	fflush(stdout);
	fprintf(tsv, "%s%s\t%.3f\t%.3f\t%s\t%.4f\n", prefix, name, rump, host, unit, ratio);
}

static void best(double (*fn)(const struct side *s, const char *dir), const char *rump_dir,
		 const char *host_dir, double *rump, double *host)
{
	double t;
	int i;

	*rump = *host = 1e9;
	for (i = 0; i < TURNS; i++) {
		t = fn(left, rump_dir);
		*rump = t < *rump ? t : *rump;
		t = fn(&host_side, host_dir);
		*host = t < *host ? t : *host;
	}
}

void bench_time(const char *name, double (*fn)(const struct side *s, const char *dir), long per,
		const char *rump_dir, const char *host_dir, double target)
{
	double rump, host;

	best(fn, rump_dir, host_dir, &rump, &host);
	bench_line(name, rump / per * 1e9, host / per * 1e9, "ns", target);
}

void bench_rate(const char *name, double (*fn)(const struct side *s, const char *dir), long bytes,
		const char *rump_dir, const char *host_dir, double target)
{
	double rump, host;

	best(fn, rump_dir, host_dir, &rump, &host);
	bench_line(name, bytes / rump / 1e6, bytes / host / 1e6, "MB/s", -target);
}

static void calls(const char *rump_ext4, const char *rump_tmpfs, const char *host_ext4,
		  const char *host_tmpfs)
{
	const struct bench_call *c = bench_calls;
	char name[64];

	bench_time(c->name, c->fn, bench_calls_made / c->part, NULL, NULL, c->target);
	for (c = bench_calls + 1; c->name; c++) {
		sprintf(name, "ext4 %s", c->name);
		bench_time(name, c->fn, bench_calls_made / c->part, rump_ext4, host_ext4, c->target);
	}
	for (c = bench_calls + 1; c->name; c++) {
		sprintf(name, "tmpfs %s", c->name);
		bench_time(name, c->fn, bench_calls_made / c->part, rump_tmpfs, host_tmpfs, c->target);
	}
}

static double memory_kib(void)
{
	double sum = 0;
	char line[256];
	long kb;
	FILE *f = fopen("/proc/self/smaps_rollup", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pss_Anon: %ld", &kb) == 1 ||
		    sscanf(line, "Pss_Shmem: %ld", &kb) == 1)
			sum += kb;
	if (f)
		fclose(f);
	return sum;
}

static int boot_and_mount(const char *image)
{
	double t, before;

	bench_start();
	before = memory_kib();
	if (rump_init())
		return 1;
	t = memory_kib() - before;
	bench_line("memory after boot", t, 0, "KiB", 6000);
	t = bench_now();
	if (rump_vfs_mount(image, "/mnt", "ext4", 0, NULL))
		return 1;
	bench_line("ext4 mount", (bench_now() - t) * 1e3, 0, "ms", 1.0);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc == 5 ? argv[4] : "";

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: bench HOST-DIR IMAGE TSV [start|parallel|peer]\n");
		return 2;
	}
	tsv = fopen(argv[3], "a");
	if (!tsv) {
		perror(argv[3]);
		return 1;
	}
	if (!strcmp(what, "peer")) {
		/* Here IMAGE is where another system has it mounted. */
		left = &host_side;
		prefix = "fuse2fs: ";
		bench_files(argv[2], argv[1], 1000, 64);
	} else if (!strcmp(what, "start")) {
		if (boot_and_mount(argv[2]))
			return 1;
	} else {
		if (rump_vfs_mount(argv[2], "/mnt", "ext4", 0, NULL))
			return 1;
		if (!strcmp(what, "parallel")) {
			bench_parallel("/mnt", argv[1]);
		} else {
			calls("/mnt", "/tmp", argv[1], "/dev/shm");
			bench_net();
			bench_files("/mnt", argv[1], 10000, 256);
		}
	}
	fclose(tsv);
	return 0;
}
