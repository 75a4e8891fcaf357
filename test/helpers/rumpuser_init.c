/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_init.c - tests of the handshake between kernel and hypervisor
 */
#include "rumpuser_test.h"

/** wrong_version() - A kernel of another version is turned away and never called */
static void wrong_version(char **args)
{
	(void)args;
	CHECK(rumpuser_init(RUMPUSER_VERSION - 1, &test_hyp) == EINVAL);
	CHECK(rumpuser_init(RUMPUSER_VERSION + 1, &test_hyp) == EINVAL);
	CHECK(rumpuser_clock_sleep(RUMPUSER_CLOCK_RELWALL, 0, 1) == 0);
}

/** right_version() - A kernel of this version is welcome */
static void right_version(char **args)
{
	(void)args;
	CHECK(rumpuser_init(RUMPUSER_VERSION, &test_hyp) == 0);
}

/** copied() - The vector is copied, and blocking calls use the copy */
static void copied(char **args)
{
	struct rumpuser_hyperup mine = test_hyp;

	(void)args;
	CHECK(rumpuser_init(RUMPUSER_VERSION, &mine) == 0);
	memset(&mine, 0, sizeof(mine));
	cpu_take();
	CHECK(rumpuser_clock_sleep(RUMPUSER_CLOCK_RELWALL, 0, 1) == 0);
	CHECK_ON_CPU();
}

/** set_one() - Completion of before_init()'s request */
static void set_one(void *arg, size_t count, int error)
{
	CHECK(count == 4 && error == 0);
	__atomic_store_n((int *)arg, 1, __ATOMIC_RELEASE);
}

/** before_init() - What blocks works in a process without a kernel */
static void before_init(char **args)
{
	struct rumpuser_mtx *mtx;
	struct rumpuser_cv *cv;
	struct rumpuser_rw *rw;
	char data[4];
	int fd, flag = 0;

	CHECK(rumpuser_open(args[0], RUMPUSER_OPEN_RDWR, &fd) == 0);
	rumpuser_bio(fd, RUMPUSER_BIO_READ, data, sizeof(data), 0, set_one, &flag);
	while (!__atomic_load_n(&flag, __ATOMIC_ACQUIRE))
		CHECK(rumpuser_clock_sleep(RUMPUSER_CLOCK_RELWALL, 0, 1000000) == 0);
	CHECK(memcmp(data, "data", 4) == 0);
	CHECK(rumpuser_close(fd) == 0);

	rumpuser_mutex_init(&mtx, RUMPUSER_MTX_KMUTEX);
	rumpuser_cv_init(&cv);
	rumpuser_rw_init(&rw);
	rumpuser_mutex_enter(mtx);
	CHECK(rumpuser_cv_timedwait(cv, mtx, 0, 1000000) == ETIMEDOUT);
	rumpuser_mutex_exit(mtx);
	rumpuser_rw_enter(RUMPUSER_RW_WRITER, rw);
	rumpuser_rw_exit(rw);
	rumpuser_rw_destroy(rw);
	rumpuser_cv_destroy(cv);
	rumpuser_mutex_destroy(mtx);
}

static const struct test tests[] = {
	{"wrong_version", wrong_version},
	{"right_version", right_version},
	{"copied", copied},
	{"before_init", before_init},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
