/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * librump_eintr.c - what becomes of a blocked call when a signal comes: the table of signal(7)
 *
 * Each call is made of both kernels, with and without SA_RESTART. An alarm interrupts it again and
 * again, as one may come before it blocks; a call that is still there at the last has been
 * restarted, and the handler jumps out of it.
 *
 * Files have relative names: the test runs in a directory of its own, and the rump kernel's is /.
 */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "librump_test.h"

#define ALARM_US  20000
#define ALARMS	  5 /* a call that is interrupted by all of them goes on */
#define LENGTH(a) (int)(sizeof(a) / sizeof((a)[0]))

/* Calls of the kernel under test, with six arguments. */
static long (*kernel)(long nr, ...);
#define sys(...) sys_padded(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define sys_padded(nr, a, b, c, d, e, f, ...)                                                      \
	kernel((long)(nr), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* The call that is to block, and what is closed after it. */
static struct {
	long nr, arg[6];
} call;
static int opened[4], n_opened;
#define blocks_in(...) blocks_in_padded(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define blocks_in_padded(number, a, b, c, d, e, f, ...)                                            \
	(call.nr = (number), call.arg[0] = (long)(a), call.arg[1] = (long)(b),                     \
	 call.arg[2] = (long)(c), call.arg[3] = (long)(d), call.arg[4] = (long)(e),                \
	 call.arg[5] = (long)(f))

static struct timespec minute = {60, 0};
static char byte;

static int keep(long fd)
{
	CHECK(fd >= 0 && n_opened < LENGTH(opened));
	return opened[n_opened++] = fd;
}

static void open_pipe(int p[2])
{
	CHECK(!sys(SYS_pipe2, p, 0));
	keep(p[0]);
	keep(p[1]);
}

static void fill(int fd)
{
	static char page[4096];

	CHECK(!sys(SYS_fcntl, fd, F_SETFL, O_NONBLOCK));
	while (sys(SYS_write, fd, page, sizeof(page)) > 0)
		;
	CHECK(errno == EAGAIN);
	CHECK(!sys(SYS_fcntl, fd, F_SETFL, 0));
}

static void read_pipe(void)
{
	int p[2];

	open_pipe(p);
	blocks_in(SYS_read, p[0], &byte, 1);
}

static void write_pipe(void)
{
	int p[2];

	open_pipe(p);
	fill(p[1]);
	blocks_in(SYS_write, p[1], &byte, 1);
}

static void read_inotify(void)
{
	static struct inotify_event event;

	blocks_in(SYS_read, keep(sys(SYS_inotify_init1, 0)), &event, sizeof(event));
}

static void read_timer(void)
{
	static uint64_t n;

	blocks_in(SYS_read, keep(sys(SYS_timerfd_create, CLOCK_MONOTONIC, 0)), &n, sizeof(n));
}

static void read_event(void)
{
	static uint64_t n;

	blocks_in(SYS_read, keep(sys(SYS_eventfd2, 0, 0)), &n, sizeof(n));
}

static void open_fifo(void)
{
	sys(SYS_unlink, "fifo");
	CHECK(!sys(SYS_mknod, "fifo", S_IFIFO | 0600, 0));
	blocks_in(SYS_open, "fifo", O_RDONLY);
}

static int open_file(void)
{
	return keep(sys(SYS_open, "file", O_RDWR | O_CREAT, 0600));
}

static void lock_file(void)
{
	static struct flock whole = {.l_type = F_WRLCK};

	CHECK(!sys(SYS_fcntl, open_file(), F_OFD_SETLK, &whole));
	blocks_in(SYS_fcntl, open_file(), F_SETLKW, &whole);
}

static void flock_file(void)
{
	CHECK(!sys(SYS_flock, open_file(), LOCK_EX));
	blocks_in(SYS_flock, open_file(), LOCK_EX);
}

static int listening(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int s = keep(sys(SYS_socket, AF_INET, SOCK_STREAM, 0));

	CHECK(!sys(SYS_bind, s, &any, sizeof(any)));
	CHECK(!sys(SYS_listen, s, 1));
	return s;
}

static void accept_tcp(void)
{
	blocks_in(SYS_accept, listening());
}

static int *unix_pair(void)
{
	static int s[2];

	CHECK(!sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, s));
	keep(s[0]);
	keep(s[1]);
	return s;
}

static void receive(void)
{
	blocks_in(SYS_recvfrom, unix_pair()[0], &byte, 1);
}

static void send_full(void)
{
	int *s = unix_pair();

	fill(s[0]);
	blocks_in(SYS_sendto, s[0], &byte, 1);
}

static int with_timeout(int s)
{
	struct timeval long_time = {60, 0};

	CHECK(!sys(SYS_setsockopt, s, SOL_SOCKET, SO_RCVTIMEO, &long_time, sizeof(long_time)));
	return s;
}

static void accept_timeout(void)
{
	blocks_in(SYS_accept, with_timeout(listening()));
}

