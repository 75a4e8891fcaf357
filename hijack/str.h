/* SPDX-License-Identifier: BSD-2-Clause */
/* str.h - strings without libc, and the program's memory without faults */
#ifndef HIJACK_STR_H
#define HIJACK_STR_H

#include "../rumpuser/bare/str.h"

bool peek(void *to, const void *from, size_t length);
bool peek_anew(const void *at);
bool poke(void *to, const void *from, size_t length);
long peek_string(char *to, const char *from, size_t room);

#endif
