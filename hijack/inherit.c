// SPDX-License-Identifier: BSD-2-Clause
/* inherit.c - descriptor numbers over fork, vfork and exec
 *
 * descriptors.c tells what they mean. A forked process has them in memory of its own, a vfork
 * child in a copy beside its parent's, and a program that is executed learns them from the kernel.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "route.h"
#include "str.h"

/**
 * fds_child() - In a forked process: the same numbers, nobody else's calls
 *
 * What the parent has parked is the parent's to take; here it is given back. But a call of another of its
 * threads may have taken one before the rump kernel has copied its table, or have had yet to close it: then
 * the child has that descriptor as well, as on any kernel. What is not open is reserved in the copy.
 */
void fds_child(void)
{
	struct fds *f = fds_now();

	f->lock = 0;
	f->in_flight = 0;
	for (unsigned int i = 0; i < f->nparked; i++) {
		unsigned int fd = f->parked[i].fd;

		if (kernel_up && !raw_failed(kernel_call(__NR_fcntl, fd, F_GETFD, 0, 0, 0, 0))) {
			fds_set(fd);
			continue;
		}
		raw1(__NR_close, fd);
		fds_freed(fd);
	}
	f->nparked = f->closing = 0;
	for (unsigned int i = 0; i < f->top / 64 && !kernel_up; i++)
		f->rump[i] = 0;
}

/**
 * fds_inherit() - After the execution of a program: learn which numbers are the rump kernel's
 */
void fds_inherit(void)
{
	struct fds *f = fds_now();
	long top = kernel_call(RUMP_CALL_FD_EXEC, (long)f->rump, FDS, 0, 0, 0, 0);

	f->top = top > 0 ? ((unsigned int)top + 63) / 64 * 64 : 0;
}

/**
 * fds_before_exec() - Let the placeholders that are to stay open do so
 */
void fds_before_exec(void)
{
	long flags;

	fds_withdraw();
	for (long fd = 0; (fd = fds_first((unsigned int)fd, FDS - 1)) >= 0; fd++) {
		flags = kernel_call(__NR_fcntl, fd, F_GETFD, 0, 0, 0, 0);
		raw3(__NR_fcntl, fd, F_SETFD, raw_failed(flags) ? FD_CLOEXEC : flags);
	}
}

/**
 * fds_copy() - The numbers of a process to be, that has this one's memory
 *
 * Return: NULL without memory
 */
struct fds *fds_copy(void)
{
	struct fds *f = fds_now(), *copy;
	long memory = raw_call(__NR_mmap, 0, sizeof(*copy), PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (raw_failed(memory))
		return NULL;
	copy = (struct fds *)memory;
	fds_lock();
	memcpy(copy->rump, f->rump, f->top / 8);
	copy->top = f->top;
	copy->full_below = f->full_below;
	copy->nparked = f->nparked;
	memcpy(copy->parked, f->parked, f->nparked * sizeof(f->parked[0]));
	fds_unlock();
	return copy;
}

/**
 * fds_drop() - That process is no more, or has memory of its own
 */
void fds_drop(struct fds *copy)
{
	raw2(__NR_munmap, copy, sizeof(*copy));
}
