/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_howto.c - what is chosen before the boot */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "librump_test.h"

static void verbose(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	CHECK(rump_boot_gethowto() == RUMP_AB_NORMAL);
	rump_boot_sethowto(RUMP_AB_VERBOSE);
	CHECK(rump_boot_gethowto() == RUMP_AB_VERBOSE);
	CHECK(!rump_init());
	CHECK(!rump_init());
}

static void break_pipe(void)
{
	int fd[2];

	CHECK(!rump_init());
	CHECK(!rump_sys_pipe2(fd, 0));
	rump_sys_close(fd[0]);
	CHECK_ERR(rump_sys_write(fd[1], "x", 1), EPIPE);
	printf("still here\n");
}

static void ignore(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	rump_boot_setsigmodel(RUMP_SIGMODEL_IGNORE);
	break_pipe();
}

static void fatal(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	rump_boot_setsigmodel(RUMP_SIGMODEL_PANIC);
	break_pipe();
}

static void etfs(int argc, char **argv)
{
	struct rump_boot_etfs good = {
		.eb_key = "/disk", .eb_hostpath = argv[0], .eb_type = RUMP_ETFS_BLK,
		.eb_begin = 512, .eb_size = RUMP_ETFS_SIZE_ENDOFF,
	};
	struct rump_boot_etfs bad = {
		.eb_key = "/none", .eb_hostpath = "/nonexistent/file", .eb_type = RUMP_ETFS_BLK,
		.eb_size = RUMP_ETFS_SIZE_ENDOFF,
	};
	int fd;

	CHECK(argc == 1);
	rump_boot_etfs_register(&good);
	rump_boot_etfs_register(&bad);
	CHECK(good.eb_status == -1 && bad.eb_status == -1);
	CHECK(!rump_init());
	CHECK(good.eb_status == 0 && bad.eb_status == ENOENT);
	fd = rump_sys_open("/disk", O_RDONLY, 0);
	CHECK(fd >= 0);
	CHECK(rump_sys_lseek(fd, 0, SEEK_END) == (1 << 20) - 512);
}

static void daemonize(int argc, char **argv)
{
	pid_t pid = getpid();

	CHECK(argc == 1);
	CHECK(!rump_daemonize_begin());
	CHECK(getpid() != pid);
	CHECK(!rump_init());
	CHECK(rump_daemonize_begin() == EALREADY);
	CHECK(!rump_daemonize_done(atoi(argv[0])));
}

static const struct test tests[] = {
	{ "verbose", verbose }, { "ignore", ignore },	      { "fatal", fatal },
	{ "etfs", etfs },	{ "daemonize", daemonize }, { NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
