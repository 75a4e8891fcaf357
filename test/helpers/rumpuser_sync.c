/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_sync.c - tests of mutexes and reader/writer locks
 */
#include "rumpuser_locks.h"

static struct lwp other_lwp;
static int stage; /* how far the other thread has come */

/** stage_set() - Say how far this thread has come */
static void stage_set(int n)
{
	__atomic_store_n(&stage, n, __ATOMIC_RELEASE);
}

/** stage_await() - Wait, off the CPU, until the other thread has come so far */
static void stage_await(int n)
{
	CHECK_OFF_CPU();
	while (__atomic_load_n(&stage, __ATOMIC_ACQUIRE) < n)
		usleep(100);
}

/** nap() - Let other threads get where they would block */
static void nap(void)
{
	usleep(50000);
}

/* Mutexes */

/** mutex_free() - A free mutex is taken without an upcall */
static void mutex_free(char **args)
{
	boot(true, flags_of(args[0]));
	rumpuser_mutex_enter(mtx);
	rumpuser_mutex_exit(mtx);
	CHECK(rumpuser_mutex_tryenter(mtx) == 0);
	rumpuser_mutex_exit(mtx);
	rumpuser_mutex_enter_nowrap(mtx);
	rumpuser_mutex_exit(mtx);
	finish();
}

/** hold_a_while() - Hold the mutex until stage 2, without the CPU */
static void *hold_a_while(void *arg)
{
	rumpuser_mutex_enter_nowrap(mtx);
	stage_set(1);
	nap();
	note("holder leaves");
	rumpuser_mutex_exit(mtx);
	return arg;
}

/** mutex_taken() - Wait for a taken mutex; the log shows whether the CPU was left */
static void mutex_taken(char **args)
{
	pthread_t t;

	boot(true, flags_of(args[0]));
	CHECK(pthread_create(&t, NULL, hold_a_while, NULL) == 0);
	cpu_leave();
	stage_await(1);
	cpu_take();
	CHECK(rumpuser_mutex_tryenter(mtx) == EBUSY);
	if (strstr(args[0], "nowrap"))
		rumpuser_mutex_enter_nowrap(mtx);
	else
		rumpuser_mutex_enter(mtx);
	note("taken");
	rumpuser_mutex_exit(mtx);
	pthread_join(t, NULL);
	finish();
}

/** try_it() - Try a mutex the main thread holds */
static void *try_it(void *arg)
{
	struct lwp *owner;

	CHECK(rumpuser_mutex_tryenter(mtx) == EBUSY);
	rumpuser_mutex_owner(mtx, &owner);
	CHECK(owner == &main_lwp);
	return arg;
}

/** mutex_owner() - The owner is the lwp that entered, by any way */
static void mutex_owner(char **args)
{
	struct lwp *owner = &other_lwp;
	pthread_t t;

	boot(false, KMUTEX | flags_of(args[0]));
	rumpuser_mutex_owner(mtx, &owner);
	CHECK(owner == NULL);
	for (int way = 0; way < 3; way++) {
		if (way == 0)
			rumpuser_mutex_enter(mtx);
		else if (way == 1)
			rumpuser_mutex_enter_nowrap(mtx);
		else
			CHECK(rumpuser_mutex_tryenter(mtx) == 0);
		rumpuser_mutex_owner(mtx, &owner);
		CHECK(owner == &main_lwp);
		CHECK(pthread_create(&t, NULL, try_it, NULL) == 0);
		pthread_join(t, NULL);
		rumpuser_mutex_exit(mtx);
		rumpuser_mutex_owner(mtx, &owner);
		CHECK(owner == NULL);
	}
	finish();
}

/** mistake() - Misuse a lock in the way args[0] names */
static void mistake(char **args)
{
	struct lwp *owner;
	pthread_t t;

	boot(false, strcmp(args[0], "owner") == 0 ? SPIN : KMUTEX);
	if (strcmp(args[0], "owner") == 0)
		rumpuser_mutex_owner(mtx, &owner);
	if (strcmp(args[0], "mutex_exit") == 0)
		rumpuser_mutex_exit(mtx);
	if (strcmp(args[0], "mutex_exit_other") == 0) {
		CHECK(pthread_create(&t, NULL, hold_a_while, NULL) == 0);
		cpu_leave();
		stage_await(1);
		rumpuser_mutex_exit(mtx);
	}
	if (strcmp(args[0], "mutex_enter") == 0) {
		rumpuser_mutex_enter(mtx);
		rumpuser_mutex_enter(mtx);
	}
	if (strcmp(args[0], "mutex_destroy") == 0) {
		rumpuser_mutex_enter(mtx);
		rumpuser_mutex_destroy(mtx);
	}
	if (strcmp(args[0], "mutex_init") == 0)
		rumpuser_mutex_init(&mtx, 4);
	if (strcmp(args[0], "rw_exit") == 0)
		rumpuser_rw_exit(rw);
	if (strcmp(args[0], "rw_downgrade") == 0)
		rumpuser_rw_downgrade(rw);
	if (strcmp(args[0], "rw_destroy") == 0) {
		rumpuser_rw_enter(RUMPUSER_RW_READER, rw);
		rumpuser_rw_destroy(rw);
	}
}

