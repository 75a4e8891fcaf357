/* SPDX-License-Identifier: BSD-2-Clause */
/* state.h - what the shim's files know of each other; call.h is for the layers above */
#ifndef HIJACK_STATE_H
#define HIJACK_STATE_H

#include "call.h"
#include "format.h"
#include "lock.h"

struct rump__action;

/* What a process ends with that the shim ends. */
enum hijack_exit {
	EXIT_KERNEL = 1,  /* it cannot have the kernel, or the kernel cannot go on */
	EXIT_REFUSED = 1, /* what it was to be, or to execute, is not possible */
	EXIT_CONFIG = 2,  /* the environment has a mistake */
};

/* Large and rarely used: apart from what every program uses, which lies in few pages then. */
#define RARELY __attribute__((section("rarely,\"aw\",@nobits#")))

#define MASK_BYTES 8 /* of the kernel's sigset_t */

/* ---- config.c ---- */

/* How images get into place: mapped, or copied into private memory (where mapping fails, under gdb,
 * in tests). */
enum hijack_images {
	IMAGES_MAP,
	IMAGES_COPY,
};

/**
 * struct hijack_config - Everything the environment says, read once; all strings are the shim's own
 * @library:	absolute path of the shim
 * @libdir:	its directory, which the kernel image lies under
 * @saved:	NAME=VALUE of RUMP* as they were at the start, for execve(); ends with NULL
 * @boot:	join the kernel at the first call
 * @command:	this is the shell that rump(1) lets look for its command
 * @serve:	be the server at the first call: its end of the control socket, or 0
 * @serve_name:	what the server is to be called, "rump:" and the program that it is for
 * @serve_listen: socket that others may connect to, or 0
 * @serve_path:	its name, or NULL
 * @serve_keep:	keep the kernel until it is halted
 * @serve_detached: and say nothing once it is up
 * @serve_places: RUMPHIJACK for those that connect, or NULL
 */
struct hijack_config {
	const char *library;
	const char *preload;
	const char *libdir;
	const char *mksites;
	const char *probe;
	const char *server;
	const char *cache[2];
	const char *trace;
	const char *report;
	bool sud;
	bool boot;
	bool command;
	unsigned long serve;
	const char *serve_name;
	unsigned long serve_listen;
	const char *serve_path;
	bool serve_keep;
	bool serve_detached;
	const char *serve_places;
	bool verbose;
	enum hijack_images images;
	const char *const *saved;
	size_t nsaved;
};

extern struct hijack_config hijack_config;

void config_read(char **envp, const char *library, bool root);
void *config_alloc(size_t size);
void config_save(const char *name, const char *value);
const char *config_absolute(const char *prefix, const char *path);

/* ---- init.c ---- */

extern uint64_t hijack_vdso[2]; /* start and end of its code */
extern uint64_t hijack_text[2]; /* of the shim's own */

void hijack_say(const char *what, const char *object, long error);

/* ---- elf.c ---- */

/**
 * struct loaded - An object in memory, or in the middle of being mapped
 * @bias:	address minus p_vaddr
 * @name:	for messages
 * @phdrs:	program headers, in memory
 * @copy:	if its file is the rump kernel's: makes a file of the host of that descriptor; else NULL
 */
struct loaded {
	uint64_t bias;
	const char *name;
	const void *phdrs;
	unsigned int nphdrs;
	struct image_key key;
	uint64_t fingerprint;
	long (*copy)(long fd);
};

bool elf_from_memory(struct loaded *object, uint64_t ehdr, uint64_t bias);
bool elf_from_file(struct loaded *object, int fd, uint64_t start, uint64_t offset, void *buffer,
		   size_t room);
bool elf_is_text(const struct loaded *object, uint64_t vaddr, uint64_t length);
const void *elf_symbol(uint64_t base, const char *name);

/* ---- image.c ---- */

int image_open(struct loaded *object, int elf, struct image_header *header);

/* ---- regions.c ---- */

void regions_install(struct loaded *object, int elf, uint64_t start, uint64_t end);
void regions_unmapped(uint64_t start, uint64_t length);
unsigned long regions_take(bool window);
bool regions_touch(uint64_t start, uint64_t length);
void regions_child(void);
uint64_t near_reserve(uint64_t start, uint64_t end, uint64_t length);

extern struct lock regions_lock;

struct region_totals {
	unsigned int objects;
	unsigned int rewritten;
	unsigned int kept;
	unsigned int failed;
};

extern struct region_totals region_totals;

/* ---- the handlers of hijack_host() ---- */

extern bool hijack_sealed; /* a seccomp filter is installed: make no calls of one's own */

void maps_rewrite(int fd, uint64_t start, uint64_t length, uint64_t offset, long (*copy)(long fd));
hijack_fn host_mmap, host_munmap, host_mremap; /* maps.c */
hijack_fn host_clone, host_clone3, host_fork, host_vfork; /* clone.c */
hijack_fn host_exit, host_exit_group; /* clone.c */
hijack_fn host_execve, host_execveat; /* exec.c */
hijack_fn host_sigaction, host_sigprocmask, host_sigsuspend; /* signals.c */
hijack_fn host_mask_fourth, host_mask_fifth, host_mask_sixth;
hijack_fn host_seccomp, host_prctl; /* dispatch.c */

void hijack_after_clone(struct hijack_call *call);

/* ---- sud.c ---- */

void sud_start(void);
void sud_arm(bool on);
void sud_child(void);
void sud_seal(void);
void sud_sigaction(const struct rump__action *new, struct rump__action *old);

/* ---- trace.c, report.c ---- */

void trace_call(const struct hijack_call *call, const long *result);
void trace_clone(enum hijack_kind kind, long result);
void trace_outsider(const char *path, const char *reason);
void report_start(void);
void report_count(const struct hijack_call *call);
void report_escape(uint64_t address, unsigned long nr);
void report_kept(const struct loaded *object, const struct image_site *site);
void report_outsider(const char *path, const char *reason);
void report_print(const char *when);
void report_child(void);

/* Why dispatch takes the slow way: trace or report is on; there are, or were, guests. */
#define WATCH_CALLS  1
#define WATCH_GUESTS 2
extern unsigned char hijack_watched;

/* ---- guest.c ---- */

bool guest_is_here(void);
void guest_owner(void);
void guest_borrow(void);
void guest_expect(uint64_t flags);
long guest_call(struct hijack_call *call);

/* ---- entry.S ---- */

extern const char hijack_entry[], hijack_stay_entry[], hijack_after_entry[];
long hijack_spawn(void (*fn)(void *), void *argument, void *stack);
_Noreturn void hijack_unmap_and_exit(uint64_t start, uint64_t length);

/* signals.c: a signal mask of the program's without the signals that must stay open. */
const void *hijack_open_mask(uint64_t *mask, unsigned long from);

#endif
