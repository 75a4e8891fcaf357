/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_files.c - what tests of file systems share */
#include <fcntl.h>
#include <sys/stat.h>

#include "librump_files.h"

char big[BIG], again[BIG + 4096];

void fill(char *p, long n, unsigned int seed)
{
	for (long i = 0; i < n; i++)
		p[i] = (seed = seed * 1664525 + 1013904223) >> 24;
}

void mount_at_mnt(const char *image, const char *type, unsigned long flags,
			 const char *options)
{
	static char log[1 << 16];
	int err;

	CHECK(!rump_init());
	err = rump_vfs_mount(image, "/mnt", type, flags, options);
	if (!err)
		return;
	if (rump_dmesg(log, sizeof(log)) > 0)
		fputs(log, stderr);
	fprintf(stderr, "%s: cannot mount as %s: %s\n", image, type, strerror(err));
	exit(1);
}

void write_file(const char *path, const char *data, long len)
{
	int fd = rump_sys_open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	long n, piece;

	CHECK(fd >= 0);
	for (n = 0; n < len; n += piece) {
		piece = len - n < 70000 ? len - n : 70000;
		CHECK(rump_sys_write(fd, data + n, piece) == piece);
	}
	CHECK(!rump_sys_close(fd));
}

/* The content of a file, and nothing after it. */
void expect_file(const char *path, const char *data, long len)
{
	int fd = rump_sys_open(path, O_RDONLY);
	long n = 0, got;

	if (fd < 0)
		fprintf(stderr, "%s: ", path);
	CHECK(fd >= 0);
	while ((got = rump_sys_read(fd, again + n, sizeof(again) - n)) > 0)
		n += got;
	CHECK(!got);
	if (n != len || memcmp(again, data, len))
		fprintf(stderr, "%s: %ld bytes, expected %ld: ", path, n, len);
	CHECK(n == len);
	CHECK(!memcmp(again, data, len));
	CHECK(!rump_sys_close(fd));
}

/* Every entry of a directory, . and .. apart; seen() may be NULL. */
long list(const char *dir, void (*seen)(const char *name))
{
	char buf[4096] __attribute__((aligned(8)));
	struct entry *e;
	long n, at, count = 0;
	int fd = rump_sys_open(dir, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		fprintf(stderr, "%s: ", dir);
	CHECK(fd >= 0);
	while ((n = rump_sys_getdents64(fd, buf, sizeof(buf))) > 0) {
		for (at = 0; at < n; at += e->reclen) {
			e = (struct entry *)(buf + at);
			if (!strcmp(e->name, ".") || !strcmp(e->name, ".."))
				continue;
			count++;
			if (seen)
				seen(e->name);
		}
	}
	CHECK(!n);
	rump_sys_close(fd);
	return count;
}

long size_of(const char *path)
{
	struct stat st;

	CHECK(!rump_sys_stat(path, &st));
	return st.st_size;
}

long slurp(const char *path)
{
	int fd = rump_sys_open(path, O_RDONLY);
	long n = 0, got;

	if (fd < 0)
		fprintf(stderr, "%s: ", path);
	CHECK(fd >= 0);
	while ((got = rump_sys_read(fd, again + n, sizeof(again) - 1 - n)) > 0)
		n += got;
	CHECK(!got);
	rump_sys_close(fd);
	again[n] = 0;
	return n;
}
