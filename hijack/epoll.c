// SPDX-License-Identifier: BSD-2-Clause
/* epoll.c - epoll instances with descriptors of both kernels
 *
 * Theory of operation
 *
 * An instance is the host's, under its number. When it is given the first rump descriptor it
 * gets a second half: an instance of the rump kernel, under the same number there (the shim's table says
 * host, and the rump kernel has a file there all the same). The rump kernel watches that half
 * and rings a bell, an eventfd, at every wake-up; the host half has the bell as an
 * edge-triggered member.
 *
 * A wait takes what is ready in the rump half, then waits in the host half; when that reports
 * the bell, and nothing was taken yet, it takes. Nothing is lost: what becomes ready after the
 * rump half was asked rings the bell, which the host half remembers. A bell wakes one waiter;
 * one that leaves something behind rings again if there are others. If the rump half fills all
 * the room there is, the next wait begins with the host half.
 *
 * To poll(2), and to an instance it is in (nested.c), the host half is readable while a bell is
 * remembered whose reason has gone. epoll_is_ready() finds that out, and silences the bell: an
 * instance looks at its members again before it says that they are ready.
 *
 * halves.c keeps the second halves.
 */
#include <asm/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#include "halves.h"
#include "nested.h"
#include "route.h"
#include "special.h"
#include "state.h"
#include "str.h"
#include "wait.h"

#define FOREVER	   (-1l)
#define SECONDS	   1000000000l
#define MS	   1000000l
#define TIME_MAX   (SECONDS << 32) /* no one waits longer than a century */

/**
 * struct patience - How long a wait may take, and in what mask
 * @left:	nanoseconds or FOREVER
 * @fine:	the call has nanoseconds, not milliseconds
 */
struct patience {
	int64_t left;
	bool fine;
	const void *mask;
	unsigned long mask_size;
};

/**
 * create() - Make an instance, on the host
 */
static long create(struct hijack_call *call)
{
	long fd;

	if (!places_now()->n && !places_families)
		return host_newfd(call);
	if (fds_parked())
		fds_withdraw();
	fd = hijack_host(call);
	if (!raw_failed(fd))
		half_note((unsigned long)fd);
	return fd;
}

/**
 * route_epoll_create() - epoll_create(2)
 */
long route_epoll_create(struct hijack_call *call)
{
	return create(call);
}

/**
 * route_epoll_create1() - epoll_create1(2)
 */
long route_epoll_create1(struct hijack_call *call)
{
	return create(call);
}

/**
 * control_host() - epoll_ctl(2) with a member of the host
 */
static long control_host(struct hijack_call *call)
{
	unsigned long instance = call->arg[0], fd = call->arg[2];
	long result;

	if (fd_is_rump(instance))
		return fds_is_open(fd) ? -EINVAL : -EBADF;
	if (!half_is_instance(fd) || (int)call->arg[1] == EPOLL_CTL_MOD)
		return hijack_pass(call);
	result = hijack_host(call);
	if (raw_failed(result))
		return result;
	if ((int)call->arg[1] == EPOLL_CTL_ADD)
		nested_add((uint32_t)instance, (uint32_t)fd);
	else
		nested_remove((uint32_t)instance, (uint32_t)fd);
	return 0;
}

/**
 * route_epoll_ctl() - epoll_ctl(2)
 */
long route_epoll_ctl(struct hijack_call *call)
{
	unsigned long instance = call->arg[0], fd = call->arg[2];
	struct event event;
	long result;

	if (fds_hidden(fd))
		return -EBADF;
	if (!fd_is_rump(fd))
		return control_host(call);
	if (fd_is_rump(instance))
		return -EINVAL;
	if ((int)call->arg[1] == EPOLL_CTL_ADD) {
		if (!peek(&event, (const void *)call->arg[3], sizeof(event)))
			return -EFAULT;
		result = half_need((unsigned int)instance);
		return result ? result : rump_perform(call);
	}
	if (half_find(instance))
		return rump_perform(call);
	if (!fds_is_open(instance))
		return -EBADF;
	if ((int)call->arg[1] != EPOLL_CTL_MOD && (int)call->arg[1] != EPOLL_CTL_DEL)
		return -EINVAL;
	return half_is_instance(instance) ? -ENOENT : -EINVAL;
}

/**
 * take_bell() - Take the bell out of the events of the host half
 *
 * Return: whether it was there
 */
static bool take_bell(struct event *events, long *n)
{
	for (long i = 0; i < *n; i++) {
		if (events[i].data != BELL_DATA)
			continue;
		(*n)--;
		for (; i < *n; i++)
			events[i] = events[i + 1];
		return true;
	}
	return false;
}

/**
 * take_ready() - What is ready in the rump half
 */
static long take_ready(unsigned long instance, struct event *events, long room)
{
	return kernel_call(__NR_epoll_wait, (long)instance, (long)events, room, 0, 0, 0);
}

/**
 * ask_host() - Wait in the host half
 * @left:	nanoseconds or FOREVER
 */
static long ask_host(unsigned long instance, struct event *events, long room, int64_t left,
		     const struct patience *patience)
{
	struct timespec_raw time = {left / SECONDS, left % SECONDS};
	int64_t ms = left < 0 ? -1 : (left + MS - 1) / MS;

	if (patience->fine)
		return raw_call(__NR_epoll_pwait2, instance, events, room, left < 0 ? NULL : &time,
				patience->mask, patience->mask_size);
	return raw_call(__NR_epoll_pwait, instance, events, room, ms > INT32_MAX ? INT32_MAX : ms,
			patience->mask, patience->mask_size);
}

