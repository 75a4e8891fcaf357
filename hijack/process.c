// SPDX-License-Identifier: BSD-2-Clause
/* process.c - a process of the host is a process of the rump kernel
 *
 * Theory of operation
 *
 * fork. The parent claims the child's process in the rump kernel before the host forks, and clones its own
 * task for it afterwards, under the child's id; the child waits for that. Descriptors are locked
 * meanwhile, so what the child has inherited is the same in both kernels. If the rump kernel has no room for
 * the clone, the child ends before it has begun, and the call has failed. While another thread joins the
 * kernel, nobody forks: kernel.c.
 *
 * vfork, posix_spawn. The child has the parent's memory while the parent's thread waits. It clones
 * that thread's task itself, in its name, and from then on calls as the clone. What is the
 * process's own in the shim is in thread-local storage, which the child has from its parent too:
 * struct borrowed keeps what it was, for the parent to have it back; places are copied when the child calls
 * chroot(2). The rest is the parent's: a child could
 * not join the kernel without joining its parent to it, whose other threads go on. So a parent that may
 * need the kernel one day joins it before.
 *
 * Children that have the memory while the parent goes on: guest.c. exec: execute.c.
 *
 * exit. The process leaves the kernel before the host ends it, so that no thread is ended in the middle of
 * the kernel.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/wait.h>

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
 * @parent:	its process id
 * @self:	the thread in the rump kernel
 * @fds:	the numbers of descriptors
 * @cwd:	where the working directory is
 * @who:	who the caller was for the rump kernel
 * @places:	what is the rump kernel's, as named from its root
 * @own_cwd:	not the parent's: the child's working directory, unless they share it
 * @own_places:	the same of its places, since it has called chroot(2), or NULL
 * @share_root:	parent and child share working directory and root
 * @refused:	there was no room for the child
 */
struct borrowed {
	int parent;
	struct rump__thread self;
	struct fds *fds;
	bool *cwd;
	struct borrower who;
	struct places *places;
	struct places *own_places;
	bool own_cwd;
	bool share_root;
	bool refused;
};

static __thread struct borrowed borrowed[BORROWS];
static __thread unsigned int borrows;
static __thread unsigned long unborn; /* the child that a fork is about to make, for the kernel */
static __thread unsigned long unborn_flags;
static __thread int parent;
static __thread bool locked; /* fds_lock() is held while the host forks */

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
	if ((places_now()->n || places_families) && rump__image_reserve())
		raw1(__NR_exit_group, EXIT_KERNEL);
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
	kernel_call(RUMP_CALL_GROUP, 0, 0, 0, 0, 0, 0);
	if (client_was_process()) {
		fds_inherit();
		*paths_cwd() = client_cwd_is_rump;
	}
}

/**
 * claim() - Claim a process in the rump kernel for a child
 * @flags:	of clone(2)
 *
 * A child has no kernel if that is lost, or if it is the first process of a pid namespace.
 *
 * Return: 0, or -EAGAIN if there are as many processes as there may be
 */
static long claim(unsigned long flags)
{
	long result = -EIO;

	if (!(flags & CLONE_NEWPID))
		result = kernel_call(RUMP_CALL_FORK_PREPARE, 0, 0, 0, 0, 0, 0);
	unborn = raw_failed(result) ? 0 : (unsigned long)result;
	unborn_flags = flags;
	return result == -EAGAIN ? result : 0;
}

/**
 * refuse_sharing() - A child was to have a copy of this memory, but the very table of descriptors
 *
 * Each of the two would take what is the other's: who has which number, and which are parked, is written down
 * in the memory, and the host's placeholders are in the table.
 */
static long refuse_sharing(void)
{
	static bool said;

	if (!said && !hijack_sealed)
		hijack_say("clone(2) with CLONE_FILES needs CLONE_VM, or a program without the rump kernel",
			   NULL, -EINVAL);
	said = true;
	return -EINVAL;
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
	if (kind == HIJACK_FORK && flags & CLONE_FILES && (kernel_up || places_now()->n || places_families))
		return refuse_sharing();
	/* Who goes on at the same time with the same memory. */
	if (kind != HIJACK_FORK && call->nr != __NR_vfork && !(flags & CLONE_VFORK))
		fds_threads = true;
	if (kind == HIJACK_THREAD) {
		__atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED);
		return 0;
	}
	if (kind == HIJACK_GUEST && kernel_up)
		return 0;
	/* Children are to find the same kernel; one that has this memory cannot join by itself. */
	if (!kernel_up && (places_now()->n || places_families) && !hijack_sealed) {
		if (kind == HIJACK_VFORK)
			kernel_need();
		else
			kernel_settle();
		if (kind == HIJACK_GUEST)
			kernel_settled();
	}
	if (!kernel_up)
		return 0;
	parent = (int)raw0(__NR_getpid);
	if (kind == HIJACK_VFORK && borrows == BORROWS)
		return -EAGAIN;
	if (kind == HIJACK_FORK) {
		fds_lock();
		epoll_fork();
	}
	result = claim(flags);
	locked = kind == HIJACK_FORK && !result;
	if (kind == HIJACK_FORK && result)
		fds_unlock();
	/* The child is to be a clone of its task. */
	if (kind == HIJACK_VFORK && !result && rump__self.ht)
		rump__kernel.ops->lend(rump__self.ht, true);
	return result;
}

