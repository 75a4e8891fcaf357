/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_sp_kernel.h - a pretended kernel with processes, for tests of remote clients
 *
 * Theory of operation
 *
 * Processes and lwps are guarded by the virtual CPU. A system call is one of
 * enum call; those that reach for the client's memory do it by the hypercalls under
 * test. A process ends with its last lwp, and the test can wait until all have.
 */
#ifndef RUMPUSER_SP_KERNEL_H
#define RUMPUSER_SP_KERNEL_H

#include <stdint.h>
#include <time.h>

#include "rumpuser_test.h"

enum call {
	CALL_GETPID = 1, /* returns the process and the sum of six arguments */
	CALL_COPYIN, /* address, length: returns the sum of the bytes */
	CALL_COPYOUT, /* address, length, byte */
	CALL_COPYINSTR, /* address, room: returns the length */
	CALL_COPYOUTSTR, /* address, room: writes "from the kernel" */
	CALL_ANONMMAP, /* length: returns the address */
	CALL_RAISE, /* signal */
	CALL_SLEEP, /* until interrupted: EINTR */
	CALL_LATE, /* address, length: sleeps, and then as CALL_COPYIN */
	CALL_COPYIN_SLOW, /* as CALL_COPYIN, by the byte */
	CALL_REBOOT, /* stops the server */
	CALL_FAIL, /* the error it shall give */
};

struct proc {
	pid_t pid;
	void *priv;
	int lwps;
	struct proc *next;
};

struct lwp {
	struct proc *proc;
	bool exiting;
	struct lwp *next;
};

static struct proc *procs; /* all of these: the virtual CPU */
static struct lwp *lwps;
static pid_t last_pid;
static int ended;
static int sleeping;
static bool refuse_rfork;
static bool refuse_newlwp;
static __thread struct lwp *cur;

/** kernel_newlwp() - Make an lwp of a process the current one */
static inline void kernel_newlwp(struct proc *p)
{
	struct lwp *l = calloc(1, sizeof(*l));

	CHECK(l);
	l->proc = p;
	l->next = lwps;
	lwps = l;
	p->lwps++;
	cur = l;
}

/** up_rfork() - hyp_lwproc_rfork */
static inline int up_rfork(void *priv, int flags, const char *comm)
{
	struct proc *p;

	CHECK_ON_CPU();
	if (refuse_rfork)
		return EAGAIN;
	p = calloc(1, sizeof(*p));
	CHECK(p);
	p->pid = ++last_pid;
	p->priv = priv;
	p->next = procs;
	procs = p;
	note("process %d: \"%s\", flags %d, from %d", p->pid, comm, flags,
	     cur ? cur->proc->pid : 0);
	kernel_newlwp(p);
	return 0;
}

/** up_newlwp() - hyp_lwproc_newlwp */
static inline int up_newlwp(pid_t pid)
{
	CHECK_ON_CPU();
	CHECK(!cur);
	if (refuse_newlwp)
		return ESRCH;
	for (struct proc *p = procs; p; p = p->next) {
		if (p->pid == pid) {
			kernel_newlwp(p);
			return 0;
		}
	}
	CHECK(!"a process that is");
	return ESRCH;
}

/** up_release() - hyp_lwproc_release */
static inline void up_release(void)
{
	struct proc *p = cur->proc, **pp;
	struct lwp **lp;

	CHECK_ON_CPU();
	for (lp = &lwps; *lp != cur; lp = &(*lp)->next)
		CHECK(*lp);
	*lp = cur->next;
	free(cur);
	cur = NULL;
	if (--p->lwps > 0)
		return;
	for (pp = &procs; *pp != p; pp = &(*pp)->next)
		CHECK(*pp);
	*pp = p->next;
	note("process %d ends", p->pid);
	free(p);
	ended++;
}

/** up_switch() - hyp_lwproc_switch */
static inline void up_switch(struct lwp *l)
{
	CHECK_ON_CPU();
	CHECK(!l || !cur || l->proc != cur->proc);
	cur = l;
}

/** up_curlwp() - hyp_lwproc_curlwp */
static inline struct lwp *up_curlwp(void)
{
	CHECK_ON_CPU();
	return cur;
}

/** up_getpid() - hyp_getpid */
static inline pid_t up_getpid(void)
{
	CHECK_ON_CPU();
	return cur->proc->pid;
}

/** up_lwpexit() - hyp_lwpexit */
static inline void up_lwpexit(void)
{
	CHECK_ON_CPU();
	for (struct lwp *l = lwps; l; l = l->next)
		if (l != cur && l->proc == cur->proc)
			l->exiting = true;
}

/** up_execnotify() - hyp_execnotify */
static inline void up_execnotify(const char *comm)
{
	CHECK_ON_CPU();
	CHECK(cur->proc->lwps == 1);
	note("process %d executes \"%s\"", cur->proc->pid, comm);
}

