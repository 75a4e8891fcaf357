/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_cv.c - tests of condition variables
 */
#include <time.h>

#include "rumpuser_locks.h"

#define MSEC 1000000L

static volatile int taken; /* the mutex */

static bool cv_flag;

/** wake() - Set the flag and signal, once the waiter waits */
static void *wake(void *arg)
{
	struct lwp *owner;
	int waiters = 0;

	while (!waiters) {
		rumpuser_cv_has_waiters(cv, &waiters);
		usleep(1000);
	}
	if (mtx_flags & KMUTEX) {
		rumpuser_mutex_owner(mtx, &owner);
		CHECK(owner == NULL);
	}
	rumpuser_mutex_enter_nowrap(mtx);
	note("signal");
	cv_flag = true;
	rumpuser_cv_signal(cv);
	rumpuser_mutex_exit(mtx);
	return arg;
}

/** look_unschedule() - backend_unschedule that looks at the interlock */
static void look_unschedule(int nlocks, int *countp, void *interlock)
{
	struct lwp *owner = NULL;

	if (interlock && mtx_flags & KMUTEX) {
		rumpuser_mutex_owner(interlock, &owner);
		CHECK(owner == &main_lwp);
	}
	note("mutex %s", rumpuser_mutex_tryenter(mtx) == EBUSY ? "held" : "free");
	up_backend_unschedule(nlocks, countp, interlock);
}

/** look_schedule() - backend_schedule that looks at the interlock */
static void look_schedule(int nlocks, void *interlock)
{
	struct lwp *owner = NULL;

	up_backend_schedule(nlocks, interlock);
	if (rumpuser_mutex_tryenter(mtx) == EBUSY) {
		if (mtx_flags & KMUTEX) {
			rumpuser_mutex_owner(mtx, &owner);
			CHECK(owner == &main_lwp);
		}
		note("mutex held");
	} else {
		rumpuser_mutex_exit(mtx);
		note("mutex free");
	}
}

/** test_order() - Log a wait of the kind args[1] with a mutex of the kind args[0] */
static void test_order(char **args)
{
	struct rumpuser_hyperup hyp = test_hyp;
	struct lwp *owner;
	pthread_t t;

	hyp.hyp_backend_unschedule = look_unschedule;
	hyp.hyp_backend_schedule = look_schedule;
	boot(true, flags_of(args[0]));
	CHECK(rumpuser_init(RUMPUSER_VERSION, &hyp) == 0);
	rumpuser_mutex_enter(mtx);
	CHECK(pthread_create(&t, NULL, wake, NULL) == 0);
	while (!cv_flag) {
		if (strcmp(args[1], "wait") == 0)
			rumpuser_cv_wait(cv, mtx);
		else if (strcmp(args[1], "nowrap") == 0)
			rumpuser_cv_wait_nowrap(cv, mtx);
		else
			CHECK(rumpuser_cv_timedwait(cv, mtx, 50, 0) == 0);
	}
	CHECK_ON_CPU();
	if (mtx_flags & KMUTEX) {
		rumpuser_mutex_owner(mtx, &owner);
		CHECK(owner == &main_lwp);
	}
	CHECK(rumpuser_mutex_tryenter(mtx) == EBUSY);
	rumpuser_mutex_exit(mtx);
	pthread_join(t, NULL);
	finish();
}

/** spin_waiter() - Wait with a spin mutex, again and again */
static void *spin_waiter(void *arg)
{
	cpu_take();
	rumpuser_mutex_enter(mtx);
	while (taken < 2000) {
		rumpuser_cv_signal(cv);
		CHECK(rumpuser_cv_timedwait(cv, mtx, 0, 2 * MSEC) != EBUSY);
	}
	rumpuser_mutex_exit(mtx);
	cpu_leave();
	return arg;
}

/** spin_taker() - Hold the CPU and want the spin mutex, again and again */
static void *spin_taker(void *arg)
{
	for (int i = 0; i < 500; i++) {
		cpu_take();
		rumpuser_cv_broadcast(cv);
		usleep(10); /* a woken waiter has the mutex and wants the CPU */
		rumpuser_mutex_enter(mtx);
		taken = taken + 1;
		rumpuser_mutex_exit(mtx);
		cpu_leave();
	}
	return arg;
}

/** spin_worker() - Half of the threads wait, the others take */
static void *spin_worker(void *arg)
{
	return (intptr_t)arg < STRESS_THREADS - 4 ? spin_waiter(arg) : spin_taker(arg);
}

/** test_spin_stress() - Waiting for the CPU with a spin mutex held would deadlock here */
static void test_spin_stress(char **args)
{
	(void)args;
	boot(false, SPIN | KMUTEX);
	run_workers(spin_worker);
	CHECK(taken == 2000);
	finish();
}

/** mono() - Nanoseconds of the monotonic clock */
static int64_t mono(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 * MSEC + now.tv_nsec;
}

/** test_timeout() - A wait nobody ends ends in time, off the CPU, with the mutex held */
static void test_timeout(char **args)
{
	static const struct {
		int64_t sec, nsec, least;
	} waits[] = {
		{0, 20 * MSEC, 20 * MSEC},
		{0, 0, 0},
		{-1, 0, 0},
		{0, -5, 0},
		{INT64_MIN, 0, 0},
		{INT64_MIN, INT64_MIN, 0},
		{-1, 1020 * MSEC, 0},
		{0, 1100 * MSEC, 1100 * MSEC},
	};
	int64_t start;

	boot(false, flags_of(args[0]));
	rumpuser_mutex_enter(mtx);
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		start = mono();
		CHECK(rumpuser_cv_timedwait(cv, mtx, waits[i].sec, waits[i].nsec) == ETIMEDOUT);
		CHECK(mono() - start >= waits[i].least);
		CHECK(mono() - start < waits[i].least + 5000 * MSEC);
		CHECK(rumpuser_mutex_tryenter(mtx) == EBUSY);
	}
	rumpuser_mutex_exit(mtx);
	finish();
}

