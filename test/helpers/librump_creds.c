/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_creds.c - the first process is the host process's likeness */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "librump_test.h"

static int compare(const void *a, const void *b)
{
	return *(const gid_t *)a < *(const gid_t *)b ? -1 : *(const gid_t *)a > *(const gid_t *)b;
}

/* Host and rump kernel say the same of the calling thread. */
static void same_ids(void)
{
	gid_t hg[64], rg[64];
	uid_t h[3], r[3];
	int n;

	CHECK(!getresuid(&h[0], &h[1], &h[2]));
	CHECK(!rump_sys_getresuid(&r[0], &r[1], &r[2]));
	CHECK(!memcmp(h, r, sizeof(h)));
	CHECK(rump_sys_getuid() == h[0] && rump_sys_geteuid() == h[1]);
	CHECK(!getresgid(&h[0], &h[1], &h[2]));
	CHECK(!rump_sys_getresgid(&r[0], &r[1], &r[2]));
	CHECK(!memcmp(h, r, sizeof(h)));
	n = getgroups(64, hg);
	CHECK(n >= 0);
	CHECK(rump_sys_getgroups(64, rg) == n);
	qsort(hg, n, sizeof(*hg), compare);
	CHECK(!memcmp(hg, rg, n * sizeof(*hg)));
}

static void *thread(void *unused)
{
	(void)unused;
	same_ids();
	return NULL;
}

/* Argument: real user and group, the others staying, as in a setuid program. */
static void ids(int argc, char **argv)
{
	pthread_t t;

	if (argc == 1) {
		CHECK(!setresgid(atoi(argv[0]), -1, -1));
		CHECK(!setresuid(atoi(argv[0]), -1, -1));
	}
	CHECK(!rump_init());
	same_ids();
	CHECK(!pthread_create(&t, NULL, thread, NULL));
	CHECK(!pthread_join(t, NULL));
	CHECK(!rump_pub_lwproc_rfork(RUMP_RFFD_COPY));
	same_ids();
}

/* What the user makes is his, and he may do what root may. */
static void powers(int argc, char **argv)
{
	struct stat st;
	int fd;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK(!rump_sys_mkdir("/tmp/d", 0700));
	CHECK(!rump_sys_stat("/tmp/d", &st));
	CHECK(st.st_uid == geteuid() && st.st_gid == getegid());
	CHECK(!rump_sys_chown("/tmp/d", 12345, 54321));
	CHECK(!rump_sys_access("/tmp/d", R_OK | W_OK | X_OK));
	fd = rump_sys_open("/tmp/d/f", O_CREAT | O_RDWR, 0400);
	CHECK(fd >= 0);
	CHECK(!rump_sys_fstat(fd, &st));
	CHECK(st.st_uid == geteuid() && st.st_gid == getegid());
	CHECK(!rump_sys_access("/tmp/d/f", R_OK | W_OK));
	CHECK_ERR(rump_sys_access("/tmp/d/f", X_OK), EACCES);
	CHECK(!rump_sys_mount("tmpfs", "/tmp/d", "tmpfs", 0, NULL));
	CHECK(!rump_sys_umount2("/tmp/d", 0));
	CHECK(!rump_sys_sethostname("x", 1));
	/* /proc shows the process as the user's. */
	CHECK(!rump_sys_stat("/proc/self/status", &st));
	CHECK(st.st_uid == geteuid());
	CHECK(!rump_sys_stat("/tmp", &st) && (st.st_mode & 07777) == 01777);
}

static void mask(int argc, char **argv)
{
	unsigned int want = strtoul(argv[0], NULL, 8);
	struct stat st;

	(void)argc;
	CHECK(!rump_init());
	CHECK(rump_sys_mknod("/tmp/f", 0777, 0) == 0);
	CHECK(!rump_sys_stat("/tmp/f", &st));
	CHECK((st.st_mode & 0777) == (0777 & ~want));
	CHECK(rump_sys_umask(0) == want);
	CHECK(umask(0) == want);
}

static void limits(int argc, char **argv)
{
	struct rlimit h, r;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK(!getrlimit(RLIMIT_NOFILE, &h) && !rump_sys_getrlimit(RLIMIT_NOFILE, &r));
	CHECK(h.rlim_cur == r.rlim_cur);
	CHECK(r.rlim_max == (h.rlim_max < 1 << 20 ? h.rlim_max : 1 << 20));
	CHECK(!getrlimit(RLIMIT_FSIZE, &h) && !rump_sys_getrlimit(RLIMIT_FSIZE, &r));
	CHECK(h.rlim_cur == r.rlim_cur && h.rlim_max == r.rlim_max);
}

static const struct test tests[] = {
	{ "ids", ids }, { "powers", powers }, { "mask", mask }, { "limits", limits }, { NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
