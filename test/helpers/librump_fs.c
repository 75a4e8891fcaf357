/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * librump_fs.c - file systems: what programs do with files, on any type
 *
 * Each test mounts an image at /mnt. Traits of a type are letters in one word: s symbolic
 * links, l hard links, x user extended attributes, h holes, m modes, c case matters.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/dm-ioctl.h>
#include <linux/loop.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "librump_test.h"

#define MIB  (1L << 20)
#define BIG  (3 * MIB + 12345)
#define MANY 500

static char big[BIG], again[BIG + 4096];

static void fill(char *p, long n, unsigned int seed)
{
	for (long i = 0; i < n; i++)
		p[i] = (seed = seed * 1664525 + 1013904223) >> 24;
}

static void mount_at_mnt(const char *image, const char *type, unsigned long flags,
			 const char *options)
{
	static char log[1 << 16];
	int err;

	CHECK(!rump_init());
	err = rump_vfs_mount(image, "/mnt", type, flags, options);
	if (!err)
		return;
	if (rump_dmesg(log, sizeof(log)) > 0)
		fputs(log, stderr);
	fprintf(stderr, "%s: cannot mount as %s: %s\n", image, type, strerror(err));
	exit(1);
}

static void write_file(const char *path, const char *data, long len)
{
	int fd = rump_sys_open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	long n, piece;

	CHECK(fd >= 0);
	for (n = 0; n < len; n += piece) {
		piece = len - n < 70000 ? len - n : 70000;
		CHECK(rump_sys_write(fd, data + n, piece) == piece);
	}
	CHECK(!rump_sys_close(fd));
}

/* The content of a file, and nothing after it. */
static void expect_file(const char *path, const char *data, long len)
{
	int fd = rump_sys_open(path, O_RDONLY);
	long n = 0, got;

	if (fd < 0)
		fprintf(stderr, "%s: ", path);
	CHECK(fd >= 0);
	while ((got = rump_sys_read(fd, again + n, sizeof(again) - n)) > 0)
		n += got;
	CHECK(!got);
	if (n != len || memcmp(again, data, len))
		fprintf(stderr, "%s: %ld bytes, expected %ld: ", path, n, len);
	CHECK(n == len);
	CHECK(!memcmp(again, data, len));
	CHECK(!rump_sys_close(fd));
}

struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};

