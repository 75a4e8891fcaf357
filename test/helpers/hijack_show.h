/* SPDX-License-Identifier: BSD-2-Clause */
/* hijack_show.h - how the differential tests of the shim print what came of a call */
#ifndef HIJACK_SHOW_H
#define HIJACK_SHOW_H

/* Print what was done, its result and its errno; returns the result, and leaves errno alone. */
long show(const char *what, long result);
/* The end of the program if a preparation, which is not under test, fails. */
int must(const char *what, int result);

#define SHOW(call) show(#call, (long)(call))
#define MUST(call) must(#call, (int)(call))

#endif
