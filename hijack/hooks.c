// SPDX-License-Identifier: BSD-2-Clause
/* hooks.c - the layer above, while there is none: everything goes to the host */
#include <asm/errno.h>

#include "call.h"
#include "kernel.h"

#define WEAK __attribute__((weak))

WEAK hijack_fn *const hijack_route[HIJACK_CALLS] = {0};

WEAK void hijack_on_start(char **argv, char **envp)
{
	(void)argv;
	(void)envp;
}

WEAK long hijack_on_clone(struct hijack_call *call, enum hijack_kind kind)
{
	(void)call;
	(void)kind;
	return 0;
}

WEAK void hijack_on_child(enum hijack_kind kind)
{
	if (kind == HIJACK_FORK)
		kernel_forget(false);
}

WEAK long hijack_on_parent(enum hijack_kind kind, long result)
{
	(void)kind;
	return result;
}

WEAK void hijack_on_kernel(void)
{
}

WEAK void hijack_on_own(int fd, bool is)
{
	(void)fd;
	(void)is;
}

WEAK void hijack_on_host(const struct hijack_call *call)
{
	(void)call;
}

WEAK long hijack_on_fault(struct hijack_call *call)
{
	(void)call;
	return -EFAULT;
}

WEAK bool hijack_takes(const struct hijack_call *call)
{
	(void)call;
	return false;
}

WEAK bool hijack_on_thread_exit(void)
{
	kernel_thread_exit();
	return false;
}

WEAK void hijack_on_exit(void)
{
	kernel_exit();
}
