// SPDX-License-Identifier: BSD-2-Clause
/* hijack_threads.c - threads and processes come and go
 *
 *	hijack_threads create		joinable and detached threads, from several threads at once
 *	hijack_threads leader		the main thread leaves by pthread_exit()
 *	hijack_threads raw		clone(2) and clone3(2) of each kind without libc
 *	hijack_threads vfork		vfork in vfork in a thread, while others make calls
 *	hijack_threads fork		processes fork from several threads at once, while others dlopen
 *	hijack_threads unmapself	a thread unmaps its own stack and exits
 *	hijack_threads dlopen LIBRARY	several threads dlopen and dlclose, more often than there are slots
 */
#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_SIZE (256 << 10)
#define THREADS	   4

static atomic_int done, stop;
static const char *library;

/**
 * in_threads() - Run a function in THREADS threads at once
 */
static void in_threads(void *(*fn)(void *))
{
	pthread_t thread[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, fn, NULL))
			errx(1, "pthread_create");
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

/**
 * small_thread() - A thread that makes a call and ends
 */
static void *small_thread(void *argument)
{
	if (syscall(SYS_gettid) > 0)
		done++;
	return argument;
}

/**
 * create_some() - Make threads, every other one detached
 */
static void *create_some(void *argument)
{
	for (int i = 0; i < 100; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, small_thread, NULL))
			errx(1, "pthread_create");
		if (i % 2)
			pthread_detach(thread);
		else
			pthread_join(thread, NULL);
	}
	return argument;
}

/**
 * wait_for() - Wait until @count threads are done
 */
static void wait_for(int count)
{
	while (done < count)
		sched_yield();
}

/**
 * last_thread() - What remains when the main thread has left
 */
static void *last_thread(void *main_thread)
{
	pthread_join(*(pthread_t *)main_thread, NULL);
	puts("leader: the last thread speaks");
	exit(0);
}

/**
 * on_stack() - What a raw clone runs: it writes, it ends
 */
static int on_stack(void *argument)
{
	done++;
	(void)argument;
	return 7;
}

/**
 * raw_clone3() - clone3(2) whose child calls on_stack() and exits
 */
static long raw_clone3(struct clone_args *args)
{
	long result;

	__asm__ volatile("syscall\n\t"
			 "test %%eax, %%eax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "call *%[fn]\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov $60, %%eax\n\t"
			 "syscall\n"
			 "1:"
			 : "=a"(result)
			 : "a"(SYS_clone3), "D"(args),
			   "S"(sizeof(*args)), [fn] "r"((uintptr_t)on_stack)
			 : "rcx", "r11", "memory");
	return result;
}

/**
 * expect_status() - Wait for a child and require an exit status
 */
static void expect_status(pid_t child, int wanted)
{
	int status;

	if (child < 0 || waitpid(child, &status, __WALL) != child || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != wanted)
		errx(1, "child %d did not exit with %d", (int)child, wanted);
}

/**
 * test_raw() - Each kind of clone
 */
static void test_raw(void)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	struct clone_args args = {.exit_signal = SIGCHLD};
	static int tid;

	/* a copy, on the same stack */
	expect_status((pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) ?: (_exit(3), 0), 3);
	/* a copy, on a new stack */
	expect_status(clone(on_stack, stack + STACK_SIZE, SIGCHLD, NULL), 7);
	/* shared memory, on a new stack, with and without waiting */
	expect_status(clone(on_stack, stack + STACK_SIZE, CLONE_VM | SIGCHLD, NULL), 7);
	expect_status(clone(on_stack, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL),
		      7);
	/* the same by clone3 */
	args.stack = (uintptr_t)stack;
	args.stack_size = STACK_SIZE;
	expect_status((pid_t)raw_clone3(&args), 7);
	args.flags = CLONE_VM;
	expect_status((pid_t)raw_clone3(&args), 7);
	/* a thread */
	args.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		     CLONE_SYSVSEM | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID;
	args.exit_signal = 0;
	args.child_tid = args.parent_tid = (uintptr_t)&tid;
	if (raw_clone3(&args) < 0)
		err(1, "clone3");
	while (__atomic_load_n(&tid, __ATOMIC_ACQUIRE))
		sched_yield();
	/* refused */
	args.flags = CLONE_THREAD;
	if (raw_clone3(&args) != -EINVAL)
		errx(1, "clone3 of a thread without its memory");
	if (syscall(SYS_clone3, 8, sizeof(args)) != -1 || errno != EFAULT)
		errx(1, "clone3 at a bad address");
	/* those that share the memory: two by clone, one by clone3, the thread */
	if (done != 4)
		errx(1, "%d children ran in this memory", done);
}

