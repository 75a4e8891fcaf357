/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * librump_siginfo.c - what handlers are told of signals that the kernel sends
 *
 * Many threads at once, so that each one's signals are taken off by others, too: at the end of calls
 * that others carry, and while they make none. Each has a signal of its own for what is sent to it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "librump_test.h"

#define THREADS 8
#define ROUNDS	100
#define LIMIT	4096 /* of a file */

struct worker {
	pthread_t thread;
	int index;
	int tid;	/* in the kernel */
	int pipe[2];	/* read end tells its worker */
	int timer;
};

static struct worker workers[THREADS];
static pthread_barrier_t begin;
static __thread siginfo_t seen;
static __thread volatile sig_atomic_t handled;

static void note(int sig, siginfo_t *info, void *context)
{
	(void)context;
	seen = *info;
	seen.si_signo = sig;
	handled++;
}

static void handle(int sig)
{
	struct sigaction act = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };

	sigemptyset(&act.sa_mask);
	CHECK(!sigaction(sig, &act, NULL));
}

/* The worker's own signals: from its pipe, from its timer, from other threads. */
static int pipe_signal(const struct worker *w)
{
	return SIGRTMIN + 3 * w->index;
}

static int timer_signal(const struct worker *w)
{
	return SIGRTMIN + 3 * w->index + 1;
}

static int thread_signal(const struct worker *w)
{
	return SIGRTMIN + 3 * w->index + 2;
}

/* Wait for all. From here on there may be signals: how many there were before. */
static int meet(void)
{
	int before = handled;

	pthread_barrier_wait(&begin);
	return before;
}

/* Wait for one more signal: in a call, or without any. */
static void await(int before, bool in_call)
{
	struct timespec tick = { 0, 20000000 };

	while (handled == before) {
		if (in_call)
			rump_sys_nanosleep(&tick, NULL);
		else
			sched_yield();
	}
	CHECK(handled == before + 1);
}

static void expect(int sig, int code)
{
	if (seen.si_signo != sig || seen.si_code != code || seen.si_errno)
		fprintf(stderr, "signal %d with code %d, errno %d; not signal %d with %d\n",
			seen.si_signo, seen.si_code, seen.si_errno, sig, code);
	CHECK(seen.si_signo == sig && seen.si_code == code && !seen.si_errno);
}

/* Earned by a call: it is there when the call is over. */
static void earned(const struct worker *w)
{
	char path[32], data[16] = { 0 };
	int fd[2], file, before = meet();

	CHECK(!rump_sys_pipe2(fd, 0));
	rump_sys_close(fd[0]);
	CHECK_ERR(rump_sys_write(fd[1], "x", 1), EPIPE);
	rump_sys_close(fd[1]);
	CHECK(handled == before + 1);
	expect(SIGPIPE, SI_USER);
	CHECK(seen.si_pid == getpid() && seen.si_uid == getuid());

	snprintf(path, sizeof(path), "/tmp/file%d", w->index);
	file = rump_sys_open(path, O_CREAT | O_WRONLY, 0600);
	CHECK(file >= 0);
	CHECK_ERR(rump_sys_pwrite(file, data, sizeof(data), LIMIT), EFBIG);
	rump_sys_close(file);
	CHECK(handled == before + 2);
	expect(SIGXFSZ, SI_USER);
	CHECK(seen.si_pid == getpid());
}

/* From a descriptor that another thread makes readable, or this one. */
static void told(const struct worker *w, bool in_call)
{
	const struct worker *next = &workers[(w->index + 1) % THREADS];
	int before = meet();
	char c;

	CHECK(rump_sys_write(next->pipe[1], "x", 1) == 1);
	await(before, in_call);
	expect(pipe_signal(w), POLL_IN);
	CHECK(seen.si_fd == w->pipe[0] && (seen.si_band & POLLIN));
	CHECK(rump_sys_read(w->pipe[0], &c, 1) == 1);
}

static void timed(const struct worker *w, bool in_call)
{
	struct itimerspec soon = { { 0, 0 }, { 0, 1000000 } };
	int before = meet();

	CHECK(!rump_sys_timer_settime(w->timer, 0, &soon, NULL));
	await(before, in_call);
	expect(timer_signal(w), SI_TIMER);
	CHECK(seen.si_value.sival_int == w->index && seen.si_overrun == 0);
}

static void sent(const struct worker *w, bool in_call)
{
	const struct worker *next = &workers[(w->index + 1) % THREADS];
	siginfo_t info = { .si_code = SI_QUEUE };
	int before = meet();

	CHECK(!rump_sys_tgkill(getpid(), next->tid, thread_signal(next)));
	await(before, in_call);
	expect(thread_signal(w), SI_TKILL);
	CHECK(seen.si_pid == getpid() && seen.si_uid == getuid());

	before = meet();
	info.si_pid = 1234;
	info.si_value.sival_int = next->index;
	CHECK(!rump_sys_rt_tgsigqueueinfo(getpid(), next->tid, thread_signal(next), &info));
	await(before, in_call);
	expect(thread_signal(w), SI_QUEUE);
	CHECK(seen.si_pid == 1234 && seen.si_value.sival_int == w->index);
}

