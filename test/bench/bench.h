/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.h - one line per figure: rump kernel, host kernel, ratio
 *
 * A figure is measured on both sides in turns, and the best of the turns
 * counts: noise only ever adds time.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>

#define TURNS 5

/* The calls of one kernel. */
struct side {
	const char *name;
	long (*getpid)(void);
	long (*open)(const char *path, int flags, int mode);
	long (*close)(int fd);
	long (*stat)(const char *path, void *st);
	long (*fstat)(int fd, void *st);
	long (*pread)(int fd, void *buf, size_t n, long off);
	long (*pwrite)(int fd, const void *buf, size_t n, long off);
	long (*fsync)(int fd);
	long (*unlink)(const char *path);
	long (*mkdir)(const char *path, int mode);
	long (*socket)(int family, int type, int protocol);
	long (*bind)(int fd, const void *addr, unsigned int len);
	long (*listen)(int fd, int n);
	long (*connect)(int fd, const void *addr, unsigned int len);
	long (*accept)(int fd);
	long (*read)(int fd, void *buf, size_t n);
	long (*write)(int fd, const void *buf, size_t n);
	long (*nodelay)(int fd);
};

/* The functions are called k_getpid() and so on. */
#define BENCH_SIDE(k) { #k, \
	k##_getpid, k##_open, k##_close, k##_stat, k##_fstat, k##_pread, k##_pwrite, k##_fsync, \
	k##_unlink, k##_mkdir, k##_socket, k##_bind, k##_listen, k##_connect, k##_accept, \
	k##_read, k##_write, k##_nodelay }

extern const struct side rump_side, host_side;

double bench_now(void);
const struct side *bench_left(void);

/* @fn returns seconds; per: operations it did. */
void bench_time(const char *name, double (*fn)(const struct side *s, const char *dir), long per,
		const char *rump_dir, const char *host_dir, double target);
/* The same with a rate as result: bytes it moved, in MB/s. */
void bench_rate(const char *name, double (*fn)(const struct side *s, const char *dir), long bytes,
		const char *rump_dir, const char *host_dir, double target);
void bench_line(const char *name, double rump, double host, const char *unit, double target);

/**
 * struct bench_call - A call that does not block
 * @fn:		makes it bench_calls_made / @part times with a file in @dir, and returns seconds
 * @target:	at most so many times what it takes the host
 */
struct bench_call {
	const char *name;
	double (*fn)(const struct side *s, const char *dir);
	long part;
	double target;
};

/* The first needs no file; the last has no name. */
extern const struct bench_call bench_calls[];
extern long bench_calls_made;
/* So many small files, and a large one of so many MiB. */
void bench_files(const char *rump_dir, const char *host_dir, int files, long mib);
void bench_net(void);
void bench_start(void);
void bench_parallel(const char *rump_dir, const char *host_dir);

#endif
