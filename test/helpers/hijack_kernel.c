// SPDX-License-Identifier: BSD-2-Clause
/* hijack_kernel.c - calls of the rump kernel from an ordinary program
 *
 *	hijack_kernel TEST
 *
 * Runs under a shim whose call 500 is a call of the rump kernel (hijack_kernel_route.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define CALL_RUMP 500
#define BAD_ADDRESS ((void *)0x1000)

#define check(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition,  \
				errno);                                                            \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

#define rump(nr, ...) rump_call(nr, __VA_ARGS__, 0l, 0l, 0l, 0l, 0l)
#define rump_call(nr, a, b, c, d, e, ...)                                                          \
	syscall(CALL_RUMP, (long)(nr), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

static volatile sig_atomic_t handled;
static sigjmp_buf jump;
static int rump_pipe[2];

static void count(int signal)
{
	(void)signal;
	handled++;
}

static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	check(!sigaction(signal, &action, NULL));
}

static void alarm_in(unsigned int milliseconds)
{
	struct itimerval timer = {.it_value.tv_usec = milliseconds * 1000};

	check(!setitimer(ITIMER_REAL, &timer, NULL));
}

/* Where one signal may come before the call that it is to find. */
static void alarm_every(unsigned int milliseconds)
{
	struct itimerval timer = {.it_value.tv_usec = milliseconds * 1000,
				  .it_interval.tv_usec = milliseconds * 1000};

	check(!setitimer(ITIMER_REAL, &timer, NULL));
}

static void open_pipe(void)
{
	check(!rump(SYS_pipe2, rump_pipe, 0));
}

static void *write_after_alarms(void *argument)
{
	sigset_t set;

	/* They are for the thread that reads. */
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	check(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	while (handled < 4)
		usleep(1000);
	check(rump(SYS_write, rump_pipe[1], "x", 1) == 1);
	return argument;
}

static void test_file(void)
{
	char text[6] = "";
	int fd = (int)rump(SYS_open, "/mnt/file", O_RDWR | O_CREAT, 0644);

	check(fd >= 0);
	check(rump(SYS_write, fd, "hello\n", 6) == 6);
	check(rump(SYS_pread64, fd, text, 6, 0) == 6 && !memcmp(text, "hello\n", 6));
	check(!rump(SYS_close, fd));
	check(rump(SYS_close, fd) == -1 && errno == EBADF);
}

/* What RUMP_MOUNT names was there when the program started. */
static void test_elsewhere(void)
{
	check(!chdir("/"));
	test_file();
}

static void test_no_sigchld(void)
{
	handle(SIGCHLD, count, 0);
	test_file();
	check(!handled && waitpid(-1, NULL, __WALL) == -1 && errno == ECHILD);
}

static void test_killed(void)
{
	test_file();
	raise(SIGTERM);
}

static void test_quick_exit(void)
{
	test_file();
	_exit(0);
}

/* ---- faults ---- */

static void check_bad_pointers(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = (int)rump(SYS_open, "/tmp/f", O_RDWR | O_CREAT | O_TRUNC, 0644);

	check(fd >= 0 && page != MAP_FAILED && !munmap(page + 4096, 4096));
	check(rump(SYS_open, BAD_ADDRESS, O_RDONLY) == -1 && errno == EFAULT);
	check(rump(SYS_write, fd, BAD_ADDRESS, 10) == -1 && errno == EFAULT);
	check(rump(SYS_write, fd, page + 4090, 100) == 6);
	check(rump(SYS_pread64, fd, BAD_ADDRESS, 6, 0) == -1 && errno == EFAULT);
	check(rump(SYS_fstat, fd, page + 4090) == -1 && errno == EFAULT);
	check(!rump(SYS_close, fd));
	munmap(page, 4096);
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	check(signal == SIGSEGV && info->si_addr == BAD_ADDRESS);
	handled++;
	siglongjmp(jump, 1);
}

static void test_faults(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	sigset_t set;

	check_bad_pointers();
	check(!sigaction(SIGSEGV, &action, NULL));
	check_bad_pointers();
	for (int i = 1; i < 4; i++) {
		if (!sigsetjmp(jump, 1))
			*(volatile char *)BAD_ADDRESS = 1;
		check(handled == i);
	}
	sigfillset(&set);
	check(!sigprocmask(SIG_BLOCK, &set, NULL));
	check_bad_pointers();
	check(handled == 3);
}

/* A fault while the program blocks it ends the program. */
static void test_blocked_fault(void)
{
	sigset_t set;

	check_bad_pointers();
	handle(SIGSEGV, count, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGSEGV);
	check(!sigprocmask(SIG_BLOCK, &set, NULL));
	*(volatile char *)BAD_ADDRESS = 1;
}

static void test_sent_fault(void)
{
	check_bad_pointers();
	handle(SIGSEGV, SIG_IGN, 0);
	kill(getpid(), SIGSEGV);
	handle(SIGSEGV, count, SA_RESETHAND);
	raise(SIGSEGV);
	check(handled == 1);
	raise(SIGSEGV);
}

static void test_shim_faults(void)
{
	sigset_t *bad = (sigset_t *)BAD_ADDRESS;

	check_bad_pointers();
	check(syscall(SYS_rt_sigprocmask, SIG_BLOCK, bad, NULL, 8) == -1 && errno == EFAULT);
	check(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, bad, 8) == -1 && errno == EFAULT);
	check(syscall(SYS_rt_sigaction, SIGUSR1, bad, NULL, 8) == -1 && errno == EFAULT);
	check(syscall(SYS_rt_sigaction, SIGUSR1, NULL, bad, 8) == -1 && errno == EFAULT);
	check(syscall(SYS_rt_sigaction, SIGKILL, NULL, NULL, 8) == 0);
	check(syscall(SYS_rt_sigaction, 65, NULL, NULL, 8) == -1 && errno == EINVAL);
}

