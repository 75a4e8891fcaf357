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

/*
 * Memory is used up in one way after the other: the call that wants more fails, and what was used
 * is there again once it has been given back.
 */
#define MIB	 (1L << 20)
#define MANY_FDS 1000

static char block[MIB];

static int many[MANY_FDS], n_many;

static void close_many(void)
{
	while (n_many)
		CHECK(!rump_sys_close(many[--n_many]));
}

/* As root's tmpfs holds half of it at most, in one that may grow over all of it. */
static void use_up_by_file(void)
{
	long total = 0, n;
	int fd;

	CHECK(!rump_vfs_mount("none", "/full", "tmpfs", 0, "size=4g"));
	fd = rump_sys_open("/full/big", O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0);
	while ((n = rump_sys_write(fd, block, sizeof(block))) > 0)
		total += n;
	printf("file: %ld MiB, then %s\n", total / MIB, strerror(errno));
	CHECK(n == -1 && errno == ENOMEM);
	CHECK(total > 192 * MIB);
	/* The call has failed, nothing else. */
	CHECK(rump_sys_pread64(fd, block, sizeof(block), total - MIB) == sizeof(block));
	CHECK(!rump_sys_ftruncate(fd, 0));
	CHECK(!rump_sys_close(fd));
	CHECK(!rump_vfs_unmount("/full", 0));
}

static void use_up_by_pipes(void)
{
	long total = 0, n;

	do {
		CHECK(n_many + 2 <= MANY_FDS);
		CHECK(!rump_sys_pipe2(many + n_many, O_NONBLOCK));
		n_many += 2;
		/* Its ring takes memory, too. */
		if (rump_sys_fcntl(many[n_many - 1], F_SETPIPE_SZ, MIB) != MIB)
			break;
		while ((n = rump_sys_write(many[n_many - 1], block, sizeof(block))) > 0)
			total += n;
	} while (errno == EAGAIN);
	printf("pipes: %ld MiB, then %s\n", total / MIB, strerror(errno));
	CHECK(errno == ENOMEM);
	CHECK(total > 128 * MIB);
	close_many();
}

static void use_up_by_sockets(void)
{
	int buffer = 8 * MIB;
	long total = 0, n;

	do {
		CHECK(n_many + 2 <= MANY_FDS);
		CHECK(!rump_sys_socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, many + n_many));
		n_many += 2;
		CHECK(!rump_sys_setsockopt(many[n_many - 1], SOL_SOCKET, SO_SNDBUFFORCE, &buffer,
					   sizeof(buffer)));
		while ((n = rump_sys_write(many[n_many - 1], block, sizeof(block))) > 0)
			total += n;
	} while (errno == EAGAIN);
	printf("sockets: %ld MiB, then %s\n", total / MIB, strerror(errno));
	CHECK(errno == ENOMEM || errno == ENOBUFS);
	CHECK(total > 128 * MIB);
	close_many();
}

/* What the program has mapped and the kernel writes to: a copy that ends early, or was none. */
static void use_up_by_mappings(void)
{
	static char *map[64];
	int fd = rump_sys_open("/dev/zero", O_RDONLY, 0), n = 0;
	long got = 0;

	CHECK(fd >= 0);
	do {
		CHECK(n < 64);
		map[n] = rump_sys_mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (map[n] == MAP_FAILED)
			break;
		got = rump_sys_read(fd, map[n++], 16 * MIB);
	} while (got == 16 * MIB);
	printf("mappings: %d, then %ld, %s\n", n, got, strerror(errno));
	CHECK(n > 8);
	if (got < 0)
		CHECK(errno == EFAULT || errno == ENOMEM);
	while (n)
		CHECK(!rump_sys_munmap(map[--n], 16 * MIB));
	CHECK(!rump_sys_close(fd));
}

/* no_memory IMAGE */
static void no_memory(int argc, char **argv)
{
	int fd, i;

	CHECK(argc == 1);
	CHECK(!rump_init());
	for (i = 0; i < 2; i++) {
		use_up_by_file();
		use_up_by_pipes();
		use_up_by_sockets();
		use_up_by_mappings();
	}
	CHECK(!rump_vfs_mount(argv[0], "/mnt", "ext4", 0, NULL));
	memset(block, 'm', sizeof(block));
	fd = rump_sys_open("/mnt/f", O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0);
	for (i = 0; i < 20; i++)
		CHECK(rump_sys_write(fd, block, sizeof(block)) == sizeof(block));
	CHECK(!rump_sys_fsync(fd));
	memset(block, 0, sizeof(block));
	CHECK(rump_sys_pread64(fd, block, sizeof(block), 19 * MIB) == sizeof(block));
	CHECK(block[0] == 'm' && block[MIB - 1] == 'm');
	CHECK(!rump_sys_close(fd));
	CHECK(!rump_vfs_unmount("/mnt", 0));
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
