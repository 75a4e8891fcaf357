/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * masks.c - calls that wait with a signal mask of their own
 *
 * Theory of operation
 *
 * ppoll(2) and its like give the thread another mask while they wait. The mask that counts for the
 * program's handlers is the host's, so it is changed there before the call and back after it; the
 * kernel gets it too, for signals of its own.
 *
 * The thread counts as in a call from before the first change to after the last. So what the mask
 * lets through is deferred (signals.c) and makes the call return, even one that has not begun:
 * nothing is lost in between. Then there are two ways.
 *
 * - The call was interrupted. Handlers run with the call's mask, and when they have run it is in
 *   force no longer, so that one that comes late does not run for nothing. That is just what the
 *   host's ppoll(2) does, in the time it takes to find nothing ready. The call fails with EINTR, or
 *   is made again if there was no handler after all.
 *
 * - It has a result, and no handler shall run that the thread's own mask keeps back: what was
 *   deferred and is in that mask stays pending, and is deferred no longer.
 *
 * While all signals are blocked nothing is deferred, so what is in deferred_set and what is in the
 * mask can be told apart.
 *
 * A handler may leave by longjmp(), as everywhere: while one runs, nothing is held.
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/time_types.h>

#include "rumpuser/bare/raw.h"

#include "internal.h"

#define SIGSET_BYTES	8	/* of the kernel's sigset_t */
#define ALL_SIGNALS	(~UINT64_C(0))

static void set_mask(uint64_t set, uint64_t *old)
{
	set &= ~rump__open_signals;
	raw4(__NR_rt_sigprocmask, SIG_SETMASK, &set, old, SIGSET_BYTES);
}

/**
 * mask_of() - Where a call has its mask
 * @nr:		its number; a to f: arguments
 * @mask:	result
 *
 * Return: whether there is one, and of the size that the kernel takes
 */
static bool mask_of(long nr, long a, long b, long d, long e, long f, uint64_t *mask)
{
	unsigned long where[2];

	switch (nr) {
	case __NR_rt_sigsuspend:
		where[0] = a;
		where[1] = b;
		break;
	case __NR_ppoll:
		where[0] = d;
		where[1] = e;
		break;
	case __NR_epoll_pwait:
	case __NR_epoll_pwait2:
		where[0] = e;
		where[1] = f;
		break;
	case __NR_pselect6:
	case __NR_io_pgetevents:
		if (!f || !rump__copy(where, (const void *)f, sizeof(where)))
			return false;
		break;
	default:
		return false;
	}
	return where[0] && where[1] == SIGSET_BYTES &&
	       rump__copy(mask, (const void *)where[0], sizeof(*mask));
}

/* Run the handlers of what is pending and not in @mask. The thread's mask is as before then. */
static void run_handlers(const uint64_t *mask)
{
	const struct __kernel_timespec now = { 0 };

	raw_call(__NR_ppoll, 0, 0, &now, mask, SIGSET_BYTES, 0);
}

static bool is_interrupted(long ret)
{
	return ret == -EINTR || (ret >= RUMP__RESTART_FIRST && ret <= RUMP__RESTART_LAST);
}

/* The call was interrupted: is it to be made again? All signals are blocked. */
static bool end_interrupted(long *ret, long *nr, const uint64_t *mask)
{
	struct rump__thread *self = &rump__self;
	bool again;

	self->handlers = 0;
	/* Inside rump_schedule() they go on waiting. */
	if (self->held == 1)
		self->deferred_set = 0;
	self->incall = --self->held;
	if (!self->held)
		run_handlers(mask);
	again = rump__signals(ret, nr);
	/* epoll says that itself, also when there turns out to be no signal. */
	if (*ret == -EINTR && !self->handlers && !self->held)
		again = true;
	self->incall = ++self->held;
	return again;
}

/**
 * rump__enter_masked() - rump__enter() for a call that may have a signal mask
 * @nr:	number; a to f: arguments
 *
 * Return: result, or -errno
 */
long rump__enter_masked(long nr, long a, long b, long c, long d, long e, long f)
{
	struct rump__thread *self = &rump__self;
	uint64_t mask, before;
	bool again;
	long ret;

	if (!self->ht) {
		ret = rump__attach();
		if (ret)
			return ret;
	}
	/* What is wrong with it, the kernel says. */
	if (!mask_of(nr, a, b, d, e, f, &mask))
		return rump__enter(nr, a, b, c, d, e, f);

	mask &= ~rump__open_signals;
	self->incall = ++self->held;
	set_mask(ALL_SIGNALS, &before);
	/* Inside rump_schedule() some may be blocked that the program has not blocked. */
	before &= ~self->deferred_set;
	do {
		set_mask(mask, NULL);
		ret = rump__enter_once(nr, a, b, c, d, e, f);
		set_mask(ALL_SIGNALS, NULL);
		again = is_interrupted(ret) && end_interrupted(&ret, &nr, &mask);
	} while (again);
	self->deferred_set &= ~before;
	self->incall = --self->held;
	set_mask(before | self->deferred_set, NULL);
	if (self->deferred)
		rump__call_end(0, 0, 0, 0, 0, 0, 0, 0);
	return ret;
}
