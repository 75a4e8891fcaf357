/* SPDX-License-Identifier: BSD-2-Clause */
/* rumpuser_ext.h - what the tests of the extension group share */
#ifndef TEST_RUMPUSER_EXT_H
#define TEST_RUMPUSER_EXT_H

#include "rumpuser_test.h"

#define UNTOUCHED 4242

/* Do something that leaves errno alone. */
#define QUIET(statement)                                                                           \
	do {                                                                                       \
		errno = UNTOUCHED;                                                                 \
		statement;                                                                         \
		CHECK(errno == UNTOUCHED);                                                         \
	} while (0)

#endif
