/* SPDX-License-Identifier: BSD-2-Clause */
/* message.c - what librump tells the user */
#include <stdarg.h>

#include "bare/raw.h"
#include "bare/str.h"

#include "core.h"

#define STDERR 2

/**
 * rump__error() - Say on stderr what is wrong and what to do
 * @fmt:	as for printf(3), as far as text_vprintf() goes; without a newline
 */
void rump__error(const char *fmt, ...)
{
	char line[1024];
	struct text text = { line, 0, sizeof(line) - 1 };
	va_list ap;

	text_string(&text, "rump: ");
	va_start(ap, fmt);
	text_vprintf(&text, fmt, ap);
	va_end(ap);
	line[text.length++] = '\n';
	raw3(__NR_write, STDERR, line, text.length);
}