static volatile long stress_a, stress_b; /* equal, but while the lock is held for writing */
static volatile int stress_inside;

/** stress_touch() - Change what the lock guards, slowly enough to be seen */
static void stress_touch(long round)
{
	CHECK(++stress_inside == 1);
	CHECK(stress_a == stress_b);
	stress_a = stress_a + 1;
	if (round % 512 == 0)
		sched_yield();
	stress_b = stress_b + 1;
	CHECK(--stress_inside == 0);
}

/** mutex_worker() - Enter and leave the mutex, with and without a try, on the CPU */
static void *mutex_worker(void *arg)
{
	struct lwp self, *owner;

	rumpuser_curlwpop(RUMPUSER_LWP_SET, &self);
	cpu_take();
	for (long i = 0; i < STRESS_ROUNDS; i++) {
		if (i % 3 || rumpuser_mutex_tryenter(mtx) != 0)
			rumpuser_mutex_enter(mtx);
		if (mtx_flags & KMUTEX) {
			rumpuser_mutex_owner(mtx, &owner);
			CHECK(owner == &self);
		}
		/* A holder that is rescheduled finds the mutex contended when it is back. */
		if (!(mtx_flags & SPIN) && i % 64 == 0) {
			cpu_leave();
			cpu_take();
		}
		stress_touch(i);
		rumpuser_mutex_exit(mtx);
		if (i % 16 == 0) {
			cpu_leave();
			cpu_take();
		}
	}
	cpu_leave();
	rumpuser_curlwpop(RUMPUSER_LWP_CLEAR, &self);
	return arg;
}

/** mutex_stress() - Only one is inside, ever, and every entry counts */
static void mutex_stress(char **args)
{
	boot(false, flags_of(args[0]));
	run_workers(mutex_worker);
	CHECK(stress_a == (long)STRESS_THREADS * STRESS_ROUNDS && stress_a == stress_b);
	finish();
}

/* Reader/writer locks */

/** rw_free() - A free lock is taken without an upcall, and held as it says */
static void rw_free(char **args)
{
	int held;

	(void)args;
	boot(true, KMUTEX);
	rumpuser_rw_held(RUMPUSER_RW_READER, rw, &held);
	CHECK(!held);
	rumpuser_rw_enter(RUMPUSER_RW_READER, rw);
	rumpuser_rw_held(RUMPUSER_RW_READER, rw, &held);
	CHECK(held == 1);
	rumpuser_rw_held(RUMPUSER_RW_WRITER, rw, &held);
	CHECK(held == 0);
	CHECK(rumpuser_rw_tryenter(RUMPUSER_RW_READER, rw) == 0);
	CHECK(rumpuser_rw_tryenter(RUMPUSER_RW_WRITER, rw) == EBUSY);
	rumpuser_rw_exit(rw);
	rumpuser_rw_exit(rw);
	rumpuser_rw_enter(RUMPUSER_RW_WRITER, rw);
	rumpuser_rw_held(RUMPUSER_RW_WRITER, rw, &held);
	CHECK(held == 1);
	rumpuser_rw_held(RUMPUSER_RW_READER, rw, &held);
	CHECK(held == 0);
	CHECK(rumpuser_rw_tryenter(RUMPUSER_RW_READER, rw) == EBUSY);
	CHECK(rumpuser_rw_tryenter(RUMPUSER_RW_WRITER, rw) == EBUSY);
	rumpuser_rw_exit(rw);
	rumpuser_rw_held(RUMPUSER_RW_WRITER, rw, &held);
	CHECK(held == 0);
	CHECK(rumpuser_rw_tryenter(RUMPUSER_RW_WRITER, rw) == 0);
	rumpuser_rw_exit(rw);
	finish();
}

