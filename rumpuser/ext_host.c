/* SPDX-License-Identifier: BSD-2-Clause */
/* ext_host.c - console, clocks, signals and randomness for the Linux port */
#include <asm/errno.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <linux/random.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include "bare/raw.h"
#include "bare/str.h"
#include "bare/vdso.h"
#include "ext.h"

#define STDERR		2
#define SIGSET_BYTES	8	/* of the kernel's sigset_t */

typedef int read_clock_fn(int id, struct __kernel_timespec *ts);

void rumpuser_ext_console(const char *text, unsigned long len)
{
	raw3(__NR_write, STDERR, text, len);
}

void rumpuser_ext_panic(const char *why)
{
	static const char head[] = "rump kernel panic: ";
	const unsigned long none = 0, dfl[4] = { (unsigned long)SIG_DFL };

	rumpuser_ext_console(head, sizeof(head) - 1);
	rumpuser_ext_console(why, str_length(why));
	rumpuser_ext_console("\n", 1);
	/* abort(3) without its locks: this may be the middle of anything. */
	raw4(__NR_rt_sigaction, SIGABRT, dfl, 0, SIGSET_BYTES);
	raw4(__NR_rt_sigprocmask, SIG_SETMASK, &none, 0, SIGSET_BYTES);
	raw3(__NR_tgkill, raw0(__NR_getpid), raw0(__NR_gettid), SIGABRT);
	for (;;)
		raw1(__NR_exit_group, 127);
}

static int read_clock_call(int id, struct __kernel_timespec *ts)
{
	return raw2(__NR_clock_gettime, id, ts);
}

/* The vdso's function, found at the first reading; whoever comes at once finds the same. */
static read_clock_fn *clock_reader(void)
{
	static read_clock_fn *reader;
	read_clock_fn *fn = __atomic_load_n(&reader, __ATOMIC_RELAXED);

	if (__builtin_expect(!fn, 0)) {
		fn = (read_clock_fn *)vdso_symbol("__vdso_clock_gettime");
		if (!fn)
			fn = read_clock_call;
		__atomic_store_n(&reader, fn, __ATOMIC_RELAXED);
	}
	return fn;
}

static unsigned long long read_clock(int id)
{
	struct __kernel_timespec ts = { 0 };

	clock_reader()(id, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

unsigned long long rumpuser_ext_clock_mono(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

unsigned long long rumpuser_ext_clock_real(void)
{
	return read_clock(CLOCK_REALTIME);
}

/*
 * Only a thread itself may queue what looks as if a kernel sent it. To another it goes with a code
 * of sigqueue(3)'s whose other fields are the same, and the true one in the last bytes that the host
 * passes on. No code but those of SIGCHLD has a field there: the child's processor time, in its
 * upper half.
 */
#define DISGUISE	0x72756d00u	/* "rum"; the lowest byte is the code */
#define CODE_LEAST	(-8)
#define CODE_MOST	247

static unsigned int *hidden(siginfo_t *info)
{
	return (unsigned int *)info + 11; /* of the 48 bytes that the host has */
}

static bool disguise(siginfo_t *info)
{
	int code = info->si_code;

	if (code < CODE_LEAST || code > CODE_MOST)
		return false;
	info->si_code = code >= POLL_IN && code <= POLL_HUP && info->si_signo != SIGCHLD ?
			SI_SIGIO : SI_QUEUE;
	*hidden(info) = DISGUISE | (code - CODE_LEAST);
	return true;
}

void rumpuser_ext_raised(void *info)
{
	siginfo_t *si = info;

	if ((si->si_code != SI_QUEUE && si->si_code != SI_SIGIO) || (*hidden(si) & ~0xff) != DISGUISE)
		return;
	si->si_code = (int)(*hidden(si) & 0xff) + CODE_LEAST;
	*hidden(si) = 0;
}

static int queue(long pid, int tid, int sig, const siginfo_t *info)
{
	long ret = raw4(__NR_rt_tgsigqueueinfo, pid, tid, sig, info);
	siginfo_t copy;

	if (ret != -EPERM)
		return ret;
	copy = *info;
	copy.si_signo = sig;
	if (disguise(&copy))
		ret = raw4(__NR_rt_tgsigqueueinfo, pid, tid, sig, &copy);
	return ret == -EPERM ? raw3(__NR_tgkill, pid, tid, sig) : ret;
}

int rumpuser_ext_raise(int tid, int sig, void *info)
{
	return queue(raw0(__NR_getpid), tid, sig, info);
}

int rumpuser_ext_random(void *buf, unsigned long len)
{
	long n = raw3(__NR_getrandom, buf, len, GRND_NONBLOCK);

	if (n < 0)
		return n;
	return n == (long)len ? 0 : -EAGAIN;
}

int rumpuser_ext_signal(int pid, int tid, int sig, void *info)
{
	/* For kill(2) that is a group. */
	if (pid <= 0)
		return -ESRCH;
	if (info)
		return queue(pid, tid, sig, info);
	return tid ? raw3(__NR_tgkill, pid, tid, sig) : raw2(__NR_kill, pid, sig);
}

void rumpuser_ext_kick(int fd)
{
	const unsigned long long one = 1;

	raw3(__NR_write, fd, &one, sizeof(one));
}

int rumpuser_ext_gettid(void)
{
	return raw0(__NR_gettid);
}
