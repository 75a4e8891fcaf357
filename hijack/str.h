/* SPDX-License-Identifier: BSD-2-Clause */
/* str.h - bytes and strings without libc */
#ifndef HIJACK_STR_H
#define HIJACK_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memset(void *at, int byte, size_t length);

/**
 * struct text - A line under construction; what does not fit is dropped
 */
struct text {
	char *at;
	size_t length;
	size_t room;
};

size_t str_length(const char *string);
bool str_equal(const char *a, const char *b);
bool str_starts(const char *string, const char *prefix);
const char *str_find(const char *string, char byte);
char *str_copy(char *to, const char *from);

void text_byte(struct text *text, char byte);
void text_bytes(struct text *text, const char *bytes, size_t length);
void text_string(struct text *text, const char *string);
void text_number(struct text *text, unsigned long number, unsigned int base);
void text_signed(struct text *text, long number);
void text_hex(struct text *text, unsigned long number);

bool peek(void *to, const void *from, size_t length);
long peek_string(char *to, const char *from, size_t room);
#endif
