/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_disk.c - disks: registration, parts, discard, unbuffered I/O, mapped files */
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "librump_test.h"

#define MIB (1L << 20)

static void mount_rw(const char *image)
{
	CHECK(!rump_init());
	CHECK(!rump_vfs_mount(image, "/mnt", NULL, 0, "discard"));
}

static void fill(char *p, long n, unsigned int seed)
{
	for (long i = 0; i < n; i++)
		p[i] = (seed = seed * 1664525 + 1013904223) >> 24;
}

static long host_blocks(const char *path)
{
	struct stat st;

	CHECK(!stat(path, &st));
	return st.st_blocks * 512;
}

static void discard(int argc, char **argv)
{
	static char block[MIB];
	long full, after;
	int fd, i;

	CHECK(argc == 1);
	mount_rw(argv[0]);
	fill(block, sizeof(block), 1);
	fd = rump_sys_open("/mnt/big", O_CREAT | O_WRONLY, 0600);
	for (i = 0; i < 64; i++)
		CHECK(rump_sys_write(fd, block, sizeof(block)) == sizeof(block));
	CHECK(!rump_sys_fsync(fd));
	full = host_blocks(argv[0]);
	CHECK(full >= 64 * MIB);
	rump_sys_close(fd);
	CHECK(!rump_sys_unlink("/mnt/big"));
	CHECK(!rump_vfs_unmount("/mnt", 0));
	after = host_blocks(argv[0]);
	printf("%ld MiB on the host, %ld after\n", full / MIB, after / MIB);
	CHECK(after < full - 48 * MIB);
}

static void etfs(int argc, char **argv)
{
	const char *image = argv[0];
	uint64_t size;
	char a[512], b[512];
	int fd, host;

	CHECK(argc == 1);
	CHECK(!rump_init());
	CHECK(rump_getversion() == RUMP_VERSION);
	CHECK(rump_pub_etfs_register("/a/b", image, RUMP_ETFS_DIR) == EOPNOTSUPP);
	CHECK(rump_pub_etfs_register("/a/b", "/nonexistent/file", RUMP_ETFS_BLK) == ENOENT);
	CHECK(rump_pub_etfs_register_withsize("/a/b", image, RUMP_ETFS_BLK, 100, 512) == EINVAL);
	CHECK(rump_pub_etfs_register_withsize("/a/b", image, RUMP_ETFS_BLK, 0, 1000 * MIB) ==
	      EINVAL);
	CHECK(!rump_pub_etfs_register_withsize("/a/b/c", image, RUMP_ETFS_BLK, 1024, 4096));
	fd = rump_sys_open("/a/b/c", O_RDONLY, 0);
	CHECK(fd >= 0);
	size = rump_sys_lseek(fd, 0, SEEK_END);
	CHECK(size == 4096);
	CHECK(rump_sys_pread64(fd, a, sizeof(a), 0) == sizeof(a));
	host = open(image, O_RDONLY);
	CHECK(pread(host, b, sizeof(b), 1024) == sizeof(b));
	CHECK(!memcmp(a, b, sizeof(a)));
	CHECK(rump_pub_etfs_register("/a/b/c", image, RUMP_ETFS_BLK) == EBUSY);
	CHECK(rump_pub_etfs_remove("/a/b/c") == EBUSY);
	CHECK(!rump_sys_close(fd));
	CHECK(!rump_pub_etfs_remove("/a/b/c"));
	CHECK(rump_pub_etfs_remove("/a/b/c") == ENOENT);
	CHECK(!rump_fakeblk_register(image));
	fd = rump_sys_open(image, O_RDONLY, 0);
	CHECK(fd >= 0);
	rump_sys_close(fd);
	CHECK(!rump_sys_mkdir("/m", 0755));
	CHECK(!rump_sys_mount(image, "/m", "ext4", 0, NULL));
	CHECK(rump_fakeblk_deregister(image) == EBUSY);
	CHECK(!rump_vfs_unmount("/m", 0));
	CHECK(!rump_fakeblk_deregister(image));
}

static void direct(int argc, char **argv)
{
	char *out, *in;
	int fd;

	CHECK(argc == 1);
	mount_rw(argv[0]);
	out = aligned_alloc(4096, MIB);
	in = aligned_alloc(4096, MIB);
	fill(out, MIB, 2);
	fd = rump_sys_open("/mnt/f", O_CREAT | O_RDWR | O_DIRECT, 0600);
	CHECK(fd >= 0);
	CHECK(rump_sys_pwrite64(fd, out, MIB, 0) == MIB);
	CHECK(rump_sys_pread64(fd, in, MIB, 0) == MIB);
	CHECK(!memcmp(in, out, MIB));
	CHECK_ERR(rump_sys_pread64(fd, in + 1, 4096, 0), EINVAL);
	CHECK_ERR(rump_sys_pread64(fd, (void *)4096, 4096, 0), EFAULT);
	CHECK(rump_sys_pread64(fd, in, 4096, MIB) == 0);
}

