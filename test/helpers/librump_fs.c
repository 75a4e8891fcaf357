/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * librump_fs.c - file systems: what programs do with files, on any type
 *
 * Each test mounts an image at /mnt. Traits of a type are letters in one word: s symbolic
 * links, l hard links, x user extended attributes, h holes, m modes, a access control lists.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "librump_files.h"

#define MANY 500

static char was_seen[MANY];

static void see(const char *name)
{
	int i;

	CHECK(sscanf(name, "entry-%d", &i) == 1);
	CHECK(i >= 0 && i < MANY && !was_seen[i]);
	was_seen[i] = 1;
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
	if (strchr(traits, 'a'))
		make_access_lists();
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
	if (strchr(argv[2], 'a'))
		expect_access_lists();
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
	names("slmxha");
	attributes("slmxha");
	lengths("slmxha");
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

static const struct test tests[] = {
	{"exercise", exercise},
	{"verify", verify},
	{"same", same},
	{"fill", fill_image},
	{"tmpfs", tmpfs},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
