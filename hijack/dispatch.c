// SPDX-License-Identifier: BSD-2-Clause
/* dispatch.c - the one place that every system call of the program comes to
 *
 * Theory of operation
 *
 * hijack_dispatch() looks the call up in the table of whoever decides, hijack_route. A call that no
 * one claims goes to hijack_host(), which looks it up in a table of its own: the few calls that
 * concern the shim itself, such as mmap (new code to rewrite), clone (stacks) and execve (the
 * environment). The rest is one instruction.
 *
 * A call that is to be traced or counted takes a second way, so that the first stays short.
 */
#include <asm/errno.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "kernel.h"
#include "raw.h"
#include "server.h"
#include "state.h"

unsigned char hijack_watched;
bool hijack_sealed;
bool hijack_maps;

static hijack_fn *const host_table[HIJACK_CALLS] = {
	[__NR_mmap] = host_mmap,
	[__NR_munmap] = host_munmap,
	[__NR_mremap] = host_mremap,
	[__NR_clone] = host_clone,
	[__NR_clone3] = host_clone3,
	[__NR_fork] = host_fork,
	[__NR_vfork] = host_vfork,
	[__NR_exit] = host_exit,
	[__NR_exit_group] = host_exit_group,
	[__NR_execve] = host_execve,
	[__NR_execveat] = host_execveat,
	[__NR_rt_sigaction] = host_sigaction,
	[__NR_rt_sigprocmask] = host_sigprocmask,
	[__NR_rt_sigsuspend] = host_sigsuspend,
	[__NR_ppoll] = host_mask_fourth,
	[__NR_epoll_pwait] = host_mask_fifth,
	[__NR_epoll_pwait2] = host_mask_fifth,
	[__NR_pselect6] = host_mask_sixth,
	[__NR_io_pgetevents] = host_mask_sixth,
	[__NR_seccomp] = host_seccomp,
	[__NR_prctl] = host_prctl,
};

/**
 * hijack_host() - Perform a call on the host
 */
long hijack_host(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;
	long result;

	if (__builtin_expect(hijack_maps, 0))
		hijack_on_host(call);
	if (call->nr < HIJACK_CALLS && host_table[call->nr])
		return host_table[call->nr](call);
	result = raw6((long)call->nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
	if (__builtin_expect(result == -EFAULT && kernel_up, 0))
		result = hijack_on_fault(call);
	return result;
}

/**
 * hijack_pass() - Leave a call to the host, and perhaps to the site it came from
 *
 * Not there, if the result has to be seen or Syscall User Dispatch would trap it.
 */
long hijack_pass(struct hijack_call *call)
{
	if (__builtin_expect(call->stay, 0) && !hijack_watched && !hijack_config.sud &&
	    !(call->nr < HIJACK_CALLS && host_table[call->nr])) {
		if (__builtin_expect(hijack_maps, 0))
			hijack_on_host(call);
		call->native = SLOT_IN_PLACE;
		return 0;
	}
	return hijack_host(call);
}

/**
 * dispatch_watched() - hijack_dispatch() with trace and report, and what is to be done at the first call
 */
static __attribute__((noinline)) long dispatch_watched(struct hijack_call *call, hijack_fn *fn)
{
	long result;

	if (guest_is_here())
		return guest_call(call);
	if (hijack_config.serve && !kernel_is_early())
		server_main((int)hijack_config.serve);
	if (hijack_config.boot && !hijack_config.serve && !kernel_need()) {
		hijack_config.boot = false;
		hijack_watched = hijack_config.trace || hijack_config.report ? WATCH_CALLS : 0;
	}
	/* These do not come back, or come back through hijack_after_clone(). */
	if (call->nr == __NR_exit || call->nr == __NR_exit_group || call->nr == __NR_execve ||
	    call->nr == __NR_execveat) {
		report_count(call);
		trace_call(call, NULL);
		return fn(call);
	}
	result = fn(call);
	report_count(call);
	trace_call(call, call->native ? NULL : &result);
	return result;
}

/**
 * hijack_dispatch() - Decide on a call and have it performed
 * @call:	from entry.S
 *
 * Return: what the site shall find in %rax
 */
long hijack_dispatch(struct hijack_call *call)
{
	hijack_fn *fn = call->nr < HIJACK_CALLS ? hijack_route[call->nr] : NULL;

	if (!fn)
		fn = hijack_pass;
	if (__builtin_expect(hijack_watched, 0))
		return dispatch_watched(call, fn);
	return fn(call);
}

/**
 * seal() - Note that the program has a seccomp filter
 *
 * What the filter makes of calls that the program itself did not make is not to be guessed, and it
 * may be death. So the shim keeps to the program's own calls from here on: libraries loaded later
 * are not rewritten, and trace and report end.
 */
static void seal(void)
{
	if (hijack_sealed)
		return;
	report_print("sealed");
	hijack_sealed = true;
	hijack_watched = 0;
	sud_seal();
}

/**
 * host_seccomp() - seccomp(2): the shim falls silent
 */
long host_seccomp(struct hijack_call *call)
{
	if (call->arg[0] == SECCOMP_SET_MODE_STRICT || call->arg[0] == SECCOMP_SET_MODE_FILTER)
		seal();
	return raw3(call->nr, call->arg[0], call->arg[1], call->arg[2]);
}

/**
 * host_prctl() - prctl(2): PR_SET_SECCOMP is seccomp(2)
 */
long host_prctl(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;

	if (arg[0] == PR_SET_SECCOMP)
		seal();
	return raw_call(call->nr, arg[0], arg[1], arg[2], arg[3], arg[4], 0);
}