/**
 * is_orphan() - In a child: whether its parent has ended
 */
static int is_orphan(void)
{
	if (unborn_flags & CLONE_PARENT)
		return raw2(__NR_kill, parent, 0) == -ESRCH;
	return raw0(__NR_getppid) != parent;
}

/**
 * is_foreign() - In a child: whether its parent is in another pid namespace
 */
static bool is_foreign(void)
{
	return unborn_flags & CLONE_NEWPID || (!(unborn_flags & CLONE_PARENT) && !raw0(__NR_getppid));
}

/**
 * is_refused() - In a child that has got no kernel: whether that is as there was no room for it
 */
static bool is_refused(unsigned long process)
{
	return process && !is_foreign() && !rump__is_lost() && !is_orphan();
}

/**
 * begin_child() - In a forked process
 */
static void begin_child(void)
{
	unsigned long process = unborn;
	struct rump_hthread *ht = NULL;
	bool foreign;

	unborn = 0;
	borrows = 0;
	threads = 1;
	kernel_lend(false);
	if (!hijack_sealed)
		self = (int)raw0(__NR_getpid);
	kernel_settled();
	if (!kernel_up)
		return;
	kernel_hold();
	foreign = is_foreign();
	if (process && !foreign)
		ht = rump__kernel.ops->fork_child((struct rump_process *)process,
						  (int)raw0(__NR_getpid), (int)raw0(__NR_gettid),
						  is_orphan);
	if (!ht && is_refused(process))
		raw1(__NR_exit_group, EXIT_REFUSED);
	if (!ht) {
		kernel_forget(foreign);
		fds_child();
		return;
	}
	rump__forked((struct rump_process *)process, ht);
	client_is(process);
	client_borrower.is = false;
	lifeline_arm();
	/* The parent says so too; one of the two may be killed before it does. */
	client_born((int)raw0(__NR_getpid), process);
	fds_child();
	epoll_child();
	wait_child();
	kernel_release();
}

/**
 * clone_task() - Have the calling thread's task cloned
 * @process:	what has been claimed for the clone
 * @pid:	its process id, or -1 if there is to be none
 */
static long clone_task(unsigned long process, long pid)
{
	long result;

	do
		result = kernel_call(RUMP_CALL_FORK, (long)process, (long)(unborn_flags & SHARED), pid, 0,
				     0, 0);
	while (result == -EINTR);
	return result;
}

/**
 * clone_self() - In a vfork child: have the parent's task cloned
 * @process:	what has been claimed for the child
 *
 * A parent that is killed meanwhile takes the call along, when what it wanted may have been done.
 *
 * Return: the thread, or NULL
 */
static struct rump_hthread *clone_self(unsigned long process)
{
	int pid = (int)raw0(__NR_getpid);
	struct rump_hthread *ht;
	long result = clone_task(process, pid);

	/* In any case, as the server frees the place of one that is not born. */
	if (result != -EOWNERDEAD)
		client_born(pid, process);
	if (raw_failed(result) && result != -EOWNERDEAD)
		return NULL;
	ht = rump__kernel.ops->fork_child((struct rump_process *)process, pid,
					  (int)raw0(__NR_gettid), is_orphan);
	if (ht && raw_failed(result))
		client_born(pid, process);
	return ht;
}

/**
 * begin_borrower() - In a vfork child: become a process of the rump kernel
 */
