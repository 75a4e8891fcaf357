/* SPDX-License-Identifier: BSD-2-Clause */
/* sigaction.c - the core stands before the program's handlers: sigaction() and signal() */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "internal.h"

#define PUBLIC __attribute__((visibility("default")))

extern int __libc_sigaction(int sig, const struct sigaction *act, struct sigaction *old);

/**
 * sigaction() - As in POSIX; handlers are deferred out of the kernel
 * @sig:	signal
 * @act:	new action or NULL
 * @old:	old action or NULL
 *
 * Return: 0, or -1 with errno set
 */
PUBLIC int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct rump__action new = { 0 }, before;
	long ret;

	if (!rump__signals_up)
		return __libc_sigaction(sig, act, old);
	if (act) {
		new.handler = (void (*)(int, void *, void *))act->sa_sigaction;
		new.flags = act->sa_flags;
		memcpy(&new.mask, &act->sa_mask, sizeof(new.mask));
	}
	ret = rump__sigaction(sig, act ? &new : NULL, &before);
	if (ret) {
		errno = -ret;
		return -1;
	}
	if (old) {
		memset(old, 0, sizeof(*old));
		old->sa_sigaction = (void (*)(int, siginfo_t *, void *))before.handler;
		old->sa_flags = before.flags;
		memcpy(&old->sa_mask, &before.mask, sizeof(before.mask));
		old->sa_restorer = before.restorer;
	}
	return 0;
}

/**
 * signal() - As in POSIX, with BSD semantics as glibc has them
 * @sig:	signal
 * @handler:	handler
 *
 * Return: previous handler or SIG_ERR
 */
PUBLIC sighandler_t signal(int sig, sighandler_t handler)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	sigaddset(&act.sa_mask, sig);
	return sigaction(sig, &act, &old) ? SIG_ERR : old.sa_handler;
}
