// SPDX-License-Identifier: BSD-2-Clause
/* guest.c - a process that has the memory of another, while that goes on
 *
 * Theory of operation
 *
 * clone(2) with CLONE_VM and neither CLONE_THREAD nor CLONE_VFORK makes a process that has all variables of
 * its parent, as a rule thread-local ones too, at the same time as the parent: it cannot be a process of the
 * rump kernel, as what the shim knows of the caller (rump__self, who has which descriptors) is
 * the parent's. It is a guest: its calls are the host's, whatever they name.
 *
 * A guest is known by its process id: the memory belongs to @owner, and a vfork child, which
 * has it while its parent waits, has left its id in @borrower. A process that a guest forks has a
 * copy of this memory whose owner is another: it is a guest until it executes a program.
 * Invariant: who is neither @owner nor @borrower writes nothing of the shim's but what belongs to the memory,
 * under the lock of that: which code is rewritten.
 *
 * Asking costs a call, so it is done only from when the first guest is made (hijack_watched), and never
 * behind a seccomp filter, which might kill for it: guests are not known there.
 */
#include <asm/errno.h>
#include <linux/sched.h>

#include "../kernel/lib/core.h"
#include "raw.h"
#include "state.h"

static int owner;
static __thread int borrower;

/* What the guests of this memory share with its owner besides it. */
static bool share_files;
static bool share_handlers;

/**
 * guest_is_here() - Whether the caller is a guest
 */
bool guest_is_here(void)
{
	int pid;

	if (!(hijack_watched & WATCH_GUESTS))
		return false;
	pid = (int)raw0(__NR_getpid);
	return pid != owner && pid != borrower;
}

/**
 * guest_kind() - rump__guest: how a handler of a signal has to deal with the caller
 */
static enum rump__guest guest_kind(void)
{
	if (!guest_is_here())
		return RUMP__NO_GUEST;
	return share_handlers ? RUMP__GUEST_HANDLERS : RUMP__GUEST;
}

/**
 * guest_owner() - The memory is the calling process's
 */
void guest_owner(void)
{
	if (hijack_sealed)
		return;
	owner = (int)raw0(__NR_getpid);
	borrower = 0;
}

/**
 * guest_borrow() - The calling process uses the memory while its parent waits; or, back in that, does no more
 */
void guest_borrow(void)
{
	int pid;

	if (hijack_sealed)
		return;
	pid = (int)raw0(__NR_getpid);
	borrower = pid == owner ? 0 : pid;
}

/**
 * guest_expect() - Before one is made
 */
void guest_expect(uint64_t flags)
{
	share_files |= !!(flags & CLONE_FILES);
	share_handlers |= !!(flags & CLONE_SIGHAND);
	rump__guest = guest_kind;
	__atomic_fetch_or(&hijack_watched, WATCH_GUESTS, __ATOMIC_SEQ_CST);
}

/**
 * guest_call() - A call of a guest
 */
long guest_call(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;

	switch (call->nr) {
	case __NR_clone:
	case __NR_clone3:
	case __NR_fork:
	case __NR_vfork:
		call->native = SLOT_BLOCKS + HIJACK_GUEST * SLOT_BLOCK_SIZE;
		return 0;
	case __NR_mmap:
		return host_mmap(call);
	case __NR_munmap:
		return host_munmap(call);
	case __NR_mremap:
		return host_mremap(call);
	case __NR_execve:
		return host_execve(call);
	case __NR_execveat:
		return host_execveat(call);
	case __NR_rt_sigaction:
		if (share_handlers)
			return host_sigaction(call);
		break;
	}
	if (share_files && hijack_takes(call))
		return -EBADF;
	return raw6((long)call->nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}
