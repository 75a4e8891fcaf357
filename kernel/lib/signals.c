/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signals.c - the program's signal handlers and the kernel
 *
 * Theory of operation
 *
 * A handler never runs on top of kernel code: it may make calls itself, and
 * the host thread may be carrying somebody else's context. So the core
 * stands before the program's handlers: what the program does with
 * rt_sigaction(2) comes to rump__sigaction(), and deliver() is entered on the host. If the thread is in a call (incall), the
 * signal is blocked in the interrupted context, queued to the thread again
 * with its siginfo, and the kernel is told to let the call return. When the
 * call is over, rump__call_end() unblocks it, and the host delivers it as if
 * it had come then: mask, siginfo and all are real.
 *
 * Invariant: deferred_set is exactly the set of signals that are blocked and
 * pending on this thread through no wish of the program's; it is empty while
 * incall is 0, but for the moments inside rump__call_end().
 *
 * A handler may leave by longjmp() or by a cancelled thread's unwinding: nothing
 * is held, and no state is waiting to be put right, while one runs.
 *
 * The open signals, those of faults, cannot be blocked on the host, nor do they reach the program but
 * through rump__signal_forward(). What the program believes of them is in
 * rump__self.masked.
 *
 * A vfork child has its parent's memory and actions of its own: it is left to the host.
 *
 * Signals whose default action ends or stops the process get a handler too, so that
 * the disks are clean and no process ends or stops in the middle of the kernel; the program sees
 * SIG_DFL. Those of faults are left to the host: kernel code makes none, and they show where they come from.
 */
#include <asm/errno.h>
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>

#include <rump/rumpuser_ext.h>

#include "bare/lock.h"
#include "bare/raw.h"

#include "core.h"

#define NSIGNALS	65
#define SIGSET_BYTES	8	/* of the kernel's sigset_t */
#define FIRST_RT	34	/* 32 and 33 are the C library's own */
#define UNBLOCKABLE	(RUMP__BIT(SIGKILL) | RUMP__BIT(SIGSTOP))
#define HANDLER_RAN		1
#define HANDLER_NO_RESTART	2

#define ERESTARTSYS		512
#define ERESTARTNOINTR		513
#define ERESTARTNOHAND		514
#define ERESTART_RESTARTBLOCK	516

/* linux/signal_types.h: UAPI_SA_FLAGS. A flag beyond them is not given back. */
#define SA_RESTORER_		0x04000000
#define SA_EXPOSE_TAGBITS_	0x00000800
#define SA_KNOWN		(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | \
				 SA_NODEFER | SA_RESETHAND | SA_EXPOSE_TAGBITS_ | SA_RESTORER_)

#define HANDLER_DEFAULT		((void (*)(int, void *, void *))(unsigned long)SIG_DFL)

uint64_t rump__open_signals = RUMP__FAULTS;
bool rump__signals_up;
enum rump__guest (*rump__guest)(void);

static struct rump__action actions[NSIGNALS];
static struct lock actions_lock;
static int actions_pid;

static bool is_default(const struct rump__action *act)
{
	return (unsigned long)act->handler == (unsigned long)SIG_DFL;
}

static bool is_ignore(const struct rump__action *act)
{
	return (unsigned long)act->handler == (unsigned long)SIG_IGN;
}

/* rump__self is not the caller's then. */
static enum rump__guest guest(void)
{
	return __builtin_expect(rump__guest != NULL, 0) ? rump__guest() : RUMP__NO_GUEST;
}

static long host_sigaction(int sig, const struct rump__action *act, struct rump__action *old)
{
	return raw4(__NR_rt_sigaction, sig, act, old, SIGSET_BYTES);
}

static void change_mask(int how, uint64_t set, uint64_t *old)
{
	raw4(__NR_rt_sigprocmask, how, &set, old, SIGSET_BYTES);
}

/* Does the default action end the process? */
static bool ends_process(int sig)
{
	switch (sig) {
	case SIGHUP:
	case SIGINT:
	case SIGQUIT:
	case SIGABRT:
	case SIGTERM:
	case SIGPIPE:
	case SIGALRM:
	case SIGUSR1:
	case SIGUSR2:
	case SIGVTALRM:
	case SIGPROF:
	case SIGIO:
	case SIGPWR:
	case SIGSTKFLT:
	case SIGXCPU:
	case SIGXFSZ:
		return true;
	default:
		return sig >= FIRST_RT;
	}
}

static void die_of(int sig)
{
	if (!guest()) {
		/* No other handler runs from here on. */
		rump__self.incall = 1;
		rump__self.held++;
		rump__exit();
	}
	rump__signal_default(sig);
	raw3(__NR_tgkill, raw0(__NR_getpid), raw0(__NR_gettid), sig);
	change_mask(SIG_UNBLOCK, RUMP__BIT(sig), NULL);
}

static void defer(int sig, void *info, struct ucontext *uc)
{
	struct rump__thread *self = &rump__self;

	uc->uc_sigmask |= RUMP__BIT(sig);
	self->deferred_set |= RUMP__BIT(sig);
	self->deferred = 1;
	rumpuser_ext_raise(rumpuser_ext_gettid(), sig, info);
	if (self->ht)
		rump__kernel.ops->interrupt(self->ht);
}

