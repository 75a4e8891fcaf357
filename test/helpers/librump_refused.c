/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * librump_refused.c - which calls of the host a disk's requests become
 *
 * Once the kernel is up, a seccomp filter on all threads makes one call of the host fail with EIO.
 * What reaches it fails with EIO in the kernel too, and what does not goes on.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "librump_test.h"

#define BLOCK 4096
#define AWAY  (16L << 20) /* further than anybody reads ahead */

static void refuse(int nr)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK(!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &prog));
}

static int open_disk(const char *image, int flags)
{
	int fd;

	CHECK(!rump_init());
	CHECK(!rump_pub_etfs_register("/dev/disk", image, RUMP_ETFS_BLK));
	fd = rump_sys_open("/dev/disk", flags, 0);
	CHECK(fd >= 0);
	return fd;
}

static char *block_of(char c)
{
	char *block = aligned_alloc(BLOCK, BLOCK);

	return memset(block, c, BLOCK);
}

/* flush_disk IMAGE */
static void flush_disk(int argc, char **argv)
{
	char *block = block_of('f');
	int fd;

	CHECK(argc == 1);
	fd = open_disk(argv[0], O_RDWR);
	CHECK(rump_sys_pwrite(fd, block, BLOCK, AWAY) == BLOCK);
	CHECK(!rump_sys_fsync(fd));
	refuse(SYS_fdatasync);
	CHECK(rump_sys_pwrite(fd, block, BLOCK, AWAY) == BLOCK);
	CHECK_ERR(rump_sys_fsync(fd), EIO);
	/* Nor is one left out after one that failed. */
	CHECK_ERR(rump_sys_fsync(fd), EIO);
}

/* flush_ext4 IMAGE */
static void flush_ext4(int argc, char **argv)
{
	int fd;

	CHECK(argc == 1);
	CHECK(!rump_init());
	CHECK(!rump_vfs_mount(argv[0], "/mnt", "ext4", 0, NULL));
	fd = rump_sys_open("/mnt/f", O_CREAT | O_WRONLY, 0644);
	CHECK(fd >= 0);
	CHECK(rump_sys_write(fd, "a", 1) == 1);
	CHECK(!rump_sys_fsync(fd));
	refuse(SYS_fdatasync);
	CHECK(rump_sys_write(fd, "b", 1) == 1);
	CHECK_ERR(rump_sys_fsync(fd), EIO);
}

/*
 * fua IMAGE: a synchronous direct write over blocks that are there is one request with FUA, which
 * no flush follows
 */
static void fua(int argc, char **argv)
{
	char *block = block_of('a');
	int fd;

	CHECK(argc == 1);
	CHECK(!rump_init());
	CHECK(!rump_vfs_mount(argv[0], "/mnt", "ext4", 0, NULL));
	fd = rump_sys_open("/mnt/f", O_CREAT | O_RDWR | O_DIRECT | O_DSYNC, 0644);
	CHECK(fd >= 0);
	CHECK(rump_sys_pwrite(fd, block, BLOCK, 0) == BLOCK);
	CHECK(!rump_sys_fsync(fd));
	CHECK(rump_sys_pwrite(fd, block, BLOCK, 0) == BLOCK);
	refuse(SYS_fdatasync);
	CHECK_ERR(rump_sys_pwrite(fd, block, BLOCK, 0), EIO);
	/* Without the promise there is no reason to wait. */
	CHECK(!rump_sys_close(fd));
	fd = rump_sys_open("/mnt/f", O_RDWR | O_DIRECT, 0);
	CHECK(fd >= 0 && rump_sys_pwrite(fd, block, BLOCK, 0) == BLOCK);
}

/* Has the host the block in its cache? A read that does not wait would bring it there. */
static int cached(int host, off_t at)
{
	void *map = mmap(NULL, BLOCK, PROT_READ, MAP_SHARED, host, at);
	unsigned char page;

	CHECK(map != MAP_FAILED);
	CHECK(!mincore(map, BLOCK, &page));
	CHECK(!munmap(map, BLOCK));
	return page & 1;
}

/*
 * inline_read IMAGE: what the host has in its cache is read by a call that does not wait, what it
 * has to read by one that does
 */
static void inline_read(int argc, char **argv)
{
	char *block = block_of('i');
	int fd, host, tries;

	CHECK(argc == 1);
	host = open(argv[0], O_RDWR);
	CHECK(host >= 0);
	CHECK(pwrite(host, block, BLOCK, 0) == BLOCK && pwrite(host, block, BLOCK, AWAY) == BLOCK);
	fd = open_disk(argv[0], O_RDONLY | O_DIRECT);
	CHECK(!fdatasync(host));
	for (tries = 0; cached(host, AWAY); tries++) {
		CHECK(tries < 1000);
		CHECK(!posix_fadvise(host, AWAY, BLOCK, POSIX_FADV_DONTNEED));
		usleep(1000);
	}
	CHECK(pread(host, block, BLOCK, 0) == BLOCK && cached(host, 0));
	refuse(SYS_preadv);
	memset(block, 0, BLOCK);
	CHECK(rump_sys_pread(fd, block, BLOCK, 0) == BLOCK && block[BLOCK - 1] == 'i');
	CHECK(!cached(host, AWAY));
	CHECK_ERR(rump_sys_pread(fd, block, BLOCK, AWAY), EIO);
	CHECK(pread(host, block, BLOCK, AWAY) == BLOCK);
	CHECK(rump_sys_pread(fd, block, BLOCK, AWAY) == BLOCK && block[0] == 'i');
}

static const struct test tests[] = {
	{"flush_disk", flush_disk},
	{"flush_ext4", flush_ext4},
	{"fua", fua},
	{"inline_read", inline_read},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