static void receive_timeout(void)
{
	blocks_in(SYS_recvfrom, with_timeout(unix_pair()[0]), &byte, 1);
}

static void futex(void)
{
	static int word;

	blocks_in(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0);
}

static void futex_timeout(void)
{
	static int word;

	blocks_in(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &minute);
}

/* Of System V: ids, which last, are removed. */
static int queue = -1, set = -1;

static void remove_ids(void)
{
	if (queue >= 0)
		CHECK(!sys(SYS_msgctl, queue, IPC_RMID));
	if (set >= 0)
		CHECK(!sys(SYS_semctl, set, 0, IPC_RMID));
	queue = set = -1;
}

static void semaphore(void)
{
	static struct sembuf take = {0, -1, 0};

	CHECK((set = sys(SYS_semget, IPC_PRIVATE, 1, 0600)) >= 0);
	blocks_in(SYS_semop, set, &take, 1);
}

static void semaphore_timeout(void)
{
	semaphore();
	blocks_in(SYS_semtimedop, call.arg[0], call.arg[1], 1, &minute);
}

static struct {
	long type;
	char text[1024];
} message = {.type = 1};

static void receive_message(void)
{
	CHECK((queue = sys(SYS_msgget, IPC_PRIVATE, 0600)) >= 0);
	blocks_in(SYS_msgrcv, queue, &message, sizeof(message.text), 0, 0);
}

static void send_message(void)
{
	CHECK((queue = sys(SYS_msgget, IPC_PRIVATE, 0600)) >= 0);
	while (!sys(SYS_msgsnd, queue, &message, sizeof(message.text), IPC_NOWAIT))
		;
	CHECK(errno == EAGAIN);
	blocks_in(SYS_msgsnd, queue, &message, sizeof(message.text), 0);
}

static int posix_queue(void)
{
	static struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 1};
	char name[32];
	int q;

	snprintf(name, sizeof(name), "librump_eintr-%d", getpid());
	q = keep(sys(SYS_mq_open, name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr));
	CHECK(!sys(SYS_mq_unlink, name));
	return q;
}

static void receive_posix(void)
{
	blocks_in(SYS_mq_timedreceive, posix_queue(), &byte, 1, NULL, NULL);
}

static void send_posix(void)
{
	int q = posix_queue();

	CHECK(!sys(SYS_mq_timedsend, q, &byte, 1, 0, NULL));
	blocks_in(SYS_mq_timedsend, q, &byte, 1, 0, NULL);
}

static void wait_epoll(void)
{
	static struct epoll_event event;

	blocks_in(SYS_epoll_wait, keep(sys(SYS_epoll_create1, 0)), &event, 1, -1);
}

static void wait_poll(void)
{
	static struct pollfd polled = {.events = POLLIN};
	int p[2];

	open_pipe(p);
	polled.fd = p[0];
	blocks_in(SYS_poll, &polled, 1, -1);
}

static void wait_select(void)
{
	static fd_set set;
	int p[2];

	open_pipe(p);
	FD_ZERO(&set);
	FD_SET(p[0], &set);
	blocks_in(SYS_select, p[0] + 1, &set);
}

/* With a mask that stays until the call is over. */
static const uint64_t no_signals;

static void wait_epoll_mask(void)
{
	wait_epoll();
	blocks_in(SYS_epoll_pwait, call.arg[0], call.arg[1], 1, -1, &no_signals,
		  sizeof(no_signals));
}

static void wait_poll_mask(void)
{
	wait_poll();
	blocks_in(SYS_ppoll, call.arg[0], 1, NULL, &no_signals, sizeof(no_signals));
}

static void wait_suspended(void)
{
	blocks_in(SYS_rt_sigsuspend, &no_signals, sizeof(no_signals));
}

static void wait_signal(void)
{
	static uint64_t usr1 = 1 << (SIGUSR1 - 1);

	blocks_in(SYS_rt_sigtimedwait, &usr1, NULL, NULL, sizeof(usr1));
}

static void wait_sleep(void)
{
	blocks_in(SYS_nanosleep, &minute, NULL);
}

static void wait_clock(void)
{
	blocks_in(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &minute, NULL);
}

static void wait_pause(void)
{
	blocks_in(SYS_pause);
}

static unsigned long aio_context;

static void wait_aio(void)
{
	static struct io_event event;

	CHECK(!sys(SYS_io_setup, 1, &aio_context));
	blocks_in(SYS_io_getevents, aio_context, 1, 1, &event, NULL);
}

static void destroy_aio(void)
{
	if (aio_context)
		CHECK(!sys(SYS_io_destroy, aio_context));
	aio_context = 0;
}

static int refused; /* the host may have io_uring forbidden */

