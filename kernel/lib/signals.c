/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signals.c - the program's signal handlers and the kernel
 *
 * Theory of operation
 *
 * A handler never runs on top of kernel code: it may make calls itself, and
 * the host thread may be carrying somebody else's context. So the library
 * stands before the program's handlers: sigaction() and signal() are its own,
 * and enter deliver() on the host. If the thread is in a call (incall), the
 * signal is blocked in the interrupted context, queued to the thread again
 * with its siginfo, and the kernel is told to let the call return. When the
 * call is over, rump__call_end() unblocks it, and the host delivers it as if
 * it had come then: mask, siginfo and all are real.
 *
 * Invariant: deferred_set is exactly the set of signals that are blocked and
 * pending on this thread through no wish of the program's; it is empty while
 * incall is 0, but for the moments inside rump__call_end().
 *
 * Signals whose default action ends the process get a handler too, so that
 * the disks are clean; the program sees SIG_DFL.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <rump/rumpuser_ext.h>

#include "internal.h"

#define NSIGNALS	65
#define HANDLER_RAN		1
#define HANDLER_NO_RESTART	2

#define ERESTARTSYS		512
#define ERESTARTNOINTR		513
#define ERESTARTNOHAND		514
#define ERESTART_RESTARTBLOCK	516

#define PUBLIC __attribute__((visibility("default")))

static struct sigaction actions[NSIGNALS];
static pthread_mutex_t actions_lock = PTHREAD_MUTEX_INITIALIZER;

extern int __libc_sigaction(int sig, const struct sigaction *act, struct sigaction *old);

static int host_sigaction(int sig, const struct sigaction *act, struct sigaction *old);

/* Default actions that end the process without a core: leave the disks clean. */
static bool ends_process(int sig)
{
	switch (sig) {
	case SIGHUP:
	case SIGINT:
	case SIGTERM:
	case SIGPIPE:
	case SIGALRM:
	case SIGUSR1:
	case SIGUSR2:
	case SIGVTALRM:
	case SIGPROF:
	case SIGIO:
		return true;
	default:
		return false;
	}
}

