// SPDX-License-Identifier: BSD-2-Clause
/* processes_guest.c - processes that have their parent's memory, at the same time or on borrowed time
 *
 *	processes_guest beside FILE ROUNDS	guests at work while their parent uses FILE
 *	processes_guest mix FILE ROUNDS SEED	vfork, CLONE_VM, posix_spawn and fork at random
 *	processes_guest files FILE ROUNDS	children on borrowed time that share descriptors, or do not
 *	processes_guest fs FILE ROUNDS		the same with the working directory
 *	processes_guest roots FILE ROUNDS	chroot in a vfork child, which shares its parent's root or not
 *	processes_guest sibling FILE ROUNDS	CLONE_PARENT
 *	processes_guest spawns FILE ROUNDS	posix_spawn in four threads at once
 *	processes_guest full FILE ROUNDS	fork until no more processes fit
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
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

/**
 * borrow() - Have a child run a function on borrowed time, and wait for its end
 */
static int borrow(int (*fn)(void *), int flags, void *argument)
{
	int status;
	pid_t pid = clone(fn, stacks[0] + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD | flags, argument);

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		err(1, "clone %#x", flags);
	return status;
}

/**
 * change_files() - In the child: open the file once more, and close the parent's descriptor
 */
static int change_files(void *name)
{
	int fd = open(name, O_RDONLY);

	return fd < 0 || close(rump_fd) ? 1 : 0;
}

/**
 * files() - What such a child does with descriptors
 */
static int files(const char *name)
{
	char byte;
	int next = open(name, O_RDONLY);

	if (next < 0 || close(next))
		err(1, "%s", name);
	if (borrow(change_files, 0, (void *)name))
		errx(1, "a child with its own descriptors");
	check_parent(1);
	if (read(next, &byte, 1) != -1 || errno != EBADF)
		errx(1, "a child's descriptor is its parent's");
	if (borrow(change_files, CLONE_FILES, (void *)name))
		errx(1, "a child with its parent's descriptors");
	if (pread(rump_fd, &byte, 1, 0) != -1 || errno != EBADF)
		errx(1, "what a child has closed is open");
	if (read(next, &byte, 1) != 1)
		err(1, "what a child has opened");
	rump_fd = open(name, O_RDWR);
	if (rump_fd < 0)
		err(1, "%s", name);
	check_parent(2);
	return close(next);
}

static int change_directory(void *name)
{
	return chdir(name) ? 1 : 0;
}

/**
 * expect_directory() - The working directory is one of either kernel
 */
static void expect_directory(const char *wanted)
{
	char name[4096];

	if (!getcwd(name, sizeof(name)) || strcmp(name, wanted))
		errx(1, "the working directory is %s and not %s", name, wanted);
}

/**
 * fs() - What such a child does with the working directory
 */
static int fs(const char *name)
{
	char copy[4096], *dir, *base;

	snprintf(copy, sizeof(copy), "%s", name);
	base = strdup(basename(copy));
	dir = dirname(copy);
	if (chdir("/"))
		err(1, "/");
	if (borrow(change_directory, 0, dir))
		errx(1, "a child with its own directory");
	expect_directory("/");
	if (access("etc", F_OK))
		err(1, "etc");
	if (borrow(change_directory, CLONE_FS, dir))
		errx(1, "a child with its parent's directory");
	expect_directory(dir);
	if (access(base, F_OK))
		err(1, "%s", base);
	if (borrow(change_directory, 0, (void *)"/"))
		errx(1, "a child with its own directory");
	expect_directory(dir);
	free(base);
	return 0;
}

static char *where, *what; /* the file's directory, and its name there with a slash */

/**
 * expect_names() - Which names there are of a file in either kernel, from this root
 * @below:	the rump kernel's file, from its own directory
 */
static int expect_names(bool rump, bool host, bool below)
{
	char name[4096];
	int fd;

	snprintf(name, sizeof(name), "%s%s", where, what);
	if (!access(name, F_OK) != rump || !access("/etc", F_OK) != host || !access(what, F_OK) != below)
		return 1;
	fd = open(rump ? name : what, O_RDONLY);
	return (fd < 0 || close(fd)) && (rump || below);
}

static int enter_host(void *unused)
{
	(void)unused;
	return chroot("/var") || chdir("/") || expect_names(false, false, false);
}

static int enter_rump(void *unused)
{
	(void)unused;
	return chroot(where) || expect_names(false, false, true);
}

