// SPDX-License-Identifier: BSD-2-Clause
/* processes_guest.c - processes that have their parent's memory, at the same time or on borrowed time
 *
 *	processes_guest beside FILE ROUNDS	guests at work while their parent uses FILE
 *	processes_guest mix FILE ROUNDS SEED	vfork, CLONE_VM, posix_spawn and fork at random
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK (64 << 10)
#define TURNS 50

extern char **environ;

static char stacks[4][STACK] __attribute__((aligned(16)));
static int rump_fd;
static volatile sig_atomic_t seen;

/**
 * check_parent() - Use the file, and find it as it should be
 */
static void check_parent(unsigned int turn)
{
	char text[16], back[16] = "";
	int n = snprintf(text, sizeof(text), "%u", turn), fd;

	if (pwrite(rump_fd, text, n + 1, 0) != n + 1 || pread(rump_fd, back, sizeof(back), 0) < n + 1)
		err(1, "the file");
	if (strcmp(text, back))
		errx(1, "'%s' was written and '%s' is read", text, back);
	fd = open("/etc/hostname", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
}

/**
 * guest() - Make calls of the host, some of them on the numbers that the parent has; no errno, which is its
 *
 * Those with even numbers have descriptors of their own: what they close is not the parent's.
 */
static int guest(void *argument)
{
	int number = (int)(long)argument, fd;

	for (int turn = 0; turn < TURNS; turn++) {
		fd = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY);
		if (fd < 0 || syscall(SYS_write, fd, "x", 1) != 1)
			return 2;
		syscall(SYS_close, fd);
		if (!(number & 1))
			syscall(SYS_close, rump_fd);
		syscall(SYS_kill, syscall(SYS_getpid), SIGUSR1);
	}
	if (number == 3) {
		long child = syscall(SYS_fork);

		if (child == 0)
			syscall(SYS_execve, "/bin/true", (char *[]){"true", NULL}, environ);
		if (child < 0 || syscall(SYS_wait4, child, NULL, 0, NULL) != child)
			return 3;
	}
	return 0;
}

static void note(int sig)
{
	(void)sig;
	seen = 1;
}

/**
 * beside() - Guests at work while their parent is
 */
static int beside(unsigned int rounds)
{
	int pids[4], left;

	signal(SIGUSR1, note);
	for (unsigned int round = 0; round < rounds; round++) {
		for (int i = 0; i < 4; i++) {
			int flags = CLONE_VM | SIGCHLD | (i & 1 ? CLONE_FILES : 0) |
				    (i == 1 ? CLONE_SIGHAND : 0);

			pids[i] = clone(guest, stacks[i] + STACK, flags, (void *)(long)i);
			if (pids[i] < 0)
				err(1, "clone");
		}
		for (left = 4; left; check_parent(round * 100 + (unsigned int)left)) {
			int got;
			pid_t pid = waitpid(-1, &got, WNOHANG);

			if (pid < 0)
				err(1, "wait");
			if (pid == 0)
				continue;
			left--;
			if (got)
				errx(1, "a guest has ended with %#x", got);
		}
	}
	return seen ? 0 : 1;
}

/**
 * execute() - What a vfork child does
 */
static int execute(void *argument)
{
	(void)argument;
	execl("/bin/true", "true", NULL);
	_exit(127);
}

/**
 * start_one() - Make a child in one of the ways
 */
static pid_t start_one(int way)
{
	char *argv[] = {"true", NULL};
	pid_t pid;

	switch (way) {
	case 0:
		pid = vfork();
		if (pid == 0)
			execute(NULL);
		return pid;
	case 1:
		return clone(execute, stacks[0] + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
	case 2:
		errno = posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ);
		return errno ? -1 : pid;
	case 3:
		pid = fork();
		if (pid == 0)
			_exit(pwrite(rump_fd, "f", 1, 100) == 1 ? 0 : 4);
		return pid;
	case 4:
		return clone(execute, stacks[1] + STACK, CLONE_VM | SIGCHLD, NULL);
	default:
		pid = vfork();
		if (pid == 0)
			_exit(0);
		return pid;
	}
}

/**
 * mix() - Children of all kinds in any order, each waited for
 */
static int mix(unsigned int rounds)
{
	for (unsigned int round = 0; round < rounds; round++) {
		pid_t pid = start_one(rand() % 6);
		int status;

		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			err(1, "child %u", round);
		if (status)
			errx(1, "child %u has ended with %#x", round, status);
		check_parent(round);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		errx(2, "usage: processes_guest beside|mix FILE ROUNDS [SEED]");
	srand(argc > 4 ? (unsigned int)atoi(argv[4]) : 1);
	rump_fd = open(argv[2], O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (rump_fd < 0)
		err(1, "%s", argv[2]);
	if (!strcmp(argv[1], "beside"))
		return beside((unsigned int)atoi(argv[3]));
	return mix((unsigned int)atoi(argv[3]));
}
