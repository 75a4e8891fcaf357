/* SPDX-License-Identifier: BSD-2-Clause */
/* hijack_sockets.h - what the files of the differential test of sockets share */
#ifndef HIJACK_SOCKETS_H
#define HIJACK_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "hijack_show.h"

void show_fd_table(const char *when);
void show_option(int fd, int level, int option, const char *name);
void show_data(const char *what, const void *data, long length);

/* A stream connection over loopback; [0] connected, [1] was accepted. */
void tcp_pair(int family, int fds[2]);
socklen_t loopback(int family, int port, struct sockaddr_storage *address);
int bound(int family, int type, struct sockaddr_storage *address);

/* hijack_sockets_*.c */
void test_messages(void);
void test_unix(const char *dir);
void test_rights(void);
void test_credentials(void);
void test_links(void);
void test_packets(void);
void test_signals(void);
void test_end(const char *how);

#endif
