// SPDX-License-Identifier: BSD-2-Clause
/* clone.c - processes and threads, their beginnings and ends
 *
 * A clone may return on another stack, or twice on the same one (vfork), so nothing of the shim may
 * be on the stack while it is made: the slot makes it (entry.S, format.h). Before it
 * hijack_on_clone() is called; afterwards hijack_after_clone() runs in the parent and in the child,
 * and knows the kind by the block of the slot that it was called from.
 */
#include <asm/errno.h>
#include <linux/sched.h>

#include "raw.h"
#include "state.h"
#include "str.h"

_Static_assert(HIJACK_KINDS == SLOT_KINDS, "a slot has a block for each kind");

/**
 * kind_of() - What clone flags make
 */
static enum hijack_kind kind_of(uint64_t flags)
{
	if (flags & CLONE_THREAD)
		return HIJACK_THREAD;
	if (!(flags & CLONE_VM))
		return HIJACK_FORK;
	return flags & CLONE_VFORK ? HIJACK_VFORK : HIJACK_GUEST;
}

/**
 * clone() - Have the slot make a clone
 */
static long clone(struct hijack_call *call, uint64_t flags)
{
	enum hijack_kind kind = kind_of(flags);
	long result = hijack_on_clone(call, kind);

	if (raw_failed(result))
		return result;
	if (kind == HIJACK_GUEST)
		guest_expect(flags);
	/* The slot is not in the range that Syscall User Dispatch lets through. */
	sud_arm(false);
	call->native = SLOT_BLOCKS + kind * SLOT_BLOCK_SIZE;
	return 0;
}

/**
 * host_clone() - clone(2)
 */
long host_clone(struct hijack_call *call)
{
	return clone(call, call->arg[0]);
}

/**
 * host_clone3() - clone3(2)
 */
long host_clone3(struct hijack_call *call)
{
	uint64_t flags;

	if (!peek(&flags, (const void *)call->arg[0], sizeof(flags)))
		return -EFAULT;
	return clone(call, flags);
}

/**
 * host_fork() - fork(2)
 */
long host_fork(struct hijack_call *call)
{
	return clone(call, 0);
}

/**
 * host_vfork() - vfork(2)
 */
long host_vfork(struct hijack_call *call)
{
	return clone(call, CLONE_VFORK | CLONE_VM);
}

/**
 * hijack_after_clone() - Parent and child come here from the slot
 * @call:	@nr is the result, and what the program gets; the arguments are the call's
 */
void hijack_after_clone(struct hijack_call *call)
{
	/* The return address is a jump, two bytes before the end of the block. */
	unsigned long block = call->slot % SLOT_SIZE - SLOT_BLOCKS;
	enum hijack_kind kind = block / SLOT_BLOCK_SIZE;
	long result = (long)call->nr;

	/* In one of a guest's own children too. */
	if (kind == HIJACK_GUEST && guest_is_here())
		return;
	if (kind == HIJACK_VFORK)
		guest_borrow();
	if (result == 0 && kind == HIJACK_FORK) {
		guest_owner();
		regions_child();
		sud_child();
		report_child();
	}
	sud_arm(true);
	if (__builtin_expect(hijack_watched, 0))
		trace_clone(kind, result);
	if (result == 0)
		hijack_on_child(kind);
	else
		call->nr = (unsigned long)hijack_on_parent(kind, result);
}

/**
 * host_exit() - exit(2): the end of a thread
 */
long host_exit(struct hijack_call *call)
{
	if (!hijack_on_thread_exit())
		return raw1(__NR_exit, call->arg[0]);
	if (__builtin_expect(hijack_watched, 0))
		report_print("exit");
	return raw1(__NR_exit_group, call->arg[0]);
}

/**
 * host_exit_group() - exit_group(2): the end of the process
 */
long host_exit_group(struct hijack_call *call)
{
	hijack_on_exit();
	if (__builtin_expect(hijack_watched, 0))
		report_print("exit");
	return raw1(__NR_exit_group, call->arg[0]);
}
