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
 * All numbers of an instance have the half: half_of[] knows which numbers are instances.
 *
 * A forked process has its parent's instances, both halves, and the one bell that is a member of the host
 * half. When it first waits there it has a watch of its own, which rings that bell too, and the
 * server knows the bell as the child's too; so either process may end or close the instance. Which of them
 * hears the bell is open, and neither knows whether the other waits: who leaves something behind rings
 * again. A vfork child has its parent's memory: what is noted there stays as it is.
 */
#include <asm/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/kcmp.h>

#include "nested.h"
#include "route.h"
#include "special.h"
#include "state.h"
#include "str.h"
#include "wait.h"

#define HALVES	   4096
#define NUMBERS	   65536 /* instances with larger ones have no second half */
#define NO_HALF	   0xffff
#define MASK_BYTES 8
#define BELL_DATA  0x72756d702062656cul /* "rump bel": a program's own data is rarely that */
#define FOREVER	   (-1l)
#define SECONDS	   1000000000l
#define MS	   1000000l
#define TIME_MAX   (SECONDS << 32) /* no one waits longer than a century */

struct event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

/**
 * struct half - The second half of an instance
 * @bell:	member of the host half
 * @watch:	of the rump kernel; 0: of this process's parent only
 * @names:	numbers of the instance
 * @waiters:	threads in a wait
 * @host_first:	the next wait asks the host half first
 * @shared:	another process has it too
 */
struct half {
	long bell;
	unsigned long watch;
	uint32_t names;
	uint32_t waiters;
	bool host_first;
	bool shared;
};

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

static struct half halves[HALVES] RARELY;
static uint16_t half_of[NUMBERS] RARELY; /* 0: no instance, NO_HALF, or index plus 1 */
static uint32_t top;			 /* from here on there are no instances */
bool epoll_used;

/**
 * find() - The second half of an instance
 */
static struct half *find(unsigned long fd)
{
	uint32_t n = (uint32_t)fd;
	uint16_t i = n < top ? half_of[n] : 0;

	return i && i != NO_HALF ? &halves[i - 1] : NULL;
}

/**
 * is_instance() - Whether a number is known to be that of an instance
 */
static bool is_instance(unsigned long fd)
{
	return (uint32_t)fd < top && half_of[(uint32_t)fd];
}

/**
 * set_half() - A number is that of an instance
 * @half:	what half_of[] says then
 */
static void set_half(unsigned int fd, uint16_t half)
{
	uint32_t now = __atomic_load_n(&top, __ATOMIC_RELAXED);

	half_of[fd] = half;
	while (fd >= now && !__atomic_compare_exchange_n(&top, &now, fd + 1, true, __ATOMIC_RELEASE,
							 __ATOMIC_RELAXED))
		;
	epoll_used = true;
}

/**
 * epoll_has_half() - Whether a number is that of an instance with descriptors of both kernels
 */
bool epoll_has_half(unsigned long fd)
{
	return find(fd) != NULL;
}

/**
 * note_instance() - A number is that of an instance
 */
static void note_instance(unsigned long fd)
{
	if ((uint32_t)fd < NUMBERS && !fds_own)
		set_half((unsigned int)fd, NO_HALF);
}

/**
 * add_name() - The half serves a number too; locked
 */
static void add_name(struct half *half, unsigned int from, unsigned int to)
{
	if (raw_failed(kernel_call(RUMP_CALL_FD_DUP, from, to, O_CLOEXEC, 0, 0, 0)))
		return;
	set_half(to, (uint16_t)(half - halves + 1));
	half->names++;
}

/**
 * make_half() - Give an instance its second half; locked
 */
static long make_half(unsigned int fd)
{
	struct pollfd_raw watched = {(int)fd, POLLIN, 0};
	struct event event = {EPOLLIN | EPOLLET, BELL_DATA};
	long pid = raw0(__NR_getpid), made, result;
	struct half *half = halves;

	while (half < halves + HALVES && half->names)
		half++;
	if (fd >= NUMBERS || half == halves + HALVES || fds_own)
		return -ENOSPC;
	half->bell = bell_make();
	if (raw_failed(half->bell))
		return half->bell;
	/* If it is no instance, or none that another can be in, the host says so. */
	result = raw4(__NR_epoll_ctl, fd, EPOLL_CTL_ADD, bell_fd(half->bell), &event);
	if (raw_failed(result))
		goto no_bell;
	/* The number it gets is one that is parked or about to be; it leaves it at once. */
	made = kernel_call(__NR_epoll_create1, 0, 0, 0, 0, 0, 0);
	result = made;
	if (raw_failed(result))
		goto no_bell;
	result = kernel_call(RUMP_CALL_FD_DUP, made, fd, O_CLOEXEC, 0, 0, 0);
	kernel_call(__NR_close, made, 0, 0, 0, 0, 0);
	if (raw_failed(result))
		goto no_bell;
	result = kernel_call(RUMP_CALL_WATCH, (long)&watched, 1, half->bell, (long)&half->watch,
			     RUMP_WATCH_KEEP, 0);
	if (raw_failed(result))
		goto no_watch;
	half->names = 1;
	half->waiters = 0;
	half->host_first = half->shared = false;
	set_half(fd, (uint16_t)(half - halves + 1));
	for (unsigned int n = 0; n < top; n++)
		if (half_of[n] == NO_HALF && !raw_call(__NR_kcmp, pid, pid, KCMP_FILE, fd, n, 0))
			add_name(half, fd, n);
	return 0;
no_watch:
	kernel_call(RUMP_CALL_FD_CLOSE, fd, 0, 0, 0, 0, 0);
no_bell:
	bell_drop(half->bell);
	return result;
}

