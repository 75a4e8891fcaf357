/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_ext.c - tests of the extension group: waiting, signals, the host
 *
 * Its calls are made on kernel stacks and in signal handlers: none makes an upcall, and
 * errno is as before. So each is made by way of QUIET().
 */
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <rump/rumpuser_ext.h>

#include "rumpuser_ext.h"

#define PAGE 4096UL
#define MSEC 1000000ULL
#define SEC  1000000000ULL

static volatile sig_atomic_t handled;
static siginfo_t seen;

/** note_info() - A handler that keeps what it is told */
static void note_info(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	seen = *info;
	handled++;
}

/** handle() - Set it, and what else it shall do: SA_RESTART or 0 */
static void handle(int sig, int flags)
{
	struct sigaction act = {.sa_sigaction = note_info, .sa_flags = SA_SIGINFO | flags};

	CHECK(sigaction(sig, &act, NULL) == 0);
}

/** shared_page() - Memory that a forked child shares */
static void *shared_page(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	return page;
}

/** await_parked() - Wait until a thread sleeps on a word */
static void await_parked(pid_t pid, pid_t tid, const unsigned int *word)
{
	char path[64], want[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	snprintf(want, sizeof(want), "%d %p ", SYS_futex, (const void *)word);
	do {
		f = fopen(path, "r");
		CHECK(f);
		if (!fgets(line, sizeof(line), f))
			line[0] = '\0';
		fclose(f);
		sched_yield();
	} while (strncmp(line, want, strlen(want)) != 0);
}

/** await_child() - Wait for the end of a child that succeeds */
static void await_child(pid_t child)
{
	int status;

	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/** park_not() - What need not wait, or not any longer, does not */
static void park_not(char **args)
{
	unsigned long long until;
	unsigned int word = 1;
	int err;

	(void)args;
	test_boot(true);
	QUIET(err = rumpuser_ext_park(&word, 0, RUMPUSER_EXT_FOREVER));
	CHECK(err == -EAGAIN);
	QUIET(err = rumpuser_ext_park(&word, 1, 0));
	CHECK(err == -ETIMEDOUT);
	QUIET(until = rumpuser_ext_clock_mono() + 30 * MSEC);
	QUIET(err = rumpuser_ext_park(&word, 1, until));
	CHECK(err == -ETIMEDOUT);
	CHECK(rumpuser_ext_clock_mono() >= until);
	QUIET(rumpuser_ext_wake(&word));
}

struct parked {
	pthread_t thread;
	unsigned int *word;
	unsigned long long until;
	pid_t tid;
	int err;
	unsigned int done;
};

/** park() - A thread that waits */
static void *park(void *arg)
{
	struct parked *p = arg;

	__atomic_store_n(&p->tid, rumpuser_ext_gettid(), __ATOMIC_RELEASE);
	QUIET(p->err = rumpuser_ext_park(p->word, 0, p->until));
	__atomic_store_n(&p->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

/** park_start() - Start one, and wait until it is asleep */
static void park_start(struct parked *p, unsigned int *word, unsigned long long until)
{
	p->word = word;
	p->until = until;
	CHECK(pthread_create(&p->thread, NULL, park, p) == 0);
	while (!__atomic_load_n(&p->tid, __ATOMIC_ACQUIRE))
		QUIET(rumpuser_ext_yield());
	await_parked(getpid(), p->tid, word);
}

/** park_wake() - One wake is one thread's, whatever the word's value */
static void park_wake(char **args)
{
	struct parked parked[3] = {0};
	unsigned int word = 0, awake;

	(void)args;
	test_boot(true);
	for (int i = 0; i < 3; i++)
		park_start(&parked[i], &word, RUMPUSER_EXT_FOREVER);
	for (unsigned int wakes = 1; wakes <= 3; wakes++) {
		QUIET(rumpuser_ext_wake(&word));
		do {
			awake = 0;
			for (int i = 0; i < 3; i++)
				awake += __atomic_load_n(&parked[i].done, __ATOMIC_ACQUIRE);
		} while (awake < wakes);
		CHECK(awake == wakes);
		for (int i = 0; i < 3; i++)
			if (!parked[i].done)
				await_parked(getpid(), parked[i].tid, &word);
	}
	for (int i = 0; i < 3; i++) {
		CHECK(pthread_join(parked[i].thread, NULL) == 0);
		CHECK(parked[i].err == 0);
	}
}

/** interrupted() - What becomes of a wait during which a handler runs */
static int interrupted(unsigned long long until, int flags)
{
	struct parked parked = {0};
	unsigned int word = 0;

	handled = 0;
	handle(SIGUSR1, flags);
	park_start(&parked, &word, until);
	CHECK(pthread_kill(parked.thread, SIGUSR1) == 0);
	if (until == RUMPUSER_EXT_FOREVER && flags) {
		while (!handled)
			sched_yield();
		await_parked(getpid(), parked.tid, &word);
		QUIET(rumpuser_ext_wake(&word));
	}
	CHECK(pthread_join(parked.thread, NULL) == 0);
	CHECK(handled == 1);
	return parked.err;
}

/** park_signal() - A handler ends the wait, but for one with SA_RESTART and no limit */
static void park_signal(char **args)
{
	(void)args;
	test_boot(true);
	CHECK(interrupted(RUMPUSER_EXT_FOREVER, 0) == -EINTR);
	CHECK(interrupted(rumpuser_ext_clock_mono() + 3600 * SEC, 0) == -EINTR);
	CHECK(interrupted(rumpuser_ext_clock_mono() + 3600 * SEC, SA_RESTART) == -EINTR);
	CHECK(interrupted(RUMPUSER_EXT_FOREVER, SA_RESTART) == 0);
}

/** park_fork() - Processes wait for each other on memory that they share */
static void park_fork(char **args)
{
	unsigned int *word = shared_page();
	pid_t child;
	int err;

	(void)args;
	test_boot(true);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		QUIET(err = rumpuser_ext_park(word, 0, RUMPUSER_EXT_FOREVER));
		CHECK(err == 0 && *word == 5);
		/* Now the parent waits, for a word at another address of its own. */
		await_parked(getppid(), getppid(), word + 1);
		QUIET(rumpuser_ext_wake(word + 1));
		_exit(0);
	}
	await_parked(child, child, word);
	*word = 5;
	QUIET(rumpuser_ext_wake(word));
	QUIET(err = rumpuser_ext_park(word + 1, 0, RUMPUSER_EXT_FOREVER));
	CHECK(err == 0);
	await_child(child);
}

static int raise_target;
static unsigned int raise_over;

/** await_handled() - Wait until handlers have run so many times */
static void await_handled(int n)
{
	while (handled < n)
		sched_yield();
	CHECK(handled == n);
}

/** take_signals() - A thread that handles what comes, until it may end */
static void *take_signals(void *arg)
{
	__atomic_store_n(&raise_target, rumpuser_ext_gettid(), __ATOMIC_RELEASE);
	while (!__atomic_load_n(&raise_over, __ATOMIC_ACQUIRE))
		QUIET(rumpuser_ext_yield());
	return arg;
}

/** poll_info() - As a kernel tells of a descriptor that is readable */
static siginfo_t poll_info(int sig)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = POLL_IN;
	info.si_fd = 17;
	info.si_band = 5;
	return info;
}

/** user_info() - As a kernel tells of one that was sent */
static siginfo_t user_info(int sig, int code)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = code;
	info.si_pid = 11;
	info.si_uid = 13;
	if (code == SI_QUEUE)
		info.si_value.sival_int = 12;
	return info;
}

/** arrives_as() - Raise a signal of another thread's: what it is seen as */
static void arrives_as(siginfo_t info, int code)
{
	int before = handled, err;

	QUIET(err = rumpuser_ext_raise(raise_target, info.si_signo, &info));
	CHECK(err == 0);
	await_handled(before + 1);
	CHECK(seen.si_signo == info.si_signo && seen.si_code == code);
	QUIET(rumpuser_ext_raised(&seen));
	CHECK(memcmp(&seen, &info, sizeof(seen)) == 0);
	/* It is right now, and stays so. */
	QUIET(rumpuser_ext_raised(&seen));
	CHECK(memcmp(&seen, &info, sizeof(seen)) == 0);
}

/** raise_info() - What a signal tells is kept, or put right */
static void raise_info(char **args)
{
	siginfo_t info = poll_info(SIGIO);
	pthread_t t;
	int err;

	(void)args;
	test_boot(true);
	handle(SIGIO, 0);
	handle(SIGRTMIN, 0);
	handle(SIGCHLD, 0);
	QUIET(err = rumpuser_ext_raise(rumpuser_ext_gettid(), SIGIO, &info));
	CHECK(err == 0 && handled == 1 && memcmp(&seen, &info, sizeof(seen)) == 0);

	CHECK(pthread_create(&t, NULL, take_signals, NULL) == 0);
	while (!__atomic_load_n(&raise_target, __ATOMIC_ACQUIRE))
		sched_yield();
	arrives_as(user_info(SIGIO, SI_QUEUE), SI_QUEUE);
	/* As a kernel sends it: the host lets nobody forge that for another thread. */
	arrives_as(poll_info(SIGIO), SI_SIGIO);
	arrives_as(poll_info(SIGRTMIN), SI_SIGIO);
	arrives_as(user_info(SIGIO, SI_USER), SI_QUEUE);
	arrives_as(user_info(SIGIO, SI_KERNEL), SI_QUEUE);
	arrives_as(user_info(SIGIO, SI_TKILL), SI_QUEUE);
	info = user_info(SIGCHLD, CLD_EXITED);
	info.si_status = 3;
	info.si_utime = 4;
	info.si_stime = 5;
	arrives_as(info, SI_QUEUE);
	/* One that can be no code. */
	info = user_info(SIGIO, 1000);
	QUIET(err = rumpuser_ext_raise(raise_target, SIGIO, &info));
	CHECK(err == 0);
	await_handled(9);
	CHECK(seen.si_code == SI_TKILL && seen.si_pid == getpid());
	__atomic_store_n(&raise_over, 1, __ATOMIC_RELEASE);
	CHECK(pthread_join(t, NULL) == 0);

	QUIET(err = rumpuser_ext_raise(rumpuser_ext_gettid(), 65, &info));
	CHECK(err == -EINVAL);
	QUIET(err = rumpuser_ext_raise(1 << 30, SIGIO, &info));
	CHECK(err == -ESRCH);
	CHECK(handled == 9);
}

/** wait_for_signals() - A process that is sent SIGUSR2 without and with a siginfo */
static void wait_for_signals(const sigset_t *set, pid_t parent)
{
	siginfo_t info = user_info(SIGUSR2, SI_KERNEL);

	/* Libc's call would say SI_USER. */
	CHECK(syscall(SYS_rt_sigtimedwait, set, &seen, NULL, 8) == SIGUSR2);
	CHECK(seen.si_pid == parent && seen.si_code == SI_TKILL);
	CHECK(kill(parent, SIGUSR1) == 0);
	CHECK(syscall(SYS_rt_sigtimedwait, set, &seen, NULL, 8) == SIGUSR2);
	QUIET(rumpuser_ext_raised(&seen));
	CHECK(memcmp(&seen, &info, sizeof(seen)) == 0);
	_exit(0);
}

/** signal_other() - A thread of another process gets a signal */
static void signal_other(char **args)
{
	siginfo_t info = user_info(SIGUSR2, SI_KERNEL);
	pid_t child, parent = getpid();
	sigset_t set;
	int err;

	(void)args;
	test_boot(true);
	handle(SIGUSR1, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0)
		wait_for_signals(&set, parent);
	QUIET(err = rumpuser_ext_signal(child, child, SIGUSR2, NULL));
	CHECK(err == 0);
	await_handled(1);
	QUIET(err = rumpuser_ext_signal(child, child, SIGUSR2, &info));
	CHECK(err == 0);
	await_child(child);
	QUIET(err = rumpuser_ext_signal(child, child, SIGUSR2, &info));
	CHECK(err == -ESRCH);
	QUIET(err = rumpuser_ext_signal(child, child, SIGUSR2, NULL));
	CHECK(err == -ESRCH);
	QUIET(err = rumpuser_ext_signal(getpid(), getpid(), 65, NULL));
	CHECK(err == -EINVAL);
	QUIET(err = rumpuser_ext_signal(0, 0, SIGUSR2, NULL));
	CHECK(err == -ESRCH);
}

/** kick() - An eventfd counts kicks; one that is closed, or full, does no harm */
static void kick(char **args)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	eventfd_t value;

	(void)args;
	test_boot(true);
	CHECK(fd >= 0);
	for (int i = 0; i < 3; i++)
		QUIET(rumpuser_ext_kick(fd));
	CHECK(eventfd_read(fd, &value) == 0 && value == 3);
	CHECK(eventfd_write(fd, UINT64_MAX - 1) == 0);
	QUIET(rumpuser_ext_kick(fd));
	CHECK(eventfd_read(fd, &value) == 0 && value == UINT64_MAX - 1);
	close(fd);
	QUIET(rumpuser_ext_kick(fd));
	QUIET(rumpuser_ext_kick(-1));
}

