// SPDX-License-Identifier: BSD-2-Clause
/* hijack_exec.c - execute "env" or the like in every way, with an environment that drops the shim
 *
 *	hijack_exec execve|execveat|fexecve|spawn|vfork PROGRAM [VARIABLE...]
 *	hijack_exec null PROGRAM	envp is NULL
 *	hijack_exec many PROGRAM	with 5000 variables
 *	hijack_exec fault		bad pointers: EFAULT, and no crash
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 5000

/**
 * expect_fault() - Require EFAULT of an execve
 */
static void expect_fault(const char *what, char *const *argv, char *const *envp)
{
	if (syscall(SYS_execve, "/bin/true", argv, envp) != -1 || errno != EFAULT)
		errx(1, "%s: not EFAULT", what);
}

/**
 * test_fault() - Environments that are partly or wholly not there
 */
static void test_fault(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *argv[] = {"true", NULL}, *bad[] = {"A=1", (char *)8, NULL};
	char **edge = (char **)(page + 4096) - 1;

	munmap(page + 4096, 4096);
	*edge = "A=1";
	expect_fault("array", argv, (char **)8);
	expect_fault("string", argv, bad);
	expect_fault("end of the array", argv, edge);
	memcpy(page + 4096 - 4, "RUMP", 4);
	bad[1] = page + 4096 - 4;
	expect_fault("end of a string", argv, bad);
	if (syscall(SYS_execve, 8, argv, NULL) != -1 || errno != EFAULT)
		errx(1, "path: not EFAULT");
	puts("fault: done");
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	char *child_argv[] = {argv[2], NULL};
	int status;
	pid_t child;

	if (!strcmp(how, "fault")) {
		test_fault();
		return 0;
	}
	if (argc < 3)
		return 2;
	if (!strcmp(how, "execve")) {
		execve(argv[2], child_argv, argv + 3);
	} else if (!strcmp(how, "null")) {
		syscall(SYS_execve, argv[2], child_argv, NULL);
	} else if (!strcmp(how, "execveat")) {
		syscall(SYS_execveat, AT_FDCWD, argv[2], child_argv, argv + 3, 0);
	} else if (!strcmp(how, "fexecve")) {
		fexecve(open(argv[2], O_RDONLY), child_argv, argv + 3);
	} else if (!strcmp(how, "many")) {
		static char *many[MANY + 1];

		for (int i = 0; i < MANY; i++)
			if (asprintf(&many[i], "MANY_%d=%d", i, i) < 0)
				return 1;
		execve(argv[2], child_argv, many);
	} else if (!strcmp(how, "spawn")) {
		if (posix_spawn(&child, argv[2], NULL, NULL, child_argv, argv + 3))
			return 1;
		waitpid(child, &status, 0);
		return WEXITSTATUS(status);
	} else if (!strcmp(how, "vfork")) {
		child = vfork();
		if (child == 0) {
			execve(argv[2], child_argv, argv + 3);
			_exit(127);
		}
		waitpid(child, &status, 0);
		return WEXITSTATUS(status);
	}
	err(1, "%s", how);
}