/* Every entry of a directory, . and .. apart; seen() may be NULL. */
static long list(const char *dir, void (*seen)(const char *name))
{
	char buf[4096] __attribute__((aligned(8)));
	struct entry *e;
	long n, at, count = 0;
	int fd = rump_sys_open(dir, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		fprintf(stderr, "%s: ", dir);
	CHECK(fd >= 0);
	while ((n = rump_sys_getdents64(fd, buf, sizeof(buf))) > 0) {
		for (at = 0; at < n; at += e->reclen) {
			e = (struct entry *)(buf + at);
			if (!strcmp(e->name, ".") || !strcmp(e->name, ".."))
				continue;
			count++;
			if (seen)
				seen(e->name);
		}
	}
	CHECK(!n);
	rump_sys_close(fd);
	return count;
}

static char was_seen[MANY];

static void see(const char *name)
{
	int i;

	CHECK(sscanf(name, "entry-%d", &i) == 1);
	CHECK(i >= 0 && i < MANY && !was_seen[i]);
	was_seen[i] = 1;
}

static long size_of(const char *path)
{
	struct stat st;

	CHECK(!rump_sys_stat(path, &st));
	return st.st_size;
}

static long free_blocks(void)
{
	struct statfs sf;

	CHECK(!rump_sys_statfs("/mnt", &sf));
	CHECK(sf.f_bsize >= 512 && sf.f_blocks > 0);
	CHECK(sf.f_bfree <= sf.f_blocks);
	return sf.f_bfree;
}

static void files(void)
{
	struct stat st;
	int fd;

	CHECK(!rump_sys_mkdir("/mnt/dir", 0755));
	CHECK_ERR(rump_sys_mkdir("/mnt/dir", 0755), EEXIST);
	CHECK_ERR(rump_sys_open("/mnt/nothing", O_RDONLY), ENOENT);
	write_file("/mnt/dir/big", big, BIG);
	expect_file("/mnt/dir/big", big, BIG);
	CHECK(!rump_sys_stat("/mnt/dir/big", &st));
	CHECK(S_ISREG(st.st_mode) && st.st_size == BIG && st.st_nlink == 1);

	/* Over a boundary of blocks, in the middle, and after the end. */
	fd = rump_sys_open("/mnt/dir/big", O_RDWR);
	CHECK(fd >= 0);
	fill(big + 4000, 9000, 99);
	CHECK(rump_sys_pwrite(fd, big + 4000, 9000, 4000) == 9000);
	CHECK(rump_sys_pread(fd, again, 100, BIG - 50) == 50);
	CHECK(rump_sys_pread(fd, again, 100, BIG) == 0);
	CHECK(!rump_sys_fsync(fd));
	CHECK(!rump_sys_close(fd));
	expect_file("/mnt/dir/big", big, BIG);
}

static void names(const char *traits)
{
	char target[256];

	write_file("/mnt/one", "one", 3);
	write_file("/mnt/two", "two!", 4);
	CHECK(!rump_sys_rename("/mnt/one", "/mnt/dir/moved"));
	CHECK_ERR(rump_sys_open("/mnt/one", O_RDONLY), ENOENT);
	expect_file("/mnt/dir/moved", "one", 3);
	CHECK(!rump_sys_rename("/mnt/two", "/mnt/dir/moved"));
	expect_file("/mnt/dir/moved", "two!", 4);
	CHECK(!rump_sys_mkdir("/mnt/empty", 0755));
	CHECK(!rump_sys_rename("/mnt/empty", "/mnt/dir/sub"));
	CHECK_ERR(rump_sys_rmdir("/mnt/dir"), ENOTEMPTY);
	CHECK(!rump_sys_rmdir("/mnt/dir/sub"));
	CHECK_ERR(rump_sys_rename("/mnt/nothing", "/mnt/x"), ENOENT);

	if (strchr(traits, 's')) {
		CHECK(!rump_sys_symlink("dir/moved", "/mnt/soft"));
		CHECK(rump_sys_readlink("/mnt/soft", target, sizeof(target)) == 9);
		CHECK(!memcmp(target, "dir/moved", 9));
		expect_file("/mnt/soft", "two!", 4);
	} else {
		CHECK(rump_sys_symlink("dir/moved", "/mnt/soft") == -1);
	}
	if (strchr(traits, 'l')) {
		struct stat a, b;

		CHECK(!rump_sys_link("/mnt/dir/moved", "/mnt/hard"));
		CHECK(!rump_sys_stat("/mnt/hard", &a) && !rump_sys_stat("/mnt/dir/moved", &b));
		CHECK(a.st_ino == b.st_ino && a.st_nlink == 2);
	} else {
		CHECK(rump_sys_link("/mnt/dir/moved", "/mnt/hard") == -1);
	}
}

static void attributes(const char *traits)
{
	struct timespec times[2] = {{1000000000, 0}, {1000000002, 0}};
	struct stat st;
	char value[64];

	write_file("/mnt/attr", "a", 1);
	CHECK(!rump_sys_utimensat(AT_FDCWD, "/mnt/attr", times, 0));
	CHECK(!rump_sys_stat("/mnt/attr", &st));
	CHECK(st.st_mtim.tv_sec == 1000000002);
	if (strchr(traits, 'm')) {
		CHECK(!rump_sys_chmod("/mnt/attr", 04751));
		CHECK(!rump_sys_chown("/mnt/attr", 1234, 567));
		CHECK(!rump_sys_chmod("/mnt/attr", 0751));
		CHECK(!rump_sys_stat("/mnt/attr", &st));
		CHECK((st.st_mode & 07777) == 0751 && st.st_uid == 1234 && st.st_gid == 567);
	}
	if (!strchr(traits, 'x'))
		return;
	CHECK(!rump_sys_setxattr("/mnt/attr", "user.name", "value", 5, XATTR_CREATE));
	CHECK_ERR(rump_sys_setxattr("/mnt/attr", "user.name", "v", 1, XATTR_CREATE), EEXIST);
	CHECK(!rump_sys_setxattr("/mnt/attr", "user.other", "0123456789", 10, 0));
	CHECK(!rump_sys_setxattr("/mnt/attr", "user.gone", "x", 1, 0));
	CHECK(!rump_sys_removexattr("/mnt/attr", "user.gone"));
	CHECK(rump_sys_getxattr("/mnt/attr", "user.name", value, sizeof(value)) == 5);
	CHECK(!memcmp(value, "value", 5));
	CHECK(rump_sys_listxattr("/mnt/attr", value, sizeof(value)) >= 10 + 11);
	CHECK_ERR(rump_sys_getxattr("/mnt/attr", "user.gone", value, sizeof(value)), ENODATA);
}

static void lengths(const char *traits)
{
	struct stat st;
	int fd;

	write_file("/mnt/cut", big, 100000);
	CHECK(!rump_sys_truncate("/mnt/cut", 50001));
	expect_file("/mnt/cut", big, 50001);
	CHECK(!rump_sys_truncate("/mnt/cut", 60000));
	CHECK(size_of("/mnt/cut") == 60000);
	fd = rump_sys_open("/mnt/cut", O_RDONLY);
	CHECK(rump_sys_pread(fd, again, 60000, 0) == 60000);
	CHECK(!memcmp(again, big, 50001));
	for (int i = 50001; i < 60000; i++)
		CHECK(!again[i]);
	rump_sys_close(fd);
	fd = rump_sys_open("/mnt/append", O_CREAT | O_WRONLY | O_APPEND, 0644);
	for (int i = 0; i < 100; i++)
		CHECK(rump_sys_write(fd, big + i * 100, 100) == 100);
	rump_sys_close(fd);
	expect_file("/mnt/append", big, 10000);

	if (strchr(traits, 'h')) {
		fd = rump_sys_open("/mnt/hole", O_CREAT | O_RDWR, 0644);
		CHECK(rump_sys_pwrite(fd, "end", 3, 20 * MIB) == 3);
		CHECK(!rump_sys_fsync(fd));
		CHECK(!rump_sys_fstat(fd, &st));
		CHECK(st.st_size == 20 * MIB + 3 && st.st_blocks < 2048);
		CHECK(rump_sys_pread(fd, again, 4096, MIB) == 4096 && !again[77]);
		rump_sys_close(fd);
		CHECK(!rump_sys_unlink("/mnt/hole"));
	}
}

static void many(void)
{
	char path[64];
	int i;

	CHECK(!rump_sys_mkdir("/mnt/many", 0755));
	for (i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "/mnt/many/entry-%d", i);
		write_file(path, path, strlen(path));
	}
	CHECK(list("/mnt/many", see) == MANY);
	for (i = 1; i < MANY; i += 2) {
		snprintf(path, sizeof(path), "/mnt/many/entry-%d", i);
		CHECK(!rump_sys_unlink(path));
	}
	CHECK(list("/mnt/many", NULL) == MANY / 2);
}

