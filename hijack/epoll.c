// SPDX-License-Identifier: BSD-2-Clause
/* epoll.c - epoll instances with descriptors of both kernels
 *
 * Theory of operation
 *
 * An instance is the host's, under its number. When it is given the first rump descriptor it gets
 * a second half: an instance of the rump kernel, under the same number there (fds_rump says host, and
 * the rump kernel has a file there all the same). The rump kernel watches that half and rings a bell, an
 * eventfd, at every wake-up; the host half has the bell as an edge-triggered member.
 *
 * A wait takes what is ready in the rump half, then waits in the host half; when that reports the
 * bell, it takes again. Nothing is lost: what becomes ready after the rump half was asked rings
 * the bell, which the host half remembers. A bell wakes one waiter; one that leaves something behind
 * rings again if there are others.
 *
 * Instances in instances: an outer one is told of both halves of an inner one. As the
 * inner one may get its second half later, such pairs are remembered (nested[]).
 */
#include <asm/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#include "route.h"
#include "special.h"
#include "state.h"
#include "str.h"
#include "wait.h"

#define HALVES	   256
#define NESTED	   64
#define POLLIN	   1
#define MASK_BYTES 8
#define BELL_DATA  0x72756d702062656cul /* "rump bel": a program's own data is rarely that */

struct event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

/**
 * struct half - The second half of an instance
 * @fds:	numbers that name the instance, by dup
 * @bell:	eventfd
 * @watch:	of the rump kernel
 * @waiters:	threads in a wait
 */
struct half {
	int bell;
	uint32_t names;
	unsigned long watch;
	uint32_t waiters;
};

struct nested {
	uint32_t outer, inner;
	struct event event;
	bool used;
};

static struct half halves[HALVES];
static uint16_t half_of[4096]; /* index plus 1, by number; instances with larger ones have none */
static struct nested nested[NESTED];
bool epoll_used;

/**
 * find() - The second half of an instance
 */
static struct half *find(unsigned long fd)
{
	uint32_t n = (uint32_t)fd;
	uint16_t i = n < sizeof(half_of) / sizeof(half_of[0]) ? half_of[n] : 0;

	return i ? &halves[i - 1] : NULL;
}

/**
 * epoll_has_half() - Whether a number is that of an instance with descriptors of both kernels
 */
bool epoll_has_half(unsigned long fd)
{
	return find(fd) != NULL;
}

/**
 * make_half() - Give an instance its second half; locked
 */
static long make_half(unsigned int fd)
{
	struct pollfd_raw watched = {(int)fd, POLLIN, 0};
	struct event event = {EPOLLIN | EPOLLET, BELL_DATA};
	struct half *half = halves;
	long made, result;

	while (half < halves + HALVES && half->names)
		half++;
	if (fd >= sizeof(half_of) / sizeof(half_of[0]) || half == halves + HALVES)
		return -ENOSPC;
	half->bell = bell_make();
	if (half->bell < 0)
		return half->bell;
	/* The number it gets is one that is parked or about to be; it leaves it at once. */
	made = kernel_call(__NR_epoll_create1, 0, 0, 0, 0, 0, 0);
	result = made;
	if (!raw_failed(result))
		result = kernel_call(RUMP_CALL_FD_DUP, made, fd, O_CLOEXEC, 0, 0, 0);
	if (!raw_failed(made))
		kernel_call(__NR_close, made, 0, 0, 0, 0, 0);
	if (!raw_failed(result))
		result = kernel_call(RUMP_CALL_WATCH, (long)&watched, 1, bell_names(half->bell),
				     (long)&half->watch, RUMP_WATCH_KEEP, 0);
	if (!raw_failed(result))
		result = raw4(__NR_epoll_ctl, fd, EPOLL_CTL_ADD, half->bell, &event);
	if (raw_failed(result)) {
		bell_drop(half->bell);
		kernel_call(RUMP_CALL_FD_CLOSE, fd, 0, 0, 0, 0, 0);
		return result;
	}
	epoll_used = true;
	half->names = 1;
	half->waiters = 0;
	half_of[fd] = (uint16_t)(half - halves + 1);
	return 0;
}

/**
 * need_half() - Give an instance its second half, and tell those it is in
 */
static long need_half(unsigned int fd)
{
	long result = 0;
	bool made = false;

	if (find(fd))
		return 0;
	result = fds_begin();
	if (result)
		return result;
	fds_lock();
	if (!find(fd)) {
		result = make_half(fd);
		made = !result;
	}
	fds_unlock();
	fds_end(-EAGAIN);
	for (int i = 0; made && i < NESTED; i++)
		if (nested[i].used && nested[i].inner == fd && !need_half(nested[i].outer))
			kernel_call(__NR_epoll_ctl, nested[i].outer, EPOLL_CTL_ADD, fd,
				    (long)&nested[i].event, 0, 0);
	return result;
}

