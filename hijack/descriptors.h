/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptors.h - which kernel owns a descriptor number */
#ifndef HIJACK_DESCRIPTORS_H
#define HIJACK_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

/* Numbers from here on are always the host's: fs.nr_open of the host is larger nowhere. */
#define FDS (1u << 20)

extern uint64_t fds_rump[FDS / 64];
extern unsigned int fds_parked; /* placeholders without a rump file, see descriptors.c */

/**
 * fd_is_rump() - Whether a number is the rump kernel's
 * @fd:	an argument of a call; its upper half is ignored, as the kernel does
 */
static inline bool fd_is_rump(unsigned long fd)
{
	uint32_t n = (uint32_t)fd;

	return n < FDS && (__atomic_load_n(&fds_rump[n / 64], __ATOMIC_RELAXED) >> n % 64 & 1);
}

void fds_lock(void);
void fds_unlock(void);
void fds_start(void);
void fds_hide(int fd);
void fds_show(int fd);
bool fds_hidden(unsigned long fd);
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
long fds_place_at(unsigned int fd);
void fds_set(unsigned int fd);
void fds_set_parked(unsigned int fd);
void fds_forget(unsigned int fd);
void fds_unpark(unsigned int fd);
void fds_freed(unsigned int fd);
void fds_child(void);

#endif
