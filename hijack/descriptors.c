// SPDX-License-Identifier: BSD-2-Clause
/* descriptors.c - which kernel owns a descriptor number
 *
 * Theory of operation
 *
 * A rump descriptor has the same number in the program and in the rump kernel. On the host the
 * number is held by a placeholder, an O_PATH descriptor of a socket: whatever misses the shim fails
 * with EBADF there. So the host's rule of the lowest free number allocates for both kernels.
 *
 * In the rump kernel's table all numbers are reserved but those that are open and those that are
 * offered (RUMP_CALL_FD_OFFER): a call there that makes a descriptor takes the lowest one offered. A
 * number is offered only while a placeholder holds it. So whichever number a call returns, it is
 * held on the host, also when several threads offer and take at once; they may take each
 * other's, as threads that open files may on any kernel.
 *
 * A number that is held and offered but not taken is parked. When the rump kernel closes a
 * descriptor, its number is offered again by that, and we leave the placeholder: a program that opens
 * and closes costs the host nothing. Before the host makes a descriptor, what is parked is
 * withdrawn and given back, so that the host finds the lowest free number.
 *
 * Invariants, under the lock:
 *   - parked[] is sorted; each has a placeholder; each is offered, but for those with @closing, whose
 *     close() in the rump kernel has not returned, and those just taken by a call in flight.
 *   - parked minus closing is at least in_flight, the number of calls that may still take one:
 *     a call always finds one.
 *   - all numbers below full_below are in use on the host, parked ones included. So parked[0] is the
 *     lowest free number as the program sees it if it is not above full_below.
 *   - a bit of @rump is set after the rump kernel has installed the file, and cleared before it
 *     removes it. Readers take no lock: a stale 0 sends the call to the placeholder.
 *
 * The lock is held with signals deferred (rump__self.held), as handlers may open files. It is not
 * held while the rump kernel may block. While there is one thread it is a plain word: nobody makes
 * another thread with the lock held, and a vfork child has numbers, and a lock, of its own.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/futex.h>

#include "high.h"
#include "route.h"
#include "state.h"
#include "str.h"

#define PARKED_KEEP 16
#define AF_UNIX	    1
#define SOCK_DGRAM  2
#define SOCK_CLOEXEC O_CLOEXEC

struct fds fds_main RARELY;
bool fds_threads;
__thread struct fds *fds_own;

static int master = -1;
static uint64_t hidden[FDS / 64] RARELY; /* bit per number that is the shim's own */
static unsigned int nhidden, hidden_top; /* none from @hidden_top on */

static __attribute__((noinline)) void lock_contended(uint32_t *word)
{
	while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE))
		raw4(__NR_futex, word, FUTEX_WAIT_PRIVATE, 2, 0);
}

static inline void lock(struct fds *f)
{
	uint32_t free = 0;

	kernel_hold();
	if (!fds_threads)
		__atomic_store_n(&f->lock, 1, __ATOMIC_RELAXED);
	else if (!__atomic_compare_exchange_n(&f->lock, &free, 1, false, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED))
		lock_contended(&f->lock);
}

static inline void unlock(struct fds *f)
{
	if (!fds_threads)
		__atomic_store_n(&f->lock, 0, __ATOMIC_RELAXED);
	else if (__atomic_exchange_n(&f->lock, 0, __ATOMIC_RELEASE) == 2)
		raw3(__NR_futex, &f->lock, FUTEX_WAKE_PRIVATE, 1);
	kernel_release();
}

/**
 * fds_lock() - Take the lock, with signals deferred
 */
void fds_lock(void)
{
	lock(fds_now());
}

/**
 * fds_unlock() - Release the lock; signals that came are handled
 */
void fds_unlock(void)
{
	unlock(fds_now());
}

/**
 * fds_hide() - A descriptor is the shim's own: the program can't close it
 */
