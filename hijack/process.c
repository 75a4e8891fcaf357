// SPDX-License-Identifier: BSD-2-Clause
/* process.c - a process of the host is a process of the rump kernel
 *
 * Theory of operation
 *
 * fork. The parent claims the child's process in the rump kernel before the host forks, and clones its own
 * task for it afterwards, under the child's id; the child waits for that. Descriptors are locked
 * meanwhile, so what the child has inherited is the same in both kernels.
 *
 * vfork, posix_spawn. The child has the parent's memory while the parent's thread waits. It clones
 * that thread's task itself, in its name, and from then on calls as the clone. What is the
 * process's own in the shim is in thread-local storage, which the child has from its parent too:
 * struct borrowed keeps what it was, for the parent to have it back.
 *
 * Children that have the memory while the parent goes on: guest.c. exec: execute.c.
 *
 * exit. The process leaves the kernel before the host ends it, so that no thread is ended in the middle of
 * the kernel.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>

#include "execute.h"
#include "lifeline.h"
#include "route.h"
#include "server.h"
#include "special.h"
#include "state.h"
#include "str.h"
#include "wait.h"

#define COMM_ROOM  16
#define BORROWS	   4 /* a vfork child may vfork */
#define SHARED	   (CLONE_FILES | CLONE_FS)

/**
 * struct borrowed - What a vfork child has changed of its parent
 * @self:	the thread in the rump kernel
 * @fds:	the numbers of descriptors
 * @cwd_is_rump: where the working directory is
 * @process:	the parent, for the rump kernel
 */
struct borrowed {
	struct rump__thread self;
	struct fds *fds;
	bool cwd_is_rump;
	unsigned long process;
};

static __thread struct borrowed borrowed[BORROWS];
static __thread unsigned int borrows;
static __thread unsigned long unborn; /* the child that a fork is about to make, for the kernel */
static __thread unsigned long unborn_flags;
static __thread int parent;

/* How many threads this process has, for the last one ends it; and who it is: a vfork child has its memory. */
static unsigned int threads = 1;
static int self;

/**
 * hijack_on_start() - Read the configuration of this layer
 */
void hijack_on_start(char **argv, char **envp)
{
	(void)argv;
	client_configure(rump__getenv(envp, "RUMP_SERVER"), rump__getenv(envp, "XDG_RUNTIME_DIR"));
	self = (int)raw0(__NR_getpid);
	places_read(envp);
	if (client_root_is_rump)
		places_all();
	if ((nplaces || places_families) && rump__image_reserve())
		raw1(__NR_exit_group, 1);
}

/**
 * hijack_on_kernel() - The kernel is there
 */
void hijack_on_kernel(void)
{
	char name[COMM_ROOM] = "";
	long mask;

	fds_start();
	execute_name_thread();
	raw2(__NR_prctl, PR_GET_NAME, name);
	kernel_call(__NR_prctl, PR_SET_NAME, (long)name, 0, 0, 0, 0);
	mask = raw1(__NR_umask, 0);
	raw1(__NR_umask, mask);
	kernel_call(__NR_umask, mask, 0, 0, 0, 0, 0);
	if (client_was_process()) {
		fds_inherit();
		paths_cwd_is_rump = client_cwd_is_rump;
	}
}

/**
 * prepare_fork() - Claim a process in the rump kernel for a child
 */
static void prepare_fork(unsigned long flags)
{
	long result;

	fds_lock();
	epoll_fork();
	result = kernel_call(RUMP_CALL_FORK_PREPARE, 0, 0, 0, 0, 0, 0);
	unborn = raw_failed(result) ? 0 : (unsigned long)result;
	unborn_flags = flags & SHARED;
}

/**
 * hijack_on_clone() - Before a clone
 */
long hijack_on_clone(struct hijack_call *call, enum hijack_kind kind)
{
	unsigned long flags = call->nr == __NR_clone ? call->arg[0] : 0;
	long result;

	if (call->nr == __NR_clone3)
		peek(&flags, (const void *)call->arg[0], sizeof(flags));
	/* Who goes on at the same time with the same memory. */
	if (kind != HIJACK_FORK && call->nr != __NR_vfork && !(flags & CLONE_VFORK))
		fds_threads = true;
	if (kind == HIJACK_THREAD) {
		__atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED);
		return 0;
	}
	if (kind == HIJACK_GUEST && kernel_up)
		return 0;
	if (!kernel_up) {
		/* Children are to find the same kernel. */
		if ((nplaces || places_families) && !hijack_sealed)
			client_prepare();
		return 0;
	}
	parent = (int)raw0(__NR_getpid);
	if (kind == HIJACK_FORK) {
		prepare_fork(flags);
	} else if (borrows == BORROWS) {
		return -EAGAIN;
	} else {
		unborn_flags = flags & SHARED;
		/* The child is to be a clone of its task. */
		if (!rump__self.ht && (result = rump__attach()))
			return result;
		rump__kernel.ops->lend(rump__self.ht, true);
	}
	return 0;
}

/**
 * is_orphan() - In a child: whether its parent has ended
 */
static int is_orphan(void)
{
	return raw0(__NR_getppid) != parent;
}

/**
 * begin_child() - In a forked process
 */
static void begin_child(void)
{
	unsigned long process = unborn;
	struct rump_hthread *ht = NULL;

	unborn = 0;
	borrows = 0;
	threads = 1;
	if (!hijack_sealed)
		self = (int)raw0(__NR_getpid);
	if (!kernel_up)
		return;
	kernel_hold();
	if (process)
		ht = rump__kernel.ops->fork_child((struct rump_process *)process,
						  (int)raw0(__NR_getpid), (int)raw0(__NR_gettid),
						  is_orphan);
	if (!ht) {
		kernel_forget();
		fds_child();
		return;
	}
	rump__forked((struct rump_process *)process, ht);
	client_is(process);
	lifeline_arm();
	/* The parent says so too; one of the two may be killed before it does. */
	client_born((int)raw0(__NR_getpid), process);
	fds_child();
	epoll_child();
	wait_child();
}

