/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core.h - the part of librump that needs no C library
 *
 * The same objects are in librump.so, whose rump_init() is a thin layer above,
 * and in librumphijack.so, which runs inside the program's system calls and
 * boots the kernel there. So nothing in the core calls libc, sets errno, allocates with malloc, or
 * uses a vector register; its only thread-local variable is rump__self.
 */
#ifndef RUMP_LIB_CORE_H
#define RUMP_LIB_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rump/rumpuser_ext.h>

#include "../arch/rump/include/uapi/asm/rump.h"
#include "enter.h"

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

/**
 * struct rump__params - what the environment says (params.c)
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
 * struct rump__setup - what the core is told about where it runs
 * @envp:	environment; read during the boot only
 * @libdir:	directory with rump/kernel in it
 * @comm:	name of the kernel's first process
 * @thread:	starts a host thread for the kernel, with all signals blocked but SIGSEGV and SIGBUS;
 *		0 or a negated errno
 * @attached:	the calling thread has got its task; may be NULL
 * @left:	the process has left a kernel it had joined, and is about to end; may be NULL
 * @own:	a descriptor of the host is the core's from now on, or not any more; may be NULL
 * @amend:	last changes to what was read and to the hypercalls; may be NULL
 */
struct rump__setup {
	char *const *envp;
	const char *libdir;
	const char *comm;
	int (*thread)(void (*fn)(void *arg), void *arg, const char *name);
	void (*attached)(void);
	void (*left)(void);
	void (*own)(int fd, bool is);
	void (*amend)(struct rump__params *p, struct rump_hyp *h);
};

/**
 * struct rump__layout - how the kernel lies in memory, for processes that join it
 * @image_end:	address where the image ends and RAM begins
 * @total:	bytes of image and RAM in the memfd
 * @memmap:	bytes of struct pages behind them
 * @size:	of the image's file; @dev, @ino, @mtime: which file it was
 * @path:	its name
 * @pid:	process that has opened its networks
 * @nets:	how to send by them
 */
struct rump__layout {
	unsigned long image_end;
	unsigned long total;
	unsigned long memmap;
	unsigned long size;
	unsigned long dev, ino, mtime;
	char path[512];
	int pid;
	struct rumpuser_ext_net_share nets[RUMPUSER_EXT_NET_PORTS];
};

/**
 * struct rump__kernel - the kernel this process uses
 * @up:		it has booted
 * @pid:	process that booted it
 * @proc:	what names this process, if it was forked from one that uses it; else NULL
 * @ops:	entry points of the image
 * @fd:		the memfd
 * @symfile:	the image's ELF file, mapped for debuggers
 * @windowed:	pages of rump files are, or were, mapped in this process or in one that it is a fork of
 */
struct rump__kernel {
	bool up;
	int pid;
	struct rump_process *proc;
	const struct rump_image_ops *ops;
	int fd;
	bool windowed;
	void *symfile;
	unsigned long symfile_size;
	unsigned long image_end;
	unsigned long ram;
	struct rump__layout layout;
};

/**
 * struct rump__action - rt_sigaction(2)'s structure, as the host kernel has it
 */
