/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_events.c - events, and I/O that is not waited for */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
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

/* Ten expiries, none too early: is none late either? */
static int ten_in_time(int fd)
{
	struct itimerspec it = {{0, 20000000}, {0, 100000000}}, left;
	double start = now(), first, took;
	uint64_t n, sum;

	CHECK(!rump_sys_timerfd_settime(fd, 0, &it, NULL));
	CHECK(!rump_sys_timerfd_gettime(fd, &left));
	CHECK(left.it_value.tv_nsec <= 100000000);
	CHECK(left.it_value.tv_nsec / 1e9 >= 0.1 - (now() - start));
	CHECK(rump_sys_read(fd, &n, 8) == 8);
	first = now() - start;
	CHECK(first >= 0.1);
	for (sum = n; sum < 10; sum += n)
		CHECK(rump_sys_read(fd, &n, 8) == 8);
	took = now() - start;
	printf("first after %.4f s, %d after %.4f s\n", first, (int)sum, took);
	CHECK(took >= 0.1 + (sum - 1) * 0.02);
	return first < 0.3 && took < 1;
}

static void timer_fd(int argc, char **argv)
{
	int fd, tries;

	UNUSED(argc, argv);
	CHECK(!rump_init());
	fd = rump_sys_timerfd_create(CLOCK_MONOTONIC, 0);
	CHECK(fd >= 0);
	/* Other load of the machine makes one late, but not all. */
	for (tries = 0; !ten_in_time(fd); tries++)
		CHECK(tries < 10);
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
	CHECK(now() - start >= 0.05 && now() - start < 10);
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
	/* From memory of the kernel's mappings; from the program's own see librump_direct.c. */
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
	CHECK(!rump_sys_io_destroy(ctx));
	CHECK_ERR(rump_sys_io_submit(ctx, 1, list), EINVAL);
}

static const struct test tests[] = {
	{"epoll", epoll},
	{"event_fd", event_fd},
	{"timer_fd", timer_fd},
	{"signal_fd", signal_fd},
	{"inotify", inotify},
	{"uring", uring},
	{"aio", aio},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
