/* SPDX-License-Identifier: BSD-2-Clause */
/* librump_direct.c - unbuffered I/O from ordinary memory, by every way to ask for it */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "librump_files.h"

#define DEPTH	8
#define LARGEST (76 * 4096L) /* more than the kernel's buffer for it */
#define SLOT	(DEPTH * LARGEST)
#define WORKERS 6
#define ROUNDS	12

struct uring {
	int fd;
	struct io_uring_params p;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
};

/**
 * struct worker - A thread with a part of the file
 * @number:	of the part
 * @ctx:	of aio
 * @ring:	of io_uring
 * @flags:	IOSQE_
 */
struct worker {
	pthread_t thread;
	int fd, number;
	aio_context_t ctx;
	struct uring ring;
	unsigned int flags;
	bool by_ring;
};

static void *map_shared(int fd, size_t size, off_t off)
{
	void *at = rump_sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, off);

	CHECK(at != MAP_FAILED);
	return at;
}

static void ring_open(struct uring *u)
{
	memset(&u->p, 0, sizeof(u->p));
	u->fd = rump_sys_io_uring_setup(DEPTH, &u->p);
	CHECK(u->fd >= 0);
	u->sq = map_shared(u->fd, u->p.sq_off.array + u->p.sq_entries * 4, IORING_OFF_SQ_RING);
	u->cq = map_shared(u->fd, u->p.cq_off.cqes + u->p.cq_entries * sizeof(struct io_uring_cqe),
			   IORING_OFF_CQ_RING);
	u->sqes = map_shared(u->fd, u->p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
}

static unsigned int *word(char *base, unsigned int off)
{
	return (unsigned int *)(base + off);
}

/* Do up to DEPTH requests at once; results by number. */
static void ring_do(struct worker *w, const struct iocb *cb, int n, long *res)
{
	struct uring *u = &w->ring;
	unsigned int tail = *word(u->sq, u->p.sq_off.tail), mask = u->p.sq_entries - 1;
	unsigned int head;
	int i;

	for (i = 0; i < n; i++) {
		bool write = cb[i].aio_lio_opcode == IOCB_CMD_PWRITE;
		unsigned int at = (tail + i) & mask;

		u->sqes[at] = (struct io_uring_sqe){
			.opcode = write ? IORING_OP_WRITE : IORING_OP_READ,
			.flags = w->flags,
			.fd = cb[i].aio_fildes,
			.addr = cb[i].aio_buf,
			.len = cb[i].aio_nbytes,
			.off = cb[i].aio_offset,
			.user_data = i,
		};
		word(u->sq, u->p.sq_off.array)[at] = at;
	}
	__atomic_store_n(word(u->sq, u->p.sq_off.tail), tail + n, __ATOMIC_RELEASE);
	CHECK(rump_sys_io_uring_enter(u->fd, n, n, IORING_ENTER_GETEVENTS, NULL, 0) == n);
	head = *word(u->cq, u->p.cq_off.head);
	CHECK(__atomic_load_n(word(u->cq, u->p.cq_off.tail), __ATOMIC_ACQUIRE) == head + n);
	for (i = 0; i < n; i++, head++) {
		struct io_uring_cqe *cqe = (struct io_uring_cqe *)(u->cq + u->p.cq_off.cqes) +
					   (head & (u->p.cq_entries - 1));

		res[cqe->user_data] = cqe->res;
	}
	__atomic_store_n(word(u->cq, u->p.cq_off.head), head, __ATOMIC_RELEASE);
}

static void aio_do(struct worker *w, struct iocb *cb, int n, long *res)
{
	struct io_event ev[DEPTH];
	struct iocb *list[DEPTH];
	int i, got;

	for (i = 0; i < n; i++) {
		list[i] = &cb[i];
		cb[i].aio_data = i;
	}
	CHECK(rump_sys_io_submit(w->ctx, n, list) == n);
	for (got = 0; got < n; got += i) {
		i = rump_sys_io_getevents(w->ctx, 1, n - got, ev + got, NULL);
		CHECK(i > 0);
	}
	for (i = 0; i < n; i++) {
		CHECK(ev[i].obj == (uintptr_t)&cb[ev[i].data]);
		res[ev[i].data] = ev[i].res;
	}
}

static void transfer(struct worker *w, int opcode, char *memory, long len)
{
	struct iocb cb[DEPTH];
	long res[DEPTH];
	int i;

	for (i = 0; i < DEPTH; i++)
		cb[i] = (struct iocb){
			.aio_fildes = w->fd,
			.aio_lio_opcode = opcode,
			.aio_buf = (uintptr_t)memory + i * LARGEST,
			.aio_nbytes = len,
			.aio_offset = w->number * SLOT + i * len,
		};
	memset(res, 0, sizeof(res));
	if (w->by_ring)
		ring_do(w, cb, DEPTH, res);
	else
		aio_do(w, cb, DEPTH, res);
	for (i = 0; i < DEPTH; i++) {
		if (res[i] != len)
			fprintf(stderr, "worker %d, request %d: %ld\n", w->number, i, res[i]);
		CHECK(res[i] == len);
	}
}

/* Write, read by the same way and by read(2), compare; with pieces of three sizes. */
static void *work(void *arg)
{
	static const long sizes[] = { 4096, 17 * 4096, LARGEST };
	char *out = aligned_alloc(4096, SLOT), *in = aligned_alloc(4096, SLOT);
	struct worker *w = arg;
	int round, i;

	CHECK(out && in);
	for (round = 0; round < ROUNDS; round++) {
		long len = sizes[round % 3];

		w->flags = round % 2 ? IOSQE_ASYNC : 0;
		fill(out, SLOT, w->number * ROUNDS + round + 1);
		transfer(w, IOCB_CMD_PWRITE, out, len);
		memset(in, 0, SLOT);
		transfer(w, IOCB_CMD_PREAD, in, len);
		for (i = 0; i < DEPTH; i++)
			CHECK(!memcmp(in + i * LARGEST, out + i * LARGEST, len));
		memset(in, 0, SLOT);
		for (i = 0; i < DEPTH; i++) {
			CHECK(rump_sys_pread64(w->fd, in, len, w->number * SLOT + i * len) == len);
			CHECK(!memcmp(in, out + i * LARGEST, len));
		}
	}
	free(out);
	free(in);
	return arg;
}

static void worker_start(struct worker *w, int number, int fd)
{
	*w = (struct worker){ .fd = fd, .number = number, .by_ring = number % 2 };
	if (w->by_ring)
		ring_open(&w->ring);
	else
		CHECK(!rump_sys_io_setup(DEPTH, &w->ctx));
}

/* threads IMAGE TYPE: many at once, by aio and io_uring */
static void threads(int argc, char **argv)
{
	struct worker workers[WORKERS];
	int fd, i;

	CHECK(argc == 2);
	mount_at_mnt(argv[0], argv[1], 0, NULL);
	fd = rump_sys_open("/mnt/f", O_CREAT | O_RDWR | O_DIRECT, 0600);
	CHECK(fd >= 0);
	for (i = 0; i < WORKERS; i++) {
		worker_start(&workers[i], i, fd);
		CHECK(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	}
	for (i = 0; i < WORKERS; i++)
		CHECK(!pthread_join(workers[i].thread, NULL));
	rump_sys_close(fd);
}

/* One request of a worker's, and what comes of it. */
static long one(struct worker *w, int fd, int opcode, void *buf, size_t len, long off)
{
	struct iocb cb = { .aio_fildes = fd,
			   .aio_lio_opcode = opcode,
			   .aio_buf = (uintptr_t)buf,
			   .aio_nbytes = len,
			   .aio_offset = off };
	long res = 0;

	if (w->by_ring)
		ring_do(w, &cb, 1, &res);
	else
		aio_do(w, &cb, 1, &res);
	return res;
}

/* What is wrong with a request is its result; the end of the file is where it is. */
static void results(struct worker *w, int fd)
{
	char *page = aligned_alloc(4096, 2 * 4096);

	CHECK(one(w, fd, IOCB_CMD_PWRITE, page, 8192, 0) == 8192);
	CHECK(one(w, fd, IOCB_CMD_PREAD, page, 8192, 4096) == 4096);
	CHECK(one(w, fd, IOCB_CMD_PREAD, page, 4096, 8192) == 0);
	CHECK(one(w, fd, IOCB_CMD_PREAD, page + 1, 4096, 0) == -EINVAL);
	CHECK(one(w, fd, IOCB_CMD_PREAD, page, 4096, 1) == -EINVAL);
	CHECK(one(w, fd, IOCB_CMD_PREAD, page, 100, 0) == -EINVAL);
	CHECK(one(w, fd, IOCB_CMD_PREAD, (void *)4096, 4096, 0) == -EFAULT);
	CHECK(one(w, fd, IOCB_CMD_PWRITE, (void *)4096, 4096, 0) == -EFAULT);
	free(page);
}

/* Pieces of both kinds of memory in one request. */
static void vectors(int fd)
{
	char *window = rump_sys_mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *page = aligned_alloc(4096, 4096), *back = aligned_alloc(4096, 8192);
	struct iovec iov[2] = { { page, 4096 }, { window, 4096 } };

	CHECK(window != MAP_FAILED);
	fill(page, 4096, 71);
	fill(window, 4096, 72);
	CHECK(rump_sys_pwritev(fd, iov, 2, 4096) == 8192);
	CHECK(rump_sys_pread64(fd, back, 8192, 4096) == 8192);
	CHECK(!memcmp(back, page, 4096) && !memcmp(back + 4096, window, 4096));
	CHECK(rump_sys_pwritev2(fd, iov, 2, 8192, RWF_DSYNC) == 8192);
	memset(page, 0, 4096);
	memset(window, 0, 4096);
	CHECK(rump_sys_preadv(fd, iov, 2, 4096) == 8192);
	CHECK(!memcmp(back, page, 4096) && !memcmp(back, window, 4096));
	/* The file's own offset, and its end. */
	CHECK(rump_sys_lseek(fd, 4096, SEEK_SET) == 4096);
	CHECK(rump_sys_readv(fd, iov, 2) == 8192 && rump_sys_lseek(fd, 0, SEEK_CUR) == 12288);
	CHECK(rump_sys_write(fd, page, 4096) == 4096 && rump_sys_lseek(fd, 0, SEEK_CUR) == 16384);
	CHECK(rump_sys_read(fd, page, 4096) == 0);
}

/* ways IMAGE TYPE: however a file was opened */
static void ways(int argc, char **argv)
{
	struct open_how how = { .flags = O_CREAT | O_RDWR | O_DIRECT, .mode = 0600 };
	char *page = aligned_alloc(4096, 4096);
	struct worker w[2];
	int fd[5], i, flags;

	CHECK(argc == 2);
	mount_at_mnt(argv[0], argv[1], 0, NULL);
	fd[0] = rump_sys_open("/mnt/a", O_CREAT | O_RDWR | O_DIRECT, 0600);
	fd[1] = rump_sys_openat(AT_FDCWD, "/mnt/b", O_CREAT | O_RDWR | O_DIRECT, 0600);
	fd[2] = rump_sys_openat2(AT_FDCWD, "/mnt/c", &how, sizeof(how));
	fd[3] = rump_sys_open("/mnt/d", O_CREAT | O_RDWR, 0600);
	fd[4] = rump_sys_open("/mnt/e", O_CREAT | O_RDWR | O_DIRECT | O_APPEND, 0600);
	for (i = 0; i < 5; i++)
		CHECK(fd[i] >= 0);
	flags = rump_sys_fcntl(fd[3], F_GETFL);
	CHECK(!rump_sys_fcntl(fd[3], F_SETFL, (unsigned long)(flags | O_DIRECT)));
	CHECK(rump_sys_fcntl(fd[3], F_GETFL) & O_DIRECT);
	for (i = 0; i < 2; i++)
		worker_start(&w[i], i, -1);
	for (i = 0; i < 8; i++) {
		CHECK(!rump_sys_ftruncate(fd[i / 2], 0));
		results(&w[i % 2], fd[i / 2]);
	}
	vectors(fd[0]);
	for (i = 0; i < 6; i++)
		CHECK(one(&w[i % 2], fd[4], IOCB_CMD_PWRITE, page, 4096, 0) == 4096);
	CHECK(rump_sys_lseek(fd[4], 0, SEEK_END) == 6 * 4096);
	/* Buffered again, it takes any address. */
	CHECK(!rump_sys_fcntl(fd[3], F_SETFL, (unsigned long)flags));
	CHECK(one(&w[0], fd[3], IOCB_CMD_PREAD, page + 1, 100, 3) == 100);
	CHECK(one(&w[1], fd[3], IOCB_CMD_PREAD, (void *)4096, 100, 3) == -EFAULT);
	free(page);
}

/* device IMAGE: a disk itself */
static void device(int argc, char **argv)
{
	char *sector = aligned_alloc(4096, 4096), *back = aligned_alloc(4096, 4096);
	struct worker w[2];
	int fd, i;

	CHECK(argc == 1);
	CHECK(!rump_init());
	CHECK(!rump_pub_etfs_register("/dev/disk", argv[0], RUMP_ETFS_BLK));
	fd = rump_sys_open("/dev/disk", O_RDWR | O_DIRECT);
	CHECK(fd >= 0);
	for (i = 0; i < 2; i++) {
		worker_start(&w[i], i, fd);
		fill(sector, 4096, i);
		CHECK(one(&w[i], fd, IOCB_CMD_PWRITE, sector, 4096, i * 8192) == 4096);
		memset(back, 0, 4096);
		CHECK(one(&w[i], fd, IOCB_CMD_PREAD, back, 4096, i * 8192) == 4096);
		CHECK(!memcmp(sector, back, 4096));
	}
}

static const struct test tests[] = {
	{ "threads", threads },
	{ "ways", ways },
	{ "device", device },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_test(tests, argc, argv);
}
