// SPDX-License-Identifier: BSD-2-Clause
/* inotify.c - inotify on the files of either kernel
 *
 * An instance is made on the host. Its first watch decides: if that is of a rump path, the instance is
 * made anew in the rump kernel, under its number. An instance watches one kernel's files only; a
 * watch of the other's fails with ENOSPC, the error of a table that is full, on which programs
 * fall back to looking themselves.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "rooms.h"
#include "route.h"
#include "special.h"
#include "state.h"

#define NUMBERS 4096

/* Instances of the host without a watch, by number. */
static uint64_t unused[NUMBERS / 64];

/**
 * note() - A new instance
 */
static long note(long fd)
{
	if (fd >= 0 && fd < NUMBERS)
		__atomic_fetch_or(&unused[fd / 64], 1ul << fd % 64, __ATOMIC_RELAXED);
	return fd;
}

/**
 * take_unused() - Whether an instance had no watch yet; it has one now
 */
static bool take_unused(unsigned long fd)
{
	uint64_t bit = 1ul << (fd & 63);

	if ((uint32_t)fd >= NUMBERS)
		return false;
	return __atomic_fetch_and(&unused[(uint32_t)fd / 64], ~bit, __ATOMIC_RELAXED) & bit;
}

/**
 * route_inotify_init() - inotify_init(2)
 */
long route_inotify_init(struct hijack_call *call)
{
	if (fds_parked())
		fds_withdraw();
	return note(hijack_host(call));
}

/**
 * route_inotify_init1() - inotify_init1(2)
 */
long route_inotify_init1(struct hijack_call *call)
{
	return route_inotify_init(call);
}

/**
 * move_instance() - Make an instance anew in the rump kernel
 */
static long move_instance(unsigned int fd)
{
	long flags = raw2(__NR_fcntl, fd, F_GETFL) & O_NONBLOCK;
	long result = kernel_need();

	if (!result && raw2(__NR_fcntl, fd, F_GETFD) & FD_CLOEXEC)
		flags |= O_CLOEXEC;
	return result ? result : fds_replace(fd, __NR_inotify_init1, flags, 0, 0);
}

/**
 * route_inotify_add_watch() - inotify_add_watch(2)
 */
long route_inotify_add_watch(struct hijack_call *call)
{
	struct hijack_call copy = *call;
	struct named named;
	long result;

	if (!places_now()->n && !kernel_up)
		return hijack_pass(call);
	ROOM(buffer);
	result = readable_path((const char *)call->arg[1]);
	if (result)
		return fd_is_rump(call->arg[0]) ? result : hijack_host(call);
	if (!paths_name(&named, AT_FDCWD, (const char *)call->arg[1], buffer))
		return -ENAMETOOLONG;
	copy.arg[1] = (unsigned long)named.path;
	if (named.side == HIJACK_HOST) {
		take_unused(call->arg[0]);
		return fd_is_rump(call->arg[0]) ? -ENOSPC : hijack_host(&copy);
	}
	call->side = HIJACK_RUMP;
	if (!fd_is_rump(call->arg[0])) {
		if (!take_unused(call->arg[0]))
			return -ENOSPC;
		result = move_instance((unsigned int)call->arg[0]);
		if (result)
			return result;
	}
	return rump_perform(&copy);
}