static int run(int (*fn)(void *), int flags)
{
	int status;
	pid_t pid = clone(fn, stacks[1] + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD | flags, NULL);

	return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

/* Of a child that has children of its own in turn. */
static int enter_by_children(void *unused)
{
	(void)unused;
	if (run(enter_host, 0) || expect_names(true, true, false))
		return 1;
	return run(enter_rump, CLONE_FS) || expect_names(false, false, true);
}

/**
 * roots() - What such a child does with the root
 */
static int roots(char *name)
{
	char copy[4096];
	int status;
	pid_t pid;

	snprintf(copy, sizeof(copy), "%s", name);
	where = strdup(dirname(copy));
	what = name + strlen(where);
	if (expect_names(true, true, false))
		errx(1, "the names before");
	if (borrow(enter_host, 0, NULL) || expect_names(true, true, false))
		errx(1, "a child with its own root on the host");
	if (borrow(enter_rump, 0, NULL) || expect_names(true, true, false))
		errx(1, "a child with its own root in the rump kernel");
	if (borrow(enter_by_children, 0, NULL) || expect_names(true, true, false))
		errx(1, "a child whose own has its root");
	pid = fork();
	if (pid == 0)
		_exit(borrow(enter_host, CLONE_FS, NULL) || expect_names(false, false, false));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		errx(1, "a child with its parent's root on the host");
	pid = fork();
	if (pid == 0)
		_exit(borrow(enter_rump, CLONE_FS, NULL) || expect_names(false, false, true));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		errx(1, "a child with its parent's root in the rump kernel");
	free(where);
	return 0;
}

/**
 * sibling() - A child that is its parent's sibling
 */
static int sibling(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		long child = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

		if (child == 0)
			check_parent(7);
		_exit(child < 0);
	}
	for (int left = 2; left; left--)
		if (wait(&status) < 0 || status)
			errx(1, "a child has ended with %#x", status);
	return 0;
}

static void *spawn_some(void *name)
{
	posix_spawn_file_actions_t actions;
	char *argv[] = {"cat", NULL};
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, name, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	for (int i = 0; i < TURNS; i++) {
		errno = posix_spawn(&pid, "/bin/cat", &actions, NULL, argv, environ);
		if (errno || waitpid(pid, &status, 0) != pid)
			err(1, "posix_spawn");
		if (status)
			errx(1, "cat has ended with %#x", status);
	}
	posix_spawn_file_actions_destroy(&actions);
	return NULL;
}

/**
 * spawns() - Several threads that wait for a child each, whose memory is theirs
 */
static int spawns(char *name)
{
	pthread_t threads[4];

	check_parent(1);
	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, spawn_some, name))
			errx(1, "pthread_create");
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	check_parent(2);
	return 0;
}

/**
 * full() - All processes that the kernel can have; each can use it, and there is no further one
 */
static int full(void)
{
	int gate[2], report[2], status;
	static unsigned int made;
	char byte;
	pid_t pid;

	if (pipe(gate) || pipe(report))
		err(1, "pipe");
	while ((pid = fork()) >= 0) {
		if (pid == 0) {
			close(gate[1]);
			byte = pread(rump_fd, &byte, 1, 0) == 1 ? 'y' : 'n';
			_exit(write(report[1], &byte, 1) != 1 || read(gate[0], &byte, 1));
		}
		made++;
		if (read(report[0], &byte, 1) != 1 || byte != 'y')
			errx(1, "process %u has no kernel", made);
	}
	if (errno != EAGAIN)
		err(1, "fork");
	if (vfork() != -1 || errno != EAGAIN)
		errx(1, "vfork has made a process");
	printf("%u processes\n", made);
	check_parent(3);
	close(gate[1]);
	for (; made; made--)
		if (wait(&status) < 0 || status)
			errx(1, "a process has ended with %#x", status);
	return sibling();
}

int main(int argc, char **argv)
{
	if (argc < 4)
		errx(2, "usage: processes_guest MODE FILE ROUNDS [SEED]");
	srand(argc > 4 ? (unsigned int)atoi(argv[4]) : 1);
	rump_fd = open(argv[2], O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (rump_fd < 0)
		err(1, "%s", argv[2]);
	check_parent(0);
	if (!strcmp(argv[1], "beside"))
		return beside((unsigned int)atoi(argv[3]));
	if (!strcmp(argv[1], "spawns"))
		return spawns(argv[2]);
	if (!strcmp(argv[1], "full"))
		return full();
	for (int round = 0; round < atoi(argv[3]); round++) {
		if (!strcmp(argv[1], "files") && files(argv[2]))
			return 1;
		if (!strcmp(argv[1], "fs") && fs(argv[2]))
			return 1;
		if (!strcmp(argv[1], "roots") && roots(argv[2]))
			return 1;
		if (!strcmp(argv[1], "sibling") && sibling())
			return 1;
	}
	if (strcmp(argv[1], "mix"))
		return 0;
	return mix((unsigned int)atoi(argv[3]));
}
