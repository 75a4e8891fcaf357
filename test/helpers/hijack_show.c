// SPDX-License-Identifier: BSD-2-Clause
/* hijack_show.c - how the differential tests of the shim print what came of a call */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hijack_show.h"

long show(const char *what, long result)
{
	int error = errno;

	printf("%s: %ld%s%s\n", what, result, result < 0 ? " " : "",
	       result < 0 ? strerrorname_np(error) : "");
	errno = error;
	return result;
}

int must(const char *what, int result)
{
	if (result < 0)
		err(1, "%s", what);
	return result;
}
