// SPDX-License-Identifier: BSD-2-Clause
/*
 * hijack_stacks.c - calls of the rump kernel on small stacks
 *
 *	hijack_stacks threads DIR	in threads with PTHREAD_STACK_MIN
 *	hijack_stacks handlers DIR	in handlers on the smallest alternate stacks, of signals that
 *					interrupt such calls and of faults
 *	hijack_stacks exit DIR		the last thread ends by exit(2), with files open
 *
 * DIR is the rump kernel's.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define CHECK(condition)                                                                       \
	do {                                                                                   \
		if (!(condition))                                                              \
			errx(1, "line %d: %s (%s)", __LINE__, #condition, strerror(errno));    \
	} while (0)

#define THREADS	 16
#define GUARD	 65536
#define PATTERN	 0x5a
#define HANDLERS 200

static const char *dir;

/**
 * calls() - Calls of all kinds, by names that are easy and names that are not
 * @id:		of the files
 *
 * Little is on the stack, as there is little of it.
 */
static void calls(int id)
{
	static char names[64][4][128];
	static char buffers[64][1024];
	char (*name)[128] = names[id];
	struct stat status;
	int fd;

	snprintf(name[0], 128, "%s/f%d", dir, id);
	snprintf(name[1], 128, "%s/./../%s/d%d/../f%d", dir, strrchr(dir, '/') + 1, id, id);
	snprintf(name[2], 128, "%s/d%d", dir, id);
	snprintf(name[3], 128, "%s/d%d/to", dir, id);
	CHECK(!mkdir(name[2], 0700));
	fd = open(name[0], O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK(fd >= 0 && write(fd, "contents", 8) == 8 && pread(fd, buffers[id], 8, 0) == 8);
	CHECK(!stat(name[1], &status) && status.st_size == 8);
	CHECK(!rename(name[1], name[3]));
	CHECK(stat(name[0], &status) < 0 && errno == ENOENT);
	CHECK(!symlink(name[3], name[0]));
	CHECK(readlink(name[1], buffers[id], 1024) == (ssize_t)strlen(name[3]));
	CHECK(!stat(name[1], &status) && status.st_size == 8);
	CHECK(stat("/absent/../absent", &status) < 0 && errno == ENOENT);
	CHECK(!unlink(name[1]) && !unlink(name[3]) && !rmdir(name[2]) && !close(fd));
}

static void *thread(void *argument)
{
	for (int i = 0; i < 20; i++)
		calls((int)(intptr_t)argument);
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[THREADS];
	pthread_attr_t attributes;

	CHECK(!pthread_attr_init(&attributes));
	CHECK(!pthread_attr_setstacksize(&attributes, (size_t)sysconf(_SC_THREAD_STACK_MIN)));
	for (long i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], &attributes, thread, (void *)i));
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
}

static volatile sig_atomic_t handled;
static sigjmp_buf after;
static uint8_t *below;
static volatile int *volatile nowhere = (volatile int *)8;

static void on_tick(int signal)
{
	(void)signal;
	calls(40);
	handled++;
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	CHECK(signal == SIGSEGV && info->si_code > 0 && info->si_addr == (void *)8);
	calls(41);
	siglongjmp(after, 1);
}

/**
 * small_stack() - Have the smallest alternate stack, with what is below it known
 */
static void small_stack(void)
{
	/* The C library's functions take some 3 KB of what the signal's frame leaves. */
	size_t size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 4096;
	stack_t stack = {.ss_size = size};

	below = mmap(NULL, GUARD + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(below, PATTERN, GUARD);
	stack.ss_sp = below + GUARD;
	CHECK(!sigaltstack(&stack, NULL));
}

static void check_below(void)
{
	size_t used = 0;

	while (used < GUARD && below[GUARD - 1 - used] == PATTERN)
		used++;
	if (used == GUARD)
		return;
	for (used = 0; below[used] == PATTERN; used++)
		;
	errx(1, "%zu bytes below the alternate stack are written", GUARD - used);
}

static void test_handlers(void)
{
	struct itimerval interval = {{0, 2000}, {0, 2000}};
	struct sigaction tick = {.sa_handler = on_tick, .sa_flags = SA_ONSTACK | SA_RESTART};
	struct sigaction fault = {.sa_sigaction = on_fault, .sa_flags = SA_ONSTACK | SA_SIGINFO};
	volatile int faults = 0;

	small_stack();
	CHECK(!sigaction(SIGALRM, &tick, NULL) && !sigaction(SIGSEGV, &fault, NULL));
	CHECK(!setitimer(ITIMER_REAL, &interval, NULL));
	while (handled < HANDLERS)
		calls(42);
	CHECK(!setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL));
	for (volatile int i = 0; i < 100; i++) {
		if (!sigsetjmp(after, 1))
			*nowhere = 1;
		faults = faults + 1;
		calls(43);
	}
	CHECK(faults == 100);
	check_below();
}

static void *last(void *argument)
{
	char name[256];
	int fd;

	/* The first thread is a zombie by now, or soon. */
	CHECK(!pthread_detach(pthread_self()) && argument == NULL);
	usleep(20000);
	snprintf(name, sizeof(name), "%s/last", dir);
	fd = open(name, O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0 && write(fd, "written by the last thread\n", 27) == 27);
	puts("exit: done");
	fflush(stdout);
	syscall(SYS_exit, 5);
	return NULL;
}

/**
 * test_exit() - All threads end by exit(2), none by exit_group(2)
 */
static void test_exit(void)
{
	pthread_t thread;

	calls(50);
	CHECK(!pthread_create(&thread, NULL, last, NULL));
	syscall(SYS_exit, 4);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	dir = argv[2];
	if (!strcmp(argv[1], "threads"))
		test_threads();
	else if (!strcmp(argv[1], "handlers"))
		test_handlers();
	else if (!strcmp(argv[1], "exit"))
		test_exit();
	else
		return 2;
	printf("%s: done\n", argv[1]);
	return 0;
}