/**
 * epoll_forget() - A number is about to be closed
 */
void epoll_forget(unsigned long fd)
{
	struct half *half = find(fd);

	for (int i = 0; i < NESTED; i++)
		if (nested[i].used && (nested[i].inner == (uint32_t)fd || nested[i].outer == (uint32_t)fd))
			nested[i].used = false;
	if (!half)
		return;
	fds_lock();
	half_of[(uint32_t)fd] = 0;
	kernel_call(RUMP_CALL_FD_CLOSE, (long)fd, 0, 0, 0, 0, 0);
	if (!--half->names) {
		kernel_call(RUMP_CALL_UNWATCH, (long)half->watch, 0, 0, 0, 0, 0);
		bell_drop(half->bell);
	}
	fds_unlock();
}

/**
 * epoll_forget_range() - Numbers are about to be closed
 */
void epoll_forget_range(unsigned int first, unsigned int last)
{
	for (; first <= last && first < sizeof(half_of) / sizeof(half_of[0]); first++)
		epoll_forget(first);
}

/**
 * epoll_dup() - A number is a new name of an instance
 */
void epoll_dup(unsigned long from, unsigned long to)
{
	struct half *half = find(from);

	if (!half || (uint32_t)to >= sizeof(half_of) / sizeof(half_of[0]))
		return;
	fds_lock();
	if (!raw_failed(kernel_call(RUMP_CALL_FD_DUP, (long)from, (long)to, O_CLOEXEC, 0, 0, 0))) {
		half_of[(uint32_t)to] = (uint16_t)(half - halves + 1);
		half->names++;
	}
	fds_unlock();
}

/**
 * route_epoll_create() - epoll_create(2)
 */
long route_epoll_create(struct hijack_call *call)
{
	return host_newfd(call);
}

/**
 * route_epoll_create1() - epoll_create1(2)
 */
long route_epoll_create1(struct hijack_call *call)
{
	return host_newfd(call);
}

/**
 * note_nested() - An instance has been put into another, or taken out
 */
static void note_nested(const struct hijack_call *call)
{
	uint32_t outer = (uint32_t)call->arg[0], inner = (uint32_t)call->arg[2];
	int free = -1;

	for (int i = 0; i < NESTED; i++) {
		if (!nested[i].used) {
			free = free < 0 ? i : free;
			continue;
		}
		if (nested[i].outer != outer || nested[i].inner != inner)
			continue;
		if ((int)call->arg[1] == EPOLL_CTL_DEL)
			nested[i].used = false;
		else
			peek(&nested[i].event, (const void *)call->arg[3], sizeof(struct event));
		return;
	}
	if ((int)call->arg[1] != EPOLL_CTL_ADD || free < 0)
		return;
	peek(&nested[free].event, (const void *)call->arg[3], sizeof(struct event));
	nested[free].outer = outer;
	nested[free].inner = inner;
	epoll_used = nested[free].used = true;
}

/**
 * is_epoll() - Whether a host descriptor is an epoll instance
 */
static bool is_epoll(unsigned long fd)
{
	static const char want[] = "anon_inode:[eventpoll]";
	char path[48], name[32];
	struct text text = {path, 0, sizeof(path) - 1};
	long length;

	text_string(&text, "/proc/self/fd/");
	text_number(&text, (uint32_t)fd, 10);
	path[text.length] = 0;
	length = raw3(__NR_readlink, path, name, sizeof(name) - 1);
	if (length != sizeof(want) - 1)
		return false;
	name[length] = 0;
	return str_equal(name, want);
}

/**
 * route_epoll_ctl() - epoll_ctl(2)
 */
long route_epoll_ctl(struct hijack_call *call)
{
	unsigned long instance = call->arg[0], fd = call->arg[2];
	long result;

	if (fds_hidden(fd))
		return -EBADF;
	if (!fd_is_rump(fd) || fd_is_rump(instance)) {
		/* Seldom enough to ask the host each time: members are added once. */
		bool inner = (int)call->arg[1] != EPOLL_CTL_MOD && nplaces + (places_families != 0) &&
			     is_epoll(fd);

		if (!inner)
			return fd_is_rump(instance) ? -EINVAL : hijack_pass(call);
		result = hijack_host(call);
		if (raw_failed(result))
			return result;
		note_nested(call);
		if (epoll_has_half(fd) && !need_half((unsigned int)instance))
			kernel_call(__NR_epoll_ctl, (long)instance, (long)call->arg[1], (long)fd,
				    (long)call->arg[3], 0, 0);
		return result;
	}
	if ((int)call->arg[1] == EPOLL_CTL_ADD) {
		result = need_half((unsigned int)instance);
		if (result)
			return result;
	} else if (!find(instance)) {
		return raw_failed(raw2(__NR_fcntl, instance, F_GETFD)) ? -EBADF : -ENOENT;
	}
	return rump_perform(call);
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
	long n = 0;

	if (room > 0)
		n = kernel_call(__NR_epoll_wait, (long)instance, (long)events, room, 0, 0, 0);
	return n;
}