/* An unlinked file lives until it is closed, then its room is free. */
static void unlinked(void)
{
	long before, after;
	int fd, i;

	rump_sys_sync();
	before = free_blocks();
	fd = rump_sys_open("/mnt/gone", O_CREAT | O_RDWR, 0644);
	for (i = 0; i < 12; i++)
		CHECK(rump_sys_write(fd, big, MIB) == MIB);
	rump_sys_sync();
	CHECK(free_blocks() < before);
	CHECK(!rump_sys_unlink("/mnt/gone"));
	CHECK(rump_sys_pread(fd, again, MIB, 0) == MIB && !memcmp(again, big, MIB));
	CHECK(!rump_sys_close(fd));
	rump_sys_sync();
	after = free_blocks();
	printf("%ld blocks free before, %ld after\n", before, after);
}

/* exercise IMAGE TYPE TRAITS [OPTIONS] */
static void exercise(int argc, char **argv)
{
	CHECK(argc >= 3);
	fill(big, BIG, 1);
	mount_at_mnt(argv[0], argv[1], 0, argc > 3 ? argv[3] : NULL);
	files();
	names(argv[2]);
	attributes(argv[2]);
	lengths(argv[2]);
	many();
	unlinked();
	CHECK(!rump_vfs_unmount("/mnt", 0));
}

/* verify IMAGE TYPE TRAITS [OPTIONS]: what exercise left, in a later kernel */
static void verify(int argc, char **argv)
{
	char target[256], path[64], value[64];
	struct stat st;
	int i;

	CHECK(argc >= 3);
	fill(big, BIG, 1);
	fill(big + 4000, 9000, 99);
	mount_at_mnt(argv[0], argv[1], MS_RDONLY, argc > 3 ? argv[3] : NULL);
	expect_file("/mnt/dir/big", big, BIG);
	expect_file("/mnt/dir/moved", "two!", 4);
	expect_file("/mnt/append", big, 10000);
	CHECK(size_of("/mnt/cut") == 60000);
	CHECK_ERR(rump_sys_open("/mnt/gone", O_RDONLY), ENOENT);
	CHECK_ERR(rump_sys_open("/mnt/new", O_CREAT | O_WRONLY, 0644), EROFS);
	CHECK(list("/mnt/many", see) == MANY / 2);
	for (i = 0; i < MANY; i += 2) {
		snprintf(path, sizeof(path), "/mnt/many/entry-%d", i);
		expect_file(path, path, strlen(path));
	}
	CHECK(!rump_sys_stat("/mnt/attr", &st));
	CHECK(st.st_mtim.tv_sec == 1000000002);
	if (strchr(argv[2], 's')) {
		CHECK(rump_sys_readlink("/mnt/soft", target, sizeof(target)) == 9);
		expect_file("/mnt/soft", "two!", 4);
	}
	if (strchr(argv[2], 'l')) {
		CHECK(!rump_sys_stat("/mnt/hard", &st) && st.st_nlink == 2);
		expect_file("/mnt/hard", "two!", 4);
	}
	if (strchr(argv[2], 'm')) {
		CHECK(!rump_sys_stat("/mnt/attr", &st));
		CHECK((st.st_mode & 07777) == 0751 && st.st_uid == 1234 && st.st_gid == 567);
	}
	if (strchr(argv[2], 'x')) {
		CHECK(rump_sys_getxattr("/mnt/attr", "user.name", value, sizeof(value)) == 5);
		CHECK(rump_sys_getxattr("/mnt/attr", "user.other", value, sizeof(value)) == 10);
		CHECK(!memcmp(value, "0123456789", 10));
	}
	CHECK(!rump_vfs_unmount("/mnt", 0));
}

static size_t host_root_len;
static long compared;
static const char *same_traits;

