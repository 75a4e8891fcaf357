// SPDX-License-Identifier: BSD-2-Clause
/* hijack_signals.c - signals by the thousand while every kind of call is made
 *
 *	hijack_signals storm LIBRARY	a timer signal every 50 us; the handler makes calls too
 *	hijack_signals restart		SA_RESTART restarts read(), without it there is EINTR
 *	hijack_signals jump		siglongjmp() out of a handler, out of a blocked call
 *	hijack_signals altstack		a handler on a small alternate stack makes calls
 *	hijack_signals mask		sigprocmask() and friends tell and do what they should
 *	hijack_signals sigsys		the program's own use of SIGSYS
 *	hijack_signals stay		a site that must be found by the signal: glibc
 *					2.41's cancellation
 */
#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t ticks;
static sigjmp_buf out;
static int fds[2];

/**
 * handle() - Install a handler
 */
static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	if (sigaction(signal, &action, NULL))
		err(1, "sigaction");
}

/**
 * every() - Start the timer
 */
static void every(int microseconds)
{
	struct itimerval timer = {{0, microseconds}, {0, microseconds}};

	setitimer(ITIMER_REAL, &timer, NULL);
}

/**
 * tick() - A handler that makes calls
 */
static void tick(int signal)
{
	int saved = errno;

	(void)signal;
	ticks++;
	if (syscall(SYS_getppid) <= 0)
		_exit(9);
	if (ticks % 16 == 0) {
		void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		munmap(page, 4096);
	}
	errno = saved;
}

/**
 * test_storm() - Make calls in the storm
 */
static void test_storm(const char *library)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char byte;

	handle(SIGALRM, tick, SA_RESTART);
	every(50);
	for (int i = 0; i < 400 || ticks < 2000; i++) {
		void *text, *handle = i % 20 ? NULL : dlopen(library, RTLD_NOW);
		pid_t child;

		errno = 55;
		if (write(fds[1], "x", 1) != 1 || read(fds[0], &byte, 1) != 1 || byte != 'x')
			errx(1, "pipe");
		if (errno != 55)
			errx(1, "errno is %d", errno);
		if (close(-1) != -1 || errno != EBADF)
			errx(1, "close(-1)");
		text = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
		if (text == MAP_FAILED || munmap(text, 4096))
			errx(1, "mmap");
		if (handle)
			dlclose(handle);
		if (i % 50 == 0) {
			int status;

			child = fork();
			if (child == 0)
				_exit(3);
			if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 3)
				errx(1, "fork");
		}
	}
	every(0);
}

/**
 * feed() - A handler that gives the blocked read() its byte at the second tick
 */
static void feed(int signal)
{
	(void)signal;
	if (++ticks == 2)
		write(fds[1], "y", 1);
}

/**
 * test_restart() - Interrupted calls
 */
static void test_restart(void)
{
	struct timespec day = {86400, 0};
	int status;
	pid_t child;
	char byte;

	handle(SIGALRM, feed, SA_RESTART);
	every(5000);
	if (read(fds[0], &byte, 1) != 1 || byte != 'y' || ticks < 2)
		errx(1, "read was not restarted");
	handle(SIGALRM, feed, 0);
	if (read(fds[0], &byte, 1) != -1 || errno != EINTR)
		errx(1, "read was restarted");
	if (nanosleep(&day, &day) != -1 || errno != EINTR || day.tv_sec > 86399)
		errx(1, "nanosleep");
	every(0);
	/* A stopped and continued nanosleep() goes on by restart_syscall(2). */
	child = fork();
	if (child == 0) {
		struct timespec some = {0, 100000000};

		_exit(nanosleep(&some, NULL) ? 1 : 0);
	}
	usleep(20000);
	kill(child, SIGSTOP);
	if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status))
		errx(1, "not stopped");
	kill(child, SIGCONT);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status))
		errx(1, "nanosleep did not go on");
}

/**
 * leap() - Leave the handler for main()
 */
static void leap(int signal)
{
	(void)signal;
	siglongjmp(out, 1);
}

/**
 * test_jump() - Out of a blocked call, often
 */
static void test_jump(void)
{
	volatile int jumps = 0;
	char byte;

	handle(SIGALRM, leap, 0);
	while (jumps < 300) {
		struct itimerval timer = {{0, 0}, {0, 200}};

		if (sigsetjmp(out, 1)) {
			jumps++;
			continue;
		}
		setitimer(ITIMER_REAL, &timer, NULL);
		read(fds[0], &byte, 1);
	}
}

