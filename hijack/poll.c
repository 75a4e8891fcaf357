// SPDX-License-Identifier: BSD-2-Clause
/* poll.c - poll(2) on descriptors of both kernels
 *
 * Theory of operation
 *
 * A set of one kernel's descriptors is that kernel's call. For a set of both there are two
 * arrays: each kernel gets one in which the other's entries have descriptor -1, which poll(2)
 * skips. The rump kernel is asked first. If nothing is ready there it goes on watching, and
 * rings a bell (bell.c), an eventfd that is one more entry for the host. The thread then waits
 * on the host. So signals, masks and time-outs are the host's, exactly; and no thread stands
 * between.
 *
 * An epoll instance that has descriptors of both kernels is asked in both (epoll.c).
 */
#include <asm/errno.h>
#include <linux/mman.h>

#include "route.h"
#include "special.h"
#include "state.h"
#include "str.h"
#include "wait.h"

#define ON_STACK   64
#define FDS_MAX	   (1u << 20)

/**
 * struct waiting - What a thread's wait holds
 * @bell:	0 for none yet
 * @watch:	of the rump kernel
 * @number:	of the wait
 */
static __thread struct waiting {
	long bell;
	unsigned long watch;
	unsigned long number;
} waiting;

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
 * Return: the number of entries with one, or -EFAULT
 */
static long merge(struct pollfd_raw *fds, unsigned long n, struct pollfd_raw *host,
		  const struct pollfd_raw *rump)
{
	long ready = 0;

	for (unsigned long i = 0; i < n; i++) {
		int16_t revents;

		if (host[i].revents && rump[i].fd >= 0 && !epoll_is_ready((unsigned long)host[i].fd))
			host[i].revents = 0;
		revents = host[i].revents | rump[i].revents;
		if (fds[i].revents != revents &&
		    !poke(&fds[i].revents, &revents, sizeof(revents)))
			return -EFAULT;
		ready += revents != 0;
	}
	return ready;
}

/**
 * look_rump() - Ask the rump kernel without waiting
 *
 * Its poll(2) refuses more entries than its table has numbers, which is the soft limit there.
 */
static long look_rump(struct pollfd_raw *rump, unsigned long n)
{
	unsigned long watch = 0;
	long result;

	if (n <= ON_STACK)
		return kernel_call(__NR_poll, (long)rump, (long)n, 0, 0, 0, 0);
	result = kernel_call(RUMP_CALL_WATCH, (long)rump, (long)n, waiting.bell, (long)&watch, 0, 0);
	if (watch)
		kernel_call(RUMP_CALL_UNWATCH, (long)watch, 0, 0, 0, 0, 0);
	return result;
}

/**
 * look() - Ask both kernels without waiting
 */
static long look(struct pollfd_raw *fds, unsigned long n, struct pollfd_raw *host,
		 struct pollfd_raw *rump)
{
	long result = look_rump(rump, n);

	if (!raw_failed(result))
		result = raw3(__NR_poll, host, n, 0);
	return raw_failed(result) ? result : merge(fds, n, host, rump);
}

/**
 * unwatch() - The rump kernel need not watch any more
 */
static void unwatch(void)
{
	if (waiting.watch)
		kernel_call(RUMP_CALL_UNWATCH, (long)waiting.watch, 0, 0, 0, 0, 0);
	waiting.watch = 0;
}

/**
 * taken_over() - A handler has waited meanwhile: this wait is over
 * @result:	if nothing is ready
 */
static long taken_over(struct pollfd_raw *fds, unsigned long n, struct pollfd_raw *host,
		       struct pollfd_raw *rump, long result)
{
	long ready = look(fds, n, host, rump);

	return ready ? ready : result;
}

/**
 * wait_once() - Ask both kernels; wait unless something is ready
 * @host:	has room for one entry more
 * @again:	set if it ended for nothing
 */
static long wait_once(struct pollfd_raw *fds, unsigned long n, struct pollfd_raw *host,
		      struct pollfd_raw *rump, struct timespec_raw *timeout, const void *mask,
		      bool *again)
{
	unsigned long number = ++waiting.number;
	long bell = waiting.bell, result, ready;

	unwatch();
	result = kernel_call(RUMP_CALL_WATCH, (long)rump, (long)n, bell, (long)&waiting.watch, 0, 0);
	if (raw_failed(result))
		return result;
	if (waiting.number != number)
		return taken_over(fds, n, host, rump, -EINTR);
	if (!waiting.watch) {
		/* As something is ready, there. */
		result = raw3(__NR_poll, host, n, 0);
		ready = raw_failed(result) ? result : merge(fds, n, host, rump);
		*again = !ready;
		return ready;
	}
	host[n] = (struct pollfd_raw){bell_fd(bell), POLLIN, 0};
	result = raw_call(__NR_ppoll, host, n + 1, timeout, mask, MASK_BYTES, 0);
	if (waiting.number != number)
		return taken_over(fds, n, host, rump, raw_failed(result) ? result : 0);
	if (raw_failed(result)) {
		unwatch();
		return kernel_wait_failed(result);
	}
	ready = kernel_call(RUMP_CALL_WATCH_POLL, (long)waiting.watch, (long)rump, (long)n, 0, 0, 0);
	unwatch();
	if (host[n].revents)
		bell_silence(bell);
	if (!raw_failed(ready))
		ready = merge(fds, n, host, rump);
	*again = !ready && result > 0;
	return ready;
}