/* Run the program's handler. What it is to have blocked of the open signals is noted meanwhile. */
static void run_handler(const struct rump__action *act, int sig, void *info, struct ucontext *uc)
{
	uint64_t before = rump__self.masked, add = act->mask;

	if (!(act->flags & SA_NODEFER))
		add |= RUMP__BIT(sig);
	rump__self.masked |= add & rump__open_signals;
	act->handler(sig, info, uc);
	rump__self.masked = before;
	/* A handler may change the mask that it returns to. */
	uc->uc_sigmask &= ~rump__open_signals;
}

static long install(int sig, const struct rump__action *act);

/* The default action of a signal that stops the process. */
static void stop_by(int sig)
{
	rump__stop(sig);
	/* The program may have set another action meanwhile. */
	if (raw0(__NR_getpid) == actions_pid)
		rump__sigaction(sig, &actions[sig], NULL);
	else
		install(sig, &actions[sig]);
}

/* It makes no call into the kernel, so there is nothing to defer, and nothing of the thread's to note. */
static void deliver_to_guest(int sig, void *info, void *context)
{
	struct rump__action act = actions[sig];

	if (is_default(&act) && rump__is_stop(sig))
		raw2(__NR_kill, raw0(__NR_getpid), SIGSTOP);
	else if (is_default(&act))
		die_of(sig);
	else if (!is_ignore(&act))
		act.handler(sig, info, context);
}

static void deliver(int sig, void *info, void *context)
{
	struct rump__action act;

	rumpuser_ext_raised(info);
	if (guest()) {
		deliver_to_guest(sig, info, context);
		return;
	}
	if (rump__self.incall) {
		defer(sig, info, context);
		return;
	}
	if (rump__stop_asked(sig, info)) {
		rump__stop(SIGSTOP);
		return;
	}
	act = actions[sig];
	if (is_default(&act) && rump__is_stop(sig)) {
		stop_by(sig);
		return;
	}
	if (act.flags & SA_RESETHAND)
		actions[sig].handler = HANDLER_DEFAULT;
	if (is_default(&act))
		die_of(sig);
	else if (!is_ignore(&act))
		run_handler(&act, sig, info, context);
	/* Now, as calls that it made have cleared it. */
	rump__self.handlers |= HANDLER_RAN;
	if (!(act.flags & SA_RESTART))
		rump__self.handlers |= HANDLER_NO_RESTART;
}

static bool is_restart(long ret)
{
	return ret >= RUMP__RESTART_FIRST && ret <= RUMP__RESTART_LAST;
}

/**
 * rump__signals() - Let the signals be handled that came during a call
 * @ret:	its result; -EINTR instead, if it ended for a signal and is not made again
 * @nr:		its number; what to call, if it is made again
 *
 * Those that ran since @handlers was cleared are counted.
 *
 * Return: whether the call is to be made again
 */
bool rump__signals(long *ret, long *nr)
{
	struct rump__thread *self = &rump__self;
	bool again = true;
	uint64_t set;

	if (self->deferred && !self->held) {
		if (self->hold)
			rump__held();
		set = self->deferred_set;
		self->deferred_set = 0;
		self->deferred = 0;
		change_mask(SIG_UNBLOCK, set, NULL);
	}
	if (!is_restart(*ret))
		return false;
	if (*ret == -RUMP_EDEAD) {
		*ret = rump__lost();
		return false;
	}
	switch (-*ret) {
	case ERESTARTSYS:
		again = !(self->handlers & HANDLER_NO_RESTART);
		break;
	case ERESTARTNOINTR:
		break;
	case ERESTARTNOHAND:
		again = !(self->handlers & HANDLER_RAN);
		break;
	case ERESTART_RESTARTBLOCK:
		again = !(self->handlers & HANDLER_RAN);
		*nr = __NR_restart_syscall;
		break;
	}
	/* Inside rump_schedule() the handlers wait, and so does the reason to restart. */
	if (again && !self->held)
		return true;
	*ret = -EINTR;
	return false;
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
	for (;;) {
		rump__self.handlers = 0;
		if (!rump__signals(&ret, &nr))
			return ret;
		ret = rump__enter_once(nr, a, b, c, d, e, f);
	}
}

/* Install what stands on the host for @act; SA_RESETHAND is done by deliver(). */
static long install(int sig, const struct rump__action *act)
{
	struct rump__action host = *act;

	if (rump__open_signals & RUMP__BIT(sig))
		return 0;
	host.mask &= ~rump__open_signals;
	if (!is_ignore(act) && (!is_default(act) || ends_process(sig) || rump__is_stop(sig))) {
		host.handler = deliver;
		host.flags = (act->flags & ~SA_RESETHAND) | SA_SIGINFO;
		if (is_default(act) && rump__is_stop(sig))
			host.flags |= SA_RESTART;
		if (!(host.flags & SA_RESTORER_)) {
			host.flags |= SA_RESTORER_;
			host.restorer = (void (*)(void))rump__restorer;
		}
	}
	return host_sigaction(sig, &host, NULL);
}