/** random_bytes() - Bytes are as many as wanted, and random */
static void random_bytes(char **args)
{
	unsigned char data[2][256 + 1];
	int err;

	(void)args;
	test_boot(true);
	memset(data, 0, sizeof(data));
	for (int i = 0; i < 2; i++) {
		QUIET(err = rumpuser_ext_random(data[i], 256));
		CHECK(err == 0 && data[i][256] == 0);
	}
	/* Nor is there a half that was left alone. */
	CHECK(memcmp(data[0], data[1], 128) != 0 && memcmp(data[0] + 128, data[1] + 128, 128) != 0);
	QUIET(err = rumpuser_ext_random(data[0], 0));
	CHECK(err == 0);
	QUIET(err = rumpuser_ext_random(NULL, 8));
	CHECK(err == -EFAULT);
}

/** nanoseconds() - A clock of the host */
static unsigned long long nanoseconds(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (unsigned long long)ts.tv_sec * SEC + (unsigned long long)ts.tv_nsec;
}

/** clocks() - Both are the host's */
static void clocks(char **args)
{
	unsigned long long before, now;

	(void)args;
	test_boot(true);
	before = nanoseconds(CLOCK_MONOTONIC);
	QUIET(now = rumpuser_ext_clock_mono());
	CHECK(before <= now && now <= nanoseconds(CLOCK_MONOTONIC));
	before = nanoseconds(CLOCK_REALTIME);
	QUIET(now = rumpuser_ext_clock_real());
	CHECK(before <= now && now <= nanoseconds(CLOCK_REALTIME));
}