static int compare(const char *path, const struct stat *host, int what, struct FTW *ftw)
{
	char inside[PATH_MAX], target[256], expected[256];
	struct stat st;
	ssize_t n;
	FILE *f;

	(void)ftw;
	snprintf(inside, sizeof(inside), "/mnt%s", path + host_root_len);
	if (rump_sys_lstat(inside, &st))
		fprintf(stderr, "%s: ", inside);
	CHECK(!rump_sys_lstat(inside, &st));
	compared++;
	CHECK((st.st_mode & S_IFMT) == (host->st_mode & S_IFMT));
	if (strchr(same_traits, 'm'))
		CHECK((st.st_mode & 07777) == (host->st_mode & 07777));
	switch (what) {
	case FTW_F:
		CHECK(host->st_size <= BIG);
		f = fopen(path, "r");
		CHECK(f);
		CHECK(fread(big, 1, host->st_size, f) == (size_t)host->st_size);
		fclose(f);
		expect_file(inside, big, host->st_size);
		break;
	case FTW_SL:
		n = readlink(path, expected, sizeof(expected));
		CHECK(rump_sys_readlink(inside, target, sizeof(target)) == n);
		CHECK(!memcmp(target, expected, n));
		break;
	}
	if (strchr(same_traits, 'x') && what == FTW_F) {
		n = getxattr(path, "user.name", expected, sizeof(expected));
		CHECK(rump_sys_getxattr(inside, "user.name", target, sizeof(target)) == n);
		if (n > 0)
			CHECK(!memcmp(target, expected, n));
	}
	return 0;
}

/* same IMAGE TYPE TRAITS DIR [OPTIONS]: the image holds just what a host directory holds */
static void same(int argc, char **argv)
{
	struct dirent *d;
	long here = 0;
	DIR *dir;

	CHECK(argc >= 4);
	same_traits = argv[2];
	host_root_len = strlen(argv[3]);
	mount_at_mnt(argv[0], argv[1], MS_RDONLY, argc > 4 ? argv[4] : NULL);
	CHECK(!nftw(argv[3], compare, 16, FTW_PHYS));
	printf("%ld files are the same\n", compared);
	CHECK(compared > 10);
	dir = opendir(argv[3]);
	while ((d = readdir(dir)))
		here += strcmp(d->d_name, ".") && strcmp(d->d_name, "..");
	closedir(dir);
	CHECK(list("/mnt", NULL) == here);
	CHECK(rump_sys_open("/mnt/new", O_CREAT | O_WRONLY, 0644) == -1);
	CHECK(!rump_vfs_unmount("/mnt", 0));
}

static int copy_in(const char *path, const struct stat *host, int what, struct FTW *ftw)
{
	char inside[PATH_MAX];
	FILE *f;

	(void)ftw;
	snprintf(inside, sizeof(inside), "/mnt%s", path + host_root_len);
	if (what == FTW_D && path[host_root_len])
		CHECK(!rump_sys_mkdir(inside, 0755));
	if (what != FTW_F)
		return 0;
	CHECK(host->st_size <= BIG);
	f = fopen(path, "r");
	CHECK(f);
	CHECK(fread(big, 1, host->st_size, f) == (size_t)host->st_size);
	fclose(f);
	write_file(inside, big, host->st_size);
	return 0;
}

/* fill IMAGE TYPE DIR: with the files of a host directory */
static void fill_image(int argc, char **argv)
{
	CHECK(argc == 3);
	host_root_len = strlen(argv[2]);
	mount_at_mnt(argv[0], argv[1], 0, NULL);
	CHECK(!nftw(argv[2], copy_in, 16, FTW_PHYS));
	CHECK(!rump_vfs_unmount("/mnt", 0));
}

static void tmpfs(int argc, char **argv)
{
	struct statfs sf;

	(void)argc;
	(void)argv;
	fill(big, BIG, 1);
	mount_at_mnt("none", "tmpfs", 0, "size=32m");
	CHECK(!rump_sys_statfs("/mnt", &sf));
	CHECK(sf.f_type == 0x01021994);
	CHECK(sf.f_blocks * sf.f_bsize == 32 * MIB);
	files();
	names("slmxh");
	attributes("slmxh");
	lengths("slmxh");
	many();
	unlinked();
	/* Full is full, and room comes back. */
	int fd = rump_sys_open("/mnt/full", O_CREAT | O_WRONLY, 0644);
	while (rump_sys_write(fd, big, MIB) > 0)
		;
	CHECK(errno == ENOSPC);
	rump_sys_close(fd);
	CHECK(!rump_sys_unlink("/mnt/full"));
	write_file("/mnt/fits", big, BIG);
	expect_file("/mnt/fits", big, BIG);
	/* Directories that a mount makes on its way can be passed by all users. */
	struct stat st;
	CHECK(!rump_vfs_mount("none", "/on/the/way", "tmpfs", 0, NULL));
	CHECK(!rump_sys_stat("/on", &st) && (st.st_mode & 07777) == 0755);
	CHECK(!rump_sys_stat("/on/the", &st) && (st.st_mode & 07777) == 0755);
	CHECK(!rump_vfs_unmount("/on/the/way", 0));
	CHECK(!rump_vfs_unmount("/mnt", 0));
}