/** rw_change() - The only reader becomes the writer, the writer a reader */
static void rw_change(char **args)
{
	int held;

	(void)args;
	boot(true, KMUTEX);
	rumpuser_rw_enter(RUMPUSER_RW_READER, rw);
	CHECK(rumpuser_rw_tryupgrade(rw) == 0);
	rumpuser_rw_held(RUMPUSER_RW_WRITER, rw, &held);
	CHECK(held);
	CHECK(rumpuser_rw_tryenter(RUMPUSER_RW_READER, rw) == EBUSY);
	rumpuser_rw_downgrade(rw);
	rumpuser_rw_held(RUMPUSER_RW_WRITER, rw, &held);
	CHECK(!held);
	CHECK(rumpuser_rw_tryenter(RUMPUSER_RW_READER, rw) == 0);
	CHECK(rumpuser_rw_tryupgrade(rw) == EBUSY);
	rumpuser_rw_held(RUMPUSER_RW_READER, rw, &held);
	CHECK(held);
	rumpuser_rw_exit(rw);
	rumpuser_rw_exit(rw);
	CHECK(rumpuser_rw_tryupgrade(rw) == EBUSY);
	finish();
}

/** rw_hold() - Hold the lock as the argument says, for a while, without the CPU */
static void *rw_hold(void *arg)
{
	int held;

	rumpuser_curlwpop(RUMPUSER_LWP_SET, &other_lwp);
	CHECK(rumpuser_rw_tryenter((int)(intptr_t)arg, rw) == 0);
	rumpuser_rw_held(RUMPUSER_RW_WRITER, rw, &held);
	CHECK(held == (int)(intptr_t)arg);
	stage_set(1);
	nap();
	note("holder leaves");
	rumpuser_rw_exit(rw);
	return NULL;
}

/** rw_taken() - Wait for a taken lock: args are what it is held for and wanted for */
static void rw_taken(char **args)
{
	int how = strcmp(args[0], "writer") == 0, wanted = strcmp(args[1], "writer") == 0, held;
	pthread_t t;

	boot(true, KMUTEX);
	CHECK(pthread_create(&t, NULL, rw_hold, (void *)(intptr_t)how) == 0);
	cpu_leave();
	stage_await(1);
	cpu_take();
	rumpuser_rw_held(RUMPUSER_RW_WRITER, rw, &held);
	CHECK(!held); /* by another */
	rumpuser_rw_enter(wanted, rw);
	note("taken");
	rumpuser_rw_exit(rw);
	pthread_join(t, NULL);
	finish();
}

static int queue_order[2]; /* who got the lock, first and second */
static int queue_got;

/** queue_up() - Want the lock as the argument says, and note when it is got */
static void *queue_up(void *arg)
{
	cpu_take();
	stage_set(gettid());
	rumpuser_rw_enter((int)(intptr_t)arg, rw);
	queue_order[queue_got++] = (int)(intptr_t)arg; /* on the CPU */
	rumpuser_rw_exit(rw);
	cpu_leave();
	return NULL;
}

/** queue_start() - Start a thread that wants the lock, and wait until it sleeps for it */
static pthread_t queue_start(int op)
{
	char path[64], state;
	int asleep = 0;
	pthread_t t;
	FILE *f;

	cpu_leave();
	stage_set(0);
	CHECK(pthread_create(&t, NULL, queue_up, (void *)(intptr_t)op) == 0);
	stage_await(1);
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", stage);
	while (asleep < 5) {
		usleep(2000);
		f = fopen(path, "r");
		CHECK(f && fscanf(f, "%*d (%*[^)]) %c", &state) == 1);
		fclose(f);
		asleep = state == 'S' ? asleep + 1 : 0;
	}
	cpu_take();
	return t;
}

/** rw_queue() - A reader queues behind a waiting writer, and before the next */
static void rw_queue(char **args)
{
	pthread_t writer, reader;

	(void)args;
	boot(false, KMUTEX);
	rumpuser_rw_enter(RUMPUSER_RW_READER, rw);
	CHECK(rumpuser_rw_tryenter(RUMPUSER_RW_READER, rw) == 0);
	rumpuser_rw_exit(rw);
	writer = queue_start(RUMPUSER_RW_WRITER);
	CHECK(rumpuser_rw_tryenter(RUMPUSER_RW_READER, rw) == EBUSY);
	rumpuser_rw_exit(rw);
	cpu_leave();
	pthread_join(writer, NULL);
	cpu_take();

	queue_got = 0;
	rumpuser_rw_enter(RUMPUSER_RW_WRITER, rw);
	writer = queue_start(RUMPUSER_RW_WRITER);
	reader = queue_start(RUMPUSER_RW_READER);
	rumpuser_rw_exit(rw);
	cpu_leave();
	pthread_join(writer, NULL);
	pthread_join(reader, NULL);
	cpu_take();
	CHECK(queue_order[0] == RUMPUSER_RW_READER && queue_order[1] == RUMPUSER_RW_WRITER);
	finish();
}