static void die_of(int sig)
{
	sigset_t set;

	rump__exit();
	rump__signal_default(sig);
	sigemptyset(&set);
	sigaddset(&set, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void defer(int sig, siginfo_t *info, ucontext_t *uc)
{
	struct rump__thread *self = &rump__self;

	sigaddset(&uc->uc_sigmask, sig);
	self->deferred_set |= 1UL << (sig - 1);
	self->deferred = 1;
	rumpuser_ext_raise(rumpuser_ext_gettid(), sig, info);
	if (self->ht)
		rump__kernel.ops->interrupt(self->ht);
}

static void deliver(int sig, siginfo_t *info, void *context)
{
	struct sigaction act;

	if (rump__self.incall) {
		defer(sig, info, context);
		return;
	}
	act = actions[sig];
	if (act.sa_flags & SA_RESETHAND)
		actions[sig].sa_handler = SIG_DFL;
	rump__self.handlers |= HANDLER_RAN;
	if (!(act.sa_flags & SA_RESTART))
		rump__self.handlers |= HANDLER_NO_RESTART;
	if (act.sa_handler == SIG_DFL)
		die_of(sig);
	else if (act.sa_flags & SA_SIGINFO)
		act.sa_sigaction(sig, info, context);
	else if (act.sa_handler != SIG_IGN)
		act.sa_handler(sig);
}

/* What a call returns that a signal ended, after the handlers have run. */
static long restart(long ret, long nr, const long *arg)
{
	bool ran = rump__self.handlers & HANDLER_RAN;
	bool again = true;

	switch (-ret) {
	case ERESTARTSYS:
		again = !(rump__self.handlers & HANDLER_NO_RESTART);
		break;
	case ERESTARTNOINTR:
		break;
	case ERESTARTNOHAND:
		again = !ran;
		break;
	case ERESTART_RESTARTBLOCK:
		again = !ran;
		nr = SYS_restart_syscall;
		break;
	}
	/* Inside rump_schedule() the handlers wait, and so does the reason to restart. */
	if (!again || rump__self.held)
		return -EINTR;
	return rump__enter_once(nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

static bool is_restart(long ret)
{
	return ret >= RUMP__RESTART_FIRST && ret <= RUMP__RESTART_LAST;
}

/**
 * rump__call_end() - A call is over during which signals came
 * @ret:	its result
 * @nr:		its number; a to f: its arguments
 *
 * Return: the result for the program
 */
long rump__call_end(long ret, long nr, long a, long b, long c, long d, long e, long f)
{
	const long arg[6] = { a, b, c, d, e, f };
	struct rump__thread *self = &rump__self;
	int saved = errno;
	uint64_t set;

	for (;;) {
		self->handlers = 0;
		if (self->deferred && !self->held) {
			set = self->deferred_set;
			self->deferred_set = 0;
			self->deferred = 0;
			syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, sizeof(set));
		}
		if (!is_restart(ret))
			break;
		ret = restart(ret, nr, arg);
	}
	errno = saved;
	return ret;
}

static int host_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	return __libc_sigaction(sig, act, old);
}

static bool ours(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS;
}

/* Install what stands on the host for @act; SA_RESETHAND is done by deliver(). */
static int install(int sig, const struct sigaction *act)
{
	struct sigaction host = *act;

	if (ours(sig))
		return 0;
	if (act->sa_handler != SIG_IGN && (act->sa_handler != SIG_DFL || ends_process(sig))) {
		host.sa_sigaction = deliver;
		host.sa_flags = (act->sa_flags & ~SA_RESETHAND) | SA_SIGINFO;
	}
	return host_sigaction(sig, &host, NULL);
}

/**
 * sigaction() - As in POSIX; handlers are deferred out of the kernel
 * @sig:	signal
 * @act:	new action or NULL
 * @old:	old action or NULL
 *
 * Return: 0, or -1 with errno set
 */
PUBLIC int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct sigaction before;
	sigset_t all, mask;
	int ret = 0;

	if (!rump__kernel.up)
		return host_sigaction(sig, act, old);
	if (sig < 1 || sig >= NSIGNALS || (act && (sig == SIGKILL || sig == SIGSTOP))) {
		errno = EINVAL;
		return -1;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &mask);
	pthread_mutex_lock(&actions_lock);
	before = actions[sig];
	if (act) {
		actions[sig] = *act;
		ret = install(sig, act);
		if (ret)
			actions[sig] = before;
	}
	pthread_mutex_unlock(&actions_lock);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (!ret && old)
		*old = before;
	return ret;
}

/**
 * signal() - As in POSIX, with BSD semantics as glibc has them
 * @sig:	signal
 * @handler:	handler
 *
 * Return: previous handler or SIG_ERR
 */
PUBLIC sighandler_t signal(int sig, sighandler_t handler)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	sigaddset(&act.sa_mask, sig);
	return sigaction(sig, &act, &old) ? SIG_ERR : old.sa_handler;
}

/**
 * rump__signal_forward() - A fault that is the program's own
 * @sig:	SIGSEGV or SIGBUS
 * @info:	siginfo_t
 * @context:	ucontext_t
 */
void rump__signal_forward(int sig, void *info, void *context)
{
	struct sigaction act = actions[sig];

	if (act.sa_handler == SIG_DFL || act.sa_handler == SIG_IGN) {
		/* Back to the instruction, which faults again and ends the process. */
		rump__signal_default(sig);
		return;
	}
	if (act.sa_flags & SA_SIGINFO)
		act.sa_sigaction(sig, info, context);
	else
		act.sa_handler(sig);
}

/**
 * rump__signal_default() - Let a signal have its default action from now on
 * @sig:	signal
 */
void rump__signal_default(int sig)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };

	host_sigaction(sig, &dfl, NULL);
}

static void fault(int sig, siginfo_t *info, void *context)
{
	rump__fault(sig, info, context);
}

/**
 * rump__signals_init() - Stand before the handlers that exist at boot
 */
void rump__signals_init(void)
{
	struct sigaction act = { .sa_sigaction = fault, .sa_flags = SA_SIGINFO | SA_NODEFER };
	int sig;

	for (sig = 1; sig < NSIGNALS; sig++) {
		if (host_sigaction(sig, NULL, &actions[sig]) || sig == SIGKILL || sig == SIGSTOP)
			continue;
		install(sig, &actions[sig]);
	}
	host_sigaction(SIGSEGV, &act, NULL);
	host_sigaction(SIGBUS, &act, NULL);
}