/**
 * pass_on() - Let another waiter have what is left
 */
static void pass_on(struct half *half, unsigned long instance)
{
	struct pollfd_raw fd = {(int)instance, POLLIN, 0};

	if (__atomic_load_n(&half->waiters, __ATOMIC_RELAXED) &&
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
	return time.seconds * 1000000000l + time.nanoseconds;
}

/**
 * wait() - epoll_pwait2(2) on both halves
 * @timeout:	nanoseconds, -1 for ever
 */
static long wait(struct half *half, unsigned long instance, struct event *events, int room,
		 int64_t timeout, const void *mask, unsigned long mask_size)
{
	int64_t until = timeout > 0 ? now() + timeout : 0, left = timeout;
	long ready, more;
	bool rung;

	for (;;) {
		ready = take_ready(instance, events, room);
		if (raw_failed(ready) || ready == room)
			break;
		if (timeout > 0)
			left = until - now() > 0 ? until - now() : 0;
		/* Milliseconds, as epoll_pwait2() is not on every host; rounded up, as there. */
		more = raw_call(__NR_epoll_pwait, instance, events + ready, room - ready,
				ready ? 0 : left < 0 ? -1 : (left + 999999) / 1000000, mask,
				mask_size);
		if (raw_failed(more)) {
			ready = ready ? ready : more;
			break;
		}
		rung = take_bell(events + ready, &more);
		ready += more;
		if (rung && ready < room) {
			more = take_ready(instance, events + ready, room - ready);
			ready += more > 0 ? more : 0;
		}
		if (ready || (!rung && (timeout >= 0)))
			break;
	}
	if (ready > 0)
		pass_on(half, instance);
	return ready;
}

/**
 * epoll_wait() - Wait on an instance, of one kernel or both
 */
static long epoll_wait(struct hijack_call *call, int64_t timeout, const void *mask,
		       unsigned long mask_size)
{
	struct half *half = find(call->arg[0]);
	int room = (int)call->arg[2];
	long result;

	if (room <= 0)
		return -EINVAL;
	call->side = HIJACK_RUMP;
	__atomic_add_fetch(&half->waiters, 1, __ATOMIC_RELAXED);
	result = wait(half, call->arg[0], (struct event *)call->arg[1], room, timeout, mask,
		      mask_size);
	__atomic_sub_fetch(&half->waiters, 1, __ATOMIC_RELAXED);
	return result;
}

/**
 * route_epoll_wait() - epoll_wait(2)
 */
long route_epoll_wait(struct hijack_call *call)
{
	int ms = (int)call->arg[3];

	if (!find(call->arg[0]))
		return hijack_pass(call);
	return epoll_wait(call, ms < 0 ? -1 : ms * 1000000l, NULL, MASK_BYTES);
}

/**
 * route_epoll_pwait() - epoll_pwait(2)
 */
long route_epoll_pwait(struct hijack_call *call)
{
	int ms = (int)call->arg[3];

	if (!find(call->arg[0]))
		return hijack_pass(call);
	return epoll_wait(call, ms < 0 ? -1 : ms * 1000000l, (const void *)call->arg[4],
			  call->arg[5]);
}

/**
 * route_epoll_pwait2() - epoll_pwait2(2)
 */
long route_epoll_pwait2(struct hijack_call *call)
{
	struct timespec_raw timeout;

	if (!find(call->arg[0]))
		return hijack_pass(call);
	if (!call->arg[3])
		return epoll_wait(call, -1, (const void *)call->arg[4], call->arg[5]);
	if (!peek(&timeout, (const void *)call->arg[3], sizeof(timeout)))
		return -EFAULT;
	if (timeout.seconds < 0 || timeout.nanoseconds < 0 || timeout.nanoseconds > 999999999)
		return -EINVAL;
	return epoll_wait(call, timeout.seconds * 1000000000l + timeout.nanoseconds,
			  (const void *)call->arg[4], call->arg[5]);
}

/**
 * epoll_child() - In a forked process: the instances are its parent's too, the bells are not its own
 *
 * What it waits for on an instance of its parent's is the host's half.
 */
void epoll_child(void)
{
	for (uint32_t fd = 0; fd < sizeof(half_of) / sizeof(half_of[0]); fd++) {
		struct half *half = find(fd);

		if (!half)
			continue;
		half_of[fd] = 0;
		half->names = 0;
		kernel_call(RUMP_CALL_FD_CLOSE, fd, 0, 0, 0, 0, 0);
		bell_drop(half->bell);
	}
	bell_child();
}
