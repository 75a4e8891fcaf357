// SPDX-License-Identifier: BSD-2-Clause
/* poll.c - poll(2) and select(2) on descriptors of both kernels
 *
 * Theory of operation
 *
 * A set of one kernel's descriptors is that kernel's call. For a set of both there are two arrays:
 * each kernel gets one in which the other's entries have descriptor -1, which poll(2) skips. The rump
 * kernel is asked first. If nothing is ready there it goes on watching, and rings a bell (bell.c), an eventfd
 * that is one more entry for the host. The thread then waits on the host. So signals, masks and time-outs are
 * the host's, exactly; and no thread stands between.
 *
 * An epoll instance that has descriptors of both kernels is asked in both (epoll.c).
 */
#include <asm/errno.h>
#include <linux/mman.h>

#include "route.h"
#include "special.h"
#include "str.h"
#include "wait.h"

#define POLLIN	   0x001
#define POLLPRI	   0x002
#define POLLOUT	   0x004
#define POLLERR	   0x008
#define POLLHUP	   0x010
#define POLLNVAL   0x020
#define READ_SET   (0x040 | 0x080 | POLLIN | POLLHUP | POLLERR)
#define WRITE_SET  (0x100 | 0x200 | POLLOUT | POLLERR)
#define EXCEPT_SET POLLPRI

#define ON_STACK   64
#define MASK_BYTES 8
#define FDS_MAX	   (1u << 20)

/**
 * sides() - Which kernels the descriptors of a set are of
 *
 * Return: bit per enum hijack_side
 */
static unsigned int sides(const struct pollfd_raw *fds, unsigned long n)
{
	unsigned int found = 0;

	for (unsigned long i = 0; i < n; i++) {
		if (fds[i].fd < 0)
			continue;
		found |= 1u << (fd_is_rump((unsigned long)fds[i].fd) ? HIJACK_RUMP : HIJACK_HOST);
		if (epoll_has_half((unsigned long)fds[i].fd))
			found |= 1u << HIJACK_RUMP;
	}
	return found;
}

/**
 * split() - Make the arrays for the two kernels
 */
static void split(const struct pollfd_raw *fds, unsigned long n, struct pollfd_raw *host,
		  struct pollfd_raw *rump)
{
	for (unsigned long i = 0; i < n; i++) {
		bool is_rump = fds[i].fd >= 0 && fd_is_rump((unsigned long)fds[i].fd);
		bool both = fds[i].fd >= 0 && epoll_has_half((unsigned long)fds[i].fd);

		host[i] = rump[i] = (struct pollfd_raw){fds[i].fd, fds[i].events, 0};
		if (is_rump)
			host[i].fd = -1;
		else if (!both)
			rump[i].fd = -1;
	}
}

/**
 * merge() - Put the results together
 *
 * Return: the number of entries with one
 */
static long merge(struct pollfd_raw *fds, unsigned long n, const struct pollfd_raw *host,
		  const struct pollfd_raw *rump)
{
	long ready = 0;

	for (unsigned long i = 0; i < n; i++) {
		fds[i].revents = host[i].revents | rump[i].revents;
		ready += fds[i].revents != 0;
	}
	return ready;
}

/**
 * look() - Ask both kernels without waiting
 */
static long look(struct pollfd_raw *fds, unsigned long n, struct pollfd_raw *host,
		 struct pollfd_raw *rump)
{
	long result = kernel_call(__NR_poll, (long)rump, (long)n, 0, 0, 0, 0);

	if (!raw_failed(result))
		result = raw3(__NR_poll, host, n, 0);
	return raw_failed(result) ? result : merge(fds, n, host, rump);
}

/**
 * wait() - Ask both kernels, waiting
 * @host:	has room for one entry more
 */
static long wait(struct pollfd_raw *fds, unsigned long n, struct pollfd_raw *host,
		 struct pollfd_raw *rump, struct timespec_raw *timeout, const void *mask,
		 unsigned long mask_size, int bell)
{
	unsigned long handle;
	long result, ready;

	for (;;) {
		handle = 0;
		result = kernel_call(RUMP_CALL_WATCH, (long)rump, (long)n, bell_names(bell),
				     (long)&handle, 0,
				     0);
		if (raw_failed(result))
			return result;
		if (!handle)
			return look(fds, n, host, rump);
		host[n] = (struct pollfd_raw){bell, POLLIN, 0};
		result = raw_call(__NR_ppoll, host, n + 1, timeout, mask, mask_size, 0);
		ready = kernel_call(RUMP_CALL_WATCH_POLL, (long)handle, (long)rump, (long)n, 0, 0,
				    0);
		kernel_call(RUMP_CALL_UNWATCH, (long)handle, 0, 0, 0, 0, 0);
		if (raw_failed(result))
			return result;
		if (raw_failed(ready))
			return ready;
		if (host[n].revents)
			bell_silence(bell);
		ready = merge(fds, n, host, rump);
		/* The host has taken from @timeout what is over. */
		if (ready || !result)
			return ready;
	}
}

