/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_kernfs.c - file systems of the kernel's own: overlayfs, proc, sysfs */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "librump_files.h"

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

static const struct test tests[] = {
	{"overlay", overlay},
	{"proc", proc},
	{"sysfs", sysfs},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
