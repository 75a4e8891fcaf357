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

/* bell.c */
int bell_take(void);
void bell_return(int fd);
int bell_make(void);
void bell_drop(int fd);
void bell_child(void);
void bell_silence(int fd);
void bell_ring(int fd);
long bell_names(int fd);

/* epoll.c */
void epoll_child(void);
bool epoll_has_half(unsigned long fd);
extern bool epoll_used; /* there are instances that may get a second half */
void epoll_forget(unsigned long fd);
void epoll_forget_range(unsigned int first, unsigned int last);
bool epoll_is_ready(unsigned long fd);
void epoll_dup(unsigned long from, unsigned long to);

#endif