/* In a vfork child: its actions are the host's, but what it inherited may be the core's. */
static long child_sigaction(int sig, const struct rump__action *act, struct rump__action *old)
{
	struct rump__action host;
	long ret = host_sigaction(sig, act, &host);

	if (!ret && old) {
		if (host.handler == deliver || (rump__open_signals & RUMP__BIT(sig)))
			host = actions[sig];
		*old = host;
	}
	return ret;
}

/**
 * rump__sigaction() - rt_sigaction(2); handlers are deferred out of the kernel
 * @sig:	signal
 * @act:	new action or NULL
 * @old:	old action or NULL; not the program's memory
 *
 * Return: 0, or a negated errno
 */
long rump__sigaction(int sig, const struct rump__action *act, struct rump__action *old)
{
	struct rump__action before;
	unsigned long mask;
	long ret = 0;

	if (sig < 1 || sig >= NSIGNALS || (act && (sig == SIGKILL || sig == SIGSTOP)))
		return -EINVAL;
	if (raw0(__NR_getpid) != actions_pid && guest() != RUMP__GUEST_HANDLERS)
		return child_sigaction(sig, act, old);
	mask = lock_take(&actions_lock);
	before = actions[sig];
	if (act) {
		actions[sig] = *act;
		actions[sig].flags &= SA_KNOWN;
		actions[sig].mask &= ~UNBLOCKABLE;
		ret = install(sig, &actions[sig]);
		if (ret)
			actions[sig] = before;
	}
	lock_release(&actions_lock, mask);
	if (!ret && old)
		*old = before;
	return ret;
}

/**
 * rump__signal_default() - Let a signal have its default action from now on
 * @sig:	signal
 */
void rump__signal_default(int sig)
{
	const struct rump__action dfl = { .handler = HANDLER_DEFAULT };

	host_sigaction(sig, &dfl, NULL);
}

/**
 * rump__signal_forward() - A fault that is the program's own
 * @sig:	SIGSEGV or SIGBUS
 * @info:	siginfo_t
 * @context:	ucontext_t
 */
void rump__signal_forward(int sig, void *info, void *context)
{
	struct rump__action act = actions[sig];
	bool fault = ((siginfo_t *)info)->si_code > 0;
	bool masked = rump__self.masked & RUMP__BIT(sig);

	if (is_ignore(&act) && !fault)
		return;
	/* A fault that is ignored or blocked ends the process all the same: signal(7). */
	if (is_default(&act) || is_ignore(&act) || masked) {
		rump__signal_default(sig);
		rumpuser_ext_raise(rumpuser_ext_gettid(), sig, info);
		return;
	}
	if (act.flags & SA_RESETHAND)
		actions[sig].handler = HANDLER_DEFAULT;
	change_mask(SIG_BLOCK, act.mask & ~rump__open_signals, NULL);
	rumpuser_ext_raised(info);
	run_handler(&act, sig, info, context);
}

static void fault(int sig, void *info, void *context)
{
	struct ucontext *uc = context;

	if (guest()) {
		if (uc->uc_mcontext.rip == (unsigned long)rump__copy_at)
			uc->uc_mcontext.rip = (unsigned long)rump__copy_failed;
		else if (is_default(&actions[sig]) || is_ignore(&actions[sig]))
			die_of(sig);
		else
			actions[sig].handler(sig, info, context);
		return;
	}
	rump__fault(sig, info, context);
}

/**
 * rump__signals_init() - Stand before the handlers that exist at boot
 */
void rump__signals_init(void)
{
	struct rump__action act = {
		.handler = fault,
		.flags = SA_SIGINFO | SA_NODEFER | SA_RESTART | SA_RESTART | SA_RESTORER_,
		.restorer = (void (*)(void))rump__restorer,
	};
	unsigned long mask = lock_take(&actions_lock);
	int sig;

	for (sig = 1; sig < NSIGNALS; sig++) {
		if (host_sigaction(sig, NULL, &actions[sig]) || sig == SIGKILL || sig == SIGSTOP)
			continue;
		install(sig, &actions[sig]);
	}
	host_sigaction(SIGSEGV, &act, NULL);
	host_sigaction(SIGBUS, &act, NULL);
	actions_pid = raw0(__NR_getpid);
	rump__signals_up = true;
	lock_release(&actions_lock, mask);
}

/**
 * rump__signals_attach() - The kernel is about to be entered: its faults must be let through
 */
void rump__signals_attach(void)
{
	uint64_t old = 0;

	change_mask(SIG_UNBLOCK, rump__open_signals, &old);
	rump__self.masked |= old & rump__open_signals;
}

/**
 * rump__signals_forked() - In a forked child: the actions are its own now
 */
void rump__signals_forked(void)
{
	actions_lock.word = 0;
	actions_pid = raw0(__NR_getpid);
	rump__stop_forked();
}