/* ---- signals during calls ---- */

static void test_eintr(void)
{
	char byte;

	open_pipe();
	handle(SIGALRM, count, 0);
	alarm_every(50);
	check(rump(SYS_read, rump_pipe[0], &byte, 1) == -1 && errno == EINTR && handled >= 1);
}

static void test_restart(void)
{
	pthread_t thread;
	char byte = 0;

	open_pipe();
	handle(SIGALRM, count, SA_RESTART);
	alarm_every(50);
	check(!pthread_create(&thread, NULL, write_after_alarms, NULL));
	check(rump(SYS_read, rump_pipe[0], &byte, 1) == 1 && byte == 'x' && handled >= 4);
	pthread_join(thread, NULL);
}

static void test_sleep(void)
{
	struct timespec long_time = {.tv_sec = 10}, left = {0};

	handle(SIGALRM, count, SA_RESTART);
	rump(SYS_getpid, 0);
	alarm_every(50);
	check(rump(SYS_nanosleep, &long_time, &left) == -1 && errno == EINTR);
	check(handled >= 1 && left.tv_sec >= 5 && left.tv_sec < 10);
}

static void jump_out(int signal)
{
	(void)signal;
	handled++;
	siglongjmp(jump, 1);
}

static void test_jump(void)
{
	char byte;

	open_pipe();
	handle(SIGALRM, jump_out, 0);
	for (int i = 1; i <= 20; i++) {
		if (!sigsetjmp(jump, 1)) {
			alarm_in(20);
			rump(SYS_read, rump_pipe[0], &byte, 1);
			check(false);
		}
		check(handled == i);
		check(rump(SYS_getppid, 0) >= 0);
	}
	check(rump(SYS_write, rump_pipe[1], "y", 1) == 1);
	check(rump(SYS_read, rump_pipe[0], &byte, 1) == 1 && byte == 'y');
}

