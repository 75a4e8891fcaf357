// SPDX-License-Identifier: BSD-2-Clause
/* gen_wrappers.c - do the wrappers pass what they are given, and return what libc would?
 *
 * Linked with the wrappers built over gen_enter.h. Prints the call that would have reached the
 * kernel for each of a number of functions, or what comes back for given results of the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "kernel/lib/enter.h"

#include <rump/rump_syscalls.h>

struct gen_call gen_call;
long gen_result;

/* Print the last call. */
static void called(const char *name)
{
	int i;

	printf("%s: %ld", name, gen_call.nr);
	for (i = 0; i < 6; i++)
		printf(" %ld", gen_call.arg[i]);
	printf("%s\n", gen_call.masked ? " masked" : "");
}

static void arguments(void)
{
	void *p = (void *)1000;
	const char *s = (const char *)2000;

	rump_sys_read(3, p, 10);
	called("read");
	rump_sys_open(s, O_RDWR | O_CREAT, 0640);
	called("open");
	rump_sys_openat(AT_FDCWD, s, O_RDONLY);
	gen_call.arg[3] = 0; /* no mode was given: any */
	called("openat");
	rump_sys_fcntl(3, F_SETFL, O_NONBLOCK);
	called("fcntl");
	rump_sys_ioctl(3, 0xffffffffUL, p);
	called("ioctl");
	rump_sys_preadv2(3, (struct iovec *)p, 2, 1L << 40, 7);
	called("preadv2");
	rump_sys_pwrite(3, p, 10, -1);
	called("pwrite");
	rump_sys_mmap(p, 4096, 3, 1, -1, 8192);
	called("mmap");
	rump_sys_mremap(p, 1, 2, 3, (void *)4);
	called("mremap");
	rump_sys_fstatat(5, s, p, 0x100);
	called("fstatat");
	rump_sys_faccessat(5, s, 4, 0x200);
	called("faccessat");
	rump_sys_fchmodat(5, s, 0600, 0x100);
	called("fchmodat");
	rump_sys_umount(s);
	called("umount");
	rump_sys_mkfifo(s, 0177777);
	called("mkfifo");
	rump_sys_send(3, p, 10, 1);
	called("send");
	rump_sys_eventfd(1, 2);
	called("eventfd");
	rump_sys_signalfd(-1, p, 0);
	called("signalfd");
	rump_sys_epoll_pwait(3, p, 4, 5, p);
	called("epoll_pwait");
	rump_sys_sigprocmask(2, p, NULL);
	called("sigprocmask");
	rump_sys_seteuid(7);
	called("seteuid");
	rump_sys_killpg(7, 9);
	called("killpg");
	rump_sys_reboot(0x1234567);
	called("reboot");
	rump_sys_waitpid(-1, p, 1);
	called("waitpid");
	rump_sys_waitid(1, 2, p, 4);
	called("waitid");
	rump_sys_getcpu(p, NULL);
	called("getcpu");
}

static void names(void)
{
	rump_sys_mq_unlink("/queue");
	printf("%s\n", (const char *)gen_call.arg[0]);
	rump_sys_mq_unlink("queue");
	printf("%s\n", (const char *)gen_call.arg[0]);
	rump_sys_mq_open("/queue", O_CREAT, 0600, (struct mq_attr *)1000);
	printf("%s %ld %ld %ld\n", (const char *)gen_call.arg[0], gen_call.arg[1], gen_call.arg[2],
	       gen_call.arg[3]);
}

/* The kernel changes the timeouts of these; the caller's must stay. */
static void timeouts(void)
{
	struct timespec timeout = {1, 2};
	sigset_t mask;
	const long *pair;

	rump_sys_ppoll(NULL, 0, &timeout, NULL);
	printf("ppoll: %s\n", gen_call.arg[2] == (long)&timeout ? "the caller's" : "a copy");
	rump_sys_ppoll(NULL, 0, NULL, NULL);
	printf("ppoll: %ld\n", gen_call.arg[2]);
	rump_sys_pselect(0, NULL, NULL, NULL, &timeout, &mask);
	printf("pselect: %s\n", gen_call.arg[4] == (long)&timeout ? "the caller's" : "a copy");
	pair = (const long *)gen_call.arg[5];
	printf("pselect: %d\n", pair != NULL);
	rump_sys_pselect(0, NULL, NULL, NULL, NULL, NULL);
	printf("pselect: %ld\n", gen_call.arg[4]);
}

#define RESULT(r, call)                                                                            \
	do {                                                                                       \
		long long got;                                                                     \
                                                                                                   \
		gen_result = (r);                                                                  \
		errno = 0;                                                                         \
		got = (long long)(call);                                                           \
		printf(#call " for " #r ": %lld, errno %d\n", got, errno);                         \
	} while (0)

static void results(void)
{
	RESULT(7, rump_sys_read(0, NULL, 0));
	RESULT(-EBADF, rump_sys_read(0, NULL, 0));
	RESULT(-1, rump_sys_close(0));
	RESULT(-4095, rump_sys_close(0));
	RESULT(1L << 40, rump_sys_lseek(0, 0, 0));
	RESULT(-4096, rump_sys_lseek(0, 0, 0));
	RESULT(-ENOMEM, (long)rump_sys_mmap(NULL, 0, 0, 0, 0, 0));
	RESULT(-8192, (long)rump_sys_mmap(NULL, 0, 0, 0, 0, 0));
	RESULT(21, rump_sys_getpriority(0, 0));
	RESULT(-ESRCH, rump_sys_getpriority(0, 0));
	RESULT(0, rump_sys_posix_fallocate(0, 0, 0));
	RESULT(-ENOSPC, rump_sys_posix_fallocate(0, 0, 0));
	RESULT(-ENOSYS, rump_sys_syscall(999));
}

int main(int argc, char **argv)
{
	const char *test = argc == 2 ? argv[1] : "";

	if (strcmp(test, "arguments") == 0)
		arguments();
	else if (strcmp(test, "names") == 0)
		names();
	else if (strcmp(test, "timeouts") == 0)
		timeouts();
	else if (strcmp(test, "results") == 0)
		results();
	else
		return 2;
	return 0;
}
