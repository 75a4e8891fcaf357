// SPDX-License-Identifier: BSD-2-Clause
/* select.c - select(2) on descriptors of both kernels
 *
 * Sets with a descriptor of the rump kernel are made a set of poll(2), and poll.c waits.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "route.h"
#include "special.h"
#include "state.h"
#include "str.h"
#include "wait.h"

#define READ_SET   (0x040 | 0x080 | POLLIN | POLLHUP | POLLERR)
#define WRITE_SET  (0x100 | 0x200 | POLLOUT | POLLERR)
#define EXCEPT_SET POLLPRI

#define FD_SET_SIZE 1024
#define FDS_MAX	    (1u << 20)

/* The three sets of select(2), and what each means to poll(2). */
static const int16_t wanted[3] = {READ_SET, WRITE_SET, EXCEPT_SET};

/**
 * table_size() - How many descriptors the kernel's table of the process has room for
 * @n:		more than FD_SET_SIZE
 *
 * Return: that, but not more than @n
 */
static unsigned int table_size(unsigned int n)
{
	static const char key[] = "\nFDSize:\t";
	char text[1024];
	long fd = raw4(__NR_openat, AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC, 0), length;
	unsigned long size = 0;

	if (raw_failed(fd))
		return n;
	length = raw3(__NR_read, fd, text, sizeof(text) - 1);
	raw1(__NR_close, fd);
	for (long i = 0; i + (long)sizeof(key) < length; i++) {
		long at = 0;

		while (key[at] && text[i + at] == key[at])
			at++;
		if (key[at])
			continue;
		for (i += at; i < length && text[i] >= '0' && text[i] <= '9'; i++)
			size = size * 10 + (unsigned long)(text[i] - '0');
		break;
	}
	return size && size < n ? (unsigned int)size : n;
}

/**
 * has_rump() - Whether a set has a descriptor of the rump kernel, or an epoll instance with one
 */
static bool has_rump(uint64_t *const *sets, unsigned int n)
{
	for (unsigned int at = 0; at < n; at += 64) {
		uint64_t bits = 0;

		for (int s = 0; s < 3; s++)
			if (sets[s])
				bits |= sets[s][at / 64];
		if (n - at < 64)
			bits &= (1ul << (n - at)) - 1;
		if (at < FDS && (bits & fds_now()->rump[at / 64]))
			return true;
		for (; bits; bits &= bits - 1)
			if (epoll_has_half(at + (unsigned int)__builtin_ctzl(bits)))
				return true;
	}
	return false;
}

/**
 * check_sets() - Whether a call is for the rump kernel too
 * @n:		numbers in a set; as few as the kernel would look at
 *
 * Programs name more numbers than their sets have, as the kernel looks at no more than its table
 * of the process has room for. That has room for the shim's own descriptors, so for all that
 * fd_set has.
 *
 * Return: 1, 0 if it is the host's, or a negated errno
 */
static long check_sets(uint64_t *const *sets, unsigned int *n)
{
	if (!kernel_up || *n > FDS_MAX)
		return 0;
	if (*n > FD_SET_SIZE)
		*n = table_size(*n);
	for (int s = 0; s < 3; s++)
		if (sets[s] && !readable_memory(sets[s], (*n + 63) / 64 * 8))
			return -EFAULT;
	return has_rump(sets, *n);
}

/**
 * to_poll() - Entries for the descriptors of the sets
 *
 * Return: their number
 */
static unsigned long to_poll(struct pollfd_raw *fds, uint64_t *const *sets, unsigned int n)
{
	unsigned long count = 0;

	for (unsigned int fd = 0; fd < n; fd++) {
		int16_t events = 0;

		for (int s = 0; s < 3; s++)
			if (sets[s] && sets[s][fd / 64] >> fd % 64 & 1)
				events |= wanted[s];
		if (events)
			fds[count++] = (struct pollfd_raw){(int)fd, events, 0};
	}
	return count;
}