/** test_forever() - The longest time-out does not wrap around to none */
static void test_forever(char **args)
{
	pthread_t t;

	(void)args;
	boot(false, KMUTEX);
	rumpuser_mutex_enter(mtx);
	CHECK(pthread_create(&t, NULL, wake, NULL) == 0);
	while (!cv_flag)
		CHECK(rumpuser_cv_timedwait(cv, mtx, INT64_MAX, INT64_MAX) == 0);
	rumpuser_mutex_exit(mtx);
	pthread_join(t, NULL);
	finish();
}

static int crowd_turn, crowd_woken;

/** crowd_member() - Wait for the next turn, three times */
static void *crowd_member(void *arg)
{
	cpu_take();
	for (int turn = 1; turn <= 3; turn++) {
		rumpuser_mutex_enter(mtx);
		while (crowd_turn < turn)
			rumpuser_cv_wait(cv, mtx);
		crowd_woken++;
		rumpuser_mutex_exit(mtx);
	}
	cpu_leave();
	return arg;
}

/** await_waiters() - Enter the mutex when so many wait that were woken so often before */
static void await_waiters(int n, int woken)
{
	int waiters;

	rumpuser_mutex_enter(mtx);
	for (;;) {
		rumpuser_cv_has_waiters(cv, &waiters);
		CHECK(waiters <= STRESS_THREADS);
		if (waiters == n && crowd_woken == woken)
			return;
		rumpuser_mutex_exit(mtx);
		cpu_leave();
		usleep(100);
		cpu_take();
		rumpuser_mutex_enter(mtx);
	}
}

/** test_broadcast() - Waiters are counted, and a broadcast wakes every one */
static void test_broadcast(char **args)
{
	pthread_t t[STRESS_THREADS];
	int waiters;

	boot(false, flags_of(args[0]));
	rumpuser_cv_has_waiters(cv, &waiters);
	CHECK(waiters == 0);
	for (int i = 0; i < STRESS_THREADS; i++)
		CHECK(pthread_create(&t[i], NULL, crowd_member, NULL) == 0);
	for (int turn = 1; turn <= 3; turn++) {
		await_waiters(STRESS_THREADS, (turn - 1) * STRESS_THREADS);
		crowd_turn = turn;
		rumpuser_cv_broadcast(cv);
		rumpuser_mutex_exit(mtx);
	}
	cpu_leave();
	for (int i = 0; i < STRESS_THREADS; i++)
		pthread_join(t[i], NULL);
	cpu_take();
	rumpuser_cv_has_waiters(cv, &waiters);
	CHECK(waiters == 0);
	CHECK(crowd_woken == 3 * STRESS_THREADS);
	finish();
}

/** test_destroy_busy() - Destroy a condition variable somebody waits on */
static void test_destroy_busy(char **args)
{
	pthread_t t;

	(void)args;
	boot(false, KMUTEX);
	CHECK(pthread_create(&t, NULL, crowd_member, NULL) == 0);
	await_waiters(1, 0);
	rumpuser_cv_destroy(cv);
}

/* A ring of a few places between producers and consumers. */

enum { RING = 4, RING_ITEMS = 2000 };

static struct rumpuser_cv *ring_room;
static long ring[RING];
static unsigned int ring_in, ring_out;
static long ring_sum;
static int ring_taken;

/** ring_put() - Put an item into the ring */
static void ring_put(long item)
{
	rumpuser_mutex_enter(mtx);
	while (ring_in - ring_out == RING)
		rumpuser_cv_wait(ring_room, mtx);
	CHECK(ring_in - ring_out < RING);
	ring[ring_in++ % RING] = item;
	rumpuser_cv_signal(cv);
	rumpuser_mutex_exit(mtx);
}

/** ring_get() - Take an item out of the ring */
static void ring_get(void)
{
	rumpuser_mutex_enter(mtx);
	while (ring_in == ring_out)
		rumpuser_cv_timedwait(cv, mtx, 30, 0);
	ring_sum += ring[ring_out++ % RING];
	ring_taken++;
	rumpuser_cv_signal(ring_room);
	rumpuser_mutex_exit(mtx);
}

/** ring_worker() - Half of the threads produce, half consume */
static void *ring_worker(void *arg)
{
	cpu_take();
	for (int i = 1; i <= RING_ITEMS; i++) {
		if ((intptr_t)arg % 2)
			ring_get();
		else
			ring_put(i);
	}
	cpu_leave();
	return arg;
}

/** test_ring() - Nothing is lost, doubled or overrun between producers and consumers */
static void test_ring(char **args)
{
	boot(false, flags_of(args[0]));
	rumpuser_cv_init(&ring_room);
	run_workers(ring_worker);
	CHECK(ring_taken == STRESS_THREADS / 2 * RING_ITEMS && ring_in == ring_out);
	CHECK(ring_sum == STRESS_THREADS / 2 * (long)RING_ITEMS * (RING_ITEMS + 1) / 2);
	rumpuser_cv_destroy(ring_room);
	finish();
}

static const struct test tests[] = {
	{"order", test_order},
	{"spin_stress", test_spin_stress},
	{"timeout", test_timeout},
	{"forever", test_forever},
	{"broadcast", test_broadcast},
	{"destroy_busy", test_destroy_busy},
	{"ring", test_ring},
	{NULL, NULL},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
