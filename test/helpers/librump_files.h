/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * librump_files.h - files and directories of the rump kernel, for tests
 *
 * What goes wrong ends the test with a message.
 */
#ifndef LIBRUMP_FILES_H
#define LIBRUMP_FILES_H

#include <stdint.h>

#include "librump_test.h"

#define MIB (1L << 20)
#define BIG (3 * MIB + 12345)

/* What is written, and what is read again. */
extern char big[BIG], again[BIG + 4096];

/* An entry of a directory as getdents64(2) gives it. */
struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};

/* Fill memory with what only the same seed gives. */
void fill(char *p, long n, unsigned int seed);

/* Boot and mount; options may be NULL. */
void mount_at_mnt(const char *image, const char *type, unsigned long flags, const char *options);

void write_file(const char *path, const char *data, long len);

/* The content of a file, and nothing after it. */
void expect_file(const char *path, const char *data, long len);

/* Every entry of a directory, . and .. apart; seen() may be NULL. Returns how many. */
long list(const char *dir, void (*seen)(const char *name));

long size_of(const char *path);

/* A whole file into again, with a zero byte behind it. */
long slurp(const char *path);

/* Files with POSIX access control lists, and what has become of them. */
void make_access_lists(void);
void expect_access_lists(void);

#endif