/* overlay IMAGE: a read-only squashfs below, a tmpfs above */
static void overlay(int argc, char **argv)
{
	struct stat st;
	int fd;

	CHECK(argc == 1);
	CHECK(!rump_init());
	CHECK(!rump_vfs_mount(argv[0], "/lower", "squashfs", MS_RDONLY, NULL));
	CHECK(!rump_vfs_mount("none", "/upper", "tmpfs", 0, NULL));
	CHECK(!rump_sys_mkdir("/upper/data", 0755));
	CHECK(!rump_sys_mkdir("/upper/work", 0755));
	mount_at_mnt("overlay", "overlay", 0,
		     "lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work");
	expect_file("/mnt/dir/small", "small\n", 6);
	/* Copied up when written, the lower one stays. */
	fd = rump_sys_open("/mnt/dir/small", O_WRONLY | O_APPEND);
	CHECK(fd >= 0);
	CHECK(rump_sys_write(fd, "more\n", 5) == 5);
	rump_sys_close(fd);
	expect_file("/mnt/dir/small", "small\nmore\n", 11);
	expect_file("/lower/dir/small", "small\n", 6);
	expect_file("/upper/data/dir/small", "small\nmore\n", 11);
	/* Gone above, there below. */
	CHECK(!rump_sys_unlink("/mnt/top"));
	CHECK_ERR(rump_sys_stat("/mnt/top", &st), ENOENT);
	CHECK(!rump_sys_stat("/lower/top", &st));
	CHECK(!rump_sys_lstat("/upper/data/top", &st));
	CHECK(S_ISCHR(st.st_mode) && !st.st_rdev);
	write_file("/mnt/top", "new", 3);
	expect_file("/mnt/top", "new", 3);
	CHECK(!rump_sys_rename("/mnt/top", "/mnt/dir/renamed"));
	expect_file("/mnt/dir/renamed", "new", 3);
	CHECK(!rump_sys_mkdir("/mnt/newdir", 0755));
	CHECK(!rump_vfs_unmount("/mnt", 0));
	expect_file("/upper/data/dir/renamed", "new", 3);
	CHECK(!rump_vfs_unmount("/lower", 0));
}

static long slurp(const char *path)
{
	int fd = rump_sys_open(path, O_RDONLY);
	long n = 0, got;

	if (fd < 0)
		fprintf(stderr, "%s: ", path);
	CHECK(fd >= 0);
	while ((got = rump_sys_read(fd, again + n, sizeof(again) - 1 - n)) > 0)
		n += got;
	CHECK(!got);
	rump_sys_close(fd);
	again[n] = 0;
	return n;
}

static void proc(int argc, char **argv)
{
	char link[256];
	long n;
	int fd;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK(slurp("/proc/version") > 0 && strstr(again, "Linux version 6.12"));
	CHECK(slurp("/proc/meminfo") > 0 && strstr(again, "MemTotal:"));
	CHECK(slurp("/proc/mounts") > 0 && strstr(again, " /proc proc "));
	CHECK(slurp("/proc/filesystems") > 0 && strstr(again, "ext4"));
	CHECK(slurp("/proc/self/status") > 0 && strstr(again, "Threads:\t"));
	CHECK(slurp("/proc/cpuinfo") >= 0);
	CHECK(slurp("/proc/net/dev") > 0 && strstr(again, "lo:"));
	CHECK(slurp("/proc/interrupts") >= 0);
	CHECK(slurp("/proc/stat") > 0 && strstr(again, "cpu0 "));
	CHECK(slurp("/proc/uptime") > 0);
	CHECK(slurp("/proc/loadavg") > 0);
	CHECK(slurp("/proc/self/maps") >= 0);
	/* Descriptors are this process's. */
	fd = rump_sys_open("/tmp/file", O_CREAT | O_RDWR, 0600);
	snprintf((char *)again, 64, "/proc/self/fd/%d", fd);
	n = rump_sys_readlink(again, link, sizeof(link));
	CHECK(n == 9 && !memcmp(link, "/tmp/file", 9));
	CHECK(list("/proc/self/task", NULL) >= 1);
	/* And settings can be set. */
	fd = rump_sys_open("/proc/sys/net/ipv4/ip_forward", O_RDWR);
	CHECK(fd >= 0);
	CHECK(rump_sys_write(fd, "1\n", 2) == 2);
	rump_sys_close(fd);
	CHECK(slurp("/proc/sys/net/ipv4/ip_forward") == 2 && again[0] == '1');
	/* Another mount of it. */
	mount_at_mnt("proc", "proc", 0, NULL);
	CHECK(slurp("/mnt/version") > 0);
	CHECK(!rump_vfs_unmount("/mnt", 0));
}