static void wait_uring(void)
{
	static struct io_uring_params params;
	long fd;

	memset(&params, 0, sizeof(params));
	fd = sys(SYS_io_uring_setup, 1, &params);
	refused = fd < 0 && kernel == syscall && (errno == EPERM || errno == ENOSYS);
	if (!refused)
		blocks_in(SYS_io_uring_enter, keep(fd), 0, 1, IORING_ENTER_GETEVENTS);
}

static void wait_uring_mask(void)
{
	wait_uring();
	blocks_in(SYS_io_uring_enter, call.arg[0], 0, 1, IORING_ENTER_GETEVENTS, &no_signals,
		  sizeof(no_signals));
}

#define NEVER	  "EINTR"
#define RESTARTED "restarted"

static const struct {
	const char *name;
	void (*prepare)(void);
	const char *with_sa_restart;
} table[] = {
	{"read of a pipe", read_pipe, RESTARTED},
	{"write to a pipe", write_pipe, RESTARTED},
	{"read of an inotify descriptor", read_inotify, RESTARTED},
	{"read of a timer", read_timer, RESTARTED},
	{"read of an eventfd", read_event, RESTARTED},
	{"open of a FIFO", open_fifo, RESTARTED},
	{"F_SETLKW", lock_file, RESTARTED},
	{"flock", flock_file, RESTARTED},
	{"accept", accept_tcp, RESTARTED},
	{"recv", receive, RESTARTED},
	{"send", send_full, RESTARTED},
	{"accept with SO_RCVTIMEO", accept_timeout, NEVER},
	{"recv with SO_RCVTIMEO", receive_timeout, NEVER},
	{"futex", futex, RESTARTED},
	{"futex with a timeout", futex_timeout, NEVER},
	{"mq_receive", receive_posix, RESTARTED},
	{"mq_send", send_posix, RESTARTED},
	{"semop", semaphore, NEVER},
	{"semtimedop", semaphore_timeout, NEVER},
	{"msgrcv", receive_message, NEVER},
	{"msgsnd", send_message, NEVER},
	{"epoll_wait", wait_epoll, NEVER},
	{"epoll_pwait with a mask", wait_epoll_mask, NEVER},
	{"poll", wait_poll, NEVER},
	{"ppoll with a mask", wait_poll_mask, NEVER},
	{"select", wait_select, NEVER},
	{"sigtimedwait", wait_signal, NEVER},
	{"nanosleep", wait_sleep, NEVER},
	{"clock_nanosleep", wait_clock, NEVER},
	{"pause", wait_pause, NEVER},
	{"sigsuspend", wait_suspended, NEVER},
	{"io_getevents", wait_aio, NEVER},
	{"io_uring_enter", wait_uring, NEVER},
	{"io_uring_enter with a mask", wait_uring_mask, NEVER},
};

static volatile sig_atomic_t alarms;
static sigjmp_buf still_there;

static void on_alarm(int sig)
{
	(void)sig;
	if (++alarms == ALARMS)
		siglongjmp(still_there, 1);
}

static void alarm_every(int us)
{
	struct itimerval it = {{0, us}, {0, us}};

	CHECK(!setitimer(ITIMER_REAL, &it, NULL));
}

/* Why the call returned, or "restarted"; NULL if it could not be made. */
static const char *outcome(int i, int flags)
{
	struct sigaction act = {.sa_handler = on_alarm, .sa_flags = flags};
	volatile int error = 0;

	table[i].prepare();
	if (refused)
		return NULL;
	alarms = 0;
	CHECK(!sigaction(SIGALRM, &act, NULL));
	if (!sigsetjmp(still_there, 1)) {
		alarm_every(ALARM_US);
		CHECK(sys(call.nr, call.arg[0], call.arg[1], call.arg[2], call.arg[3], call.arg[4],
			  call.arg[5]) == -1);
		error = errno;
	}
	alarm_every(0);
	while (n_opened)
		CHECK(!sys(SYS_close, opened[--n_opened]));
	remove_ids();
	destroy_aio();
	return error ? strerrorname_np(error) : "restarted";
}

static int matches(const char *whose, int i, int flags, const char *expected)
{
	const char *found = outcome(i, flags);

	if (!found || !strcmp(found, expected))
		return 1;
	printf("%s on the %s%s: %s\n", table[i].name, whose, flags ? ", SA_RESTART" : "", found);
	return 0;
}

static int interrupted_calls(const char *whose, long (*of)(long nr, ...))
{
	int i, bad = 0;

	kernel = of;
	for (i = 0; i < LENGTH(table); i++) {
		bad += !matches(whose, i, 0, "EINTR");
		bad += !matches(whose, i, SA_RESTART, table[i].with_sa_restart);
	}
	return bad;
}

static void interrupted(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	CHECK(!rump_init());
	/* That the table is right. */
	CHECK(!interrupted_calls("host", syscall));
	refused = 0;
	CHECK(!interrupted_calls("rump kernel", rump_sys_syscall));
}

static const struct test tests[] = {
	{"interrupted", interrupted},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
