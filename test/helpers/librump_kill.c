/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * librump_kill.c - the end of a process under load, and what is found after it
 *
 * Threads write records whose content follows from thread and number, fsync, and only then log
 * them in a host file. Every record that the log names is on the image, whatever happened.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "librump_test.h"

#define WRITERS	   4
#define PER_FILE   40
#define RECORD_MAX 9000

static int log_fd;

/* The bytes of a record; their number is returned. */
static int record(char *buf, int thread, int number)
{
	uint32_t seed = thread * 1000003u + number * 7919u + 1;
	int len = 100 + (seed >> 3) % (RECORD_MAX - 100), i;

	for (i = 0; i < len; i++)
		buf[i] = (seed = seed * 1664525 + 1013904223) >> 24;
	return len;
}

static void path_of(char *path, size_t size, int thread, int number)
{
	snprintf(path, size, "/mnt/dir-%d/file-%d", thread, number / PER_FILE);
}

static void *writer(void *arg)
{
	int thread = (intptr_t)arg, fd = -1, n, len;
	char path[64], buf[RECORD_MAX], line[64];

	snprintf(path, sizeof(path), "/mnt/dir-%d", thread);
	CHECK(!rump_sys_mkdir(path, 0755));
	for (n = 0;; n++) {
		if (n % PER_FILE == 0) {
			if (fd >= 0)
				rump_sys_close(fd);
			path_of(path, sizeof(path), thread, n);
			fd = rump_sys_open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
			CHECK(fd >= 0);
		}
		len = record(buf, thread, n);
		if (rump_sys_pwrite(fd, buf, len, n % PER_FILE * (long)RECORD_MAX) != len)
			break; /* the disk is full */
		CHECK(!(n % 2 ? rump_sys_fsync(fd) : rump_sys_fdatasync(fd)));
		len = snprintf(line, sizeof(line), "%d %d\n", thread, n);
		CHECK(write(log_fd, line, len) == len);
	}
	return NULL;
}

/* Load on the journal of which nothing is promised, only that the file system is whole. */
static void *stirrer(void *unused)
{
	char a[64], b[64];
	int i, fd;

	(void)unused;
	CHECK(!rump_sys_mkdir("/mnt/stir", 0755));
	for (i = 0;; i++) {
		snprintf(a, sizeof(a), "/mnt/stir/a-%d", i % 50);
		snprintf(b, sizeof(b), "/mnt/stir/b-%d", i * 7 % 50);
		fd = rump_sys_open(a, O_CREAT | O_WRONLY, 0644);
		if (fd >= 0) {
			rump_sys_write(fd, a, sizeof(a));
			rump_sys_ftruncate(fd, i % 3 * 5000);
			rump_sys_close(fd);
		}
		switch (i % 5) {
		case 0:
			rump_sys_rename(a, b);
			break;
		case 1:
			rump_sys_unlink(b);
			break;
		case 2:
			rump_sys_link(a, b);
			break;
		case 3:
			rump_sys_mkdir("/mnt/stir/sub", 0755);
			rump_sys_symlink(a, "/mnt/stir/sub/soft");
			break;
		case 4:
			rump_sys_unlink("/mnt/stir/sub/soft");
			rump_sys_rmdir("/mnt/stir/sub");
			break;
		}
	}
	return NULL;
}

static int pipefd[2];

static void *blocked(void *unused)
{
	char c;

	(void)unused;
	rump_sys_read(pipefd[0], &c, 1);
	return NULL;
}

static void start(void *(*fn)(void *), intptr_t arg)
{
	pthread_t t;

	CHECK(!pthread_create(&t, NULL, fn, (void *)arg));
}

static void load_start(const char *image, const char *log)
{
	int i;

	log_fd = open(log, O_CREAT | O_WRONLY | O_APPEND, 0644);
	CHECK(log_fd >= 0);
	CHECK(!rump_init());
	CHECK(!rump_vfs_mount(image, "/mnt", "ext4", 0, NULL));
	CHECK(!rump_sys_pipe2(pipefd, 0));
	start(blocked, 0);
	for (i = 0; i < WRITERS; i++)
		start(writer, i);
	start(stirrer, 0);
}

/* Wait until there is a record. */
static void wait_for_log(void)
{
	struct stat st;

	do {
		usleep(1000);
		CHECK(!fstat(log_fd, &st));
	} while (!st.st_size);
	printf("started\n");
	fflush(stdout);
}

/* load IMAGE LOG: until killed */
static void load(int argc, char **argv)
{
	CHECK(argc == 2);
	load_start(argv[0], argv[1]);
	wait_for_log();
	for (;;)
		pause();
}

/* load_inside IMAGE LOG: the same, the main thread blocked in a call of the kernel */
static void load_inside(int argc, char **argv)
{
	char c;

	CHECK(argc == 2);
	load_start(argv[0], argv[1]);
	wait_for_log();
	rump_sys_read(pipefd[0], &c, 1);
}

static void load_for(int argc, char **argv)
{
	int fd;

	CHECK(argc == 3);
	load_start(argv[0], argv[1]);
	wait_for_log();
	usleep(atoi(argv[2]) * 1000);
	/* Never closed, never synced: what was written is there all the same. */
	fd = rump_sys_open("/mnt/open", O_CREAT | O_WRONLY, 0644);
	CHECK(fd >= 0);
	CHECK(rump_sys_write(fd, "written", 7) == 7);
}

/* exit IMAGE LOG MS: exit() while the others are inside */
static void call_exit(int argc, char **argv)
{
	load_for(argc, argv);
	exit(3);
}

/* abort IMAGE LOG MS: abort(), which is a signal */
static void call_abort(int argc, char **argv)
{
	load_for(argc, argv);
	abort();
}

static void *exit_elsewhere(void *unused)
{
	(void)unused;
	exit(3);
}

/* thread_exit IMAGE LOG MS: exit() by a thread that never made a call */
static void thread_exit(int argc, char **argv)
{
	load_for(argc, argv);
	start(exit_elsewhere, 0);
	for (;;)
		pause();
}

/* check IMAGE LOG: every record that was logged */
static void check(int argc, char **argv)
{
	static char expected[RECORD_MAX], found[RECORD_MAX];
	int thread, n, len, fd, count = 0;
	char path[64];
	FILE *f;

	CHECK(argc == 2);
	CHECK(!rump_init());
	CHECK(!rump_vfs_mount(argv[0], "/mnt", "ext4", 0, NULL));
	f = fopen(argv[1], "r");
	CHECK(f);
	while (fscanf(f, "%d %d\n", &thread, &n) == 2) {
		path_of(path, sizeof(path), thread, n);
		fd = rump_sys_open(path, O_RDONLY);
		if (fd < 0)
			fprintf(stderr, "record %d of thread %d: %s: ", n, thread, path);
		CHECK(fd >= 0);
		len = record(expected, thread, n);
		memset(found, 0, sizeof(found));
		CHECK(rump_sys_pread(fd, found, len, n % PER_FILE * (long)RECORD_MAX) == len);
		if (memcmp(found, expected, len))
			fprintf(stderr, "record %d of thread %d in %s: ", n, thread, path);
		CHECK(!memcmp(found, expected, len));
		rump_sys_close(fd);
		count++;
	}
	fclose(f);
	CHECK(!rump_vfs_unmount("/mnt", 0));
	printf("%d records\n", count);
	CHECK(count > 0);
}

static const struct test tests[] = {
	{"load", load},	     {"load_inside", load_inside}, {"return", load_for},
	{"exit", call_exit}, {"thread_exit", thread_exit}, {"abort", call_abort},
	{"check", check},    {NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