static void sysfs(int argc, char **argv)
{
	char link[256];

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK(slurp("/sys/class/net/lo/address") > 0);
	CHECK(!strcmp(again, "00:00:00:00:00:00\n"));
	CHECK(slurp("/sys/devices/system/cpu/online") > 0 && again[0] == '0');
	CHECK(rump_sys_readlink("/sys/class/net/lo", link, sizeof(link)) > 0);
	CHECK(list("/sys/fs/ext4", NULL) >= 0);
	CHECK(list("/sys/block", NULL) >= 0);
	mount_at_mnt("sysfs", "sysfs", 0, NULL);
	/* Parameters of what is a module elsewhere come with the first mount(2). */
	CHECK(list("/mnt/module", NULL) > 0);
	CHECK(slurp("/mnt/class/net/lo/mtu") > 0 && !strcmp(again, "65536\n"));
	CHECK(!rump_vfs_unmount("/mnt", 0));
}

/* partition IMAGE: the second partition of a disk holds ext4, the first nothing */
static void partition(int argc, char **argv)
{
	char part[64];
	struct stat st, p;
	uint64_t size;
	int fd;

	CHECK(argc == 1);
	CHECK(!rump_init());
	CHECK(!rump_pub_etfs_register("/dev/disk", argv[0], RUMP_ETFS_BLK));
	CHECK(!rump_sys_stat("/dev/disk", &st));
	CHECK(S_ISBLK(st.st_mode));
	snprintf(part, sizeof(part), "/dev/rump0p1");
	CHECK(!rump_sys_stat(part, &p));
	CHECK(S_ISBLK(p.st_mode) && p.st_rdev != st.st_rdev);
	fd = rump_sys_open(part, O_RDONLY);
	CHECK(rump_sys_ioctl(fd, BLKGETSIZE64, &size) == 0);
	CHECK(size == 8 * MIB);
	rump_sys_close(fd);
	CHECK(slurp("/proc/partitions") > 0 && strstr(again, "rump0p2"));
	CHECK(!rump_sys_mkdir("/m", 0755));
	CHECK(!rump_sys_mount("/dev/rump0p2", "/m", "ext4", 0, NULL));
	fill(big, BIG, 5);
	write_file("/m/file", big, BIG);
	CHECK(rump_pub_etfs_remove("/dev/disk") == EBUSY);
	CHECK(!rump_sys_umount2("/m", 0));
	CHECK(!rump_pub_etfs_remove("/dev/disk"));
	CHECK_ERR(rump_sys_stat(part, &p), ENOENT);
}

/* loop IMAGE: an image inside the mounted image */
static void loop(int argc, char **argv)
{
	struct loop_config config = {.block_size = 512};
	int ctl, n, fd, dev;
	char path[32];
	uint64_t size;
	FILE *f;

	/* argv: outer image, inner image made by mkfs on the host */
	CHECK(argc == 2);
	mount_at_mnt(argv[0], "ext4", 0, NULL);
	f = fopen(argv[1], "r");
	CHECK(f);
	fd = rump_sys_open("/mnt/inner", O_CREAT | O_RDWR, 0644);
	while ((n = fread(again, 1, MIB, f)) > 0)
		CHECK(rump_sys_write(fd, again, n) == n);
	fclose(f);
	ctl = rump_sys_open("/dev/loop-control", O_RDWR);
	CHECK(ctl >= 0);
	n = rump_sys_ioctl(ctl, LOOP_CTL_GET_FREE);
	CHECK(n >= 0);
	snprintf(path, sizeof(path), "/dev/loop%d", n);
	dev = rump_sys_open(path, O_RDWR);
	CHECK(dev >= 0);
	config.fd = fd;
	CHECK(!rump_sys_ioctl(dev, LOOP_CONFIGURE, &config));
	CHECK(!rump_sys_ioctl(dev, BLKGETSIZE64, &size));
	CHECK((long)size == size_of("/mnt/inner"));
	CHECK(!rump_sys_mkdir("/in", 0755));
	CHECK(!rump_sys_mount(path, "/in", "ext4", 0, NULL));
	fill(big, BIG, 6);
	write_file("/in/file", big, BIG);
	expect_file("/in/file", big, BIG);
	CHECK(!rump_sys_umount2("/in", 0));
	CHECK(!rump_sys_ioctl(dev, LOOP_CLR_FD, 0));
	CHECK(!rump_sys_close(dev));
	CHECK(!rump_sys_close(fd));
	CHECK(!rump_sys_close(ctl));
	CHECK(!rump_vfs_unmount("/mnt", 0));
}

struct dm_table {
	struct dm_ioctl head;
	struct dm_target_spec spec;
	char params[512];
};

static int dm_control;

static struct dm_table dm(unsigned long request, const char *name, const char *type,
			  uint64_t sectors, const char *params)
{
	struct dm_table t = {
		.head =
			{
				.version = {DM_VERSION_MAJOR, 0, 0},
				.data_size = sizeof(t),
				.data_start = sizeof(t.head),
				.target_count = type ? 1 : 0,
			},
		.spec = {.length = sectors},
	};

	snprintf(t.head.name, sizeof(t.head.name), "%s", name);
	if (type) {
		snprintf(t.spec.target_type, sizeof(t.spec.target_type), "%s", type);
		snprintf(t.params, sizeof(t.params), "%s", params);
	}
	CHECK(!rump_sys_ioctl(dm_control, request, &t));
	return t;
}