/** ids() - A thread's id is the host's */
static void *ids(void *arg)
{
	int tid;

	QUIET(tid = rumpuser_ext_gettid());
	CHECK(tid == gettid());
	return arg;
}

/** thread_ids() - Each thread has its own */
static void thread_ids(char **args)
{
	pthread_t t;

	(void)args;
	test_boot(true);
	ids(NULL);
	CHECK(rumpuser_ext_gettid() == getpid());
	CHECK(pthread_create(&t, NULL, ids, NULL) == 0);
	CHECK(pthread_join(t, NULL) == 0);
	QUIET(rumpuser_ext_yield());
}

/** console() - So many bytes go to standard error */
static void console(char **args)
{
	(void)args;
	test_boot(true);
	QUIET(rumpuser_ext_console("one\ntwo\nthree", 8));
	close(2);
	QUIET(rumpuser_ext_console("nobody", 6));
}

/** panic() - It ends the process, though it has the signal blocked and handled */
static void panic(char **args)
{
	sigset_t set;

	(void)args;
	test_boot(true);
	handle(SIGABRT, 0);
	sigfillset(&set);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	rumpuser_ext_panic("no more to do");
}

static const struct test tests[] = {
	{"park_not", park_not},
	{"park_wake", park_wake},
	{"park_signal", park_signal},
	{"park_fork", park_fork},
	{"raise_info", raise_info},
	{"signal_other", signal_other},
	{"kick", kick},
	{"random_bytes", random_bytes},
	{"clocks", clocks},
	{"thread_ids", thread_ids},
	{"console", console},
	{"panic", panic},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