struct rump__action {
	void (*handler)(int sig, void *info, void *context);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

#define RUMP__BIT(sig)	(UINT64_C(1) << ((sig) - 1))
#define RUMP__FAULTS	(RUMP__BIT(7 /* SIGBUS */) | RUMP__BIT(11 /* SIGSEGV */))

/* Whether an address is the rump kernel's to map in the program. */
static inline bool rump__in_window(unsigned long address)
{
	return address - RUMP_WINDOW_ADDR < RUMP_WINDOW_END - RUMP_WINDOW_ADDR;
}

extern struct rump__setup rump__setup;
extern struct rump__kernel rump__kernel;
extern struct rump__params rump__params;

/* boot.c: 0, or an errno value after a message. Idempotent, for any number of threads at once. */
int rump__boot(const struct rump__setup *setup);
void rump__fill_hyp(struct rump_hyp *h);

/* join.c: a kernel that another process has booted */
void rump__join_early(const struct rump__setup *setup);
int rump__join(const struct rump__layout *layout, int fd, struct rump_process *process,
	       int (*orphan)(void));

/* params.c */
int rump__params_read(struct rump__params *p, char *const *envp);
const char *rump__getenv(char *const *envp, const char *name);

/* image.c */
int rump__map(unsigned long addr, unsigned long off, unsigned long len, int prot);
int rump__unmap(unsigned long addr, unsigned long len);
int rump__image_reserve(void);
void rump__image_early(const struct rump__setup *setup);
int rump__image_join(struct rump__kernel *k, const struct rump__layout *layout, int fd);
int rump__image_load(struct rump__kernel *k, const struct rump__setup *setup,
		     const struct rump__params *p);

/* attach.c */
void rump__detach(void);
void rump__forget(void);
void rump__forked(struct rump_process *process, struct rump_hthread *ht);

/*
 * signals.c. The open signals are the core's (SIGSEGV, SIGBUS; the shim adds SIGSYS if it uses it): on
 * the host they are in no mask. rump__self.masked has those that the program thinks it has blocked.
 */
extern uint64_t rump__open_signals;
/*
 * Whether the caller is a process that has this one's memory while that goes on, and its actions of signals
 * too; NULL while there is none.
 */
enum rump__guest {
	RUMP__NO_GUEST,
	RUMP__GUEST,
	RUMP__GUEST_HANDLERS,
};
extern enum rump__guest (*rump__guest)(void);
extern bool rump__signals_up;	/* the actions of the program's signals are the core's to change */
void rump__signals_init(void);
void rump__signals_attach(void);
void rump__signals_forked(void);
long rump__sigaction(int sig, const struct rump__action *act, struct rump__action *old);
bool rump__signals(long *ret, long *nr);
void rump__signal_default(int sig);
void rump__signal_forward(int sig, void *info, void *context);
extern const char rump__restorer[];

/* stop.c */
bool rump__is_stop(int sig);
void rump__stop_forked(void);
void rump__stop(int sig);
bool rump__stop_ask(int pid);
bool rump__stop_asked(int sig, const void *info);
bool rump__hold(const void *info);
void rump__held(void);
void rump__still(bool again);
void rump__still_over(void);

/* copy.S: from memory that may not be there; in an attached thread. */
bool rump__copy(void *to, const void *from, size_t size);
extern const char rump__copy_at[], rump__copy_failed[];
/* Length of a string, @room if it is longer, or -EFAULT. */
long rump__scan(const char *string, size_t room);
extern const char rump__scan_at[], rump__scan_failed[];

/* fork.c: a child that is a process of the same kernel */
long rump__fork_prepare(void);
void rump__fork_parent(long name, unsigned long flags, int pid);
int rump__fork_child(long name);
long rump__kill(int pid, const long *call);
int rump__group(int pid);

/* lost.c */
long rump__lost(void);
bool rump__is_lost(void);
long rump__foreign(void);

/* fault.c */
void rump__fault(int sig, void *info, void *context);

/* disk.c: errno values */
#define RUMP__SIZE_REST (~UINT64_C(0))
int rump__disk_attach(const char *key, const char *path, bool readonly, uint64_t begin,
		      uint64_t size);
int rump__disk_detach(const char *key);

/* mount.c: errno values */
#define RUMP__KEY_SIZE 32
int rump__image_attach(char key[RUMP__KEY_SIZE], const char *path, bool readonly, uint64_t begin,
		       uint64_t size);
void rump__make_dirs(const char *dir);
bool rump__is_nodev(const char *type);
int rump__mount(const char *source, const char *dir, const char *type, unsigned long flags,
		const char *options);

/* creds.c */
void rump__creds(struct rump_bootinfo *info);

/* net.c: false, or an errno value, after a message */
bool rump__net_check(char *const *envp, unsigned int ncpu);
int rump__net_up(void);

/* lo.c, tune.c, exit.c, gdb.c, message.c */
void rump__lo_up(void);
void rump__tune(unsigned long ram);
void rump__wait_for_end(void);
void rump__exit(void);
void rump__debug_register(void *symfile, unsigned long size);
void rump__error(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));

#endif