/**
 * pass_on() - Let another waiter, or an instance that this one is in, have what is left
 */
static void pass_on(struct half *half, unsigned long instance)
{
	struct pollfd_raw fd = {(int)instance, POLLIN, 0};

	if ((half->shared || __atomic_load_n(&half->waiters, __ATOMIC_RELAXED) > 1 ||
	     nested_is_inner((uint32_t)instance)) &&
	    kernel_call(__NR_poll, (long)&fd, 1, 0, 0, 0, 0) > 0)
		bell_ring(half->bell);
}

/**
 * now() - Monotonic time, nanoseconds
 */
static int64_t now(void)
{
	struct timespec_raw time = {0, 0};

	raw2(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &time);
	return time.seconds * SECONDS + time.nanoseconds;
}

/**
 * collect() - Ask both halves once
 * @left:	how long the host half may wait
 * @rung:	set if it was only the bell that ended that
 *
 * Return: how many events there are, or a negated errno
 */
static long collect(struct half *half, unsigned long instance, struct event *events, long room,
		    int64_t left, const struct patience *patience, bool *rung)
{
	bool host_first = __atomic_exchange_n(&half->host_first, false, __ATOMIC_RELAXED);
	long ready = 0, more;

	*rung = host_first;
	if (!host_first) {
		ready = take_ready(instance, events, room);
		if (ready < 0)
			return ready;
		if (ready == room) {
			__atomic_store_n(&half->host_first, true, __ATOMIC_RELAXED);
			return ready;
		}
	}
	more = ask_host(instance, events + ready, room - ready, ready || host_first ? 0 : left,
			patience);
	if (raw_failed(more))
		return ready ? ready : kernel_wait_failed(more);
	*rung |= take_bell(events + ready, &more);
	if (ready || !*rung || more == room)
		return ready + more;
	ready = take_ready(instance, events + more, room - more);
	if (raw_failed(ready))
		return more ? more : ready;
	return ready + more;
}

/**
 * wait() - epoll_pwait2(2) on both halves
 */
static long wait(struct half *half, unsigned long instance, struct event *events, int room,
		 const struct patience *patience)
{
	int64_t left = patience->left, until = left > 0 ? now() + left : 0;
	long ready;
	bool rung;

	for (;;) {
		ready = collect(half, instance, events, room, left, patience, &rung);
		if (ready || (!rung && left >= 0))
			break;
		if (left > 0) {
			left = until - now();
			left = left > 0 ? left : 0;
		}
	}
	if (ready > 0)
		pass_on(half, instance);
	return ready;
}

/**
 * epoll_wait() - Wait on an instance
 */
static long epoll_wait(struct hijack_call *call, const struct patience *patience)
{
	struct half *half = half_find(call->arg[0]);
	int room = (int)call->arg[2];
	struct patience own = *patience;
	uint64_t mask;
	long result;

	if (nested_used)
		nested_settle((uint32_t)call->arg[0]);
	if (!half || fds_own)
		return fd_is_rump(call->arg[0]) ? -EINVAL : hijack_pass(call);
	if (room <= 0 || (own.mask && own.mask_size != MASK_BYTES))
		return -EINVAL;
	result = half->watch ? 0 : half_adopt(half, call->arg[0]);
	if (result)
		return result;
	if (__builtin_expect(hijack_maps, 0))
		hijack_on_host(call);
	own.mask = hijack_open_mask(&mask, (unsigned long)own.mask);
	call->side = HIJACK_RUMP;
	__atomic_add_fetch(&half->waiters, 1, __ATOMIC_RELAXED);
	result = wait(half, call->arg[0], (struct event *)call->arg[1], room, &own);
	__atomic_sub_fetch(&half->waiters, 1, __ATOMIC_RELAXED);
	return result;
}

/**
 * in_milliseconds() - The time-out of epoll_wait(2)
 */
static int64_t in_milliseconds(int ms)
{
	return ms < 0 ? FOREVER : ms * MS;
}

/**
 * route_epoll_wait() - epoll_wait(2)
 */
long route_epoll_wait(struct hijack_call *call)
{
	const struct patience patience = {in_milliseconds((int)call->arg[3]), false, NULL, MASK_BYTES};

	return epoll_wait(call, &patience);
}

/**
 * route_epoll_pwait() - epoll_pwait(2)
 */
long route_epoll_pwait(struct hijack_call *call)
{
	const struct patience patience = {in_milliseconds((int)call->arg[3]), false,
					  (const void *)call->arg[4], call->arg[5]};

	return epoll_wait(call, &patience);
}

/**
 * route_epoll_pwait2() - epoll_pwait2(2)
 */
long route_epoll_pwait2(struct hijack_call *call)
{
	struct patience patience = {FOREVER, true, (const void *)call->arg[4], call->arg[5]};
	struct timespec_raw timeout;

	if (call->arg[3] && epoll_has_half(call->arg[0])) {
		if (!peek(&timeout, (const void *)call->arg[3], sizeof(timeout)))
			return -EFAULT;
		if (timeout.seconds < 0 || timeout.nanoseconds < 0 || timeout.nanoseconds >= SECONDS)
			return -EINVAL;
		patience.left = TIME_MAX;
		if (timeout.seconds < TIME_MAX / SECONDS)
			patience.left = timeout.seconds * SECONDS + timeout.nanoseconds;
	}
	return epoll_wait(call, &patience);
}
