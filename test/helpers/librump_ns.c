/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_ns.c - events, asynchronous I/O, timers, queues: what is no file and no socket */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "librump_test.h"

#define UNUSED(argc, argv) ((void)(argc), (void)(argv))

static void *write_byte_later(void *fd)
{
	usleep(100000);
	CHECK(rump_sys_write(*(int *)fd, "x", 1) == 1);
	return NULL;
}

static void epoll(int argc, char **argv)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = 77}, got[4];
	int ep, p[2], q[2];
	pthread_t t;
	double start;
	char c;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	ep = rump_sys_epoll_create1(EPOLL_CLOEXEC);
	CHECK(ep >= 0);
	CHECK(!rump_sys_pipe2(p, 0) && !rump_sys_pipe2(q, 0));
	CHECK(!rump_sys_epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e));
	CHECK_ERR(rump_sys_epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e), EEXIST);
	e.events = EPOLLIN | EPOLLET;
	e.data.u64 = 88;
	CHECK(!rump_sys_epoll_ctl(ep, EPOLL_CTL_ADD, q[0], &e));
	start = now();
	CHECK(rump_sys_epoll_wait(ep, got, 4, 50) == 0);
	CHECK(now() - start > 0.04);
	CHECK(!pthread_create(&t, NULL, write_byte_later, &p[1]));
	CHECK(rump_sys_epoll_wait(ep, got, 4, 5000) == 1);
	CHECK(got[0].data.u64 == 77 && got[0].events == EPOLLIN);
	pthread_join(t, NULL);
	/* One stays ready, the other tells once. */
	CHECK(rump_sys_write(q[1], "y", 1) == 1);
	CHECK(rump_sys_epoll_wait(ep, got, 4, 1000) == 2);
	CHECK(rump_sys_epoll_wait(ep, got, 4, 0) == 1);
	CHECK(rump_sys_read(p[0], &c, 1) == 1);
	CHECK(rump_sys_epoll_wait(ep, got, 4, 0) == 0);
	rump_sys_close(p[1]);
	CHECK(rump_sys_epoll_wait(ep, got, 4, 1000) == 1 && (got[0].events & EPOLLHUP));
}

static void *add_later(void *fd)
{
	uint64_t n = 5;

	usleep(100000);
	CHECK(rump_sys_write(*(int *)fd, &n, 8) == 8);
	return NULL;
}