static void dm_create(const char *name, const char *type, uint64_t sectors, const char *params)
{
	char path[300];
	uint64_t dev;

	dev = dm(DM_DEV_CREATE, name, NULL, 0, NULL).head.dev;
	dm(DM_TABLE_LOAD, name, type, sectors, params);
	dm(DM_DEV_SUSPEND, name, NULL, 0, NULL); /* without the flag: resume */
	snprintf(path, sizeof(path), "/dev/mapper/%s", name);
	CHECK(!rump_sys_mknod(path, S_IFBLK | 0600,
			      makedev((dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00))));
}

/* mapper IMAGE: linear turned round, crypt; 16 MiB */
static void mapper(int argc, char **argv)
{
	char sector[512], raw[512];
	int fd, i;

	CHECK(argc == 1);
	CHECK(!rump_init());
	CHECK(!rump_pub_etfs_register("/dev/disk", argv[0], RUMP_ETFS_BLK));
	rump_sys_mkdir("/dev/mapper", 0755);
	dm_control = rump_sys_open("/dev/mapper/control", O_RDWR);
	CHECK(dm_control >= 0);

	/* The second half of the disk. */
	dm_create("half", "linear", 16384, "/dev/disk 16384");
	fd = rump_sys_open("/dev/mapper/half", O_RDWR);
	CHECK(fd >= 0);
	memset(sector, 'h', sizeof(sector));
	CHECK(rump_sys_pwrite(fd, sector, 512, 0) == 512);
	CHECK(rump_sys_pwrite(fd, sector, 512, 16383 * 512L) == 512);
	CHECK(rump_sys_pwrite(fd, sector, 512, 16384 * 512L) == -1);
	CHECK(!rump_sys_fsync(fd));
	CHECK(!rump_sys_close(fd));
	dm(DM_DEV_REMOVE, "half", NULL, 0, NULL);

	/* A cipher that the test undoes with openssl, and one that people use. */
	dm_create("plain", "crypt", 2048,
		  "aes-cbc-plain64 000102030405060708090a0b0c0d0e0f 0 /dev/disk 0");
	fd = rump_sys_open("/dev/mapper/plain", O_RDWR);
	CHECK(fd >= 0);
	memset(sector, 'c', sizeof(sector));
	for (i = 0; i < 16; i++)
		CHECK(rump_sys_pwrite(fd, sector, 512, i * 512L) == 512);
	CHECK(!rump_sys_fsync(fd));
	CHECK(!rump_sys_close(fd));
	dm(DM_DEV_REMOVE, "plain", NULL, 0, NULL);

	dm_create("secret", "crypt", 8192,
		  "aes-xts-plain64 "
		  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
		  "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
		  " 0 /dev/disk 4096");
	fill(big, MIB, 7);
	fd = rump_sys_open("/dev/mapper/secret", O_RDWR);
	CHECK(fd >= 0);
	CHECK(rump_sys_pwrite(fd, big, MIB, 0) == MIB);
	CHECK(!rump_sys_fsync(fd));
	CHECK(!rump_sys_posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	CHECK(rump_sys_pread(fd, again, MIB, 0) == MIB && !memcmp(again, big, MIB));
	CHECK(!rump_sys_close(fd));
	dm(DM_DEV_REMOVE, "secret", NULL, 0, NULL);
	fd = rump_sys_open("/dev/disk", O_RDONLY);
	CHECK(rump_sys_pread(fd, raw, 512, 4096 * 512L) == 512);
	CHECK(memcmp(raw, big, 512));
	CHECK(!rump_sys_close(fd));
	CHECK(!rump_pub_etfs_remove("/dev/disk"));
}

static uint32_t random_state;

static uint32_t rnd(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint64_t)random_state * below >> 32;
}

/* A place that holds something, so that the damage is to structures more than to nothing. */
static long place(const unsigned char *image, long size, long align)
{
	long at = 0;
	int tries;

	for (tries = 0; tries < 40; tries++) {
		at = rnd(rnd(3) ? size : size / 16);
		if (image[at])
			break;
	}
	return at / align * align;
}

static void damage(unsigned char *image, long size)
{
	static const long sizes[] = {16, 512, 1024, 4096};
	long at, n = sizes[rnd(4)], i;
	int count;

	switch (rnd(5)) {
	case 0: /* bits */
		for (count = 1 + rnd(16); count--;)
			image[place(image, size, 1)] ^= 1 << rnd(8);
		break;
	case 1: /* bytes */
		for (count = 1 + rnd(64); count--;)
			image[place(image, size, 1)] = rnd(256);
		break;
	case 2: /* words as attackers like them */
		for (count = 1 + rnd(16); count--;) {
			static const uint32_t words[] = {0, 0xffffffff, 0x7fffffff, 1, 0x80000000};
			memcpy(image + place(image, size - 4, 4), &words[rnd(5)], 4);
		}
		break;
	case 3: /* blocks */
		at = place(image, size - n, n);
		for (i = 0; i < n; i++)
			image[at + i] = rnd(256);
		break;
	case 4: /* a block in the place of another */
		memmove(image + place(image, size - n, n), image + place(image, size - n, n), n);
		break;
	}
}

