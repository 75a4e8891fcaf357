/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_errors.c - bad pointers, no memory: errors, and the kernel lives */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "librump_test.h"

/* Addresses that no call may read or write through. */
static void *bad[] = {
	(void *)0, (void *)8, (void *)0x300000000000, (void *)0x310000000000,
	(void *)0x7ffffffff000, (void *)-4096L, (void *)-1L, NULL /* PROT_NONE page */,
};
#define BAD (sizeof(bad) / sizeof(bad[0]))

static void efault(int argc, char **argv)
{
	struct iovec iov;
	char buf[64];
	unsigned int i;
	int fd, p[2];

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	bad[BAD - 1] = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = rump_sys_open("/tmp/f", O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0);
	CHECK(rump_sys_write(fd, buf, sizeof(buf)) == sizeof(buf));
	CHECK(!rump_sys_pipe2(p, 0));
	for (i = 0; i < BAD; i++) {
		CHECK_ERR(rump_sys_pread64(fd, bad[i], 64, 0), EFAULT);
		CHECK_ERR(rump_sys_pwrite64(fd, bad[i], 64, 0), EFAULT);
		CHECK_ERR(rump_sys_write(p[1], bad[i], 64), EFAULT);
		CHECK_ERR(rump_sys_open(bad[i], O_RDONLY, 0), EFAULT);
		CHECK_ERR(rump_sys_fstat(fd, bad[i]), EFAULT);
		CHECK_ERR(rump_sys_pipe2(bad[i], 0), EFAULT);
		CHECK_ERR(rump_sys_getcwd(bad[i], 64), EFAULT);
		iov.iov_base = bad[i];
		iov.iov_len = 8;
		CHECK_ERR(rump_sys_preadv(fd, &iov, 1, 0), EFAULT);
		CHECK_ERR(rump_sys_writev(fd, bad[i], 1), EFAULT);
	}
	/* And nothing has changed. */
	CHECK(rump_sys_pread64(fd, buf, sizeof(buf), 0) == sizeof(buf));
}

/* A buffer whose end is missing gives what was there. */
static void short_copy(int argc, char **argv)
{
	char *map, data[4096];
	int fd;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(!mprotect(map + 4096, 4096, PROT_NONE));
	memset(data, 'a', sizeof(data));
	fd = rump_sys_open("/tmp/f", O_CREAT | O_RDWR, 0600);
	CHECK(rump_sys_write(fd, data, sizeof(data)) == sizeof(data));
	CHECK(rump_sys_pread64(fd, map + 4096 - 100, 200, 0) == 100);
	CHECK(map[4095] == 'a');
	CHECK(rump_sys_pwrite64(fd, map + 4096 - 101, 200, 0) == 101);
}

/* The file's memory is full: the write fails, the kernel goes on. */
static void no_memory(int argc, char **argv)
{
	static char block[1 << 20];
	long total = 0, n;
	int fd, i;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	fd = rump_sys_open("/tmp/big", O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0);
	while ((n = rump_sys_write(fd, block, sizeof(block))) > 0)
		total += n;
	printf("%ld MiB, then %s\n", total >> 20, strerror(errno));
	CHECK(errno == ENOSPC || errno == ENOMEM);
	CHECK(total > 64 << 20);
	CHECK(!rump_sys_ftruncate(fd, 0));
	for (i = 0; i < 40; i++)
		CHECK(rump_sys_pwrite64(fd, block, sizeof(block), 0) == sizeof(block));
	CHECK(rump_sys_getpid() > 0);
}

/* Calls that make no sense here, and numbers that do not exist. */
static void no_such_call(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK_ERR(rump_sys_read(-1, NULL, 0), EBADF);
	CHECK_ERR(rump_sys_close(12345), EBADF);
	CHECK_ERR(rump_sys_socket(-1, 0, 0), EAFNOSUPPORT);
}

static const struct test tests[] = {
	{ "efault", efault },
	{ "short_copy", short_copy },
	{ "no_memory", no_memory },
	{ "no_such_call", no_such_call },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