/**
 * have_bell() - The thread's first wait takes a bell
 *
 * Handlers wait meanwhile: one that leaves by longjmp() would leave descriptors behind.
 */
static long have_bell(void)
{
	long bell;

	if (waiting.bell)
		return 0;
	kernel_hold();
	bell = bell_take();
	waiting.bell = raw_failed(bell) ? 0 : bell;
	kernel_release();
	return raw_failed(bell) ? bell : 0;
}

/**
 * wait_mixed() - wait_poll() with the arrays
 */
static long wait_mixed(struct pollfd_raw *fds, unsigned long n, struct pollfd_raw *host,
		       struct pollfd_raw *rump, struct timespec_raw *timeout, const void *mask)
{
	bool again = false;
	long result;

	split(fds, n, host, rump);
	result = have_bell();
	if (raw_failed(result))
		return result;
	if (timeout && !timeout->seconds && !timeout->nanoseconds && !mask)
		return look(fds, n, host, rump);
	do {
		/* The host takes from @timeout what is over. */
		result = wait_once(fds, n, host, rump, timeout, mask, &again);
	} while (again && !result);
	return result;
}

/**
 * wait_thread_exit() - A thread ends: what its waits held is free
 */
void wait_thread_exit(void)
{
	if (!waiting.bell)
		return;
	unwatch();
	bell_return(waiting.bell);
	waiting.bell = 0;
}

/**
 * wait_child() - In a forked process: the bells are its parent's
 */
void wait_child(void)
{
	if (waiting.bell)
		bell_leave(waiting.bell);
	waiting = (struct waiting){0};
	bell_child();
}

static __attribute__((noinline)) long wait_on_stack(struct pollfd_raw *fds, unsigned long n,
						    struct timespec_raw *timeout, const void *mask)
{
	struct pollfd_raw host[ON_STACK + 1], rump[ON_STACK];

	return wait_mixed(fds, n, host, rump, timeout, mask);
}

/**
 * wait_poll() - ppoll(2) of descriptors of both kernels
 * @fds:	can be read
 * @timeout:	NULL for none; what is left is stored there
 * @mask:	of the program's, or NULL
 */
long wait_poll(struct pollfd_raw *fds, unsigned long n, struct timespec_raw *timeout,
	       const void *mask, unsigned long mask_size)
{
	unsigned long size = (2 * n + 1) * sizeof(*fds);
	long memory, result;
	uint64_t copy;

	if (timeout && (timeout->seconds < 0 || timeout->nanoseconds < 0 ||
			timeout->nanoseconds >= 1000000000))
		return -EINVAL;
	if (mask && mask_size != MASK_BYTES)
		return -EINVAL;
	if (mask && !readable_memory(mask, MASK_BYTES))
		return -EFAULT;
	mask = hijack_open_mask(&copy, (unsigned long)mask);
	if (n <= ON_STACK)
		return wait_on_stack(fds, n, timeout, mask);
	memory = raw_call(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	if (raw_failed(memory))
		return memory;
	result = wait_mixed(fds, n, (struct pollfd_raw *)memory,
			    (struct pollfd_raw *)memory + n + 1, timeout, mask);
	raw2(__NR_munmap, memory, size);
	return result;
}

/**
 * check_set() - Which kernels a set of poll(2) is for
 *
 * Return: as sides(), 0 if the host shall say what is wrong with it, or -EFAULT
 */
static int check_set(const struct pollfd_raw *fds, unsigned long n)
{
	if (!kernel_up || n > FDS_MAX)
		return 0;
	if (!readable_memory(fds, n * sizeof(*fds)))
		return -EFAULT;
	return (int)sides(fds, n);
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
	int found = check_set(fds, (unsigned int)call->arg[1]);
	struct timespec_raw timeout;

	if (found < 0)
		return found;
	if (!(found & 1 << HIJACK_RUMP))
		return hijack_pass(call);
	if (found == 1 << HIJACK_RUMP && (unsigned int)call->arg[1] <= ON_STACK)
		return rump_perform(call);
	call->side = HIJACK_RUMP;
	return wait_poll(fds, (unsigned int)call->arg[1],
			 from_milliseconds(&timeout, (long)call->arg[2]), NULL, 0);
}

/**
 * route_ppoll() - ppoll(2); with a signal mask the host waits, as the mask is its
 */
long route_ppoll(struct hijack_call *call)
{
	struct pollfd_raw *fds = (struct pollfd_raw *)call->arg[0];
	struct timespec_raw *timeout = (struct timespec_raw *)call->arg[2], copy;
	int found = check_set(fds, (unsigned int)call->arg[1]);
	long result;

	if (found < 0)
		return found;
	if (!(found & 1 << HIJACK_RUMP))
		return hijack_pass(call);
	if (found == 1 << HIJACK_RUMP && !call->arg[3] && (unsigned int)call->arg[1] <= ON_STACK)
		return rump_perform(call);
	if (timeout && !peek(&copy, timeout, sizeof(copy)))
		return -EFAULT;
	call->side = HIJACK_RUMP;
	result = wait_poll(fds, (unsigned int)call->arg[1], timeout ? &copy : NULL,
			   (const void *)call->arg[3], call->arg[4]);
	if (timeout)
		poke(timeout, &copy, sizeof(copy));
	return result;
}
