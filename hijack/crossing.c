// SPDX-License-Identifier: BSD-2-Clause
/* crossing.c - calls that move data between two descriptors, which may be of two kernels
 *
 * Of one kernel, that kernel performs the call. Of two, sendfile(2) is done here with reads and
 * writes, as servers use it without another way; the others return what programs take as "use
 * read and write": EXDEV from copy_file_range(2), EINVAL from splice(2) and tee(2). Asynchronous
 * interfaces that name descriptors in shared memory are not there (ENOSYS), or refuse rump descriptors
 * (EINVAL), as in a kernel without them.
 */
#include <asm/errno.h>
#include <linux/aio_abi.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "route.h"
#include "special.h"
#include "state.h"
#include "str.h"

#define PIECE	 (64ul << 10)
#define SEEK_CUR 1

/**
 * each() - Make a call on the kernel that a descriptor belongs to
 */
static long each(long nr, unsigned long fd, unsigned long a, unsigned long b, unsigned long c)
{
	if (fd_is_rump(fd))
		return kernel_call(nr, (long)fd, (long)a, (long)b, (long)c, 0, 0);
	return raw4(nr, fd, a, b, c);
}

/**
 * copy_piece() - Read a piece at an offset and write it
 *
 * Return: bytes written, 0 at the end, or a negated errno
 */
static long copy_piece(unsigned long out, unsigned long in, void *buffer, unsigned long size,
		       unsigned long offset)
{
	long got = each(__NR_pread64, in, (unsigned long)buffer, size, offset);

	return got > 0 ? each(__NR_write, out, (unsigned long)buffer, (unsigned long)got, 0) : got;
}

/**
 * copy_across() - sendfile(2) with reads and writes
 * @offset:	where to begin; moved on
 */
static long copy_across(unsigned long out, unsigned long in, unsigned long *offset,
			unsigned long count)
{
	unsigned long done = 0, size;
	long buffer, result = 0;

	buffer = raw_call(__NR_mmap, 0, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	if (raw_failed(buffer))
		return buffer;
	while (done < count) {
		size = count - done < PIECE ? count - done : PIECE;
		result = copy_piece(out, in, (void *)buffer, size, *offset);
		if (result <= 0)
			break;
		done += (unsigned long)result;
		*offset += (unsigned long)result;
		if ((unsigned long)result < size)
			break;
	}
	raw2(__NR_munmap, buffer, PIECE);
	return done ? (long)done : result;
}

/**
 * are_same() - Whether two descriptors are of one kernel
 */
static bool are_same(unsigned long a, unsigned long b)
{
	return fd_is_rump(a) == fd_is_rump(b);
}

/**
 * check_modes() - What sendfile(2) says of its descriptors before it begins
 */
static long check_modes(unsigned long out, unsigned long in)
{
	long from = each(__NR_fcntl, in, F_GETFL, 0, 0), to = each(__NR_fcntl, out, F_GETFL, 0, 0);

	if (raw_failed(from) || raw_failed(to) || (from & O_PATH) || (to & O_PATH) ||
	    (from & O_ACCMODE) == O_WRONLY || (to & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	return to & O_APPEND ? -EINVAL : 0;
}

/**
 * route_sendfile() - sendfile(2)
 */
long route_sendfile(struct hijack_call *call)
{
	unsigned long out = call->arg[0], in = call->arg[1], offset;
	long result;

	if (are_same(out, in))
		return route_fd(call);
	if (!fds_is_open(out) || !fds_is_open(in))
		return -EBADF;
	call->side = HIJACK_RUMP;
	result = check_modes(out, in);
	if (result)
		return result;
	if (call->arg[2]) {
		if (!peek(&offset, (const void *)call->arg[2], sizeof(offset)))
			return -EFAULT;
		result = copy_across(out, in, &offset, call->arg[3]);
		if (result > 0 && !poke((void *)call->arg[2], &offset, sizeof(offset)))
			return -EFAULT;
		return result;
	}
	result = each(__NR_lseek, in, 0, SEEK_CUR, 0);
	if (raw_failed(result))
		return -EINVAL;
	offset = (unsigned long)result;
	result = copy_across(out, in, &offset, call->arg[3]);
	if (result > 0)
		each(__NR_lseek, in, offset, 0 /* SEEK_SET */, 0);
	return result;
}

/**
 * refuse() - Descriptors of two kernels: @error, if both are open
 * @other:	which argument the second one is
 */
static long refuse(const struct hijack_call *call, int other, long error)
{
	return fds_is_open(call->arg[0]) && fds_is_open(call->arg[other]) ? error : -EBADF;
}

/**
 * route_splice() - splice(2)
 */
long route_splice(struct hijack_call *call)
{
	return are_same(call->arg[0], call->arg[2]) ? route_fd(call) : refuse(call, 2, -EINVAL);
}

/**
 * route_tee() - tee(2)
 */
long route_tee(struct hijack_call *call)
{
	return are_same(call->arg[0], call->arg[1]) ? route_fd(call) : refuse(call, 1, -EINVAL);
}

/**
 * route_copy_file_range() - copy_file_range(2)
 */
long route_copy_file_range(struct hijack_call *call)
{
	if (are_same(call->arg[0], call->arg[2]))
		return route_fd(call);
	return refuse(call, 2, call->arg[5] ? -EINVAL : -EXDEV);
}

/**
 * route_io_uring_setup() - io_uring_setup(2): not where it could be given a rump descriptor
 */
long route_io_uring_setup(struct hijack_call *call)
{
	return places_now()->n || places_families ? -ENOSYS : host_newfd(call);
}

/**
 * route_io_submit() - io_submit(2): up to the first request on a rump descriptor
 */
long route_io_submit(struct hijack_call *call)
{
	const struct iocb *const *requests = (const void *)call->arg[2], *at;
	struct hijack_call copy = *call;
	struct iocb request;
	long n = 0;

	if (!kernel_up)
		return hijack_pass(call);
	for (; n < (long)call->arg[1]; n++)
		if (peek(&at, requests + n, sizeof(at)) && peek(&request, at, sizeof(request)) &&
		    fd_is_rump(request.aio_fildes))
			break;
	if (n == (long)call->arg[1])
		return hijack_pass(call);
	if (n == 0)
		return -EINVAL;
	copy.arg[1] = (unsigned long)n;
	return hijack_host(&copy);
}