static bool flood_stop;

/** flood() - Hold the lock again and again, so that it is never free for long */
static void *flood(void *arg)
{
	while (!__atomic_load_n(&flood_stop, __ATOMIC_RELAXED)) {
		cpu_take();
		rumpuser_rw_enter((int)(intptr_t)arg, rw);
		cpu_leave();
		usleep(200);
		cpu_take();
		rumpuser_rw_exit(rw);
		cpu_leave();
	}
	return NULL;
}

/** rw_starve() - Many that hold it one way do not keep out one that wants the other */
static void rw_starve(char **args)
{
	int many = strcmp(args[0], "writer") == 0;
	pthread_t t[STRESS_THREADS];

	boot(false, KMUTEX);
	for (int i = 0; i < STRESS_THREADS; i++)
		CHECK(pthread_create(&t[i], NULL, flood, (void *)(intptr_t)many) == 0);
	for (int i = 0; i < 50; i++) {
		rumpuser_rw_enter(!many, rw);
		rumpuser_rw_exit(rw);
	}
	__atomic_store_n(&flood_stop, true, __ATOMIC_RELAXED);
	cpu_leave();
	for (int i = 0; i < STRESS_THREADS; i++)
		pthread_join(t[i], NULL);
	cpu_take();
	finish();
}

static long rw_writes, rw_upgrades;

/** rw_write_once() - As the writer, change what the lock guards */
static void rw_write_once(long round)
{
	int held;

	rumpuser_rw_held(RUMPUSER_RW_WRITER, rw, &held);
	CHECK(held);
	stress_touch(round);
	__atomic_add_fetch(&rw_writes, 1, __ATOMIC_RELAXED);
}

/** rw_read_once() - As a reader, look at what the lock guards; maybe upgrade */
static void rw_read_once(long round)
{
	CHECK(stress_inside == 0 && stress_a == stress_b);
	if (round % 8 || rumpuser_rw_tryupgrade(rw) != 0)
		return;
	__atomic_add_fetch(&rw_upgrades, 1, __ATOMIC_RELAXED);
	rw_write_once(round);
	if (round % 16)
		return;
	rumpuser_rw_downgrade(rw);
	CHECK(stress_inside == 0 && stress_a == stress_b);
}

/** rw_worker() - Read mostly, write often, upgrade and downgrade, with the CPU changing hands */
static void *rw_worker(void *arg)
{
	struct lwp self;
	int op;

	rumpuser_curlwpop(RUMPUSER_LWP_SET, &self);
	cpu_take();
	for (long i = 0; i < STRESS_ROUNDS; i++) {
		op = i % 4 == (intptr_t)arg % 4 ? RUMPUSER_RW_WRITER : RUMPUSER_RW_READER;
		if (i % 3 || rumpuser_rw_tryenter(op, rw) != 0)
			rumpuser_rw_enter(op, rw);
		if (i % 16 == 0) {
			cpu_leave();
			cpu_take();
		}
		if (op == RUMPUSER_RW_WRITER)
			rw_write_once(i);
		else
			rw_read_once(i);
		if (i % 16 == 8) {
			cpu_leave();
			cpu_take();
		}
		rumpuser_rw_exit(rw);
	}
	cpu_leave();
	rumpuser_curlwpop(RUMPUSER_LWP_CLEAR, &self);
	return NULL;
}

/** rw_stress() - Readers see nothing half done, and every write counts */
static void rw_stress(char **args)
{
	(void)args;
	boot(false, KMUTEX);
	run_workers(rw_worker);
	CHECK(stress_a == rw_writes && stress_a == stress_b);
	CHECK(rw_writes >= (long)STRESS_THREADS * STRESS_ROUNDS / 4);
	finish();
}

static const struct test tests[] = {
	{"mutex_free", mutex_free},	{"mutex_taken", mutex_taken}, {"mutex_owner", mutex_owner},
	{"mutex_stress", mutex_stress}, {"mistake", mistake},	      {"rw_free", rw_free},
	{"rw_change", rw_change},	{"rw_taken", rw_taken},	      {"rw_queue", rw_queue},
	{"rw_starve", rw_starve},	{"rw_stress", rw_stress},     {NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