static void event_fd(int argc, char **argv)
{
	uint64_t n = 3;
	pthread_t t;
	int fd, sem;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	fd = rump_sys_eventfd2(4, 0);
	CHECK(fd >= 0);
	CHECK(rump_sys_write(fd, &n, 8) == 8);
	CHECK(rump_sys_read(fd, &n, 8) == 8 && n == 7);
	CHECK(!pthread_create(&t, NULL, add_later, &fd));
	CHECK(rump_sys_read(fd, &n, 8) == 8 && n == 5);
	pthread_join(t, NULL);
	CHECK_ERR(rump_sys_read(fd, &n, 4), EINVAL);
	sem = rump_sys_eventfd2(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	CHECK(rump_sys_read(sem, &n, 8) == 8 && n == 1);
	CHECK(rump_sys_read(sem, &n, 8) == 8 && n == 1);
	CHECK_ERR(rump_sys_read(sem, &n, 8), EAGAIN);
}

static void timer_fd(int argc, char **argv)
{
	struct itimerspec it = {{0, 20000000}, {0, 100000000}}, left;
	double start = now(), took;
	uint64_t n, sum = 0;
	int fd;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	fd = rump_sys_timerfd_create(CLOCK_MONOTONIC, 0);
	CHECK(fd >= 0);
	start = now();
	CHECK(!rump_sys_timerfd_settime(fd, 0, &it, NULL));
	CHECK(!rump_sys_timerfd_gettime(fd, &left));
	CHECK(left.it_value.tv_nsec > 50000000 && left.it_value.tv_nsec <= 100000000);
	CHECK(rump_sys_read(fd, &n, 8) == 8);
	took = now() - start;
	printf("first after %.4f s\n", took);
	CHECK(took >= 0.1 && took < 0.3);
	for (sum = n; sum < 10; sum += n)
		CHECK(rump_sys_read(fd, &n, 8) == 8);
	took = now() - start;
	printf("%d after %.4f s\n", (int)sum, took);
	CHECK(took >= 0.1 + 9 * 0.02 && took < 1);
}

static void signal_fd(int argc, char **argv)
{
	struct signalfd_siginfo info;
	sigset_t set;
	int fd;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(!rump_sys_rt_sigprocmask(SIG_BLOCK, &set, NULL, 8));
	fd = rump_sys_signalfd4(-1, &set, 8, SFD_NONBLOCK);
	CHECK(fd >= 0);
	CHECK_ERR(rump_sys_read(fd, &info, sizeof(info)), EAGAIN);
	CHECK(!rump_sys_tgkill(rump_sys_getpid(), rump_sys_gettid(), SIGUSR1));
	CHECK(rump_sys_read(fd, &info, sizeof(info)) == sizeof(info));
	CHECK(info.ssi_signo == SIGUSR1 && info.ssi_pid == (uint32_t)rump_sys_getpid());
	/* One for the process as a whole. */
	CHECK(!rump_sys_kill(rump_sys_getpid(), SIGUSR1));
	CHECK(rump_sys_read(fd, &info, sizeof(info)) == sizeof(info));
	CHECK(info.ssi_signo == SIGUSR1);
}

static void inotify(int argc, char **argv)
{
	char buf[4096] __attribute__((aligned(8)));
	struct inotify_event *e = (void *)buf;
	uint32_t seen = 0;
	ssize_t n, at;
	int fd, w, f;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	CHECK(!rump_sys_mkdir("/tmp/watched", 0755));
	fd = rump_sys_inotify_init1(IN_NONBLOCK);
	CHECK(fd >= 0);
	w = rump_sys_inotify_add_watch(fd, "/tmp/watched", IN_ALL_EVENTS);
	CHECK(w > 0);
	f = rump_sys_open("/tmp/watched/file", O_CREAT | O_WRONLY, 0600);
	CHECK(rump_sys_write(f, "x", 1) == 1);
	rump_sys_close(f);
	CHECK(!rump_sys_rename("/tmp/watched/file", "/tmp/watched/other"));
	CHECK(!rump_sys_unlink("/tmp/watched/other"));
	n = rump_sys_read(fd, buf, sizeof(buf));
	CHECK(n > 0);
	for (at = 0; at < n; at += sizeof(*e) + e->len) {
		e = (void *)(buf + at);
		CHECK(e->wd == w);
		if (e->mask & (IN_CREATE | IN_MOVED_FROM))
			CHECK(!strcmp(e->name, "file"));
		seen |= e->mask;
	}
	CHECK((seen & (IN_CREATE | IN_OPEN | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM |
		       IN_MOVED_TO | IN_DELETE)) ==
	      (IN_CREATE | IN_OPEN | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO |
	       IN_DELETE));
	CHECK(!rump_sys_inotify_rm_watch(fd, w));
}

struct uring {
	int fd;
	struct io_uring_params p;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
};

static uint32_t *at(char *ring, uint32_t off)
{
	return (uint32_t *)(ring + off);
}

static void uring_open(struct uring *u)
{
	memset(u, 0, sizeof(*u));
	u->fd = rump_sys_io_uring_setup(8, &u->p);
	CHECK(u->fd >= 0);
	u->sq = rump_sys_mmap(NULL, u->p.sq_off.array + u->p.sq_entries * 4, PROT_READ | PROT_WRITE,
			      MAP_SHARED, u->fd, IORING_OFF_SQ_RING);
	CHECK(u->sq != MAP_FAILED);
	u->cq = rump_sys_mmap(NULL,
			      u->p.cq_off.cqes + u->p.cq_entries * sizeof(struct io_uring_cqe),
			      PROT_READ | PROT_WRITE, MAP_SHARED, u->fd, IORING_OFF_CQ_RING);
	CHECK(u->cq != MAP_FAILED);
	u->sqes = rump_sys_mmap(NULL, u->p.sq_entries * sizeof(struct io_uring_sqe),
				PROT_READ | PROT_WRITE, MAP_SHARED, u->fd, IORING_OFF_SQES);
	CHECK(u->sqes != MAP_FAILED);
}

/* Submit one, wait for its end. */
static int uring_do(struct uring *u, const struct io_uring_sqe *sqe)
{
	uint32_t tail = *at(u->sq, u->p.sq_off.tail), head = *at(u->cq, u->p.cq_off.head);
	uint32_t i = tail & *at(u->sq, u->p.sq_off.ring_mask);
	struct io_uring_cqe *cqe;

	u->sqes[i] = *sqe;
	at(u->sq, u->p.sq_off.array)[i] = i;
	__atomic_store_n(at(u->sq, u->p.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	CHECK(rump_sys_io_uring_enter(u->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1);
	CHECK(__atomic_load_n(at(u->cq, u->p.cq_off.tail), __ATOMIC_ACQUIRE) == head + 1);
	cqe = (struct io_uring_cqe *)(u->cq + u->p.cq_off.cqes) +
	      (head & *at(u->cq, u->p.cq_off.ring_mask));
	CHECK(cqe->user_data == sqe->user_data);
	__atomic_store_n(at(u->cq, u->p.cq_off.head), head + 1, __ATOMIC_RELEASE);
	return cqe->res;
}

static void uring(int argc, char **argv)
{
	struct __kernel_timespec ts = {0, 50000000};
	char out[8192], in[8192];
	struct io_uring_sqe sqe;
	struct uring u;
	double start;
	int fd, i, p[2];
	pthread_t t;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	uring_open(&u);
	for (i = 0; i < 1000; i++) {
		sqe = (struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = i};
		CHECK(uring_do(&u, &sqe) == 0);
	}
	for (i = 0; i < (int)sizeof(out); i++)
		out[i] = i * 7;
	fd = rump_sys_open("/tmp/f", O_CREAT | O_RDWR, 0600);
	sqe = (struct io_uring_sqe){.opcode = IORING_OP_WRITE,
				    .fd = fd,
				    .addr = (uintptr_t)out,
				    .len = sizeof(out),
				    .user_data = 1};
	CHECK(uring_do(&u, &sqe) == sizeof(out));
	sqe = (struct io_uring_sqe){.opcode = IORING_OP_READ,
				    .fd = fd,
				    .addr = (uintptr_t)in,
				    .len = sizeof(in),
				    .user_data = 2};
	CHECK(uring_do(&u, &sqe) == sizeof(in));
	CHECK(!memcmp(in, out, sizeof(in)));
	sqe = (struct io_uring_sqe){.opcode = IORING_OP_READ, .fd = 12345, .user_data = 3};
	CHECK(uring_do(&u, &sqe) == -EBADF);
	sqe = (struct io_uring_sqe){
		.opcode = IORING_OP_READ, .fd = fd, .addr = 8, .len = 8, .user_data = 4};
	CHECK(uring_do(&u, &sqe) == -EFAULT);
	/* One that has to wait for its data. */
	CHECK(!rump_sys_pipe2(p, 0));
	CHECK(!pthread_create(&t, NULL, write_byte_later, &p[1]));
	sqe = (struct io_uring_sqe){.opcode = IORING_OP_READ,
				    .fd = p[0],
				    .addr = (uintptr_t)in,
				    .len = 1,
				    .user_data = 5};
	CHECK(uring_do(&u, &sqe) == 1 && in[0] == 'x');
	pthread_join(t, NULL);
	start = now();
	sqe = (struct io_uring_sqe){.opcode = IORING_OP_TIMEOUT,
				    .addr = (uintptr_t)&ts,
				    .len = 1,
				    .off = 0,
				    .user_data = 6};
	CHECK(uring_do(&u, &sqe) == -ETIME);
	CHECK(now() - start >= 0.05 && now() - start < 1);
	/* By a worker thread of the kernel. */
	sqe = (struct io_uring_sqe){
		.opcode = IORING_OP_FSYNC, .fd = fd, .flags = IOSQE_ASYNC, .user_data = 7};
	CHECK(uring_do(&u, &sqe) == 0);
	sqe = (struct io_uring_sqe){.opcode = IORING_OP_READ,
				    .fd = fd,
				    .addr = (uintptr_t)in,
				    .len = 4096,
				    .off = 4096,
				    .flags = IOSQE_ASYNC,
				    .user_data = 8};
	memset(in, 0, sizeof(in));
	CHECK(uring_do(&u, &sqe) == 4096);
	CHECK(!memcmp(in, out + 4096, 4096));
	rump_sys_close(u.fd);
}

/* aio IMAGE */
static void aio(int argc, char **argv)
{
	struct iocb cb[8], *list[8];
	struct io_event ev[8];
	unsigned long ctx = 0;
	char *out, *in;
	int fd, i, n;

	CHECK(argc == 1);
	CHECK(!rump_init());
	CHECK(!rump_vfs_mount(argv[0], "/mnt", "ext4", 0, NULL));
	/* From memory of the kernel's mappings; of the program's own see below. */
	out = rump_sys_mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	in = rump_sys_mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	CHECK(out != MAP_FAILED && in != MAP_FAILED);
	for (i = 0; i < 8 * 4096; i++)
		out[i] = i * 13 + i / 4096;
	fd = rump_sys_open("/mnt/f", O_CREAT | O_RDWR | O_DIRECT, 0600);
	CHECK(fd >= 0);
	CHECK(!rump_sys_io_setup(8, &ctx));
	for (i = 0; i < 16; i++) {
		list[i % 8] = &cb[i % 8];
		cb[i % 8] = (struct iocb){
			.aio_fildes = fd,
			.aio_lio_opcode = i < 8 ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
			.aio_buf = (uintptr_t)(i < 8 ? out : in) + i % 8 * 4096,
			.aio_nbytes = 4096,
			.aio_offset = i % 8 * 4096,
			.aio_data = i,
		};
		if (i % 8 != 7)
			continue;
		CHECK(rump_sys_io_submit(ctx, 8, list) == 8);
		for (n = 0; n < 8;) {
			int got = rump_sys_io_getevents(ctx, 1, 8 - n, ev + n, NULL);

			CHECK(got > 0);
			n += got;
		}
		for (n = 0; n < 8; n++) {
			if (ev[n].res != 4096)
				fprintf(stderr, "request %d: %lld: ", (int)ev[n].data,
					(long long)ev[n].res);
			CHECK(ev[n].res == 4096);
		}
	}
	CHECK(!memcmp(in, out, 8 * 4096));
	/* doc/config.md: pages of ordinary memory cannot be pinned for a later transfer. */
	cb[0].aio_buf = (uintptr_t)aligned_alloc(4096, 4096);
	CHECK(rump_sys_io_submit(ctx, 1, list) == 1);
	CHECK(rump_sys_io_getevents(ctx, 1, 1, ev, NULL) == 1);
	CHECK(ev[0].res == -EFAULT);
	CHECK(!rump_sys_io_destroy(ctx));
	CHECK_ERR(rump_sys_io_submit(ctx, 1, list), EINVAL);
}

static volatile sig_atomic_t fired;
static volatile sig_atomic_t fired_value;

static void on_timer(int sig, siginfo_t *info, void *context)
{
	(void)context;
	(void)sig;
	fired_value = info->si_value.sival_int;
	fired++;
}

static void posix_timers(int argc, char **argv)
{
	struct sigevent none = {.sigev_notify = SIGEV_NONE};
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL,
			      .sigev_signo = SIGRTMIN + 3,
			      .sigev_value.sival_int = 4711};
	struct itimerspec it = {{0, 0}, {10, 0}}, left;
	struct sigaction act = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO};
	struct timespec wait = {2, 0};
	int id;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	CHECK(!rump_sys_timer_create(CLOCK_MONOTONIC, &none, &id));
	CHECK(!rump_sys_timer_settime(id, 0, &it, NULL));
	CHECK(!rump_sys_timer_gettime(id, &left));
	CHECK(left.it_value.tv_sec == 9);
	CHECK(!rump_sys_timer_delete(id));
	CHECK_ERR(rump_sys_timer_gettime(id, &left), EINVAL);
	/* One that sends a signal: the program's handler runs, and knows why. */
	CHECK(!sigaction(SIGRTMIN + 3, &act, NULL));
	CHECK(!rump_sys_timer_create(CLOCK_MONOTONIC, &ev, &id));
	it = (struct itimerspec){{0, 0}, {0, 50000000}};
	CHECK(!rump_sys_timer_settime(id, 0, &it, NULL));
	CHECK_ERR(rump_sys_nanosleep(&wait, NULL), EINTR);
	CHECK(fired == 1 && fired_value == 4711);
	/* And without a call in progress. */
	CHECK(!rump_sys_timer_settime(id, 0, &it, NULL));
	for (int i = 0; i < 200 && fired < 2; i++)
		usleep(10000);
	CHECK(fired == 2);
}

static void shared_memory(int argc, char **argv)
{
	struct shmid_ds ds;
	char *a, *b;
	int id;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	id = rump_sys_shmget(1234, 100000, IPC_CREAT | IPC_EXCL | 0600);
	CHECK(id >= 0);
	CHECK_ERR(rump_sys_shmget(1234, 100000, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	a = rump_sys_shmat(id, NULL, 0);
	CHECK(a != MAP_FAILED);
	memset(a, 'm', 100000);
	b = rump_sys_shmat(id, NULL, SHM_RDONLY);
	CHECK(b != MAP_FAILED && b != a);
	CHECK(b[0] == 'm' && b[99999] == 'm');
	a[50000] = 'n';
	CHECK(b[50000] == 'n');
	CHECK(!rump_sys_shmctl(id, IPC_STAT, &ds));
	CHECK(ds.shm_segsz == 100000 && ds.shm_nattch == 2);
	CHECK(!rump_sys_shmdt(a) && !rump_sys_shmdt(b));
	a = rump_sys_shmat(id, NULL, 0);
	CHECK(a[50000] == 'n');
	CHECK(!rump_sys_shmctl(id, IPC_RMID, NULL));
	CHECK(!rump_sys_shmdt(a));
	CHECK_ERR(rump_sys_shmget(1234, 100000, 0600), ENOENT);
}

static int semaphores_id;

static void *release_later(void *unused)
{
	struct sembuf add = {0, 2, 0};

	(void)unused;
	usleep(100000);
	CHECK(!rump_sys_semop(semaphores_id, &add, 1));
	return NULL;
}

static void semaphores(int argc, char **argv)
{
	struct sembuf take = {0, -2, 0}, try = {1, -1, IPC_NOWAIT};
	struct timespec brief = {0, 50000000};
	unsigned short values[2] = {0, 1};
	pthread_t t;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	semaphores_id = rump_sys_semget(IPC_PRIVATE, 2, 0600);
	CHECK(semaphores_id >= 0);
	CHECK(!rump_sys_semctl(semaphores_id, 0, SETALL, values));
	CHECK_ERR(rump_sys_semtimedop(semaphores_id, &take, 1, &brief), EAGAIN);
	CHECK(!pthread_create(&t, NULL, release_later, NULL));
	CHECK(!rump_sys_semop(semaphores_id, &take, 1));
	pthread_join(t, NULL);
	CHECK(rump_sys_semctl(semaphores_id, 0, GETVAL) == 0);
	CHECK(!rump_sys_semop(semaphores_id, &try, 1));
	CHECK_ERR(rump_sys_semop(semaphores_id, &try, 1), EAGAIN);
	CHECK(!rump_sys_semctl(semaphores_id, 0, IPC_RMID));
}

static void messages(int argc, char **argv)
{
	struct {
		long type;
		char text[5000];
	} m = {5, "five"};
	int id;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	id = rump_sys_msgget(IPC_PRIVATE, 0600);
	CHECK(id >= 0);
	CHECK(!rump_sys_msgsnd(id, &m, 4, 0));
	m.type = 6;
	memset(m.text, 's', 5000);
	CHECK(!rump_sys_msgsnd(id, &m, 5000, 0));
	memset(&m, 0, sizeof(m));
	CHECK(rump_sys_msgrcv(id, &m, 5000, 6, 0) == 5000 && m.text[4999] == 's');
	CHECK(rump_sys_msgrcv(id, &m, 5000, 0, 0) == 4 && m.type == 5);
	CHECK(!memcmp(m.text, "five", 4));
	CHECK_ERR(rump_sys_msgrcv(id, &m, 5000, 0, IPC_NOWAIT), ENOMSG);
	CHECK(!rump_sys_msgctl(id, IPC_RMID, NULL));
}

static void *send_later(void *q)
{
	usleep(100000);
	CHECK(!rump_sys_mq_timedsend(*(int *)q, "late", 4, 1, NULL));
	return NULL;
}

static void posix_queues(int argc, char **argv)
{
	struct mq_attr attr = {.mq_maxmsg = 4, .mq_msgsize = 64};
	struct timespec past = {1, 0};
	unsigned int prio;
	char buf[64];
	pthread_t t;
	int q;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	q = rump_sys_mq_open("queue", O_CREAT | O_EXCL | O_RDWR, 0600, &attr);
	CHECK(q >= 0);
	CHECK(!rump_sys_mq_timedsend(q, "low", 3, 1, NULL));
	CHECK(!rump_sys_mq_timedsend(q, "high!", 5, 9, NULL));
	CHECK(!rump_sys_mq_getsetattr(q, NULL, &attr));
	CHECK(attr.mq_curmsgs == 2 && attr.mq_maxmsg == 4);
	CHECK(rump_sys_mq_timedreceive(q, buf, 64, &prio, NULL) == 5 && prio == 9);
	CHECK(rump_sys_mq_timedreceive(q, buf, 64, &prio, NULL) == 3 && prio == 1);
	CHECK_ERR(rump_sys_mq_timedreceive(q, buf, 64, &prio, &past), ETIMEDOUT);
	CHECK(!pthread_create(&t, NULL, send_later, &q));
	CHECK(rump_sys_mq_timedreceive(q, buf, 64, &prio, NULL) == 4);
	pthread_join(t, NULL);
	CHECK(!rump_sys_mq_unlink("queue"));
	CHECK_ERR(rump_sys_mq_open("queue", O_RDWR, 0, NULL), ENOENT);
}

/* Host name and IPC of a name space of one's own. */
static void uts_ipc(int argc, char **argv)
{
	struct utsname before, after;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	CHECK(!rump_sys_uname(&before));
	CHECK(rump_sys_shmget(99, 4096, IPC_CREAT | 0600) >= 0);
	CHECK(!rump_sys_unshare(CLONE_NEWUTS | CLONE_NEWIPC));
	CHECK(!rump_sys_sethostname("elsewhere", 9));
	CHECK(!rump_sys_uname(&after));
	CHECK(!strcmp(after.nodename, "elsewhere"));
	CHECK_ERR(rump_sys_shmget(99, 4096, 0600), ENOENT);
}

/* config MIB: what the environment gave, one line each; so much memory is used first */
static void config(int argc, char **argv)
{
	static char block[1 << 20];
	char c = 0, options[32];
	struct utsname u;
	struct sysinfo si;
	long written = 0;
	cpu_set_t set;
	int fd;

	CHECK(argc == 1);
	CHECK(!rump_init());
	CHECK(!rump_sys_uname(&u));
	printf("hostname %s\nsysname %s\nmachine %s\n", u.nodename, u.sysname, u.machine);
	CPU_ZERO(&set);
	CHECK(rump_sys_sched_getaffinity(0, sizeof(set), &set) > 0);
	printf("cpus %d\n", CPU_COUNT(&set));
	fd = rump_sys_open("/sys/devices/system/cpu/online", O_RDONLY);
	CHECK(fd >= 0);
	printf("online ");
	while (rump_sys_read(fd, &c, 1) == 1)
		putchar(c);
	/* Memory comes as it is used. */
	snprintf(options, sizeof(options), "size=%sm", argv[0]);
	CHECK(!rump_vfs_mount("none", "/fill", "tmpfs", 0, options));
	memset(block, 1, sizeof(block));
	fd = rump_sys_open("/fill/file", O_CREAT | O_WRONLY, 0600);
	while (rump_sys_write(fd, block, sizeof(block)) == sizeof(block))
		written++;
	CHECK(!rump_sys_sysinfo(&si));
	printf("total %lu MiB\nwritten %ld MiB\n", si.totalram * si.mem_unit >> 20, written);
}

static int block_fd[2];

static void *block(void *unused)
{
	char c;

	(void)unused;
	rump_sys_read(block_fd[0], &c, 1);
	return NULL;
}

/* blocked IMAGE: threads in the kernel for a minute, for debuggers to look at */
static void blocked(int argc, char **argv)
{
	struct timespec ts = {60, 0};
	pthread_t t;

	CHECK(argc <= 1);
	CHECK(!rump_init());
	if (argc == 1)
		CHECK(!rump_vfs_mount(argv[0], "/mnt", NULL, 0, NULL));
	CHECK(!rump_sys_pipe2(block_fd, 0));
	CHECK(!pthread_create(&t, NULL, block, NULL));
	usleep(100000);
	printf("ready\n");
	fflush(stdout);
	rump_sys_nanosleep(&ts, NULL);
}

/* busy SECONDS: calls that take their time in the kernel, for profilers */
static void busy(int argc, char **argv)
{
	static char buf[1 << 16];
	double end;
	int fd;

	CHECK(argc == 1);
	CHECK(!rump_init());
	fd = rump_sys_open("/tmp/f", O_CREAT | O_RDWR, 0600);
	CHECK(rump_sys_write(fd, buf, sizeof(buf)) == sizeof(buf));
	end = now() + atof(argv[0]);
	while (now() < end) {
		for (int i = 0; i < 1000; i++)
			CHECK(rump_sys_pread(fd, buf, 16, i) == 16);
	}
}

static const struct test tests[] = {
	{"epoll", epoll},
	{"event_fd", event_fd},
	{"timer_fd", timer_fd},
	{"signal_fd", signal_fd},
	{"inotify", inotify},
	{"uring", uring},
	{"aio", aio},
	{"posix_timers", posix_timers},
	{"shared_memory", shared_memory},
	{"semaphores", semaphores},
	{"messages", messages},
	{"posix_queues", posix_queues},
	{"uts_ipc", uts_ipc},
	{"config", config},
	{"blocked", blocked},
	{"busy", busy},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
