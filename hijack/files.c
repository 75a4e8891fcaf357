// SPDX-License-Identifier: BSD-2-Clause
/* files.c - calls on descriptor numbers: close, dup, fcntl, and what concerns the process's files
 *
 * descriptors.c has the rules of numbers. A descriptor moves from one kernel to the other only by
 * dup2 onto its number; there the order is: first the kernel that can refuse, then the number's
 * owner, then what was there before.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/resource.h>

#include "rooms.h"
#include "route.h"
#include "special.h"
#include "state.h"
#include "str.h"
#include "wait.h"

#define RLIMIT_FSIZE 1

/* linux/sockios.h: calls on interfaces, which any socket takes */
#define INTERFACES_FIRST 0x8910
#define INTERFACES_LAST	 0x89af

/**
 * is_parked() - Whether a number is parked: closed, as the program sees it
 */
static bool is_parked(unsigned long fd)
{
	return fds_parked() && fds_is_parked((unsigned int)fd);
}

/**
 * route_close() - close(2)
 */
long route_close(struct hijack_call *call)
{
	unsigned long fd = call->arg[0];

	if (fd_is_rump(fd)) {
		call->side = HIJACK_RUMP;
		return fds_close((unsigned int)fd);
	}
	if (__builtin_expect(fds_hidden(fd) || is_parked(fd), 0))
		return -EBADF;
	if (__builtin_expect(epoll_used, 0))
		epoll_forget(fd);
	fds_freed((unsigned int)fd);
	return hijack_pass(call);
}

/**
 * close_host_part() - close_range(2) on the host, leaving placeholders and the shim's own alone
 */
static long close_host_part(unsigned int from, unsigned int last, unsigned long flags)
{
	long result = 0, kept;

	do {
		kept = fds_next_kept(from, last);
		if (kept != (long)from)
			result = raw3(__NR_close_range, from, kept < 0 ? last : kept - 1, flags);
		from = (unsigned int)kept + 1;
	} while (!raw_failed(result) && kept >= 0 && kept < (long)last);
	return result;
}

/**
 * route_close_range() - close_range(2)
 */
long route_close_range(struct hijack_call *call)
{
	unsigned int first = (unsigned int)call->arg[0], last = (unsigned int)call->arg[1];
	unsigned long flags = call->arg[2];
	long fd;

	if (!kernel_up && !fds_any_hidden())
		return hijack_pass(call);
	if (first > last || (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)))
		return -EINVAL;
	if (!kernel_up)
		return close_host_part(first, last, flags & ~(unsigned long)CLOSE_RANGE_UNSHARE);
	if (flags & CLOSE_RANGE_CLOEXEC) {
		kernel_call(__NR_close_range, first, last, CLOSE_RANGE_CLOEXEC, 0, 0, 0);
	} else {
		if (epoll_used)
			epoll_forget_range(first, last);
		fds_withdraw();
		for (fd = first; (fd = fds_first((unsigned int)fd, last)) >= 0; fd++)
			fds_close((unsigned int)fd);
		fds_withdraw();
		fds_freed(first);
	}
	return close_host_part(first, last, flags & ~(unsigned long)CLOSE_RANGE_UNSHARE);
}

/**
 * dup_rump() - Duplicate a rump descriptor to the lowest free number
 * @lowest:	not lower than this
 * @flags:	O_CLOEXEC or 0
 */
static long dup_rump(unsigned long fd, unsigned int lowest, unsigned long flags)
{
	long to, result;

	fds_withdraw();
	fds_lock();
	to = fds_place(lowest);
	if (raw_failed(to)) {
		fds_unlock();
		return to;
	}
	result = to < FDS ? kernel_call(RUMP_CALL_FD_DUP, (long)fd, to, (long)flags, 0, 0, 0)
			  : -EMFILE;
	if (raw_failed(result)) {
		raw1(__NR_close, to);
		fds_freed((unsigned int)to);
	} else {
		fds_set((unsigned int)to);
	}
	fds_unlock();
	return result;
}

