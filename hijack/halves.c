// SPDX-License-Identifier: BSD-2-Clause
/* halves.c - the second halves of epoll instances that have descriptors of both kernels
 *
 * Theory of operation
 *
 * epoll.c tells what they are for.
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

#include "halves.h"
#include "nested.h"
#include "route.h"
#include "state.h"
#include "wait.h"

#define HALVES	4096
#define NUMBERS 65536 /* instances with larger ones have no second half */
#define NO_HALF 0xffff

static struct half halves[HALVES] RARELY;
static uint16_t half_of[NUMBERS] RARELY; /* 0: no instance, NO_HALF, or index plus 1 */
static uint32_t top;			 /* from here on there are no instances */
bool epoll_used;

/**
 * half_find() - The second half of an instance
 */
struct half *half_find(unsigned long fd)
{
	uint32_t n = (uint32_t)fd;
	uint16_t i = n < top ? half_of[n] : 0;

	return i && i != NO_HALF ? &halves[i - 1] : NULL;
}

/**
 * half_is_instance() - Whether a number is known to be that of an instance
 */
bool half_is_instance(unsigned long fd)
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
	return half_find(fd) != NULL;
}

/**
 * half_note() - A number is that of an instance
 */
void half_note(unsigned long fd)
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
 * half_need() - Give an instance its second half, unless it has one
 */
long half_need(unsigned int fd)
{
	long result;

	if (half_find(fd))
		return 0;
	result = fds_begin();
	if (result)
		return result;
	fds_lock();
	if (!half_find(fd))
		result = make_half(fd);
	fds_unlock();
	fds_end(-EAGAIN);
	return result;
}

/**
 * half_adopt() - An instance of this process's parent: be told what becomes ready in its rump half
 *
 * Return: 0 or a negated errno
 */
long half_adopt(struct half *half, unsigned long instance)
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
	struct half *half = half_find(fd);

	if (!half_is_instance(fd))
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
	struct half *half = half_find(from);

	if (!half_is_instance(from) || (uint32_t)to >= NUMBERS || fds_own)
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
	struct half *half = half_find(fd);

	if (!half || fds_own || (!half->watch && half_adopt(half, fd)) ||
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
 * epoll_fork() - This process is about to fork: it shares its instances
 */
void epoll_fork(void)
{
	for (uint32_t fd = 0; fd < top; fd++) {
		struct half *half = half_find(fd);

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
		struct half *half = half_find(fd);

		if (!half)
			continue;
		half->bell = bell_fd(half->bell);
		half->watch = 0;
		half->waiters = 0;
	}
}