/* The signal comes before the call, at its beginning, or when it blocks; none may get lost. */
static void test_jump_anywhere(void)
{
	char byte;

	open_pipe();
	handle(SIGALRM, jump_out, 0);
	for (int i = 1; i <= 3000; i++) {
		struct itimerval timer = {.it_value.tv_usec = 1 + i % 100};

		if (!sigsetjmp(jump, 1)) {
			check(!setitimer(ITIMER_REAL, &timer, NULL));
			rump(SYS_read, rump_pipe[0], &byte, 1);
			check(false);
		}
		check(handled == i);
	}
}

static void call_inside(int signal)
{
	(void)signal;
	if (rump(SYS_write, rump_pipe[1], "z", 1) == 1)
		handled++;
}

static void test_handler_calls(void)
{
	char byte = 0;

	open_pipe();
	handle(SIGALRM, call_inside, SA_RESTART);
	alarm_in(50);
	check(rump(SYS_read, rump_pipe[0], &byte, 1) == 1 && byte == 'z' && handled == 1);
}

static volatile bool cleaned;

static void clean(void *argument)
{
	(void)argument;
	cleaned = true;
}

static pthread_barrier_t about_to_block;

static void *blocked(void *argument)
{
	char byte;

	(void)argument;
	pthread_cleanup_push(clean, NULL);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	pthread_barrier_wait(&about_to_block);
	rump(SYS_read, rump_pipe[0], &byte, 1);
	pthread_cleanup_pop(0);
	return NULL;
}

static void test_cancel(void)
{
	pthread_t thread;
	void *result;

	open_pipe();
	check(!pthread_barrier_init(&about_to_block, NULL, 2));
	for (int i = 0; i < 20; i++) {
		cleaned = false;
		check(!pthread_create(&thread, NULL, blocked, NULL));
		pthread_barrier_wait(&about_to_block);
		usleep(20000);
		check(!pthread_cancel(thread));
		check(!pthread_join(thread, &result) && result == PTHREAD_CANCELED && cleaned);
	}
	check(rump(SYS_write, rump_pipe[1], "x", 1) == 1);
}

/* ---- what the program sees of its signals ---- */

static void test_views(void)
{
	struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART | SA_NODEFER}, old;
	sigset_t set, before;

	sigemptyset(&set);
	sigaddset(&set, SIGBUS);
	check(!sigprocmask(SIG_BLOCK, &set, NULL));
	sigaddset(&action.sa_mask, SIGSEGV);
	sigaddset(&action.sa_mask, SIGUSR2);
	check(!sigaction(SIGUSR1, &action, NULL));
	rump(SYS_getpid, 0);

	check(!sigprocmask(SIG_BLOCK, NULL, &before));
	check(sigismember(&before, SIGBUS) && !sigismember(&before, SIGSEGV));
	check(!sigaction(SIGUSR1, NULL, &old));
	check(old.sa_handler == count && (old.sa_flags & ~0x04000000) == action.sa_flags);
	check(sigismember(&old.sa_mask, SIGSEGV) && sigismember(&old.sa_mask, SIGUSR2));
	check(!sigismember(&old.sa_mask, SIGBUS));
	check(!sigaction(SIGTERM, NULL, &old) && old.sa_handler == SIG_DFL);
	check(!sigaction(SIGSEGV, NULL, &old) && old.sa_handler == SIG_DFL);

	sigfillset(&set);
	check(!sigprocmask(SIG_SETMASK, &set, &before));
	check(sigismember(&before, SIGBUS) && !sigismember(&before, SIGUSR1));
	check(!sigprocmask(SIG_SETMASK, &before, &set));
	check(sigismember(&set, SIGBUS) && sigismember(&set, SIGSEGV) && sigismember(&set, SIGUSR1));
	check_bad_pointers();
	handle(SIGSEGV, SIG_IGN, 0);
	check(!sigaction(SIGSEGV, NULL, &old) && old.sa_handler == SIG_IGN);
}

/* ---- processes and threads ---- */

