/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_thread.c - tests of threads and current lwps
 */
#include <dlfcn.h>
#include <signal.h>

#include "rumpuser_test.h"

struct lwp {
	int number;
};

static int refuse_threads; /* how often pthread_create() shall fail */

/** pthread_create() - Refuse some threads, as a busy host does */
int pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*f)(void *), void *arg)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (refuse_threads > 0) {
		refuse_threads--;
		return EAGAIN;
	}
	real = (__typeof__(real))dlsym(RTLD_NEXT, "pthread_create");
	return real(t, attr, f, arg);
}

/** say_name() - Log the calling thread's name */
static void *say_name(void *arg)
{
	char name[32];

	CHECK(arg == &refuse_threads);
	pthread_getname_np(pthread_self(), name, sizeof(name));
	note("thread \"%s\"", name);
	return NULL;
}

/** join_name() - Run a thread called args[0] and join it */
static void join_name(char **args)
{
	void *cookie = NULL;

	test_boot(true);
	CHECK(rumpuser_thread_create(say_name, &refuse_threads, args[0], 1, -1, -1, &cookie) == 0);
	CHECK(cookie);
	CHECK(rumpuser_thread_join(cookie) == 0);
	CHECK_ON_CPU();
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_open = PTHREAD_COND_INITIALIZER;
static int arrived;

/** arrive() - Count the calling thread, and end it by the hypercall */
static void *arrive(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&gate);
	arrived++;
	pthread_cond_signal(&gate_open);
	pthread_mutex_unlock(&gate);
	rumpuser_thread_exit();
}

/** detached() - Threads nobody joins run and leave nothing to join */
static void detached(char **args)
{
	void *cookie = &cookie;

	(void)args;
	test_boot(true);
	for (int i = 0; i < 500; i++)
		CHECK(rumpuser_thread_create(arrive, NULL, "detached", 0, -1, -1, &cookie) == 0);
	CHECK(cookie == &cookie);
	pthread_mutex_lock(&gate);
	while (arrived < 500)
		pthread_cond_wait(&gate_open, &gate);
	pthread_mutex_unlock(&gate);
}

/** exited() - A thread that exits by the hypercall can be joined, priority and CPU hints or not */
static void exited(char **args)
{
	void *cookie;

	(void)args;
	test_boot(false);
	for (int i = 0; i < 50; i++) {
		CHECK(rumpuser_thread_create(arrive, NULL, NULL, 1, i, i, &cookie) == 0);
		CHECK(rumpuser_thread_join(cookie) == 0);
		CHECK(arrived == i + 1);
	}
}

/** needs_cpu() - A thread that cannot end before it had the CPU */
static void *needs_cpu(void *arg)
{
	cpu_take();
	cpu_leave();
	return arg;
}

/** join_blocks() - Joining a thread that needs the CPU gives it up */
static void join_blocks(char **args)
{
	void *cookie;

	(void)args;
	test_boot(false);
	CHECK(rumpuser_thread_create(needs_cpu, NULL, NULL, 1, -1, -1, &cookie) == 0);
	CHECK(rumpuser_thread_join(cookie) == 0);
	CHECK_ON_CPU();
}

/** say_signals() - Check which signals a thread of the kernel takes */
static void *say_signals(void *arg)
{
	sigset_t set;

	CHECK(pthread_sigmask(SIG_BLOCK, NULL, &set) == 0);
	CHECK(sigismember(&set, SIGINT) == 1);
	CHECK(sigismember(&set, SIGALRM) == 1);
	CHECK(sigismember(&set, SIGCHLD) == 1);
	CHECK(sigismember(&set, SIGRTMIN) == 1);
	CHECK(sigismember(&set, SIGSEGV) == 0);
	CHECK(sigismember(&set, SIGBUS) == 0);
	return arg;
}

