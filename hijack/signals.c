// SPDX-License-Identifier: BSD-2-Clause
/* signals.c - what the program does with signals
 *
 * Theory of operation
 *
 * Before the kernel is up, and without Syscall User Dispatch, all of it is the host's. When the
 * kernel is up, actions are in the core's table (kernel/lib/signals.c), which stands before the
 * program's handlers so that none runs on top of kernel code.
 *
 * The open signals are never blocked on the host: SIGSEGV and SIGBUS, by which the kernel brings
 * pages and finds bad pointers, once it is up; SIGSYS under Syscall User Dispatch. They are taken
 * out of every mask that the program gives. What it thinks it has blocked of them is remembered for
 * each thread, and put into the masks it gets.
 */
#include <asm/errno.h>
#include <asm/signal.h>

#include "../kernel/lib/core.h"
#include "raw.h"
#include "state.h"
#include "str.h"

/**
 * open_signals() - Those that are never blocked, at the moment
 */
static uint64_t open_signals(void)
{
	if (rump__signals_up)
		return rump__open_signals;
	return rump__open_signals & ~RUMP__FAULTS;
}

/**
 * change_action() - rt_sigaction(2) with memory of the shim's
 */
static long change_action(int signal, const struct rump__action *new, struct rump__action *old)
{
	struct rump__action action;
	long result;

	if (hijack_config.sud && signal == SIGSYS) {
		sud_sigaction(new, old);
		return 0;
	}
	if (rump__signals_up)
		return rump__sigaction(signal, new, old);
	if (new) {
		action = *new;
		action.mask &= ~open_signals();
	}
	result = raw4(__NR_rt_sigaction, signal, new ? &action : NULL, old, MASK_BYTES);
	if (!result && new && rump__signals_up)
		result = rump__sigaction(signal, new, NULL);
	return result;
}

/**
 * host_sigaction() - rt_sigaction(2)
 */
long host_sigaction(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;
	struct rump__action new, old;
	long result;

	if (arg[3] != MASK_BYTES)
		return -EINVAL;
	if (arg[1] && !peek(&new, (const void *)arg[1], sizeof(new)))
		return -EFAULT;
	if (!rump__signals_up && !hijack_config.sud) {
		result = raw4(__NR_rt_sigaction, arg[0], arg[1] ? &new : NULL, arg[2], MASK_BYTES);
		/* The kernel may have come up meanwhile, and have seen the old action. */
		if (!result && arg[1] && rump__signals_up)
			result = rump__sigaction((int)arg[0], &new, NULL);
		return result;
	}
	result = change_action((int)arg[0], arg[1] ? &new : NULL, &old);
	if (!result && arg[2] && !poke((void *)arg[2], &old, sizeof(old)))
		return -EFAULT;
	return result;
}

/**
 * note_masked() - Remember what the program blocks of the open signals
 */
static void note_masked(unsigned long how, uint64_t set, uint64_t open)
{
	uint64_t *masked = &rump__self.masked;

	if (how == SIG_BLOCK)
		*masked |= set & open;
	else if (how == SIG_UNBLOCK)
		*masked &= ~set;
	else
		*masked = set & open;
}

/**
 * host_sigprocmask() - rt_sigprocmask(2)
 */
long host_sigprocmask(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;
	uint64_t open = open_signals(), set = 0, old = 0, masked;
	long result;

	if (!open || hijack_sealed || arg[3] != MASK_BYTES || arg[0] > SIG_SETMASK)
		return raw4(__NR_rt_sigprocmask, arg[0], arg[1], arg[2], arg[3]);
	if (arg[1] && !peek(&set, (const void *)arg[1], sizeof(set)))
		return -EFAULT;
	masked = rump__self.masked;
	if (arg[1])
		note_masked(arg[0], set, open);
	set &= ~open;
	result = raw4(__NR_rt_sigprocmask, arg[0], arg[1] ? &set : NULL, &old, MASK_BYTES);
	old |= masked;
	if (!result && arg[2] && !poke((void *)arg[2], &old, sizeof(old)))
		return -EFAULT;
	return result;
}

/**
 * hijack_open_mask() - Copy a signal mask, without the open signals
 * @mask:	the copy
 * @from:	the program's, or NULL
 *
 * Return: @mask, NULL for NULL; @from itself if it cannot be read, which the kernel will say
 */
const void *hijack_open_mask(uint64_t *mask, unsigned long from)
{
	uint64_t open = open_signals();

	if (!from || !open || hijack_sealed || !peek(mask, (const void *)from, sizeof(*mask)))
		return (const void *)from;
	*mask &= ~open;
	return mask;
}

/**
 * host_sigsuspend() - rt_sigsuspend(2)
 */
long host_sigsuspend(struct hijack_call *call)
{
	uint64_t mask;

	return raw2(__NR_rt_sigsuspend, hijack_open_mask(&mask, call->arg[0]), call->arg[1]);
}

/**
 * host_mask_fourth() - A call whose fourth argument is a signal mask: ppoll(2)
 */
long host_mask_fourth(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;
	uint64_t mask;

	return raw_call(call->nr, arg[0], arg[1], arg[2], hijack_open_mask(&mask, arg[3]), arg[4], arg[5]);
}

/**
 * host_mask_fifth() - A call whose fifth argument is a signal mask: epoll_pwait(2)
 */
long host_mask_fifth(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;
	uint64_t mask;

	return raw_call(call->nr, arg[0], arg[1], arg[2], arg[3], hijack_open_mask(&mask, arg[4]), arg[5]);
}

/**
 * host_mask_sixth() - A call whose sixth argument points to a mask and its size: pselect6(2)
 */
long host_mask_sixth(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;
	unsigned long pair[2];
	uint64_t mask;
	const void *last = (const void *)arg[5];

	if (last && open_signals() && !hijack_sealed && peek(pair, last, sizeof(pair))) {
		pair[0] = (unsigned long)hijack_open_mask(&mask, pair[0]);
		last = pair;
	}
	return raw_call(call->nr, arg[0], arg[1], arg[2], arg[3], arg[4], last);
}