/**
 * wait_mixed() - wait_poll() with the arrays
 */
static long wait_mixed(struct pollfd_raw *fds, unsigned long n, struct pollfd_raw *host,
		       struct pollfd_raw *rump, struct timespec_raw *timeout, const void *mask,
		       unsigned long mask_size)
{
	long result;
	int bell;

	split(fds, n, host, rump);
	if (timeout && !timeout->seconds && !timeout->nanoseconds && !mask)
		return look(fds, n, host, rump);
	bell = bell_take();
	if (bell < 0)
		return bell;
	result = wait(fds, n, host, rump, timeout, mask, mask_size, bell);
	bell_return(bell);
	return result;
}

static __attribute__((noinline)) long wait_on_stack(struct pollfd_raw *fds, unsigned long n,
						    struct timespec_raw *timeout, const void *mask,
						    unsigned long mask_size)
{
	struct pollfd_raw host[ON_STACK + 1], rump[ON_STACK];

	return wait_mixed(fds, n, host, rump, timeout, mask, mask_size);
}

/**
 * wait_poll() - ppoll(2) of descriptors of both kernels
 * @timeout:	NULL for none; what is left is stored there
 */
long wait_poll(struct pollfd_raw *fds, unsigned long n, struct timespec_raw *timeout,
	       const void *mask, unsigned long mask_size)
{
	unsigned long size = (2 * n + 1) * sizeof(*fds);
	long memory, result;

	if (n <= ON_STACK)
		return wait_on_stack(fds, n, timeout, mask, mask_size);
	if (n > FDS_MAX)
		return -EINVAL;
	memory = raw_call(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	if (raw_failed(memory))
		return memory;
	result = wait_mixed(fds, n, (struct pollfd_raw *)memory,
			    (struct pollfd_raw *)memory + n + 1, timeout, mask, mask_size);
	raw2(__NR_munmap, memory, size);
	return result;
}

/**
 * from_milliseconds() - The time-out of poll(2)
 */
static struct timespec_raw *from_milliseconds(struct timespec_raw *to, long ms)
{
	if ((int)ms < 0)
		return NULL;
	*to = (struct timespec_raw){(int)ms / 1000, (int)ms % 1000 * 1000000l};
	return to;
}

/**
 * route_poll() - poll(2)
 */
long route_poll(struct hijack_call *call)
{
	struct pollfd_raw *fds = (struct pollfd_raw *)call->arg[0];
	struct timespec_raw timeout;
	unsigned int found;

	if (!kernel_up)
		return hijack_pass(call);
	found = sides(fds, call->arg[1]);
	if (!(found & 1u << HIJACK_RUMP))
		return hijack_pass(call);
	if (found == 1u << HIJACK_RUMP)
		return rump_perform(call);
	call->side = HIJACK_RUMP;
	return wait_poll(fds, call->arg[1], from_milliseconds(&timeout, (long)call->arg[2]), NULL,
			 0);
}

/**
 * route_ppoll() - ppoll(2); with a signal mask the host waits, as the mask is its
 */
long route_ppoll(struct hijack_call *call)
{
	struct pollfd_raw *fds = (struct pollfd_raw *)call->arg[0];
	struct timespec_raw *timeout = (struct timespec_raw *)call->arg[2], copy;
	unsigned int found;
	long result;

	if (!kernel_up)
		return hijack_pass(call);
	found = sides(fds, call->arg[1]);
	if (!(found & 1u << HIJACK_RUMP))
		return hijack_pass(call);
	if (found == 1u << HIJACK_RUMP && !call->arg[3])
		return rump_perform(call);
	if (timeout && !peek(&copy, timeout, sizeof(copy)))
		return -EFAULT;
	call->side = HIJACK_RUMP;
	result = wait_poll(fds, call->arg[1], timeout ? &copy : NULL, (const void *)call->arg[3],
			   call->arg[4]);
	if (timeout)
		poke(timeout, &copy, sizeof(copy));
	return result;
}

/* The three sets of select(2), and what each means to poll(2). */
static const int16_t wanted[3] = {READ_SET, WRITE_SET, EXCEPT_SET};

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
	long result;

	if (!kernel_up || n > FDS_MAX || !has_rump(sets, n))
		return hijack_pass(call);
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
	long result;

	if (!kernel_up || n > FDS_MAX || !has_rump(sets, n))
		return hijack_pass(call);
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
