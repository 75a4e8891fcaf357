/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_block.c - devices upon devices: partitions, loop, device-mapper */
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "librump_files.h"

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

static const struct test tests[] = {
	{"partition", partition},
	{"loop", loop},
	{"mapper", mapper},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
