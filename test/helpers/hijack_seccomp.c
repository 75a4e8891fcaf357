// SPDX-License-Identifier: BSD-2-Clause
/* hijack_seccomp.c - a program that locks itself up
 *
 *	hijack_seccomp filter	allows what it needs and is killed by anything else
 *	hijack_seccomp strict	the kernel's strict mode: read, write, exit
 */
#include <err.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALLOW(nr)                                                                                  \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##nr, 0, 1),                                       \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

int main(int argc, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(write),
		ALLOW(mmap),
		ALLOW(munmap),
		ALLOW(clone),
		ALLOW(wait4),
		ALLOW(set_robust_list),
		ALLOW(rt_sigprocmask),
		ALLOW(exit),
		ALLOW(exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
	static const char message[] = "in the sandbox\n";
	int fd = open("/proc/self/exe", O_RDONLY);
	int status;
	pid_t child;
	void *text;

	if (argc != 2)
		errx(2, "usage: hijack_seccomp filter|strict");
	if (!strcmp(argv[1], "strict")) {
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
			err(1, "prctl");
		write(1, message, sizeof(message) - 1);
		syscall(SYS_exit, 0);
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		err(1, "seccomp");
	/* The shim would read the file to rewrite this, and be killed. */
	text = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED || munmap(text, 4096))
		return 1;
	child = fork();
	if (child == 0)
		_exit(6);
	if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 6)
		return 1;
	write(1, message, sizeof(message) - 1);
	return 0;
}
