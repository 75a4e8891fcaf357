/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_run.c - a kernel that runs, for others to look at */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "librump_test.h"

/* config MIB: what the environment gave, one line each; so much memory is used first */
static void config(int argc, char **argv)
{
	static char block[1 << 20];
	char c = 0, options[32];
	struct utsname u;
	struct sysinfo si;
	long written = 0;
	cpu_set_t set;
	int fd;

	CHECK(argc == 1);
	CHECK(!rump_init());
	CHECK(!rump_sys_uname(&u));
	printf("hostname %s\nsysname %s\nmachine %s\n", u.nodename, u.sysname, u.machine);
	CPU_ZERO(&set);
	CHECK(rump_sys_sched_getaffinity(0, sizeof(set), &set) > 0);
	printf("cpus %d\n", CPU_COUNT(&set));
	fd = rump_sys_open("/sys/devices/system/cpu/online", O_RDONLY);
	CHECK(fd >= 0);
	printf("online ");
	while (rump_sys_read(fd, &c, 1) == 1)
		putchar(c);
	/* Memory comes as it is used. */
	snprintf(options, sizeof(options), "size=%sm", argv[0]);
	CHECK(!rump_vfs_mount("none", "/fill", "tmpfs", 0, options));
	memset(block, 1, sizeof(block));
	fd = rump_sys_open("/fill/file", O_CREAT | O_WRONLY, 0600);
	while (rump_sys_write(fd, block, sizeof(block)) == sizeof(block))
		written++;
	CHECK(!rump_sys_sysinfo(&si));
	printf("total %lu MiB\nwritten %ld MiB\n", si.totalram * si.mem_unit >> 20, written);
}

static int block_fd[2];

static void *block(void *unused)
{
	char c;

	(void)unused;
	rump_sys_read(block_fd[0], &c, 1);
	return NULL;
}

/* blocked IMAGE: threads in the kernel for a minute, for debuggers to look at */
static void blocked(int argc, char **argv)
{
	struct timespec ts = {60, 0};
	pthread_t t;

	CHECK(argc <= 1);
	CHECK(!rump_init());
	if (argc == 1)
		CHECK(!rump_vfs_mount(argv[0], "/mnt", NULL, 0, NULL));
	CHECK(!rump_sys_pipe2(block_fd, 0));
	CHECK(!pthread_create(&t, NULL, block, NULL));
	usleep(100000);
	printf("ready\n");
	fflush(stdout);
	rump_sys_nanosleep(&ts, NULL);
}

/* busy SECONDS: calls that take their time in the kernel, for profilers */
static void busy(int argc, char **argv)
{
	static char buf[1 << 16];
	double end;
	int fd;

	CHECK(argc == 1);
	CHECK(!rump_init());
	fd = rump_sys_open("/tmp/f", O_CREAT | O_RDWR, 0600);
	CHECK(rump_sys_write(fd, buf, sizeof(buf)) == sizeof(buf));
	end = now() + atof(argv[0]);
	while (now() < end) {
		for (int i = 0; i < 1000; i++)
			CHECK(rump_sys_pread(fd, buf, 16, i) == 16);
	}
}

static const struct test tests[] = {
	{"config", config},
	{"blocked", blocked},
	{"busy", busy},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
