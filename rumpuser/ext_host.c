/* SPDX-License-Identifier: BSD-2-Clause */
/* ext_host.c - console, clocks, signals and randomness for the Linux port */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <sys/random.h>
#include <unistd.h>

#include "internal.h"
#include "ext.h"
#include "ext_raw.h"

void rumpuser_ext_console(const char *text, unsigned long len)
{
	raw3(SYS_write, STDERR_FILENO, text, len);
}

void rumpuser_ext_panic(const char *why)
{
	static const char head[] = "rump kernel panic: ";
	sigset_t all;

	rumpuser_ext_console(head, sizeof(head) - 1);
	rumpuser_ext_console(why, strlen(why));
	rumpuser_ext_console("\n", 1);
	/* abort(3) without its locks: this may be the middle of anything. */
	memset(&all, 0, sizeof(all));
	signal(SIGABRT, SIG_DFL);
	raw4(SYS_rt_sigprocmask, SIG_SETMASK, &all, 0, 8);
	raw3(SYS_tgkill, raw0(SYS_getpid), raw0(SYS_gettid), SIGABRT);
	for (;;)
		raw3(SYS_exit_group, 127, 0, 0);
}

static unsigned long long read_clock(clockid_t id)
{
	struct timespec ts;

	/* Answered in the vdso; it neither sets errno nor fails for these. */
	clock_gettime(id, &ts);
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
	long pid = raw0(SYS_getpid), ret;

	/* Only a thread itself may queue what looks as if a kernel sent it. */
	ret = raw4(SYS_rt_tgsigqueueinfo, pid, tid, sig, info);
	return ret == -EPERM ? raw3(SYS_tgkill, pid, tid, sig) : ret;
}

int rumpuser_ext_random(void *buf, unsigned long len)
{
	long n = raw3(SYS_getrandom, buf, len, GRND_NONBLOCK);

	if (n < 0)
		return n;
	return n == (long)len ? 0 : -EAGAIN;
}

int rumpuser_ext_gettid(void)
{
	return raw0(SYS_gettid);
}