/**
 * clone_self() - In a vfork child: have the parent's task cloned
 * @pid:	the child's
 * @process:	set to what names the child for the kernel
 *
 * A parent that is killed meanwhile takes the call along, when what it wanted may have been done.
 *
 * Return: the thread, or NULL
 */
static struct rump_hthread *clone_self(int pid, unsigned long *process)
{
	struct rump_hthread *ht;
	long result = kernel_call(RUMP_CALL_FORK_PREPARE, 0, 0, 0, 0, 0, 0);

	if (raw_failed(result))
		return NULL;
	*process = (unsigned long)result;
	result = kernel_call(RUMP_CALL_FORK, result, (long)unborn_flags, pid, 0, 0, 0);
	if (raw_failed(result) && result != -EOWNERDEAD)
		return NULL;
	if (!raw_failed(result))
		client_born(pid, *process);
	ht = rump__kernel.ops->fork_child((struct rump_process *)*process, pid,
					  (int)raw0(__NR_gettid), is_orphan);
	if (ht && raw_failed(result))
		client_born(pid, *process);
	return ht;
}

/**
 * begin_borrower() - In a vfork child: become a process of the rump kernel
 */
static void begin_borrower(void)
{
	struct borrowed *b = &borrowed[borrows++];
	int pid = (int)raw0(__NR_getpid);
	struct rump_hthread *ht = NULL;
	struct fds *copy = fds_copy();
	unsigned long process = 0;

	*b = (struct borrowed){rump__self, fds_own, paths_cwd_is_rump, client_process()};
	if (copy)
		ht = clone_self(pid, &process);
	rump__kernel.ops->lend(b->self.ht, false);
	rump__self = (struct rump__thread){.ht = ht, .masked = b->self.masked, .unborn = !ht};
	fds_own = copy;
	client_is(process);
	if (!(unborn_flags & CLONE_FILES))
		lifeline_arm();
	if (ht && copy)
		fds_child();
}

/**
 * hijack_on_child() - After a clone, in the child
 */
void hijack_on_child(enum hijack_kind kind)
{
	if (kind == HIJACK_FORK)
		begin_child();
	else if (kind == HIJACK_VFORK && kernel_up)
		begin_borrower();
	else if (kind == HIJACK_THREAD)
		borrows = 0;
}

/**
 * hijack_on_parent() - After a clone, in the parent
 */
void hijack_on_parent(enum hijack_kind kind, long result)
{
	struct borrowed *b;

	if (kind == HIJACK_THREAD && raw_failed(result))
		__atomic_fetch_sub(&threads, 1, __ATOMIC_RELAXED);
	if (kind == HIJACK_VFORK && borrows) {
		b = &borrowed[--borrows];
		if (fds_own)
			fds_drop(fds_own);
		fds_own = b->fds;
		rump__self = b->self;
		paths_cwd_is_rump = b->cwd_is_rump;
		client_is(b->process);
	}
	/* There may be no child, or it was killed. */
	if (kind == HIJACK_VFORK && kernel_up)
		rump__kernel.ops->lend(rump__self.ht, false);
	if (kind != HIJACK_FORK || !kernel_up)
		return;
	if (unborn) {
		kernel_call(RUMP_CALL_FORK, (long)unborn, (long)unborn_flags,
			    result > 0 ? result : -1, 0, 0, 0);
		if (result > 0)
			client_born((int)result, unborn);
		unborn = 0;
	}
	fds_unlock();
}

/**
 * hijack_takes() - Whether a call would take a number from the rump kernel's descriptors
 */
bool hijack_takes(const struct hijack_call *call)
{
	switch (call->nr) {
	case __NR_close:
		return fd_is_rump(call->arg[0]);
	case __NR_dup2:
	case __NR_dup3:
		return fd_is_rump(call->arg[1]);
	case __NR_close_range:
		return fds_first((unsigned int)call->arg[0], (unsigned int)call->arg[1]) >= 0;
	default:
		return false;
	}
}

/**
 * hijack_on_thread_exit() - Before the end of a thread, or of the process if that was its last
 */
bool hijack_on_thread_exit(void)
{
	if (hijack_sealed)
		return false;
	wait_thread_exit();
	if (raw0(__NR_getpid) != self || __atomic_fetch_sub(&threads, 1, __ATOMIC_ACQ_REL) == 1) {
		hijack_on_exit();
		return true;
	}
	kernel_thread_exit();
	return false;
}

/**
 * hijack_on_exit() - Before the end of the process
 *
 * One in a sandbox may not make the calls that leaving takes. The server buries it.
 */
void hijack_on_exit(void)
{
	if (hijack_sealed)
		return;
	if (borrows) {
		if (rump__self.ht)
			kernel_call(RUMP_CALL_LEAVE, 0, 0, 0, 0, 0, 0);
		rump__self.ht = NULL;
		return;
	}
	if (kernel_up)
		kernel_exit();
	else
		client_end();
}

long route_clone(struct hijack_call *call)
{
	return host_newfd(call); /* CLONE_PIDFD */
}

long route_clone3(struct hijack_call *call)
{
	return host_newfd(call);
}

long route_fork(struct hijack_call *call)
{
	return hijack_pass(call);
}

long route_vfork(struct hijack_call *call)
{
	return hijack_pass(call);
}

long route_exit(struct hijack_call *call)
{
	return hijack_pass(call);
}

long route_exit_group(struct hijack_call *call)
{
	return hijack_pass(call);
}