/**
 * from_poll() - Store the results in the sets
 *
 * Return: the number of bits set, or -EBADF
 */
static long from_poll(const struct pollfd_raw *fds, unsigned long count, uint64_t *const *sets,
		      unsigned int n)
{
	long bits = 0;

	for (unsigned long i = 0; i < count; i++)
		if (fds[i].revents & POLLNVAL)
			return -EBADF;
	for (unsigned long i = 0; i < count; i++) {
		unsigned int fd = (unsigned int)fds[i].fd;

		for (int s = 0; s < 3; s++) {
			uint64_t bit = 1ul << fd % 64;

			if (!sets[s] || !(sets[s][fd / 64] & bit))
				continue;
			if (fds[i].revents & wanted[s])
				bits++;
			else
				sets[s][fd / 64] &= ~bit;
		}
	}
	for (int s = 0; s < 3; s++)
		if (sets[s] && n % 64)
			sets[s][n / 64] &= (1ul << n % 64) - 1;
	return bits;
}

/**
 * select_mixed() - select(2) of descriptors of both kernels
 */
static long select_mixed(uint64_t *const *sets, unsigned int n, struct timespec_raw *timeout,
			 const void *mask, unsigned long mask_size)
{
	unsigned long size = n * sizeof(struct pollfd_raw), count;
	long memory, result;

	memory = raw_call(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	if (raw_failed(memory))
		return memory;
	count = to_poll((struct pollfd_raw *)memory, sets, n);
	result = wait_poll((struct pollfd_raw *)memory, count, timeout, mask, mask_size);
	if (!raw_failed(result))
		result = from_poll((struct pollfd_raw *)memory, count, sets, n);
	raw2(__NR_munmap, memory, size);
	return result;
}

/**
 * route_select() - select(2)
 */
long route_select(struct hijack_call *call)
{
	uint64_t *const sets[3] = {(uint64_t *)call->arg[1], (uint64_t *)call->arg[2],
				   (uint64_t *)call->arg[3]};
	int64_t *timeout = (int64_t *)call->arg[4]; /* struct timeval */
	unsigned int n = (unsigned int)call->arg[0];
	struct timespec_raw left;
	int64_t copy[2];
	long result = check_sets(sets, &n);

	if (result <= 0)
		return result ? result : hijack_pass(call);
	if (timeout) {
		if (!peek(copy, timeout, sizeof(copy)))
			return -EFAULT;
		if (copy[0] < 0 || copy[1] < 0)
			return -EINVAL;
		left = (struct timespec_raw){copy[0] + copy[1] / 1000000,
					     copy[1] % 1000000 * 1000};
	}
	call->side = HIJACK_RUMP;
	result = select_mixed(sets, n, timeout ? &left : NULL, NULL, 0);
	if (timeout) {
		copy[0] = left.seconds;
		copy[1] = left.nanoseconds / 1000;
		poke(timeout, copy, sizeof(copy));
	}
	return result;
}

/**
 * route_pselect6() - pselect(2)
 */
long route_pselect6(struct hijack_call *call)
{
	uint64_t *const sets[3] = {(uint64_t *)call->arg[1], (uint64_t *)call->arg[2],
				   (uint64_t *)call->arg[3]};
	struct timespec_raw *timeout = (struct timespec_raw *)call->arg[4], left;
	unsigned int n = (unsigned int)call->arg[0];
	unsigned long mask[2] = {0, 0}; /* address and size */
	long result = check_sets(sets, &n);

	if (result <= 0)
		return result ? result : hijack_pass(call);
	if ((timeout && !peek(&left, timeout, sizeof(left))) ||
	    (call->arg[5] && !peek(mask, (const void *)call->arg[5], sizeof(mask))))
		return -EFAULT;
	call->side = HIJACK_RUMP;
	result = select_mixed(sets, n, timeout ? &left : NULL, (const void *)mask[0],
			      mask[0] ? mask[1] : MASK_BYTES);
	if (timeout)
		poke(timeout, &left, sizeof(left));
	return result;
}
