/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files.c - a large file in 64 KiB pieces, and thousands of small ones
 *
 * A host's ext4 without a journal does not take inodes again that were freed in the last
 * half minute, and searches past them. So its create is slow, 50 us and more, where files have been
 * removed just before, by a bench too; look at the other figures then.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "bench.h"

#define PIECE (64 << 10)

static char piece[PIECE];
static long large_bytes;
static int small_files_count;

static int large(const struct side *s, const char *dir, int flags)
{
	char path[256];
	int fd;

	sprintf(path, "%s/bench-large", dir);
	fd = s->open(path, flags, 0644);
	if (fd < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void remove_large(const struct side *s, const char *dir)
{
	char path[256];

	sprintf(path, "%s/bench-large", dir);
	s->unlink(path);
}

static void transfer(const struct side *s, int fd, int write)
{
	long off, n;

	for (off = 0; off < large_bytes; off += PIECE) {
		n = write ? s->pwrite(fd, piece, PIECE, off) : s->pread(fd, piece, PIECE, off);
		if (n != PIECE) {
			perror("transfer");
			exit(1);
		}
	}
	if (write)
		s->fsync(fd);
}

static double first_write(const struct side *s, const char *dir)
{
	double t;
	int fd;

	remove_large(s, dir);
	fd = large(s, dir, O_CREAT | O_RDWR);
	t = bench_now();
	transfer(s, fd, 1);
	t = bench_now() - t;
	s->close(fd);
	return t;
}

static double overwrite(const struct side *s, const char *dir)
{
	int fd = large(s, dir, O_RDWR);
	double t = bench_now();

	transfer(s, fd, 1);
	t = bench_now() - t;
	s->close(fd);
	return t;
}

static double cached_read(const struct side *s, const char *dir)
{
	int fd = large(s, dir, O_RDONLY);
	double t;

	transfer(s, fd, 0);
	t = bench_now();
	transfer(s, fd, 0);
	t = bench_now() - t;
	s->close(fd);
	return t;
}

enum { CREATE, STAT, UNLINK };

static double small_files(const struct side *s, const char *dir, int measure)
{
	char path[256];
	struct stat st;
	double t, at[4];
	int i;

	sprintf(path, "%s/bench-small", dir);
	s->mkdir(path, 0755);
	at[0] = bench_now();
	for (i = 0; i < small_files_count; i++) {
		sprintf(path, "%s/bench-small/%d", dir, i);
		s->close(s->open(path, O_CREAT | O_WRONLY, 0644));
	}
	at[1] = bench_now();
	for (i = 0; i < small_files_count; i++) {
		sprintf(path, "%s/bench-small/%d", dir, i);
		s->stat(path, &st);
	}
	at[2] = bench_now();
	for (i = 0; i < small_files_count; i++) {
		sprintf(path, "%s/bench-small/%d", dir, i);
		s->unlink(path);
	}
	at[3] = bench_now();
	t = at[measure + 1] - at[measure];
	return t;
}

static double create(const struct side *s, const char *dir)
{
	return small_files(s, dir, CREATE);
}

static double do_stat(const struct side *s, const char *dir)
{
	return small_files(s, dir, STAT);
}

static double do_unlink(const struct side *s, const char *dir)
{
	return small_files(s, dir, UNLINK);
}

static void small_line(const char *what, double (*fn)(const struct side *s, const char *dir),
		       const char *rump_dir, const char *host_dir)
{
	char name[64];

	snprintf(name, sizeof(name), "%s, of %d", what, small_files_count);
	bench_time(name, fn, small_files_count, rump_dir, host_dir, 1.0);
}

static void large_line(const char *what, double (*fn)(const struct side *s, const char *dir),
		       const char *rump_dir, const char *host_dir, double target)
{
	char name[64];

	snprintf(name, sizeof(name), "%s %ld MiB", what, large_bytes >> 20);
	bench_rate(name, fn, large_bytes, rump_dir, host_dir, target);
}

void bench_files(const char *rump_dir, const char *host_dir, int files, long mib)
{
	small_files_count = files;
	large_bytes = mib << 20;
	small_line("create", create, rump_dir, host_dir);
	small_line("stat", do_stat, rump_dir, host_dir);
	small_line("unlink", do_unlink, rump_dir, host_dir);
	large_line("first write+fsync", first_write, rump_dir, host_dir, 0.7);
	large_line("overwrite+fsync", overwrite, rump_dir, host_dir, 0.9);
	large_line("cached read", cached_read, rump_dir, host_dir, 0.9);
	remove_large(bench_left(), rump_dir);
	remove_large(&host_side, host_dir);
}