/**
 * dup_rump_onto() - Duplicate a rump descriptor to a given number
 */
static long dup_rump_onto(unsigned long fd, unsigned int to, unsigned long flags)
{
	long result;

	fds_lock();
	result = fd_is_rump(fd) ? 0 : -EBADF;
	if (!result && !fd_is_rump(to) && !fds_holds(to))
		result = fds_place_at(to);
	if (!raw_failed(result)) {
		fds_unpark(to);
		result = kernel_call(RUMP_CALL_FD_DUP, (long)fd, to, (long)flags, 0, 0, 0);
		if (!raw_failed(result)) {
			fds_set(to);
		} else if (!fd_is_rump(to)) {
			raw1(__NR_close, to);
			fds_freed(to);
		}
	}
	fds_unlock();
	return result;
}

/**
 * dup_host() - Make a duplicate of a host descriptor with a number that the host chooses
 */
static long dup_host(struct hijack_call *call)
{
	long result;

	if (!epoll_used)
		return host_newfd(call);
	fds_withdraw();
	result = hijack_host(call);
	if (!raw_failed(result))
		epoll_dup(call->arg[0], (unsigned long)result);
	return result;
}

/**
 * dup_host_onto() - Duplicate a host descriptor to the number of a rump one, or of a parked one
 */
static long dup_host_onto(struct hijack_call *call, unsigned int to)
{
	long result;

	fds_lock();
	result = hijack_host(call);
	if (!raw_failed(result)) {
		if (fd_is_rump(to)) {
			fds_forget(to);
			kernel_call(RUMP_CALL_FD_CLOSE, to, 0, 0, 0, 0, 0);
		} else if (fds_holds(to)) {
			fds_unpark(to);
			kernel_call(RUMP_CALL_FD_WITHDRAW, to, 0, 0, 0, 0, 0);
		}
	}
	fds_unlock();
	if (epoll_used && !raw_failed(result))
		epoll_dup(call->arg[0], to);
	return result;
}

/**
 * dup_onto() - dup2(2) and dup3(2) of different numbers
 */
static long dup_onto(struct hijack_call *call, unsigned long flags)
{
	unsigned long from = call->arg[0], to = call->arg[1];
	long result;

	if (fds_hidden(to) || fds_hidden(from))
		return -EBADF;
	if (epoll_used && fds_is_open(from))
		epoll_forget(to);
	if (fd_is_rump(from)) {
		call->side = HIJACK_RUMP;
		if ((uint32_t)to >= FDS)
			return -EBADF;
		return dup_rump_onto(from, (unsigned int)to, flags);
	}
	if (is_parked(from))
		return -EBADF;
	if (fd_is_rump(to) || is_parked(to))
		return dup_host_onto(call, (unsigned int)to);
	if (!epoll_used)
		return hijack_pass(call);
	result = hijack_host(call);
	if (!raw_failed(result))
		epoll_dup(from, to);
	return result;
}

/**
 * route_dup() - dup(2)
 */
long route_dup(struct hijack_call *call)
{
	if (!fd_is_rump(call->arg[0]))
		return dup_host(call);
	call->side = HIJACK_RUMP;
	return dup_rump(call->arg[0], 0, 0);
}

/**
 * route_dup2() - dup2(2)
 */
long route_dup2(struct hijack_call *call)
{
	if (!kernel_up && !fds_any_hidden() && !epoll_used)
		return hijack_pass(call);
	if ((int)call->arg[0] == (int)call->arg[1])
		return fds_is_open(call->arg[0]) ? (int)call->arg[1] : -EBADF;
	return dup_onto(call, 0);
}

/**
 * route_dup3() - dup3(2)
 */
