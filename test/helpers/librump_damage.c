/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_damage.c - images that are damaged by a seed, and what a kernel makes of them */
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "librump_files.h"

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
	{"mutate", mutate},
	{"survive", survive},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
