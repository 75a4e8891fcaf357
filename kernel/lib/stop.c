/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stop.c - a process that stops is not in the kernel then
 *
 * Theory of operation
 *
 * What a stopped process holds of the kernel, others of its tree wait for: a virtual CPU that one of its
 * threads carries, or is handed when its call can go on, and locks that its calls have. So the
 * process takes itself out of the kernel first, and stops itself. The stop signals of a terminal
 * have a handler where the program has the default action; like all handlers it runs when its
 * thread's call has ended, or has been interrupted, to be made again later. SIGSTOP has none:
 * another process of the kernel asks for a stop by SIGTSTP with a mark (rump__stop_ask()).
 *
 * The thread that stops the process, one at a time by @stopping, has the others held: it sends them
 * SIGBUS, which no thread of the kernel blocks. They wait on @stopping outside of the kernel. One that does
 * not come in time, as it has not returned from vfork(2), or never was in the kernel and
 * blocks SIGBUS, is not waited for.
 *
 * Invariant: while @stopping is 1 its thread has all signals blocked but the one that it stops by, so
 * no handler of the program leaves it so.
 *
 * A thread that executes a program has the others held in the same way, as the host is about to end
 * them (rump__still()).
 *
 * Who stops the process from outside the tree by SIGSTOP does it at once, wherever it is.
 */
#include <asm/errno.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/time_types.h>

#include <rump/rumpuser_ext.h>

#include "bare/listing.h"
#include "bare/raw.h"
#include "bare/str.h"

#include "core.h"

#define SIGSET_BYTES	8
#define HOLD_TURNS	50	/* milliseconds */
#define ASK_TURNS	100	/* half milliseconds */
#define MARK		((void *)0x72756d7073746f70)	/* "rumpstop" */

static uint32_t stopping;
static uint32_t held;
static uint32_t coming; /* threads that have been told in a call, and will be held at its end */

static void make_marked(siginfo_t *info, int sig)
{
	memset(info, 0, sizeof(*info));
	info->si_signo = sig;
	info->si_code = SI_QUEUE;
	info->si_pid = raw0(__NR_getpid);
	info->si_uid = raw0(__NR_getuid);
	info->si_ptr = MARK;
}

static bool is_marked(const siginfo_t *info)
{
	return info->si_code == SI_QUEUE && info->si_ptr == MARK;
}

static void nap(long nanoseconds)
{
	struct __kernel_timespec time = { .tv_nsec = nanoseconds };

	raw2(__NR_nanosleep, &time, NULL);
}

/* Send SIGBUS to all threads but the calling one. */
static uint32_t tell_others(void)
{
	long self = raw0(__NR_gettid), pid = raw0(__NR_getpid);
	struct listing listing;
	uint32_t told = 0;
	unsigned long tid;
	siginfo_t info;

	make_marked(&info, SIGBUS);
	listing_open(&listing, "/proc/self/task");
	while (listing_next(&listing, &tid))
		told += (long)tid != self && !raw4(__NR_rt_tgsigqueueinfo, pid, tid, SIGBUS, &info);
	return told;
}

static void hold_others(void)
{
	uint32_t told;
	int turn;

	__atomic_store_n(&held, 0, __ATOMIC_SEQ_CST);
	told = tell_others();
	for (turn = 0; turn < HOLD_TURNS; turn++) {
		if (__atomic_load_n(&held, __ATOMIC_ACQUIRE) >= told)
			return;
		nap(turn ? 1000000 : 50000);
	}
}

static void hold(void)
{
	if (!__atomic_load_n(&stopping, __ATOMIC_ACQUIRE))
		return;
	__atomic_add_fetch(&held, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&stopping, __ATOMIC_ACQUIRE))
		raw4(__NR_futex, &stopping, FUTEX_WAIT_PRIVATE, 1, NULL);
}

/**
 * rump__held() - At the end of a call: wait if the process is about to stop
 */
void rump__held(void)
{
	rump__self.hold = 0;
	__atomic_sub_fetch(&coming, 1, __ATOMIC_ACQ_REL);
	hold();
}

/**
 * rump__hold() - In the handler of SIGBUS: it may be from a thread that stops the process
 * @info:	siginfo_t
 *
 * Return: whether it was
 */
bool rump__hold(const void *info)
{
	if (!is_marked(info) && !__atomic_load_n(&stopping, __ATOMIC_ACQUIRE))
		return false;
	if (!rump__self.ht) {
		__atomic_add_fetch(&held, 1, __ATOMIC_ACQ_REL);
	} else if (rump__self.incall) {
		if (!rump__self.hold)
			__atomic_add_fetch(&coming, 1, __ATOMIC_ACQ_REL);
		rump__self.hold = 1;
		rump__self.deferred = 1;
		rump__kernel.ops->interrupt(rump__self.ht);
	} else {
		hold();
	}
	return true;
}

/**
 * rump__stop_forked() - In a forked child, which has one thread
 */
void rump__stop_forked(void)
{
	stopping = 0;
	held = 0;
	coming = 0;
}

/**
 * rump__is_stop() - Does a signal stop the process by its default action?
 * @sig:	signal that can have a handler
 */
