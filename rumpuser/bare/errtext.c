// SPDX-License-Identifier: BSD-2-Clause
/* errtext.c - strerror() without libc: the words are those of the kernel's headers */
#include <stddef.h>

#include "str.h"

static const char *const texts[] = {
#include "errtext.inc"
};

/**
 * str_error() - What an error number means
 * @error:	positive or negated
 */
const char *str_error(long error)
{
	unsigned long number = error < 0 ? 0 - (unsigned long)error : (unsigned long)error;

	if (number >= sizeof(texts) / sizeof(texts[0]) || !texts[number])
		return "unknown error";
	return texts[number];
}
