// SPDX-License-Identifier: BSD-2-Clause
/* memory.c - rump files in the program's address space
 *
 * Theory of operation
 *
 * The rump kernel maps its files into a window of addresses that is its own in every process
 * (RUMP_WINDOW_ADDR). So whose a mapping is, an address tells: calls on a range in the window are the rump
 * kernel's. Pages come when they are touched: the fault is a signal, which the core serves
 * (kernel/lib/fault.c).
 *
 * The host's kernel gets no signal when it touches a page for a call: the call fails with
 * EFAULT. Then the pages that its arguments point to are brought, and it is made again. A call that has
 * taken something by then, such as a datagram, a connection or the status of a child, could not give it
 * back. So what a call fills is there before it is made; which arguments those are the kernel's types and the
 * annotations say (gen/annot.awk), and that one is an address of the window, its value.
 *
 * A program that asks for a place outside the window (MAP_FIXED) gets a copy there, if the
 * mapping is private; a shared one cannot be there, and fails with ENODEV.
 */
#include <asm/errno.h>
#include <linux/mman.h>

#include "execute.h"
#include "route.h"
#include "special.h"
#include "state.h"
#include "str.h"
#include "unix.h"

#define PAGE	 4096ul
#define IOV_MAX	 1024
#define TOUCH_MAX (16ul << 20)

struct iovec_raw {
	unsigned long base;
	unsigned long length;
};

/* What gen/hijack_table.h.in has under the same names. */
struct extent {
	uint8_t msg, msgs, vector, length;
	uint8_t fills, room, count, size, more;
};

static const struct extent extents[] = {
#include "../build/gen/hijack_memory.h"
};

/**
 * fill() - Read a part of a rump file into memory
 */
static long fill(unsigned long fd, unsigned long start, unsigned long length, unsigned long offset)
{
	long got;

	while (length) {
		got = kernel_call(__NR_pread64, (long)fd, (long)start, (long)length, (long)offset, 0,
				  0);
		if (got <= 0)
			return got;
		start += (unsigned long)got;
		offset += (unsigned long)got;
		length -= (unsigned long)got;
	}
	return 0;
}

/**
 * map_copy() - A private mapping of a rump file outside the window
 */