/** kernel_pause() - Let others have the CPU for a moment */
static inline void kernel_pause(void)
{
	static const struct timespec moment = {.tv_nsec = 200000};

	cpu_leave();
	nanosleep(&moment, NULL);
	cpu_take();
}

/** call_copyin() - Add up bytes of the client's */
static inline int call_copyin(uint64_t addr, size_t len, size_t step, long *retval)
{
	unsigned char *buf = malloc(len + 1);
	int error = 0;

	CHECK(buf);
	for (size_t i = 0; i < len && !error; i += step)
		error = rumpuser_sp_copyin(cur->proc->priv, (void *)(uintptr_t)(addr + i), buf + i,
					   step < len - i ? step : len - i);
	for (size_t i = 0; i < len && !error; i++)
		*retval += buf[i];
	free(buf);
	return error;
}

/** call_copyout() - Fill the client's memory with a byte */
static inline int call_copyout(uint64_t addr, size_t len, int byte)
{
	char *buf = malloc(len + 1);
	int error;

	CHECK(buf);
	memset(buf, byte, len);
	error = rumpuser_sp_copyout(cur->proc->priv, buf, (void *)(uintptr_t)addr, len);
	free(buf);
	return error;
}

/** call_copyinstr() - Measure a string of the client's */
static inline int call_copyinstr(uint64_t addr, size_t room, long *retval)
{
	char *buf = malloc(room + 1);
	size_t len = room;
	int error;

	CHECK(buf);
	buf[room] = '#';
	error = rumpuser_sp_copyinstr(cur->proc->priv, (void *)(uintptr_t)addr, buf, &len);
	CHECK(buf[room] == '#');
	if (!error)
		CHECK(len <= room && strlen(buf) + 1 == len);
	*retval = (long)len;
	free(buf);
	return error;
}

/** call_sleep() - Sleep until the process has no use for this lwp any more */
static inline int call_sleep(void)
{
	sleeping++;
	while (!cur->exiting)
		kernel_pause();
	sleeping--;
	return EINTR;
}

/** up_syscall() - hyp_syscall */
static inline int up_syscall(int nr, void *args, long *retval)
{
	void *priv = cur->proc->priv, *mem = NULL;
	uint64_t *arg = args;
	size_t len = arg[1];
	int error;

	CHECK_ON_CPU();
	switch (nr) {
	case CALL_GETPID:
		retval[0] = cur->proc->pid;
		for (int i = 0; i < 6; i++)
			retval[1] += (long)arg[i];
		return 0;
	case CALL_COPYIN:
		return call_copyin(arg[0], arg[1], arg[1], retval);
	case CALL_COPYIN_SLOW:
		return call_copyin(arg[0], arg[1], 1, retval);
	case CALL_COPYOUT:
		return call_copyout(arg[0], arg[1], (int)arg[2]);
	case CALL_COPYINSTR:
		return call_copyinstr(arg[0], arg[1], retval);
	case CALL_COPYOUTSTR:
		error = rumpuser_sp_copyoutstr(priv, "from the kernel", (void *)(uintptr_t)arg[0],
					       &len);
		retval[0] = (long)len;
		return error;
	case CALL_ANONMMAP:
		error = rumpuser_sp_anonmmap(priv, arg[0], &mem);
		retval[0] = (long)(uintptr_t)mem;
		return error;
	case CALL_RAISE:
		return rumpuser_sp_raise(priv, (int)arg[0]);
	case CALL_SLEEP:
		return call_sleep();
	case CALL_LATE:
		call_sleep();
		return call_copyin(arg[0], arg[1], arg[1], retval);
	case CALL_REBOOT:
		rumpuser_sp_fini(arg[0] ? NULL : priv);
		return arg[0] ? 0 : EIO;
	case CALL_FAIL:
		return (int)arg[0];
	default:
		return ENOSYS;
	}
}

/** kernel_boot() - Become a kernel with processes, on the CPU */
static inline void kernel_boot(bool logging)
{
	struct rumpuser_hyperup hyp = test_hyp;

	hyp.hyp_lwproc_switch = up_switch;
	hyp.hyp_lwproc_release = up_release;
	hyp.hyp_lwproc_rfork = up_rfork;
	hyp.hyp_lwproc_newlwp = up_newlwp;
	hyp.hyp_lwproc_curlwp = up_curlwp;
	hyp.hyp_syscall = up_syscall;
	hyp.hyp_lwpexit = up_lwpexit;
	hyp.hyp_execnotify = up_execnotify;
	hyp.hyp_getpid = up_getpid;
	test_boot(logging);
	CHECK(rumpuser_init(RUMPUSER_VERSION, &hyp) == 0);
}

/** kernel_await() - Wait until a number of processes have ended and no lwp is left */
static inline void kernel_await(int n)
{
	while (ended < n || lwps)
		kernel_pause();
	CHECK(ended == n && !procs);
}

#endif /* RUMPUSER_SP_KERNEL_H */