static void begin_borrower(void)
{
	struct borrowed *b = &borrowed[borrows++];
	bool share = unborn_flags & CLONE_FILES, foreign = is_foreign();
	struct fds *fds = share ? fds_own : fds_copy();
	unsigned long process = unborn;
	struct rump_hthread *ht = NULL;

	*b = (struct borrowed){
		.parent = parent,
		.self = rump__self,
		.fds = fds_own,
		.cwd = paths_cwd_own,
		.who = client_borrower,
		.places = places_own,
		.own_cwd = *paths_cwd(),
		.share_root = unborn_flags & CLONE_FS,
	};
	if (process && (share || fds) && !foreign) {
		unborn = 0;
		ht = clone_self(process);
		b->refused = !ht && is_refused(process);
		if (b->refused)
			raw1(__NR_exit_group, EXIT_REFUSED);
	}
	if (b->self.ht)
		rump__kernel.ops->lend(b->self.ht, false);
	rump__self = (struct rump__thread){
		.ht = ht,
		.masked = b->self.masked,
		.unborn = ht ? 0 : foreign ? RUMP__FOREIGN : RUMP__UNBORN,
	};
	client_borrower = (struct borrower){true, ht ? process : 0};
	if (!b->share_root)
		paths_cwd_own = &b->own_cwd;
	if (share)
		return;
	fds_own = fds;
	lifeline_arm();
	if (ht)
		fds_child();
}

/**
 * end_borrower() - In its parent: have back what is the parent's
 *
 * Return: whether there was no room for the child
 */
static bool end_borrower(void)
{
	int pid = (int)raw0(__NR_getpid);
	bool refused = false;
	struct borrowed *b;

	/* Above are those of children of the child, which was killed while it waited for them. */
	for (b = borrowed + borrows; b > borrowed && b[-1].parent != pid; b--)
		;
	/* There may have been no child. */
	if (b-- > borrowed) {
		for (struct borrowed *done = b; done < borrowed + borrows; done++)
			if (done->own_places)
				raw2(__NR_munmap, done->own_places, sizeof(*done->own_places));
		borrows = (unsigned int)(b - borrowed);
		if (fds_own && fds_own != b->fds)
			fds_drop(fds_own);
		fds_own = b->fds;
		rump__self = b->self;
		paths_cwd_own = b->cwd;
		places_own = b->places;
		client_borrower = b->who;
		refused = b->refused;
	}
	if (rump__self.ht)
		rump__kernel.ops->lend(rump__self.ht, false);
	return refused;
}

/**
 * process_own_places() - Before chroot(2): see to it that no other process has the caller's places
 *
 * A vfork child has those of its parent, until then, or of who its parent shares its root with in turn.
 *
 * Return: 0 or a negated errno
 */
long process_own_places(void)
{
	unsigned int whose = borrows;
	struct places *copy;
	long memory;

	while (whose && borrowed[whose - 1].share_root)
		whose--;
	if (!whose || borrowed[whose - 1].own_places)
		return 0;
	memory = raw_call(__NR_mmap, 0, sizeof(*copy), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (raw_failed(memory))
		return memory;
	copy = (struct places *)memory;
	*copy = *places_now();
	borrowed[whose - 1].own_places = copy;
	/* Children that share its root, which are the caller and its parents, have them back when theirs end. */
	for (unsigned int i = whose; i < borrows; i++)
		borrowed[i].places = copy;
	places_own = copy;
	return 0;
}

/**
 * refuse() - There was no room for a child, which has ended or is about to
 */
static long refuse(long child)
{
	while (raw4(__NR_wait4, child, NULL, __WALL, NULL) == -EINTR)
		;
	return -EAGAIN;
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
	else if (kind == HIJACK_VFORK)
		kernel_lend(true);
	else if (kind == HIJACK_THREAD)
		borrows = 0;
}

/**
 * hijack_on_parent() - After a clone, in the parent
 */
long hijack_on_parent(enum hijack_kind kind, long result)
{
	bool refused = false;
	long child;

	if (kind == HIJACK_THREAD && raw_failed(result))
		__atomic_fetch_sub(&threads, 1, __ATOMIC_RELAXED);
	if (kind == HIJACK_FORK)
		kernel_settled();
	if (kind == HIJACK_VFORK)
		kernel_lend(false);
	if (kind == HIJACK_VFORK && kernel_up)
		refused = end_borrower();
	if (unborn && (kind == HIJACK_FORK || kind == HIJACK_VFORK)) {
		/* A vfork child that has not taken it will not. */
		child = kind == HIJACK_FORK && result > 0 ? result : -1;
		refused = raw_failed(clone_task(unborn, child)) && !rump__is_lost() && child > 0;
		/* In any case, as the server frees the place of one that is not born. */
		if (child > 0)
			client_born((int)child, unborn);
		unborn = 0;
	}
	if (locked && kind == HIJACK_FORK) {
		locked = false;
		fds_unlock();
	}
	return refused ? refuse(result) : result;
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