static long map_copy(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;
	long result, start;

	start = raw_call(__NR_mmap, arg[0], arg[1], PROT_READ | PROT_WRITE,
			 (arg[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)) | MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	if (raw_failed(start))
		return start;
	result = fill(arg[4], (unsigned long)start, arg[1], arg[5]);
	if (!raw_failed(result))
		result = raw3(__NR_mprotect, start, arg[1], arg[2]);
	if (raw_failed(result)) {
		raw2(__NR_munmap, start, arg[1]);
		return result;
	}
	return start;
}

/**
 * mapped() - A rump file has been mapped: if it is text, its system calls are rewritten
 * @arg:	of mmap(2)
 */
static void mapped(const unsigned long *arg, unsigned long start)
{
	unsigned long length = (arg[1] + PAGE - 1) & ~(PAGE - 1);

	if (arg[3] & MAP_FIXED)
		regions_unmapped(start, length);
	if ((arg[2] & PROT_EXEC) && !(arg[2] & PROT_WRITE) && (arg[3] & MAP_TYPE) == MAP_PRIVATE &&
	    !hijack_sealed)
		maps_rewrite((int)arg[4], start, length, arg[5], execute_copy_file);
}

/**
 * route_mmap() - mmap(2)
 */
long route_mmap(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;
	bool fixed = arg[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE);
	long result;

	if (fixed)
		readable_forget();
	if (arg[3] & MAP_ANONYMOUS || !fd_is_rump(arg[4])) {
		if (fixed && hijack_maps && rump__in_window(arg[0]))
			return arg[3] & MAP_ANONYMOUS ? rump_perform(call) : -EINVAL;
		return hijack_pass(call);
	}
	hijack_maps = true;
	call->side = HIJACK_RUMP;
	if (!fixed || rump__in_window(arg[0])) {
		struct hijack_call copy = *call;

		if (!fixed)
			copy.arg[0] = 0;
		result = rump_perform(&copy);
	} else if ((arg[3] & MAP_TYPE) == MAP_PRIVATE) {
		result = map_copy(call);
	} else {
		return -ENODEV;
	}
	if (!raw_failed(result))
		mapped(arg, (unsigned long)result);
	return result;
}

/**
 * route_munmap() - munmap(2)
 */
long route_munmap(struct hijack_call *call)
{
	long result;

	readable_forget();
	if (!hijack_maps || !rump__in_window(call->arg[0]))
		return hijack_pass(call);
	result = rump_perform(call);
	if (!raw_failed(result))
		regions_unmapped(call->arg[0], (call->arg[1] + PAGE - 1) & ~(PAGE - 1));
	return result;
}

/**
 * route_mremap() - mremap(2)
 */
long route_mremap(struct hijack_call *call)
{
	readable_forget();
	if (!hijack_maps || !rump__in_window(call->arg[0]))
		return hijack_pass(call);
	if ((call->arg[3] & MREMAP_FIXED) && !rump__in_window(call->arg[4]))
		return -EINVAL;
	/* Rewritten text cannot run elsewhere (maps.c). */
	if (regions_touch(call->arg[0], call->arg[1] ? call->arg[1] : 1) &&
	    (call->arg[3] & (MREMAP_FIXED | MREMAP_DONTUNMAP | MREMAP_MAYMOVE)))
		return -EINVAL;
	return rump_perform(call);
}

/**
 * route_range() - Calls on a range of addresses, which is their first argument
 */
long route_range(struct hijack_call *call)
{
	if (call->nr == __NR_mprotect)
		readable_forget();
	return hijack_maps && rump__in_window(call->arg[0]) ? rump_perform(call) : hijack_pass(call);
}

/**
 * touch() - Have the pages of a range brought
 * @fills:	to be written to, if that may be
 *
 * Return: whether any was
 */
static bool touch(unsigned long start, unsigned long length, bool fills)
{
	bool any = false;

	if (!rump__in_window(start))
		return false;
	if (length > TOUCH_MAX)
		length = TOUCH_MAX;
	for (unsigned long at = start & ~(PAGE - 1); at < start + length; at += PAGE) {
		if ((!fills || kernel_call(RUMP_CALL_FAULT, (long)at, RUMP_PROT_WRITE, 0, 0, 0, 0)) &&
		    kernel_call(RUMP_CALL_FAULT, (long)at, RUMP_PROT_READ, 0, 0, 0, 0))
			break;
		any = true;
	}
	return any;
}

/**
 * touch_vector() - Have the pages of the pieces of a vector brought
 */
static bool touch_vector(unsigned long vector, unsigned long n, bool fills)
{
	struct iovec_raw piece;
	bool any = touch(vector, n * sizeof(piece), false);

	for (unsigned long i = 0; i < n && i < IOV_MAX; i++)
		if (peek(&piece, (const void *)(vector + i * sizeof(piece)), sizeof(piece)))
			any |= touch(piece.base, piece.length, fills);
	return any;
}

/**
 * touch_message() - Have the pages of a message brought
 */
static bool touch_message(unsigned long at, bool fills)
{
	struct message message;
	bool any = touch(at, sizeof(message), fills);

	if (!peek(&message, (const void *)at, sizeof(message)))
		return any;
	any |= touch((unsigned long)message.control, message.control_length, fills);
	any |= touch((unsigned long)message.name, message.name_length, fills);
	return touch_vector((unsigned long)message.iov, message.iov_length, fills) || any;
}

/**
 * touch_messages() - Have the pages of several messages brought
 */
static bool touch_messages(unsigned long at, unsigned long n, bool fills)
{
	bool any = touch(at, n * sizeof(struct message_vector), fills);

	for (unsigned long i = 0; i < n && i < IOV_MAX; i++)
		any |= touch_message(at + i * sizeof(struct message_vector), fills);
	return any;
}

/**
 * length_of() - How many bytes lie where an argument points to
 * @which:	of the arguments, from 1
 *
 * Of a string or a structure so much is said that the page is in it where it begins, and the one behind.
 */
static unsigned long length_of(const struct hijack_call *call, const struct extent *extent, unsigned int which)
{
	unsigned long n;

	if (which != extent->room)
		return PAGE;
	n = call->arg[extent->count - 1];
	return (n < TOUCH_MAX ? n : TOUCH_MAX) * extent->size + extent->more;
}

/**
 * touch_arguments() - Have the pages brought that arguments of a call point to
 * @fills:	those that it may write to; else those that it only reads
 */
static bool touch_arguments(const struct hijack_call *call, bool fills)
{
	static const struct extent none;
	const struct extent *extent = call->nr < sizeof(extents) / sizeof(extents[0]) ?
				      &extents[call->nr] : &none;
	const unsigned long *arg = call->arg;
	bool any = false;

	for (unsigned int i = 1; i <= 6; i++) {
		if (!!(extent->fills & 1 << (i - 1)) != fills)
			continue;
		if (i == extent->vector)
			any |= touch_vector(arg[i - 1], arg[extent->length - 1], fills);
		else if (i == extent->msg)
			any |= touch_message(arg[i - 1], fills);
		else if (i == extent->msgs)
			any |= touch_messages(arg[i - 1], (unsigned int)arg[extent->length - 1], fills);
		else if (rump__in_window(arg[i - 1]))
			any |= touch(arg[i - 1], length_of(call, extent, i), fills);
	}
	return any;
}

/**
 * hijack_on_host() - Have the pages brought that a call of the host may be about to fill
 */
void hijack_on_host(const struct hijack_call *call)
{
	touch_arguments(call, true);
}

/**
 * hijack_on_fault() - A call has failed on the host with EFAULT: was it for a page that was not there?
 *
 * Return: its result, made again if so
 */
long hijack_on_fault(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;
	bool any;

	if (!hijack_maps)
		return -EFAULT;
	any = touch_arguments(call, true);
	any |= touch_arguments(call, false);
	if (!any)
		return -EFAULT;
	return raw6((long)call->nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}
