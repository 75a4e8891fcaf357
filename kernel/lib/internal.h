/* SPDX-License-Identifier: BSD-2-Clause */
/* internal.h - what the files of librump share; names begin with rump__ */
#ifndef RUMP_LIB_INTERNAL_H
#define RUMP_LIB_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../arch/rump/include/uapi/asm/rump.h"
#include "enter.h"

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

/**
 * struct rump__params - what the environment says, read once (params.c)
 */
struct rump__params {
	unsigned long memlimit;
	unsigned int ncpu;
	unsigned int bound;
	unsigned int verbose;
	unsigned int blkfail;
	unsigned int blkfail_seed;
	unsigned int blkdelay;
	char hostname[65];
	char cmdline[1024];
};

/**
 * struct rump__kernel - the kernel this process uses
 * @up:		rump_init() has succeeded
 * @pid:	process that booted it
 * @ops:	entry points of the image
 * @fd:		the memfd
 * @symfile:	the image's ELF file, mapped for debuggers
 */
struct rump__kernel {
	bool up;
	pid_t pid;
	const struct rump_image_ops *ops;
	int fd;
	void *symfile;
	unsigned long symfile_size;
	unsigned long image_end;
	unsigned long ram;
};

extern struct rump__kernel rump__kernel;
extern struct rump__params rump__params;

/* params.c */
int rump__params_read(struct rump__params *p);

/* image.c */
int rump__image_load(struct rump__kernel *k, unsigned long ram, unsigned int ncpu);

/* thread.c */
int rump__threads_init(void);
int rump__host_thread(void (*fn)(void *), void *arg, const char *name);

/* signals.c */
void rump__signals_init(void);
void rump__signal_default(int sig);
void rump__signal_forward(int sig, void *info, void *context);

/* fault.c */
void rump__fault(int sig, void *info, void *context);

/* disk.c */
int rump__disk_attach(const char *key, const char *path, bool readonly, uint64_t begin,
		      uint64_t size);
int rump__disk_detach(const char *key);

/* vfs.c */
int rump__mount_tmpfs(const char *dir, unsigned long flags, const char *options);

/* howto.c */
void rump__howto_apply(struct rump__params *p, struct rump_hyp *h);
void rump__howto_devices(void);

/* tune.c */
void rump__tune(unsigned long ram);

/* exit.c */
void rump__exit(void);

/* gdb.c */
void rump__debug_register(void *symfile, unsigned long size);

/* message.c */
void rump__error(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));

#endif