/**
 * need_half() - Give an instance its second half, unless it has one
 */
static long need_half(unsigned int fd)
{
	long result;

	if (find(fd))
		return 0;
	result = fds_begin();
	if (result)
		return result;
	fds_lock();
	if (!find(fd))
		result = make_half(fd);
	fds_unlock();
	fds_end(-EAGAIN);
	return result;
}

/**
 * adopt() - An instance of this process's parent: be told what becomes ready in its rump half
 *
 * Return: 0 or a negated errno
 */
static long adopt(struct half *half, unsigned long instance)
{
	struct pollfd_raw watched = {(int)instance, POLLIN, 0};
	long bell, result = 0;

	fds_lock();
	if (!half->watch) {
		bell = bell_known(bell_fd(half->bell));
		if (raw_failed(bell)) {
			result = bell;
		} else {
			half->bell = bell;
			result = kernel_call(RUMP_CALL_WATCH, (long)&watched, 1, bell, (long)&half->watch,
					     RUMP_WATCH_KEEP, 0);
		}
	}
	fds_unlock();
	return raw_failed(result) ? result : 0;
}

/**
 * close_half() - A number of an instance is about to be closed; locked
 */
static void close_half(struct half *half, unsigned long fd)
{
	kernel_call(RUMP_CALL_FD_CLOSE, (long)fd, 0, 0, 0, 0, 0);
	if (fds_own || --half->names)
		return;
	if (half->watch)
		kernel_call(RUMP_CALL_UNWATCH, (long)half->watch, 0, 0, 0, 0, 0);
	bell_drop(half->bell);
}

/**
 * epoll_forget() - A number is about to be closed
 */
void epoll_forget(unsigned long fd)
{
	struct half *half = find(fd);

	if (!is_instance(fd))
		return;
	fds_lock();
	if (!fds_own) {
		nested_forget((uint32_t)fd);
		half_of[(uint32_t)fd] = 0;
	}
	if (half)
		close_half(half, fd);
	fds_unlock();
}

/**
 * epoll_forget_range() - Numbers are about to be closed
 */
void epoll_forget_range(unsigned int first, unsigned int last)
{
	for (; first <= last && first < top; first++)
		epoll_forget(first);
}

/**
 * epoll_dup() - A number is a new name of an instance
 */
void epoll_dup(unsigned long from, unsigned long to)
{
	struct half *half = find(from);

	if (!is_instance(from) || (uint32_t)to >= NUMBERS || fds_own)
		return;
	fds_lock();
	set_half((unsigned int)to, NO_HALF);
	if (half)
		add_name(half, (unsigned int)from, (unsigned int)to);
	fds_unlock();
}

/**
 * epoll_is_ready() - Whether an instance that the host says is readable really is
 */
bool epoll_is_ready(unsigned long fd)
{
	struct pollfd_raw look = {(int)fd, POLLIN, 0};
	struct half *half = find(fd);

	if (!half || fds_own || (!half->watch && adopt(half, fd)) ||
	    kernel_call(__NR_poll, (long)&look, 1, 0, 0, 0, 0) > 0)
		return true;
	bell_silence(half->bell);
	/* Others may wait for the bell that became right in between. */
	if (kernel_call(__NR_poll, (long)&look, 1, 0, 0, 0, 0) > 0) {
		bell_ring(half->bell);
		return true;
	}
	return raw3(__NR_poll, &look, 1, 0) > 0;
}

/**
 * create() - Make an instance, on the host
 */
static long create(struct hijack_call *call)
{
	long fd;

	if (!nplaces && !places_families)
		return host_newfd(call);
	if (fds_parked())
		fds_withdraw();
	fd = hijack_host(call);
	if (!raw_failed(fd))
		note_instance((unsigned long)fd);
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
	if (!is_instance(fd) || (int)call->arg[1] == EPOLL_CTL_MOD)
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
		result = need_half((unsigned int)instance);
		return result ? result : rump_perform(call);
	}
	if (find(instance))
		return rump_perform(call);
	if (!fds_is_open(instance))
		return -EBADF;
	if ((int)call->arg[1] != EPOLL_CTL_MOD && (int)call->arg[1] != EPOLL_CTL_DEL)
		return -EINVAL;
	return is_instance(instance) ? -ENOENT : -EINVAL;
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
	struct half *half = find(call->arg[0]);
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
	result = half->watch ? 0 : adopt(half, call->arg[0]);
	if (result)
		return result;
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

/**
 * epoll_fork() - This process is about to fork: it shares its instances
 */
void epoll_fork(void)
{
	for (uint32_t fd = 0; fd < top; fd++) {
		struct half *half = find(fd);

		if (half)
			half->shared = true;
	}
}

/**
 * epoll_child() - In a forked process: the watches are its parent's, and what the server knows
 */
void epoll_child(void)
{
	for (uint32_t fd = 0; fd < top; fd++) {
		struct half *half = find(fd);

		if (!half)
			continue;
		half->bell = bell_fd(half->bell);
		half->watch = 0;
		half->waiters = 0;
	}
}