long route_dup3(struct hijack_call *call)
{
	if (!kernel_up && !fds_any_hidden() && !epoll_used)
		return hijack_pass(call);
	if ((call->arg[2] & ~(unsigned long)O_CLOEXEC) ||
	    (int)call->arg[0] == (int)call->arg[1])
		return -EINVAL;
	return dup_onto(call, call->arg[2]);
}

/**
 * route_fcntl() - fcntl(2)
 */
long route_fcntl(struct hijack_call *call)
{
	unsigned long fd = call->arg[0], lowest = call->arg[2];
	bool rump = fd_is_rump(fd);

	/* Some set close-on-exec for all that /proc/self/fd has: the kernel is not to be lost by that. */
	if (fds_hidden(fd))
		return -EBADF;
	switch ((int)call->arg[1]) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (!rump)
			return is_parked(fd) ? -EBADF : dup_host(call);
		call->side = HIJACK_RUMP;
		if (lowest >= FDS)
			return -EINVAL;
		return dup_rump(fd, (unsigned int)lowest,
				(int)call->arg[1] == F_DUPFD_CLOEXEC ? O_CLOEXEC : 0);
	default:
		if (rump)
			return rump_perform(call);
		return is_parked(fd) ? -EBADF : hijack_pass(call);
	}
}

/**
 * route_ioctl() - ioctl(2): some have a second descriptor
 */
long route_ioctl(struct hijack_call *call)
{
	bool rump = fd_is_rump(call->arg[0]);
	const struct file_clone_range *range = (const void *)call->arg[2];
	struct file_clone_range copy;

	switch ((unsigned int)call->arg[1]) {
	case FICLONE:
		if (fd_is_rump(call->arg[2]) != rump)
			return -EXDEV;
		break;
	case FICLONERANGE:
		if (!kernel_up)
			break;
		if (!peek(&copy, range, sizeof(copy)))
			return -EFAULT;
		if (fd_is_rump((unsigned long)copy.src_fd) != rump)
			return -EXDEV;
		break;
	}
	if (!rump && (unsigned int)call->arg[1] >= INTERFACES_FIRST &&
	    (unsigned int)call->arg[1] <= INTERFACES_LAST)
		return sockets_ask_interfaces(call);
	return rump ? rump_perform(call) : hijack_pass(call);
}

/**
 * route_mount() - mount(2): the rump kernel's, if the mount point is
 *
 * The source is the rump kernel's too then: a name, or the path of one of its devices.
 */
long route_mount(struct hijack_call *call)
{
	struct hijack_call copy = *call;
	struct named named;
	long result;

	if (!places_now()->n)
		return hijack_pass(call);
	if (readable_path((const char *)call->arg[1]) ||
	    (call->arg[0] && readable_path((const char *)call->arg[0])))
		return -EFAULT;
	ROOM(source);
	ROOM(target);
	if (!paths_name(&named, AT_FDCWD, (const char *)call->arg[1], target))
		return -ENAMETOOLONG;
	if (named.side == HIJACK_HOST)
		return hijack_pass(call);
	copy.arg[1] = (unsigned long)named.path;
	if (call->arg[0] && *(const char *)call->arg[0] == '/' &&
	    paths_name(&named, AT_FDCWD, (const char *)call->arg[0], source) &&
	    named.side == HIJACK_RUMP)
		copy.arg[0] = (unsigned long)named.path;
	result = kernel_need();
	call->side = HIJACK_RUMP;
	return result ? result : rump_perform(&copy);
}

/**
 * route_prlimit64() - prlimit(2): the size of files is the rump kernel's business too
 */
long route_prlimit64(struct hijack_call *call)
{
	long result = hijack_pass(call);

	if (!raw_failed(result) && kernel_up && !call->native && call->arg[2] &&
	    call->arg[1] == RLIMIT_FSIZE &&
	    (!call->arg[0] || (long)call->arg[0] == raw0(__NR_getpid)))
		kernel_call(__NR_prlimit64, 0, (long)call->arg[1], (long)call->arg[2], 0, 0, 0);
	return result;
}
