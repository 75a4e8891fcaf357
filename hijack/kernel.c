// SPDX-License-Identifier: BSD-2-Clause
/* kernel.c - the rump kernel in the program's process
 *
 * Theory of operation
 *
 * The core of librump is linked into the shim and boots the kernel in the first call that needs it:
 * in whatever thread makes that call, with whatever signal mask, on whatever is left of its stack.
 * So the boot has a stack of its own, and all signals are blocked but those that the kernel's own
 * faults arrive as. Whoever else needs the kernel meanwhile waits.
 *
 * Before the program's first thread has its thread-local storage no call can be made: what is
 * written there in the resolver (init.c) is lost later, and that is how kernel_need() knows.
 *
 * A fork child has a copy of everything but the kernel itself, whose memory it shares with its
 * parent. It must not enter it; kernel_forget() sees to that.
 *
 * Invariant: no process is forked while a thread is about to join. A copy of what is half done there would be
 * of no use, and the lock would be that of a thread which the child has not got. So a fork waits for a thread
 * that joins (kernel_settle()), for as long as others that need the kernel would, and then has the kernel; or
 * it holds the lock itself until both go on, and either joins when it needs the kernel.
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/mman.h>

#include "../kernel/lib/core.h"
#include "call.h"
#include "kernel.h"
#include "mounts.h"
#include "server.h"
#include "raw.h"
#include "state.h"
#include "str.h"
#include "thread.h"

#define BOOT_STACK  (256ul << 10)
#define GUARD_SIZE  4096ul

bool kernel_up;

static struct lock need_lock;
static bool forgotten, foreign;
static __thread bool early;   /* of the storage that will be lost */
static __thread bool settled; /* it holds @need_lock, and has had this mask */
static __thread unsigned long settled_mask;
static __thread bool lent;    /* the memory is a parent's that is not of the kernel */

/**
 * give_up() - End the program, as it cannot go on
 */
static _Noreturn void give_up(int status)
{
	for (;;)
		raw1(__NR_exit_group, status);
}

/**
 * no_thread() - Threads of the kernel are the server's
 */
static int no_thread(void (*fn)(void *argument), void *argument, const char *name)
{
	(void)fn;
	(void)argument;
	(void)name;
	return -EAGAIN;
}

/**
 * join() - Become a process of the kernel of this tree
 */
static void join(void)
{
	struct rump__setup setup = {
		.envp = (char *const *)hijack_config.saved,
		.libdir = hijack_config.libdir,
		.thread = no_thread,
		.left = client_end,
	};
	long result = client_join(&setup);

	if (result) {
		/* A server that could not boot has said why. */
		if (result == -EXDEV)
			rump__foreign();
		else if (result != -ECONNREFUSED && result != -ECONNRESET && result != -EPIPE)
			rump__error("cannot join the kernel: %s", str_error(result));
		give_up(EXIT_KERNEL);
	}
	hijack_on_kernel();
	__atomic_store_n(&kernel_up, true, __ATOMIC_RELEASE);
}

/**
 * kernel_boot() - Boot and mount, in the server
 */
void kernel_boot(void)
{
	struct rump__setup setup = {
		.envp = (char *const *)hijack_config.saved,
		.libdir = hijack_config.libdir,
		.comm = "rump-server",
		.thread = thread_start,
		.own = hijack_on_own,
	};

	if (rump__boot(&setup))
		give_up(EXIT_KERNEL);
	if (!mounts_mount()) {
		rump__exit();
		give_up(EXIT_KERNEL);
	}
	rump__lo_up();
	if (rump__net_up()) {
		rump__exit();
		give_up(EXIT_KERNEL);
	}
	kernel_up = true;
}

/**
 * call_on() - Call a function on another stack
 * @top:	where it begins
 */