/**
 * test_altstack() - A handler on the smallest stack that the kernel takes, and a bit
 */
static void test_altstack(void)
{
	size_t size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 4096;
	stack_t stack = {.ss_sp = malloc(size), .ss_size = size};

	sigaltstack(&stack, NULL);
	handle(SIGUSR1, tick, SA_ONSTACK);
	for (int i = 0; i < 100; i++)
		raise(SIGUSR1);
	if (ticks != 100)
		errx(1, "%d ticks", (int)ticks);
}

/**
 * test_mask() - Blocked signals stay blocked, in poll too
 */
static void test_mask(void)
{
	sigset_t set, old;
	struct timespec soon = {0, 1000000};

	handle(SIGUSR1, tick, 0);
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	raise(SIGUSR1);
	if (ticks)
		errx(1, "not blocked");
	sigprocmask(SIG_SETMASK, NULL, &old);
	if (!sigismember(&old, SIGUSR1) || !sigismember(&old, SIGTERM))
		errx(1, "mask not told");
	if (ppoll(NULL, 0, &soon, &set) != 0 || ticks)
		errx(1, "not blocked in ppoll");
	if (pselect(0, NULL, NULL, NULL, &soon, &set) != 0 || ticks)
		errx(1, "not blocked in pselect");
	sigdelset(&set, SIGUSR1);
	if (sigsuspend(&set) != -1 || ticks != 1)
		errx(1, "not delivered in sigsuspend");
	raise(SIGUSR1);
	if (ppoll(NULL, 0, NULL, &set) != -1 || errno != EINTR || ticks != 2)
		errx(1, "not delivered in ppoll");
}

static volatile sig_atomic_t trapped;

/**
 * on_sigsys() - The program's own handler: a call that its filter traps
 */
static void on_sigsys(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	trapped = info->si_syscall;
}

/**
 * test_sigsys() - A handler for SIGSYS and a filter that sends it
 */
static void test_sigsys(void)
{
	struct sigaction action = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO}, old;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sysinfo, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	sigaction(SIGSYS, &action, &old);
	if (old.sa_handler != SIG_DFL)
		errx(1, "there was a handler for SIGSYS");
	sigaction(SIGSYS, NULL, &old);
	if (old.sa_sigaction != on_sigsys)
		errx(1, "the handler was not kept");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		err(1, "seccomp");
	syscall(SYS_sysinfo, NULL);
	if (trapped != SYS_sysinfo)
		errx(1, "the handler was not called");
}

/* As glibc 2.41's __syscall_cancel_arch ends. pause(2) takes no arguments. */
long staying_pause(void);
extern const char staying_syscall[];
__asm__(".text\n"
	".type staying_pause, @function\n"
	"staying_pause:\n"
	"	.cfi_startproc\n"
	"	sub $24, %rsp\n"
	"	.cfi_def_cfa_offset 32\n"
	"	mov $34, %eax\n"
	"	mov $77, %r11d\n"
	"	mov %r11, 8(%rsp)\n"
	"staying_syscall:\n"
	"	syscall\n"
	"	add $24, %rsp\n"
	"	.cfi_def_cfa_offset 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size staying_pause, . - staying_pause\n");

static volatile uintptr_t found_at;

/**
 * find() - Note where the signal found the program
 */
static void find(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	found_at = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
}

/**
 * test_stay() - The signal finds the program at its own instruction
 */
static void test_stay(void)
{
	struct sigaction action = {.sa_sigaction = find, .sa_flags = SA_SIGINFO};
	struct itimerval timer = {{0, 0}, {0, 20000}};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	if (staying_pause() != -EINTR)
		errx(1, "pause returned");
	if (found_at != (uintptr_t)staying_syscall + 2)
		errx(1, "found elsewhere");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (pipe(fds))
		return 1;
	if (!strcmp(what, "storm") && argc == 3)
		test_storm(argv[2]);
	else if (!strcmp(what, "restart"))
		test_restart();
	else if (!strcmp(what, "jump"))
		test_jump();
	else if (!strcmp(what, "altstack"))
		test_altstack();
	else if (!strcmp(what, "mask"))
		test_mask();
	else if (!strcmp(what, "sigsys"))
		test_sigsys();
	else if (!strcmp(what, "stay"))
		test_stay();
	else
		return 2;
	printf("%s: done\n", what);
	return 0;
}
