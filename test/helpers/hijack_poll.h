/* SPDX-License-Identifier: BSD-2-Clause */
/* hijack_poll.h - what the files of the differential test of waiting share */
#ifndef HIJACK_POLL_H
#define HIJACK_POLL_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "hijack_show.h"

void tcp_pair(int fds[2]);
int udp_socket(void);

/* In 30 ms, by another thread: write a byte to a descriptor. */
void write_soon(int fd);
void wait_for_writer(void);

/* A descriptor of each kind that a program waits for. */
enum kind { TCP, UDP, PIPE, EVENT, TIMER, SIGNAL, WATCH, KINDS };
struct all {
	int fd[KINDS];
	int tcp_end, pipe_end;
	char file[64];
};
extern const char *const kind_names[KINDS];
void open_all(struct all *all);
void make_ready(struct all *all, enum kind kind);
void drain(struct all *all, enum kind kind);
void close_all(struct all *all);

/* hijack_poll_*.c */
void test_poll(void);
void test_select(void);
void test_epoll(void);
void test_members(void);
void test_nested(void);
int stress(int threads, int sources, int rounds);
int idle(void);
int leaks(void);
int latency(void);

#endif