static void call_on(void (*fn)(void), unsigned long top)
{
	__asm__ volatile("	mov	%%rsp, %%rbx\n"
			 "	mov	%[top], %%rsp\n"
			 "	call	*%[fn]\n"
			 "	mov	%%rbx, %%rsp\n"
			 : [top] "+S"(top), [fn] "+D"(fn)
			 :
			 : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
}

/**
 * join_apart() - join() on a stack for that
 */
static void join_apart(void)
{
	long stack = raw_call(__NR_mmap, 0, BOOT_STACK, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (raw_failed(stack)) {
		rump__error("cannot join the kernel: %s", str_error(stack));
		give_up(EXIT_KERNEL);
	}
	raw3(__NR_mprotect, stack, GUARD_SIZE, PROT_NONE);
	call_on(join, (unsigned long)stack + BOOT_STACK);
	raw2(__NR_munmap, stack, BOOT_STACK);
}

/**
 * kernel_need() - Join the kernel, unless that is done
 *
 * Return: 0, or -ENXIO if this process can have none
 */
long kernel_need(void)
{
	unsigned long mask;

	if (__atomic_load_n(&kernel_up, __ATOMIC_ACQUIRE))
		return 0;
	if (forgotten && rump__is_lost())
		return rump__lost();
	if (foreign)
		return rump__foreign();
	if (forgotten || early || lent)
		return -ENXIO;
	mask = lock_take_but(&need_lock, RUMP__FAULTS | RUMP__BIT(SIGSYS));
	if (!kernel_up)
		join_apart();
	lock_release(&need_lock, rump__self.ht ? mask & ~rump__open_signals : mask);
	return 0;
}

/**
 * kernel_settle() - No thread joins from here on, and what comes of this process finds the same server
 *
 * If one has joined before there is nothing to do.
 */
void kernel_settle(void)
{
	unsigned long mask = lock_take_but(&need_lock, RUMP__FAULTS | RUMP__BIT(SIGSYS));

	if (kernel_up) {
		lock_release(&need_lock, mask);
		return;
	}
	client_prepare();
	settled_mask = mask;
	settled = true;
}

/**
 * kernel_settled() - That is over: for who has called kernel_settle(), and for a child that it has forked
 */
void kernel_settled(void)
{
	if (!settled)
		return;
	settled = false;
	lock_release(&need_lock, settled_mask);
}

/**
 * kernel_lend() - The calling thread is a vfork child from now on, or is none any more
 */
void kernel_lend(bool to_child)
{
	lent = to_child;
}

/**
 * kernel_is_lent() - Whether the caller is such a child
 */
bool kernel_is_lent(void)
{
	return lent;
}

/**
 * kernel_is_early() - Whether the program's thread-local storage is not there yet
 */
bool kernel_is_early(void)
{
	return early;
}

/**
 * rumphijack_syslog() - syslog(2) of the rump kernel, for rump dmesg, which this library is loaded into
 *
 * Return: result or a negated errno
 */
__attribute__((visibility("default"))) long rumphijack_syslog(int type, char *buffer, int size);
long rumphijack_syslog(int type, char *buffer, int size)
{
	long result = kernel_need();

	return result ? result : kernel_call(__NR_syslog, type, (long)buffer, size, 0, 0, 0);
}

/**
 * kernel_thread_exit() - End the calling thread's task
 */
void kernel_thread_exit(void)
{
	if (rump__self.ht)
		rump__detach();
}

/**
 * kernel_exit() - Leave the kernel; in the server, sync and unmount
 */
void kernel_exit(void)
{
	/* No handler runs from here on: it might wait for a lock of a thread that waits for the end. */
	rump__self.incall = 1;
	rump__self.held++;
	rump__exit();
}

/**
 * kernel_forget() - In a fork child: there is no kernel
 * @is_foreign:	as it is in another pid namespace than its parent
 */
void kernel_forget(bool is_foreign)
{
	forgotten = forgotten || kernel_up;
	foreign = is_foreign;
	kernel_up = false;
	need_lock.word = 0;
	if (forgotten || rump__signals_up)
		rump__forget();
}

/**
 * kernel_configure() - Check the kernel's part of the configuration
 */
void kernel_configure(void)
{
	char *const *envp = (char *const *)hijack_config.saved;
	const char *mounts = rump__getenv(envp, "RUMP_MOUNT");
	struct rump__params params;

	early = true;
	if (hijack_config.sud)
		rump__open_signals |= RUMP__BIT(SIGSYS);
	/* What concerns the kernel is its server's to check, if there is one. */
	if (rump__getenv(envp, "RUMP_SERVER"))
		return;
	if (rump__params_read(&params, envp) || !rump__net_check(envp, params.ncpu) ||
	    (mounts && !mounts_read(mounts)))
		give_up(EXIT_CONFIG);
}