static void prepare(struct worker *w)
{
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID,
			       .sigev_value.sival_int = w->index };
	struct f_owner_ex owner = { .type = F_OWNER_TID };

	w->tid = rump_sys_gettid();
	owner.pid = w->tid;
	ev._sigev_un._tid = w->tid;
	ev.sigev_signo = timer_signal(w);
	handle(pipe_signal(w));
	handle(timer_signal(w));
	handle(thread_signal(w));
	CHECK(!rump_sys_pipe2(w->pipe, O_NONBLOCK));
	CHECK(!rump_sys_fcntl(w->pipe[0], F_SETOWN_EX, (unsigned long)&owner));
	CHECK(!rump_sys_fcntl(w->pipe[0], F_SETSIG, (unsigned long)pipe_signal(w)));
	CHECK(!rump_sys_fcntl(w->pipe[0], F_SETFL, (unsigned long)(O_NONBLOCK | O_ASYNC)));
	CHECK(!rump_sys_timer_create(CLOCK_MONOTONIC, &ev, &w->timer));
}

static void *work(void *arg)
{
	struct worker *w = arg;
	int i;

	prepare(w);
	for (i = 0; i < ROUNDS; i++) {
		bool in_call = (i + w->index) % 2;

		earned(w);
		told(w, in_call);
		timed(w, in_call);
		sent(w, in_call);
	}
	return arg;
}

static void threads(int argc, char **argv)
{
	struct rlimit rl = { LIMIT, LIMIT };
	int i;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	CHECK(SIGRTMIN + 3 * THREADS - 1 <= SIGRTMAX);
	CHECK(!rump_sys_prlimit64(0, RLIMIT_FSIZE, &rl, NULL));
	handle(SIGPIPE);
	handle(SIGXFSZ);
	CHECK(!pthread_barrier_init(&begin, NULL, THREADS));
	for (i = 0; i < THREADS; i++) {
		workers[i].index = i;
		CHECK(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	}
	for (i = 0; i < THREADS; i++)
		CHECK(!pthread_join(workers[i].thread, NULL));
}

/* To the process: whichever thread takes it is told what the kernel said. */
static void process(int argc, char **argv)
{
	struct itimerval soon = { .it_value = { 0, 10000 } };
	int before;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	handle(SIGALRM);
	handle(SIGUSR1);
	CHECK(!rump_sys_kill(getpid(), SIGUSR1));
	CHECK(handled == 1);
	expect(SIGUSR1, SI_USER);
	CHECK(seen.si_pid == getpid());
	for (before = 1; before < 20; before++) {
		CHECK(!rump_sys_setitimer(ITIMER_REAL, &soon, NULL));
		await(before, before % 2);
		expect(SIGALRM, SI_KERNEL);
	}
}

/* A signal that is waited for on the host: all is there but a kernel's code. */
static void waited(int argc, char **argv)
{
	struct worker *w = &workers[0];
	struct signalfd_siginfo fdinfo;
	siginfo_t info;
	sigset_t set;
	int i, sfd;

	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	prepare(w);
	sigemptyset(&set);
	sigaddset(&set, pipe_signal(w));
	CHECK(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	sfd = signalfd(-1, &set, 0);
	CHECK(sfd >= 0);
	for (i = 0; i < 50; i++) {
		CHECK(rump_sys_write(w->pipe[1], "x", 1) == 1);
		CHECK(sigwaitinfo(&set, &info) == pipe_signal(w));
		CHECK(info.si_code == POLL_IN || info.si_code == SI_SIGIO);
		CHECK(info.si_fd == w->pipe[0] && info.si_errno == 0);
		CHECK(rump_sys_write(w->pipe[1], "x", 1) == 1);
		CHECK(read(sfd, &fdinfo, sizeof(fdinfo)) == sizeof(fdinfo));
		CHECK(fdinfo.ssi_code == POLL_IN || fdinfo.ssi_code == SI_SIGIO);
		CHECK(fdinfo.ssi_fd == w->pipe[0] && fdinfo.ssi_errno == 0);
	}
	/* One that waits, blocked, for its handler. */
	CHECK(rump_sys_write(w->pipe[1], "x", 1) == 1);
	CHECK(!pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	CHECK(handled == 1);
	expect(pipe_signal(w), POLL_IN);
	close(sfd);
}

static const struct test tests[] = {
	{ "threads", threads },
	{ "process", process },
	{ "waited", waited },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
