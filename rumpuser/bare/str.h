/* SPDX-License-Identifier: BSD-2-Clause */
/* str.h - bytes and strings without libc */
#ifndef RUMPUSER_BARE_STR_H
#define RUMPUSER_BARE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memset(void *at, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);

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
const char *str_search(const char *string, const char *part);
char *str_copy(char *to, const char *from);

void text_byte(struct text *text, char byte);
void text_bytes(struct text *text, const char *bytes, size_t length);
void text_string(struct text *text, const char *string);
void text_number(struct text *text, unsigned long number, unsigned int base);
void text_signed(struct text *text, long number);
void text_hex(struct text *text, unsigned long number);
void text_printf(struct text *text, const char *format, ...)
	__attribute__((__format__(__printf__, 2, 3)));
void text_vprintf(struct text *text, const char *format, va_list args)
	__attribute__((__format__(__printf__, 2, 0)));
void str_printf(char *to, size_t size, const char *format, ...)
	__attribute__((__format__(__printf__, 3, 4)));

const char *str_error(long error);
bool str_to_number(const char *string, unsigned long *number, const char **end);

#endif
