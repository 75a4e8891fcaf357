// SPDX-License-Identifier: BSD-2-Clause
/* str.c - bytes and strings without libc, and the program's memory without faults */
#include "raw.h"
#include "str.h"

/* The compiler calls these by name. They are hidden: the program keeps libc's. */
void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
	return start;
}

void *memset(void *at, int byte, size_t length)
{
	void *start = at;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(length) : "a"(byte) : "memory");
	return start;
}

/**
 * str_length() - strlen()
 */
size_t str_length(const char *string)
{
	size_t length = 0;

	while (string[length])
		length++;
	return length;
}

/**
 * str_equal() - Whether two strings are the same
 */
bool str_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/**
 * str_starts() - Whether @string starts with @prefix
 */
bool str_starts(const char *string, const char *prefix)
{
	while (*prefix)
		if (*string++ != *prefix++)
			return false;
	return true;
}

/**
 * str_find() - strchr()
 */
const char *str_find(const char *string, char byte)
{
	for (; *string != byte; string++)
		if (!*string)
			return NULL;
	return string;
}

/**
 * str_copy() - stpcpy()
 */
char *str_copy(char *to, const char *from)
{
	while ((*to = *from++))
		to++;
	return to;
}

/**
 * text_byte() - Append a byte
 */
void text_byte(struct text *text, char byte)
{
	if (text->length < text->room)
		text->at[text->length++] = byte;
}

/**
 * text_bytes() - Append bytes
 */
void text_bytes(struct text *text, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		text_byte(text, bytes[i]);
}

/**
 * text_string() - Append a string
 */
void text_string(struct text *text, const char *string)
{
	text_bytes(text, string, str_length(string));
}

/**
 * text_number() - Append a number
 * @base:	up to 16
 */
void text_number(struct text *text, unsigned long number, unsigned int base)
{
	char digits[64];
	size_t count = 0;

	do
		digits[count++] = "0123456789abcdef"[number % base];
	while (number /= base);
	while (count)
		text_byte(text, digits[--count]);
}

/**
 * text_signed() - Append a number that may be negative
 */
void text_signed(struct text *text, long number)
{
	if (number < 0)
		text_byte(text, '-');
	text_number(text, number < 0 ? 0 - (unsigned long)number : (unsigned long)number, 10);
}

/**
 * text_hex() - Append a number as C writes it
 */
void text_hex(struct text *text, unsigned long number)
{
	text_string(text, "0x");
	text_number(text, number, 16);
}

struct iovec_raw {
	const void *base;
	size_t length;
};

/**
 * peek() - Read memory that may not be there
 *
 * The kernel reads it, so that a bad pointer is an answer and not a signal. Where
 * process_vm_readv() is forbidden (seccomp, old containers) the memory is read directly.
 *
 * Return: whether all of it was there
 */
bool peek(void *to, const void *from, size_t length)
{
	struct iovec_raw local = {to, length}, remote = {from, length};
	long done = raw_call(__NR_process_vm_readv, raw0(__NR_getpid), &local, 1, &remote, 1, 0);

	if (done == (long)length)
		return true;
	if (done >= 0 || done == -14 /* EFAULT */)
		return false;
	memcpy(to, from, length);
	return true;
}

/**
 * peek_string() - Read a string that may not be there
 * @room:	of @to; a longer string is cut, without a NUL
 *
 * Return: its length as far as it was read, -EFAULT
 */
long peek_string(char *to, const char *from, size_t room)
{
	size_t done = 0;

	while (done < room) {
		size_t part = 4096 - ((uintptr_t)(from + done) & 4095);

		if (part > 256)
			part = 256;
		if (part > room - done)
			part = room - done;
		if (!peek(to + done, from + done, part))
			return -14; /* EFAULT */
		for (size_t end = done + part; done < end; done++)
			if (!to[done])
				return (long)done;
	}
	return (long)done;
}