/* mutate IMAGE OUT SEED: the same seed gives the same image */
static void mutate(int argc, char **argv)
{
	unsigned char *image;
	struct stat st;
	FILE *f;
	int i;

	CHECK(argc == 3);
	CHECK(!stat(argv[0], &st));
	image = malloc(st.st_size);
	f = fopen(argv[0], "r");
	CHECK(f && fread(image, 1, st.st_size, f) == (size_t)st.st_size);
	fclose(f);
	random_state = atoi(argv[2]) * 2654435761U;
	for (i = 1 + rnd(4); i--;)
		damage(image, st.st_size);
	f = fopen(argv[1], "w");
	CHECK(f && fwrite(image, 1, st.st_size, f) == (size_t)st.st_size);
	CHECK(!fclose(f));
	if (!rnd(10))
		CHECK(!truncate(argv[1], rnd(st.st_size) / 512 * 512 + 512));
}

static int budget = 400; /* entries to look at: damaged directories may be rings */

static void look_at(const char *path, int depth, int may_write)
{
	char buf[4096] __attribute__((aligned(8))), sub[PATH_MAX], value[256];
	struct entry *e;
	struct stat st;
	long n, at;
	int fd;

	if (depth > 12 || budget-- <= 0 || rump_sys_lstat(path, &st))
		return;
	rump_sys_listxattr(path, buf, sizeof(buf));
	rump_sys_getxattr(path, "user.name", value, sizeof(value));
	if (S_ISLNK(st.st_mode)) {
		rump_sys_readlink(path, buf, sizeof(buf));
	} else if (S_ISDIR(st.st_mode)) {
		fd = rump_sys_open(path, O_RDONLY | O_DIRECTORY);
		while (fd >= 0 && budget > 0 &&
		       (n = rump_sys_getdents64(fd, buf, sizeof(buf))) > 0) {
			for (at = 0; at < n && budget > 0; at += e->reclen) {
				e = (struct entry *)(buf + at);
				if (!strcmp(e->name, ".") || !strcmp(e->name, ".."))
					continue;
				snprintf(sub, sizeof(sub), "%.2000s/%s", path, e->name);
				look_at(sub, depth + 1, may_write);
			}
		}
		if (fd >= 0)
			rump_sys_close(fd);
	} else if (S_ISREG(st.st_mode)) {
		fd = rump_sys_open(path, may_write ? O_RDWR : O_RDONLY);
		if (fd < 0)
			return;
		for (n = 0; n < 256 && rump_sys_read(fd, buf, sizeof(buf)) > 0; n++)
			;
		rump_sys_pread(fd, buf, sizeof(buf), st.st_size - 100);
		if (may_write) {
			rump_sys_pwrite(fd, again, 5000, st.st_size / 2);
			rump_sys_ftruncate(fd, st.st_size / 3);
			rump_sys_fsync(fd);
		}
		rump_sys_close(fd);
	}
}

/* survive IMAGE TYPE [ro]: mount what may be damaged, use it; errors are welcome */
static void survive(int argc, char **argv)
{
	int write, fd, i;
	char path[64];
	struct statfs sf;

	CHECK(argc >= 2);
	write = argc == 2;
	CHECK(!rump_init());
	if (rump_vfs_mount(argv[0], "/mnt", argv[1], write ? 0 : MS_RDONLY, NULL)) {
		printf("not mounted\n");
		return;
	}
	rump_sys_statfs("/mnt", &sf);
	look_at("/mnt", 0, 0);
	if (write) {
		budget = 100;
		look_at("/mnt", 0, 1);
		for (i = 0; i < 30; i++) {
			snprintf(path, sizeof(path), "/mnt/created-%d", i);
			fd = rump_sys_open(path, O_CREAT | O_RDWR, 0644);
			if (fd < 0)
				continue;
			rump_sys_write(fd, big, 3000 * i);
			rump_sys_fsync(fd);
			rump_sys_close(fd);
		}
		rump_sys_mkdir("/mnt/made", 0755);
		rump_sys_rename("/mnt/created-1", "/mnt/made/moved");
		rump_sys_link("/mnt/created-2", "/mnt/made/linked");
		rump_sys_symlink("x", "/mnt/made/soft");
		rump_sys_unlink("/mnt/created-3");
		rump_sys_unlink("/mnt/dir/small");
		rump_sys_rename("/mnt/dir", "/mnt/made/dir");
		rump_sys_sync();
	}
	rump_vfs_unmount("/mnt", 0);
	printf("used\n");
}

static const struct test tests[] = {
	{"exercise", exercise}, {"verify", verify}, {"same", same},	{"tmpfs", tmpfs},
	{"overlay", overlay},	{"proc", proc},	    {"sysfs", sysfs},	{"partition", partition},
	{"loop", loop},		{"mapper", mapper}, {"mutate", mutate}, {"fill", fill_image},
	{"survive", survive},	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