static void test_forked(void)
{
	int status;
	pid_t child;

	test_file();
	for (int i = 0; i < 10; i++) {
		child = fork();
		if (!child) {
			handle(SIGUSR1, count, 0);
			raise(SIGUSR1);
			check(handled == 1);
			check(rump(SYS_getpid, 0) == -1 && errno == ENXIO);
			exit(7);
		}
		check(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
		handle(SIGUSR1, SIG_DFL, 0);
	}
	child = fork();
	if (!child)
		pause();
	kill(child, SIGTERM);
	check(waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGTERM);
	check(rump(SYS_unlink, "/mnt/file") == 0);
	test_file();
}

extern char **environ;

static void test_spawned(void)
{
	char *argv[] = {"true", NULL};
	struct sigaction old;
	int status;
	pid_t child;

	rump(SYS_getpid, 0);
	handle(SIGUSR1, count, 0);
	handle(SIGINT, count, 0);
	for (int i = 0; i < 10; i++) {
		check(!posix_spawn(&child, "/bin/true", NULL, NULL, argv, environ));
		check(waitpid(child, &status, 0) == child && status == 0);
		check(system("exit 3") >> 8 == 3);
	}
	check(!sigaction(SIGINT, NULL, &old) && old.sa_handler == count);
	raise(SIGUSR1);
	raise(SIGINT);
	check(handled == 2);
}

static void *worker(void *argument)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/w%ld", (long)argument);
	for (int i = 0; i < 50; i++) {
		fd = (int)rump(SYS_open, path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		check(fd >= 0 && rump(SYS_write, fd, path, 10) == 10 && !rump(SYS_close, fd));
	}
	return NULL;
}

/* All of them find that the kernel is needed. */
static void test_threads(void)
{
	pthread_t threads[32];

	for (int round = 0; round < 10; round++) {
		for (long i = 0; i < 32; i++)
			check(!pthread_create(&threads[i], NULL, worker, (void *)i));
		for (int i = 0; i < 32; i++)
			check(!pthread_join(threads[i], NULL));
	}
}

static void *one_call(void *argument)
{
	check(rump(SYS_gettid, 0) > 0);
	return argument;
}

static void test_many_threads(void)
{
	pthread_t thread;

	for (int i = 0; i < 3000; i++) {
		check(!pthread_create(&thread, NULL, one_call, NULL));
		check(!pthread_join(thread, NULL));
	}
}

static void boot_inside(int signal)
{
	(void)signal;
	check_bad_pointers();
	handled++;
}

/* The first call is made in a handler, on a small stack, with everything blocked. */
static void test_boot_in_handler(void)
{
	static char memory[12288];
	struct sigaction action = {.sa_handler = boot_inside, .sa_flags = SA_ONSTACK};
	stack_t stack = {.ss_sp = memory, .ss_size = sizeof(memory)};

	sigfillset(&action.sa_mask);
	check(!sigaltstack(&stack, NULL) && !sigaction(SIGUSR1, &action, NULL));
	raise(SIGUSR1);
	check(handled == 1);
	test_file();
}

static const struct test {
	const char *name;
	void (*run)(void);
} tests[] = {
	{"file", test_file},
	{"elsewhere", test_elsewhere},
	{"no_sigchld", test_no_sigchld},
	{"killed", test_killed},
	{"quick_exit", test_quick_exit},
	{"faults", test_faults},
	{"blocked_fault", test_blocked_fault},
	{"sent_fault", test_sent_fault},
	{"shim_faults", test_shim_faults},
	{"eintr", test_eintr},
	{"restart", test_restart},
	{"sleep", test_sleep},
	{"jump", test_jump},
	{"jump_anywhere", test_jump_anywhere},
	{"handler_calls", test_handler_calls},
	{"cancel", test_cancel},
	{"views", test_views},
	{"forked", test_forked},
	{"spawned", test_spawned},
	{"threads", test_threads},
	{"many_threads", test_many_threads},
	{"boot_in_handler", test_boot_in_handler},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (argc == 2 && !strcmp(argv[1], tests[i].name)) {
			tests[i].run();
			printf("%s: done\n", argv[1]);
			return 0;
		}
	}
	fprintf(stderr, "usage: hijack_kernel TEST\n");
	return 2;
}
