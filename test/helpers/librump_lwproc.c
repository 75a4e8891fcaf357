/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_lwproc.c - several tasks and processes for one host thread */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "librump_test.h"

static void rfork(int argc, char **argv)
{
	struct lwp *first, *second;
	pid_t pid;
	char cwd[64];
	int fd;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	pid = rump_sys_getpid();
	first = rump_pub_lwproc_curlwp();
	CHECK(first);
	fd = rump_sys_open("/tmp/f", O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0);
	CHECK(rump_pub_lwproc_rfork(7) == EINVAL);

	CHECK(!rump_pub_lwproc_rfork(RUMP_RFFD_COPY));
	second = rump_pub_lwproc_curlwp();
	CHECK(second != first);
	CHECK(rump_sys_getpid() != pid);
	CHECK(rump_sys_write(fd, "x", 1) == 1);
	CHECK(!rump_sys_close(fd));
	CHECK(!rump_sys_chdir("/tmp"));
	rump_pub_lwproc_switch(first);
	CHECK(rump_sys_getpid() == pid);
	CHECK(rump_sys_write(fd, "y", 1) == 1);
	CHECK(rump_sys_lseek(fd, 0, SEEK_CUR) == 2);
	CHECK(rump_sys_getcwd(cwd, sizeof(cwd)) == 2 && !strcmp(cwd, "/"));
	rump_pub_lwproc_switch(second);
	CHECK(rump_sys_getcwd(cwd, sizeof(cwd)) == 5 && !strcmp(cwd, "/tmp"));
	rump_pub_lwproc_releaselwp();
	CHECK(rump_pub_lwproc_curlwp() == first);

	CHECK(!rump_pub_lwproc_rfork(RUMP_RFFD_CLEAR));
	CHECK_ERR(rump_sys_write(fd, "x", 1), EBADF);
	rump_pub_lwproc_releaselwp();
	CHECK(!rump_pub_lwproc_rfork(RUMP_RFFD_SHARE));
	CHECK(!rump_sys_close(fd));
	rump_pub_lwproc_releaselwp();
	CHECK_ERR(rump_sys_write(fd, "x", 1), EBADF);
	rump_pub_lwproc_releaselwp();
	CHECK(rump_sys_getpid() == pid);
}

static void newlwp(int argc, char **argv)
{
	struct lwp *first;
	pid_t pid, other;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	pid = rump_sys_getpid();
	CHECK(!rump_pub_lwproc_newlwp(pid));
	CHECK(rump_sys_getpid() == pid);
	CHECK(rump_sys_gettid() != pid);
	rump_pub_lwproc_releaselwp();
	CHECK(rump_sys_gettid() == pid);
	first = rump_pub_lwproc_curlwp();
	CHECK(!rump_pub_lwproc_rfork(RUMP_RFFD_COPY));
	other = rump_sys_getpid();
	rump_pub_lwproc_switch(first);
	CHECK(!rump_pub_lwproc_newlwp(other));
	CHECK(rump_sys_getpid() == other && rump_sys_gettid() != other);
	rump_pub_lwproc_releaselwp();
	CHECK(rump_pub_lwproc_newlwp(1) == ESRCH);
	CHECK(rump_pub_lwproc_newlwp(4000000) == ESRCH);
}

static void many(int argc, char **argv)
{
	int i;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	for (i = 0; i < 2000; i++) {
		CHECK(!rump_pub_lwproc_rfork(RUMP_RFFD_COPY));
		CHECK(rump_sys_getppid() == 1);
		rump_pub_lwproc_releaselwp();
	}
}

static const struct test tests[] = {
	{ "rfork", rfork }, { "newlwp", newlwp }, { "many", many }, { NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