void fds_hide(int fd)
{
	unsigned int top = __atomic_load_n(&hidden_top, __ATOMIC_RELAXED);

	if (fd < 0 || (unsigned int)fd >= FDS)
		return;
	if (!(__atomic_fetch_or(&hidden[fd / 64], 1ul << fd % 64, __ATOMIC_RELAXED) >> fd % 64 & 1))
		__atomic_fetch_add(&nhidden, 1, __ATOMIC_RELAXED);
	while (top <= (unsigned int)fd && !__atomic_compare_exchange_n(&hidden_top, &top, (unsigned int)fd + 1, true,
									__ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

/**
 * fds_show() - It is not any more
 */
void fds_show(int fd)
{
	if (fd < 0 || (unsigned int)fd >= FDS)
		return;
	if (__atomic_fetch_and(&hidden[fd / 64], ~(1ul << fd % 64), __ATOMIC_RELAXED) >> fd % 64 & 1)
		__atomic_fetch_sub(&nhidden, 1, __ATOMIC_RELAXED);
}

/**
 * hijack_on_own() - The layer below has got a descriptor of its own, or given it up
 */
void hijack_on_own(int fd, bool is)
{
	if (is)
		fds_hide(fd);
	else
		fds_show(fd);
}

/**
 * fds_hidden() - Whether a descriptor is the shim's own
 */
bool fds_hidden(unsigned long fd)
{
	uint32_t n = (uint32_t)fd;

	return n < hidden_top && (__atomic_load_n(&hidden[n / 64], __ATOMIC_RELAXED) >> n % 64 & 1);
}

/**
 * fds_any_hidden() - Whether the shim has descriptors of its own
 */
bool fds_any_hidden(void)
{
	return nhidden;
}

/**
 * first() - The first number of a range that has its bit set
 * @top:	none has from here on
 *
 * Return: -1 if there is none
 */
static long first(const uint64_t *bits, unsigned int top, unsigned int from, unsigned int last)
{
	for (unsigned int n = from; n < top && n <= last; n++) {
		if (!bits[n / 64] && n % 64 == 0)
			n += 63;
		else if (bits[n / 64] >> n % 64 & 1)
			return n;
	}
	return -1;
}

/**
 * fds_first() - The first rump descriptor of a range
 *
 * Return: -1 if there is none
 */
long fds_first(unsigned int from, unsigned int last)
{
	struct fds *f = fds_now();

	return first(f->rump, f->top, from, last);
}

/**
 * fds_start() - With the kernel up: make the placeholder that all are duplicates of
 *
 * Of a socket, which cannot be opened anew by its link in /proc either.
 */
void fds_start(void)
{
	char name[32];
	struct text text = {name, 0, sizeof(name) - 1};
	long fd = raw3(__NR_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), path;

	if (!raw_failed(fd)) {
		text_string(&text, "/proc/self/fd/");
		text_number(&text, (unsigned long)fd, 10);
		name[text.length] = 0;
		path = raw4(__NR_openat, AT_FDCWD, name, O_PATH | O_CLOEXEC, 0);
		raw1(__NR_close, fd);
		fd = path;
	}
	if (!raw_failed(fd))
		master = high_move((int)fd);
	if (master < 0) {
		hijack_say("cannot make a placeholder for descriptors", NULL, fd);
		raw1(__NR_exit_group, EXIT_KERNEL);
	}
	fds_hide(master);
	fds_hide(rump__kernel.fd);
	kernel_call(RUMP_CALL_FD_MIRROR, 0, 0, 0, 0, 0, 0);
}

/**
 * fds_place() - Hold the lowest free number with a placeholder
 * @lowest:	not lower than this
 *
 * Return: the number, or a negated errno
 */
long fds_place(unsigned int lowest)
{
	return raw3(__NR_fcntl, master, F_DUPFD_CLOEXEC, lowest);
}

/**
 * fds_place_high() - Hold a number out of the way with a placeholder
 */
long fds_place_high(void)
{
	return high_copy(master);
}

/**
 * fds_place_at() - Hold a number with a placeholder, closing what the host has there
 */
long fds_place_at(unsigned int fd)
{
	return raw3(__NR_dup3, master, fd, O_CLOEXEC);
}

/**
 * fds_set() - A number is the rump kernel's from now on; locked
 */
void fds_set(unsigned int fd)
{
	struct fds *f = fds_now();
	unsigned int top = __atomic_load_n(&f->top, __ATOMIC_RELAXED), word = fd / 64 * 64 + 64;

	while (word > top && !__atomic_compare_exchange_n(&f->top, &top, word, true,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	__atomic_store_n(&f->rump[fd / 64], f->rump[fd / 64] | 1ul << fd % 64, __ATOMIC_RELEASE);
}

/**
 * fds_forget() - A number is the rump kernel's no longer; locked
 */
void fds_forget(unsigned int fd)
{
	struct fds *f = fds_now();

	__atomic_store_n(&f->rump[fd / 64], f->rump[fd / 64] & ~(1ul << fd % 64),
			 __ATOMIC_RELEASE);
}

/**
 * find() - Where in f->parked[] a number is, or would be
 */
static unsigned int find(unsigned int fd)
{
	struct fds *f = fds_now();
	unsigned int i = 0;

	while (i < f->nparked && f->parked[i].fd < fd)
		i++;
	return i;
}

static bool is_parked(unsigned int i, unsigned int fd)
{
	struct fds *f = fds_now();

	return i < f->nparked && f->parked[i].fd == fd;
}

static void park(unsigned int i, unsigned int fd, uint32_t close)
{
	struct fds *f = fds_now();

	for (unsigned int j = f->nparked++; j > i; j--)
		f->parked[j] = f->parked[j - 1];
	f->parked[i] = (struct parked){fd, close};
	f->closing += close != 0;
}

static void remove_parked(unsigned int i)
{
	struct fds *f = fds_now();

	f->closing -= f->parked[i].closing != 0;
	f->nparked--;
	for (; i < f->nparked; i++)
		f->parked[i] = f->parked[i + 1];
}

/**
 * fds_holds() - Whether a number is parked; locked
 */
bool fds_holds(unsigned int fd)
{
	return is_parked(find(fd), fd);
}

/**
 * fds_is_parked() - Whether a number is closed for the program, and held all the same
 *
 * Most are not, and a look without the lock says so. It can see a number twice while others move in
 * parked[], or one that has just left it.
 */
bool fds_is_parked(unsigned int fd)
{
	bool is = fds_holds(fd);

	if (is) {
		fds_lock();
		is = fds_holds(fd);
		fds_unlock();
	}
	return is;
}

/**
 * fds_is_open() - Whether a number is open, in either kernel, as the program sees it
 */
bool fds_is_open(unsigned long fd)
{
	if (fd_is_rump(fd))
		return true;
	return !fds_hidden(fd) && !(fds_parked() && fds_is_parked((unsigned int)fd)) &&
	       !raw_failed(raw2(__NR_fcntl, fd, F_GETFD));
}

/**
 * fds_next_kept() - The first number of a range that the program may not close on the host
 *
 * Return: -1 if there is none
 */
long fds_next_kept(unsigned int from, unsigned int last)
{
	struct fds *f = fds_now();
	long next = fds_first(from, last), own = first(hidden, hidden_top, from, last);

	for (unsigned int i = 0; i < f->nparked; i++)
		if (f->parked[i].fd >= from && f->parked[i].fd <= last &&
		    (next < 0 || f->parked[i].fd < (unsigned long)next))
			next = f->parked[i].fd;
	return own >= 0 && (next < 0 || own < next) ? own : next;
}

/**
 * fds_unpark() - A parked number gets a use that did not come through fds_begin(); locked
 */
void fds_unpark(unsigned int fd)
{
	unsigned int i = find(fd);

	if (is_parked(i, fd))
		remove_parked(i);
}

/**
 * fds_set_parked() - A call in flight has taken a number beside its result
 */
void fds_set_parked(unsigned int fd)
{
	if (fd >= FDS)
		return;
	fds_lock();
	fds_unpark(fd);
	fds_set(fd);
	fds_unlock();
}

/**
 * fds_freed() - The host has closed a number
 */
void fds_freed(unsigned int fd)
{
	struct fds *f = fds_now();
	unsigned int below = __atomic_load_n(&f->full_below, __ATOMIC_RELAXED);

	while (fd < below && !__atomic_compare_exchange_n(&f->full_below, &below, fd, true,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/**
 * offer_lowest() - Hold the lowest free number and offer it; locked
 */
static long offer_lowest(void)
{
	struct fds *f = fds_now();
	unsigned int below = f->full_below;
	long fd = fds_place(below), result;
	unsigned int i;

	/* The host says EINVAL if what is to be the lowest is beyond the limit already. */
	if (raw_failed(fd))
		return fd == -EINVAL ? -EMFILE : fd;
	/* All from @below up to the number found are in use: that is how it was found. */
	__atomic_compare_exchange_n(&f->full_below, &below, (unsigned int)fd + 1, false,
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	i = find((unsigned int)fd);
	if (f->nparked - f->closing > f->in_flight && i > 0 && !f->parked[0].closing) {
		/* What is parked is lower, as it turns out. */
		raw1(__NR_close, fd);
		fds_freed((unsigned int)fd);
		return 0;
	}
	if ((unsigned long)fd >= FDS || f->nparked == PARKED_MAX)
		result = -EMFILE;
	else
		result = kernel_call(RUMP_CALL_FD_OFFER, fd, 0, 0, 0, 0, 0);
	if (raw_failed(result)) {
		raw1(__NR_close, fd);
		fds_freed((unsigned int)fd);
		return result;
	}
	park(i, (unsigned int)fd, 0);
	return 0;
}

/**
 * fds_begin() - Before a call that makes a descriptor in the rump kernel: let it find a number
 *
 * Until fds_end() signals are deferred: a handler that jumps would leave the call in flight for good.
 *
 * Return: 0, or a negated errno
 */
long fds_begin(void)
{
	struct fds *f = fds_now();
	long result = 0;

	lock(f);
	if (f->nparked - f->closing <= f->in_flight || f->parked[0].closing || f->parked[0].fd > f->full_below)
		result = offer_lowest();
	if (!result) {
		f->in_flight++;
		kernel_hold();
	}
	unlock(f);
	return result;
}

/**
 * fds_end() - After such a call
 * @result:	the new number or a negated errno
 */
void fds_end(long result)
{
	struct fds *f = fds_now();

	lock(f);
	f->in_flight--;
	if (result >= 0) {
		fds_unpark((unsigned int)result);
		fds_set((unsigned int)result);
	}
	unlock(f);
	kernel_release();
}

/**
 * give_back() - Withdraw a parked number and let the host have it; locked
 *
 * Return: false if it has been taken meanwhile
 */
static bool give_back(unsigned int i)
{
	struct fds *f = fds_now();
	unsigned int fd = f->parked[i].fd;

	if (f->parked[i].closing ||
	    raw_failed(kernel_call(RUMP_CALL_FD_WITHDRAW, fd, 0, 0, 0, 0, 0)))
		return false;
	remove_parked(i);
	raw1(__NR_close, fd);
	fds_freed(fd);
	return true;
}

/**
 * fds_withdraw() - Before the host makes a descriptor: give back what is parked
 */
void fds_withdraw(void)
{
	struct fds *f = fds_now();

	fds_lock();
	for (unsigned int i = f->nparked; i-- && f->nparked - f->closing > f->in_flight;)
		give_back(i);
	fds_unlock();
}

/**
 * fds_close() - close(2) of a rump descriptor
 *
 * The number is parked, with @closing, before the rump kernel offers it by closing: a thread that
 * takes it at once finds it there.
 *
 * Return: as close(2)
 */
long fds_close(unsigned int fd)
{
	struct fds *f = fds_now();
	unsigned int i;
	uint32_t close;
	long result;

	lock(f);
	if (!fd_is_rump(fd)) {
		unlock(f);
		return -EBADF;
	}
	fds_forget(fd);
	/* Without room it is made: one that is not needed goes. */
	for (i = f->nparked; f->nparked >= PARKED_KEEP && f->nparked - f->closing > f->in_flight && i--;)
		give_back(i);
	if (f->nparked == PARKED_MAX) {
		result = kernel_call(RUMP_CALL_FD_CLOSE, fd, 0, 0, 0, 0, 0);
		raw1(__NR_close, fd);
		fds_freed(fd);
		unlock(f);
		return result;
	}
	close = ++f->last_close ? f->last_close : ++f->last_close;
	park(find(fd), fd, close);
	unlock(f);

	result = kernel_call(__NR_close, fd, 0, 0, 0, 0, 0);

	lock(f);
	i = find(fd);
	if (is_parked(i, fd) && f->parked[i].closing == close) {
		f->parked[i].closing = 0;
		f->closing--;
	}
	unlock(f);
	return result;
}

/**
 * fds_replace() - Have the rump kernel make what a number of the host shall be from now on
 * @nr:		call of the rump kernel whose result is a descriptor; @a, @b, @c: its arguments
 *
 * Return: 0 or a negated errno, with the host's descriptor as it was
 */
long fds_replace(unsigned int fd, long nr, long a, long b, long c)
{
	long made, result = fds_begin();

	if (result)
		return result;
	kernel_hold();
	made = kernel_call(nr, a, b, c, 0, 0, 0);
	fds_end(made);
	result = made;
	if (!raw_failed(made)) {
		long flags = kernel_call(__NR_fcntl, made, F_GETFD, 0, 0, 0, 0);

		fds_lock();
		result = fds_place_at(fd);
		if (!raw_failed(result))
			result = kernel_call(RUMP_CALL_FD_DUP, made, fd,
					     flags & FD_CLOEXEC ? O_CLOEXEC : 0, 0, 0, 0);
		if (!raw_failed(result))
			fds_set(fd);
		fds_unlock();
		fds_close((unsigned int)made);
	}
	kernel_release();
	return raw_failed(result) ? result : 0;
}
