/* SPDX-License-Identifier: BSD-2-Clause */
/* wait.h - waiting for descriptors of both kernels at once */
#ifndef HIJACK_WAIT_H
#define HIJACK_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#define POLLIN	 0x001
#define POLLPRI	 0x002
#define POLLOUT	 0x004
#define POLLERR	 0x008
#define POLLHUP	 0x010
#define POLLNVAL 0x020

struct pollfd_raw {
	int32_t fd;
	int16_t events;
	int16_t revents;
};

struct timespec_raw {
	int64_t seconds;
	int64_t nanoseconds;
};

/* poll.c */
long wait_poll(struct pollfd_raw *fds, unsigned long n, struct timespec_raw *timeout,
	       const void *mask, unsigned long mask_size);

void wait_thread_exit(void);
void wait_child(void);

/* bell.c: a bell is known by its numbers in both processes that may ring it, as RUMP_CALL_WATCH wants them */
static inline int bell_fd(long bell)
{
	return (int)bell;
}

long bell_take(void);
void bell_return(long bell);
long bell_make(void);
long bell_known(int fd);
void bell_drop(long bell);
void bell_leave(long bell);
void bell_child(void);
void bell_silence(long bell);
void bell_ring(long bell);

/* halves.c */
void epoll_fork(void);
void epoll_child(void);
bool epoll_has_half(unsigned long fd);
extern bool epoll_used; /* there are instances that may get a second half */
void epoll_forget(unsigned long fd);
void epoll_forget_range(unsigned int first, unsigned int last);
bool epoll_is_ready(unsigned long fd);
void epoll_dup(unsigned long from, unsigned long to);

#endif
