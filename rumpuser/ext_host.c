/* SPDX-License-Identifier: BSD-2-Clause */
/* ext_host.c - console, clocks, signals and randomness for the Linux port */
#include <asm/errno.h>
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

int rumpuser_ext_raise(int tid, int sig, void *info)
{
	long pid = raw0(__NR_getpid), ret;

	/* Only a thread itself may queue what looks as if a kernel sent it. */
	ret = raw4(__NR_rt_tgsigqueueinfo, pid, tid, sig, info);
	return ret == -EPERM ? raw3(__NR_tgkill, pid, tid, sig) : ret;
}

int rumpuser_ext_random(void *buf, unsigned long len)
{
	long n = raw3(__NR_getrandom, buf, len, GRND_NONBLOCK);

	if (n < 0)
		return n;
	return n == (long)len ? 0 : -EAGAIN;
}

int rumpuser_ext_signal(int pid, int tid, int sig)
{
	return raw3(__NR_tgkill, pid, tid, sig);
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
