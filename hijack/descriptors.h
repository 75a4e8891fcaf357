/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptors.h - which kernel owns a descriptor number */
#ifndef HIJACK_DESCRIPTORS_H
#define HIJACK_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers from here on are always the host's: fs.nr_open of the host is larger nowhere. */
#define FDS (1u << 20)

#define PARKED_MAX 320 /* threads in flight at once, and descriptors in one message */

/**
 * struct parked - A number that is held and offered
 * @closing:	which close() has yet to return before it is; 0 for none. By the time it does, the
 *		number may have been taken, closed and parked again.
 */
struct parked {
	unsigned int fd;
	uint32_t closing;
};

/**
 * struct fds - The numbers of a process
 * @rump:	bit per number that is the rump kernel's
 * @top:	no bit is set from here on
 * The rest is descriptors.c's.
 */
struct fds {
	unsigned int top;
	unsigned int nparked, closing, in_flight, full_below;
	uint32_t lock;
	uint32_t last_close;
	struct parked parked[PARKED_MAX];
	uint64_t rump[FDS / 64];
};

/* Of this process; and of a vfork child that has its parent's memory, but numbers of its own. */
extern struct fds fds_main;
extern bool fds_threads; /* there has been more than one thread */
extern __thread struct fds *fds_own __attribute__((tls_model("initial-exec")));

static inline struct fds *fds_now(void)
{
	return __builtin_expect(fds_own != NULL, 0) ? fds_own : &fds_main;
}

/**
 * fd_is_rump() - Whether a number is the rump kernel's
 * @fd:	an argument of a call; its upper half is ignored, as the kernel does
 */
static inline bool fd_is_rump(unsigned long fd)
{
	uint32_t n = (uint32_t)fd;

	return n < FDS && (__atomic_load_n(&fds_now()->rump[n / 64], __ATOMIC_RELAXED) >> n % 64 & 1);
}

/**
 * fds_parked() - Whether any number is parked
 */
static inline bool fds_parked(void)
{
	return fds_now()->nparked;
}

void fds_lock(void);
void fds_unlock(void);
void fds_start(void);
void fds_hide(int fd);
void fds_show(int fd);
bool fds_hidden(unsigned long fd);
bool fds_any_hidden(void);
bool fds_is_parked(unsigned int fd);
bool fds_holds(unsigned int fd);
bool fds_is_open(unsigned long fd);
long fds_first(unsigned int from, unsigned int last);
long fds_next_kept(unsigned int from, unsigned int last);

long fds_begin(void);
void fds_end(long result);
void fds_withdraw(void);
long fds_close(unsigned int fd);
long fds_replace(unsigned int fd, long nr, long a, long b, long c);
long fds_place(unsigned int lowest);
long fds_place_high(void);
long fds_place_at(unsigned int fd);
void fds_set(unsigned int fd);
void fds_set_parked(unsigned int fd);
void fds_forget(unsigned int fd);
void fds_unpark(unsigned int fd);
void fds_freed(unsigned int fd);
void fds_child(void);
void fds_inherit(void);
void fds_before_exec(void);
struct fds *fds_copy(void);
void fds_drop(struct fds *copy);

#endif