/** signals() - Kernel threads leave asynchronous signals to the application */
static void signals(char **args)
{
	sigset_t before, after;
	void *cookie;

	(void)args;
	test_boot(false);
	pthread_sigmask(SIG_BLOCK, NULL, &before);
	CHECK(rumpuser_thread_create(say_signals, NULL, NULL, 1, -1, -1, &cookie) == 0);
	pthread_sigmask(SIG_BLOCK, NULL, &after);
	CHECK(rumpuser_thread_join(cookie) == 0);
	for (int sig = 1; sig < NSIG; sig++)
		CHECK(sigismember(&before, sig) == sigismember(&after, sig));
}

/** busy() - A host short of threads is asked again, off the CPU */
static void busy(char **args)
{
	void *cookie;

	(void)args;
	test_boot(true);
	refuse_threads = 2;
	CHECK(rumpuser_thread_create(needs_cpu, NULL, NULL, 1, -1, -1, &cookie) == 0);
	test_logging = false;
	CHECK(rumpuser_thread_join(cookie) == 0);
	refuse_threads = 1000;
	CHECK(rumpuser_thread_create(needs_cpu, NULL, NULL, 1, -1, -1, &cookie) == EAGAIN);
	CHECK(rumpuser_thread_create(needs_cpu, NULL, NULL, 0, -1, -1, NULL) == EAGAIN);
	CHECK_ON_CPU();
}

/** other_lwp() - A thread of its own has an lwp of its own */
static void *other_lwp(void *arg)
{
	struct lwp mine;

	CHECK(rumpuser_curlwp() == NULL);
	rumpuser_curlwpop(RUMPUSER_LWP_SET, &mine);
	for (int i = 0; i < 10000; i++)
		CHECK(rumpuser_curlwp() == &mine);
	rumpuser_curlwpop(RUMPUSER_LWP_CLEAR, &mine);
	return arg;
}

/** curlwp() - The current lwp is the thread's, and made and ended without effect on it */
static void curlwp(char **args)
{
	struct lwp a, b;
	void *cookie[4];

	(void)args;
	test_boot(true);
	CHECK(rumpuser_curlwp() == NULL);
	rumpuser_curlwpop(RUMPUSER_LWP_CREATE, &a);
	rumpuser_curlwpop(RUMPUSER_LWP_CREATE, &b);
	CHECK(rumpuser_curlwp() == NULL);
	rumpuser_curlwpop(RUMPUSER_LWP_SET, &a);
	test_logging = false;
	for (int i = 0; i < 4; i++)
		CHECK(rumpuser_thread_create(other_lwp, NULL, NULL, 1, -1, -1, &cookie[i]) == 0);
	for (int i = 0; i < 4; i++)
		CHECK(rumpuser_thread_join(cookie[i]) == 0);
	test_logging = true;
	CHECK(rumpuser_curlwp() == &a);
	rumpuser_curlwpop(RUMPUSER_LWP_DESTROY, &b);
	CHECK(rumpuser_curlwp() == &a);
	rumpuser_curlwpop(RUMPUSER_LWP_CLEAR, &a);
	CHECK(rumpuser_curlwp() == NULL);
	rumpuser_curlwpop(RUMPUSER_LWP_DESTROY, &a);
}

/** lwp_mistake() - Make the mistake args[0] names */
static void lwp_mistake(char **args)
{
	struct lwp a, b;

	test_boot(true);
	rumpuser_curlwpop(RUMPUSER_LWP_SET, &a);
	if (strcmp(args[0], "set") == 0)
		rumpuser_curlwpop(RUMPUSER_LWP_SET, &b);
	if (strcmp(args[0], "clear") == 0)
		rumpuser_curlwpop(RUMPUSER_LWP_CLEAR, &b);
	if (strcmp(args[0], "unknown") == 0)
		rumpuser_curlwpop(17, &a);
}

static const struct test tests[] = {
	{"join_name", join_name},     {"detached", detached},	    {"exited", exited},
	{"join_blocks", join_blocks}, {"signals", signals},	    {"busy", busy},
	{"curlwp", curlwp},	      {"lwp_mistake", lwp_mistake}, {NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
