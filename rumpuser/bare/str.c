// SPDX-License-Identifier: BSD-2-Clause
/* str.c - strings without libc, and lines under construction */
#include "str.h"

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
 * str_search() - strstr()
 */
const char *str_search(const char *string, const char *part)
{
	for (; !str_starts(string, part); string++)
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

/* What a conversion of text_vprintf() says. */
struct conversion {
	unsigned int width;
	int precision;
	bool zero;
	bool is_long;
};

/**
 * text_padded() - Append a number, with zeroes or blanks in front
 */
static void text_padded(struct text *text, unsigned long number, unsigned int base,
			const struct conversion *how)
{
	unsigned int digits = 1;

	for (unsigned long rest = number / base; rest; rest /= base)
		digits++;
	for (; digits < how->width; digits++)
		text_byte(text, how->zero ? '0' : ' ');
	text_number(text, number, base);
}

/**
 * text_conversion() - Read what stands between % and the letter
 *
 * Return: the letter
 */
static const char *text_conversion(const char *format, struct conversion *how, va_list *args)
{
	*how = (struct conversion){.precision = -1, .zero = *format == '0'};
	for (; *format >= '0' && *format <= '9'; format++)
		how->width = how->width * 10 + (unsigned int)(*format - '0');
	if (format[0] == '.' && format[1] == '*') {
		how->precision = va_arg(*args, int);
		format += 2;
	}
	for (; *format == 'l' || *format == 'z'; format++)
		how->is_long = true;
	return format;
}

/**
 * text_vprintf() - Append as vprintf() does
 * @format:	with c d u x s p and %, l and z, a width for numbers, and .* for strings
 */
void text_vprintf(struct text *text, const char *format, va_list args)
{
	struct conversion how;
	const char *string;
	va_list rest;
	long value;

	va_copy(rest, args);
	for (; *format; format++) {
		if (*format != '%') {
			text_byte(text, *format);
			continue;
		}
		format = text_conversion(format + 1, &how, &rest);
		switch (*format) {
		case 'c':
			text_byte(text, (char)va_arg(rest, int));
			break;
		case 'd':
			value = how.is_long ? va_arg(rest, long) : va_arg(rest, int);
			if (value < 0)
				text_byte(text, '-');
			text_padded(text, value < 0 ? 0 - (unsigned long)value : (unsigned long)value,
				    10, &how);
			break;
		case 'u':
		case 'x':
			text_padded(text, how.is_long ? va_arg(rest, unsigned long) :
							va_arg(rest, unsigned int),
				    *format == 'x' ? 16 : 10, &how);
			break;
		case 'p':
			text_hex(text, (unsigned long)va_arg(rest, void *));
			break;
		case 's':
			string = va_arg(rest, const char *);
			for (int i = 0; string[i] && i != how.precision; i++)
				text_byte(text, string[i]);
			break;
		default:
			text_byte(text, *format);
		}
	}
	va_end(rest);
}

/**
 * text_printf() - Append as printf() does
 */
void text_printf(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vprintf(text, format, args);
	va_end(args);
}

/**
 * str_printf() - snprintf(); what does not fit is dropped
 */
void str_printf(char *to, size_t size, const char *format, ...)
{
	struct text text = {to, 0, size - 1};
	va_list args;

	va_start(args, format);
	text_vprintf(&text, format, args);
	va_end(args);
	to[text.length] = 0;
}

/**
 * digit_of() - Value of a digit in any base up to 16, or a large number
 */
static unsigned int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a' + 10) : 99;
}

/**
 * str_to_number() - Read a number as C writes it: decimal, 0 octal, 0x hexadecimal
 * @end:	what follows it
 *
 * Return: false if there is none, or it is too large
 */
bool str_to_number(const char *string, unsigned long *number, const char **end)
{
	unsigned int base = 10, digit;
	unsigned long sum = 0;

	if (digit_of(*string) > 9)
		return false;
	if (*string == '0' && (string[1] | 0x20) == 'x' && digit_of(string[2]) < 16) {
		base = 16;
		string += 2;
	} else if (*string == '0') {
		base = 8;
	}
	for (; (digit = digit_of(*string)) < base; string++)
		if (__builtin_mul_overflow(sum, base, &sum) ||
		    __builtin_add_overflow(sum, digit, &sum))
			return false;
	*number = sum;
	*end = string;
	return true;
}