static void mapped(int argc, char **argv)
{
	char *map, buf[4096];
	int fd, i;

	CHECK(argc == 1);
	mount_rw(argv[0]);
	fd = rump_sys_open("/mnt/f", O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0);
	CHECK(!rump_sys_ftruncate(fd, 4 * MIB));
	map = (char *)rump_sys_mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	for (i = 0; i < 1024; i++)
		map[i * 4096] = i;
	for (i = 0; i < 1024; i++) {
		CHECK(rump_sys_pread64(fd, buf, 1, i * 4096L) == 1);
		CHECK(buf[0] == (char)i);
	}
	CHECK(rump_sys_pwrite64(fd, "hello", 5, 8192) == 5);
	CHECK(!memcmp(map + 8192, "hello", 5));
	/* Written back, and dirtied again afterwards. */
	CHECK(!rump_sys_msync(map, 4 * MIB, MS_SYNC));
	memcpy(map + 8192, "world", 5);
	CHECK(!rump_sys_fsync(fd));
	CHECK(rump_sys_pread64(fd, buf, 5, 8192) == 5 && !memcmp(buf, "world", 5));
	/* As buffers of calls, before they were ever touched. */
	CHECK(!rump_sys_munmap(map, 4 * MIB));
	map = (char *)rump_sys_mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(map != MAP_FAILED);
	CHECK(rump_sys_pread64(fd, map + MIB, MIB, 0) == MIB);
	CHECK(!memcmp(map + MIB + 8192, "world", 5));
	CHECK(!rump_sys_munmap(map, 4 * MIB));
	CHECK_ERR(rump_sys_pread64(fd, map, 1, 0), EFAULT);
}

/* What the host file no longer has cannot be read. */
static void cut_short(int argc, char **argv)
{
	char buf[4096];
	int fd;

	CHECK(argc == 1);
	CHECK(!rump_init());
	CHECK(!rump_pub_etfs_register("/dev/disk", argv[0], RUMP_ETFS_BLK));
	fd = rump_sys_open("/dev/disk", O_RDONLY, 0);
	CHECK(fd >= 0);
	CHECK(!truncate(argv[0], 8 * MIB));
	CHECK(rump_sys_pread64(fd, buf, sizeof(buf), 4 * MIB) == sizeof(buf));
	CHECK_ERR(rump_sys_pread64(fd, buf, sizeof(buf), 32 * MIB), EIO);
	CHECK(rump_sys_pread64(fd, buf, sizeof(buf), 5 * MIB) == sizeof(buf));
}

/* An image that this user may not write, whatever he is in the kernel. */
static void read_only(int argc, char **argv)
{
	char buf[4096] = { 0 };
	int fd, ro = 0;

	CHECK(argc == 1);
	CHECK_ERR(access(argv[0], W_OK), EACCES);
	CHECK(!rump_init());
	CHECK(!rump_pub_etfs_register("/dev/disk", argv[0], RUMP_ETFS_BLK));
	fd = rump_sys_open("/dev/disk", O_RDWR, 0);
	CHECK(fd >= 0);
	CHECK(!rump_sys_ioctl(fd, BLKROGET, &ro) && ro == 1);
	CHECK_ERR(rump_sys_pwrite64(fd, buf, sizeof(buf), 0), EPERM);
	rump_sys_close(fd);
	CHECK(!rump_pub_etfs_remove("/dev/disk"));
	CHECK(rump_vfs_mount(argv[0], "/mnt", NULL, 0, NULL) == EACCES);
	CHECK(!rump_vfs_mount(argv[0], "/mnt", NULL, MS_RDONLY, NULL));
	CHECK_ERR(rump_sys_open("/mnt/g", O_CREAT | O_WRONLY, 0644), EROFS);
	CHECK_ERR(rump_sys_open("/mnt/f", O_WRONLY, 0), EROFS);
	CHECK_ERR(rump_sys_mount(NULL, "/mnt", NULL, MS_REMOUNT, NULL), EACCES);
	fd = rump_sys_open("/mnt/f", O_RDONLY, 0);
	CHECK(fd >= 0 && rump_sys_read(fd, buf, sizeof(buf)) == 6 && !memcmp(buf, "hello\n", 6));
}

/*
 * Requests of more pieces than one call of the host takes: neighbours on the disk that are none in
 * memory, as its cache got them @stride pages apart, and other neighbours that are.
 */
static void scattered(int argc, char **argv)
{
	static const long strides[] = { 2, 3, 16, 127, 255 };
	const long pages = MIB / 4096;
	char *out = malloc(MIB), *in = malloc(MIB);
	unsigned int i;
	long first, at;
	int fd, host;

	CHECK(argc == 1);
	CHECK(!rump_init());
	CHECK(!rump_pub_etfs_register("/dev/disk", argv[0], RUMP_ETFS_BLK));
	host = open(argv[0], O_RDONLY);
	for (i = 0; i < sizeof(strides) / sizeof(strides[0]); i++) {
		fd = rump_sys_open("/dev/disk", O_RDWR, 0);
		CHECK(fd >= 0);
		fill(out, MIB, i);
		for (first = 0; first < strides[i]; first++)
			for (at = first; at < pages; at += strides[i])
				CHECK(rump_sys_pwrite64(fd, out + at * 4096, 4096, at * 4096) ==
				      4096);
		CHECK(!rump_sys_fsync(fd));
		CHECK(pread(host, in, MIB, 0) == MIB && !memcmp(in, out, MIB));
		CHECK(!rump_sys_posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
		CHECK(rump_sys_pread64(fd, in, MIB, 0) == MIB && !memcmp(in, out, MIB));
		rump_sys_close(fd);
	}
	CHECK(!rump_pub_etfs_remove("/dev/disk"));
}

static const struct test tests[] = {
	{ "discard", discard },	    { "etfs", etfs },		{ "direct", direct },
	{ "mapped", mapped },	    { "cut_short", cut_short }, { "read_only", read_only },
	{ "scattered", scattered },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