bool rump__is_stop(int sig)
{
	return sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/**
 * rump__stop_asked() - In the handler of a signal: was it sent by rump__stop_ask()?
 * @sig:	signal
 * @info:	siginfo_t
 */
bool rump__stop_asked(int sig, const void *info)
{
	return sig == SIGTSTP && is_marked(info);
}

/* Let the others go on. */
static void let_go(void)
{
	__atomic_store_n(&stopping, 0, __ATOMIC_RELEASE);
	raw3(__NR_futex, &stopping, FUTEX_WAKE_PRIVATE, 0x7fffffff);
}

/**
 * rump__still() - Have the other threads of this process wait outside of the kernel
 * @again:	they have been told, and one is inside yet
 *
 * The calling thread is not in the kernel. A call that cannot be interrupted ends in its own time. Who has
 * not taken the signal yet may be in the kernel: that knows, so the caller asks it and comes again.
 */
void rump__still(bool again)
{
	uint64_t all = ~rump__open_signals, old = 0;
	uint32_t free = 0;

	if (again) {
		nap(100000);
		return;
	}
	raw4(__NR_rt_sigprocmask, SIG_BLOCK, &all, &old, SIGSET_BYTES);
	while (!__atomic_compare_exchange_n(&stopping, &free, 1, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE)) {
		hold();
		free = 0;
	}
	hold_others();
	while (__atomic_load_n(&coming, __ATOMIC_ACQUIRE))
		nap(100000);
	raw4(__NR_rt_sigprocmask, SIG_SETMASK, &old, NULL, SIGSET_BYTES);
}

/**
 * rump__still_over() - Let them go on
 */
void rump__still_over(void)
{
	let_go();
}

/**
 * rump__stop() - Stop the process, and return when it goes on
 * @sig:	SIGSTOP, or a signal that is given its default action, and left with it
 *
 * The calling thread is not in the kernel. With a signal other than SIGSTOP the host decides: it
 * does not stop a process whose group is orphaned. It has its default action only when all are held, as
 * one that comes from elsewhere stops the process from then on.
 */
void rump__stop(int sig)
{
	uint64_t all = ~rump__open_signals, only = RUMP__BIT(sig), old = 0;
	uint32_t free = 0;
	/* A vfork child would hold its parent's threads. */
	bool own = raw0(__NR_getpid) == rump__kernel.pid;

	raw4(__NR_rt_sigprocmask, SIG_BLOCK, &all, &old, SIGSET_BYTES);
	if (own && !__atomic_compare_exchange_n(&stopping, &free, 1, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE)) {
		hold();
		goto out;
	}
	if (own)
		hold_others();
	if (sig != SIGSTOP)
		rump__signal_default(sig);
	raw3(__NR_tgkill, raw0(__NR_getpid), raw0(__NR_gettid), sig);
	if (sig != SIGSTOP) {
		raw4(__NR_rt_sigprocmask, SIG_UNBLOCK, &only, NULL, SIGSET_BYTES);
		raw4(__NR_rt_sigprocmask, SIG_BLOCK, &only, NULL, SIGSET_BYTES);
	}
	if (own)
		let_go();
out:
	raw4(__NR_rt_sigprocmask, SIG_SETMASK, &old, NULL, SIGSET_BYTES);
}

/* What the host tells of a process: its state, and whether it handles SIGTSTP. */
static bool look(int pid, bool *stopped, bool *handles)
{
	static const char state[] = "\nState:\t", caught[] = "\nSigCgt:\t";
	char name[32], text[2048];
	const char *at;
	long fd, n;

	str_printf(name, sizeof(name), "/proc/%d/status", pid);
	fd = raw4(__NR_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
	if (raw_failed(fd))
		return false;
	n = raw3(__NR_read, fd, text, sizeof(text) - 1);
	raw1(__NR_close, fd);
	text[n > 0 ? n : 0] = 0;
	at = str_search(text, state);
	*stopped = at && at[sizeof(state) - 1] == 'T';
	at = str_search(text, caught);
	/* 16 digits; the signal is bit 19, the highest of the fifth digit from the right: 8 to f. */
	*handles = at && at[sizeof(caught) - 1 + 11] >= '8';
	return true;
}

/**
 * rump__stop_ask() - Have another process of the kernel stop itself, as by SIGSTOP
 * @pid:	its host pid
 *
 * It is not asked while it does not handle SIGTSTP, as after another stop, for that signal's default
 * action would be what its parent sees.
 *
 * Return: whether it has. One that ignores or blocks SIGTSTP does not.
 */
bool rump__stop_ask(int pid)
{
	bool asked = false, stopped, handles;
	siginfo_t info;
	int turn;

	make_marked(&info, SIGTSTP);
	for (turn = 0; turn < ASK_TURNS && look(pid, &stopped, &handles); turn++) {
		if (stopped)
			return true;
		if (!asked && handles) {
			if (raw_failed(raw3(__NR_rt_sigqueueinfo, pid, SIGTSTP, &info)))
				return false;
			asked = true;
		}
		nap(turn ? 500000 : 50000);
	}
	return false;
}
