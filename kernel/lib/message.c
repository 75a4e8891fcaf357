/* SPDX-License-Identifier: BSD-2-Clause */
/* message.c - what librump tells the user */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/**
 * rump__error() - Say on stderr what is wrong and what to do
 * @fmt:	as for printf(3), without a newline
 */
void rump__error(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	n = snprintf(line, sizeof(line), "rump: ");
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	va_end(ap);
	strcat(line, "\n");
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return;
}