/**
 * vforks() - vfork in vfork
 */
static void *vforks(void *argument)
{
	for (int i = 0; i < 50; i++) {
		int status = 0;
		pid_t child = vfork();

		if (child == 0) {
			pid_t grandchild = vfork();

			if (grandchild == 0)
				_exit(5);
			if (waitpid(grandchild, &status, 0) != grandchild ||
			    WEXITSTATUS(status) != 5)
				_exit(1);
			execlp("true", "true", NULL);
			_exit(2);
		}
		expect_status(child, 0);
	}
	return argument;
}

/**
 * busy() - Make calls until told to stop
 */
static void *busy(void *argument)
{
	while (!stop) {
		void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		munmap(page, 4096);
	}
	return argument;
}

/**
 * forks() - Fork processes that fork
 */
static void *forks(void *argument)
{
	for (int i = 0; i < 25; i++) {
		pid_t child = fork();

		if (child == 0) {
			child = fork();
			if (child == 0) {
				void *handle = library ? dlopen(library, RTLD_NOW) : NULL;

				_exit(library && !handle ? 1 : 4);
			}
			expect_status(child, 4);
			_exit(6);
		}
		expect_status(child, 6);
	}
	return argument;
}

/**
 * opens() - Load and unload a library
 */
static void *opens(void *argument)
{
	for (int i = 0; i < 150; i++) {
		void *handle = dlopen(library, RTLD_NOW);
		void (*fn)(const char *);

		if (!handle)
			errx(1, "%s", dlerror());
		fn = (void (*)(const char *))dlsym(handle, "everylib_access");
		fn("/");
		dlclose(handle);
	}
	done++;
	return argument;
}

/**
 * unmap_self() - Unmap the stack and exit, as musl's detached threads do
 */
static int unmap_self(void *stack)
{
	__asm__ volatile("mov $11, %%eax\n\tsyscall\n\t"
			 "xor %%edi, %%edi\n\tmov $60, %%eax\n\tsyscall"
			 :
			 : "D"(stack), "S"((long)STACK_SIZE)
			 : "rax", "rcx", "r11", "memory");
	return 0;
}

/**
 * test_unmapself() - Threads whose stack goes before they do
 */
static void test_unmapself(void)
{
	static int tid;

	for (int i = 0; i < 50; i++) {
		char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

		if (clone(unmap_self, stack + STACK_SIZE,
			  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
				  CLONE_SYSVSEM | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID,
			  stack, &tid, NULL, &tid) < 0)
			err(1, "clone");
		while (__atomic_load_n(&tid, __ATOMIC_ACQUIRE))
			sched_yield();
		if (msync(stack, 4096, MS_ASYNC) == 0)
			errx(1, "the stack is still there");
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	pthread_t thread;

	library = argc > 2 ? argv[2] : NULL;
	if (!strcmp(what, "create")) {
		in_threads(create_some);
		wait_for(THREADS * 100);
	} else if (!strcmp(what, "leader")) {
		static pthread_t self;

		self = pthread_self();
		pthread_create(&thread, NULL, last_thread, &self);
		pthread_exit(NULL);
	} else if (!strcmp(what, "raw")) {
		test_raw();
	} else if (!strcmp(what, "vfork")) {
		pthread_create(&thread, NULL, busy, NULL);
		in_threads(vforks);
		stop = 1;
		pthread_join(thread, NULL);
	} else if (!strcmp(what, "fork")) {
		in_threads(forks);
	} else if (!strcmp(what, "dlopen")) {
		in_threads(opens);
		if (done != THREADS)
			return 1;
	} else if (!strcmp(what, "unmapself")) {
		test_unmapself();
	} else {
		return 2;
	}
	printf("%s: done\n", what);
	return 0;
}
