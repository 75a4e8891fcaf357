/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * errno.c - the host thread's errno
 */
#include "internal.h"

void rumpuser_seterrno(int error)
{
	errno = ru_errno_to_host(error);
}
