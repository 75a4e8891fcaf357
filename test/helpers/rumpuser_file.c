/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_file.c - tests of files and of I/O that is waited for
 *
 * The host's calls are interposed, so that the log shows them between the upcalls.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "rumpuser_test.h"

static int fail_next; /* error the next interposed call shall give */

/** interposed() - Log a call of the library's, and make it fail if a test wants that */
static bool interposed(const char *name)
{
	note("%s", name);
	if (!fail_next)
		return true;
	errno = fail_next;
	fail_next = 0;
	return false;
}

/** open() - log and perform */
int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return interposed("open") ? (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode) : -1;
}

/** fsync() - log and perform */
int fsync(int fd)
{
	return interposed("fsync") ? (int)syscall(SYS_fsync, fd) : -1;
}

/** fdatasync() - log and perform */
int fdatasync(int fd)
{
	return interposed("fdatasync") ? (int)syscall(SYS_fdatasync, fd) : -1;
}

/** readv() - log and perform */
ssize_t readv(int fd, const struct iovec *iov, int n)
{
	return interposed("readv") ? syscall(SYS_readv, fd, iov, n) : -1;
}

/** writev() - log and perform */
ssize_t writev(int fd, const struct iovec *iov, int n)
{
	return interposed("writev") ? syscall(SYS_writev, fd, iov, n) : -1;
}

/** preadv() - log and perform */
ssize_t preadv(int fd, const struct iovec *iov, int n, off_t off)
{
	return interposed("preadv") ? syscall(SYS_preadv, fd, iov, n, off, 0) : -1;
}

/** pwritev() - log and perform */
ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t off)
{
	return interposed("pwritev") ? syscall(SYS_pwritev, fd, iov, n, off, 0) : -1;
}

static bool pretend_device; /* files are block devices, of DEVICE_SIZE bytes */

#define DEVICE_SIZE (UINT64_C(3) << 40)

/** stat() - perform, and pretend */
int stat(const char *path, struct stat *st)
{
	int rv = fstatat(AT_FDCWD, path, st, 0);

	if (rv == 0 && pretend_device)
		st->st_mode = S_IFBLK | 0600;
	return rv;
}

/** ioctl() - perform, or be the pretended block device */
int ioctl(int fd, unsigned long request, ...)
{
	uint64_t *size;
	va_list ap;

	va_start(ap, request);
	size = va_arg(ap, uint64_t *);
	va_end(ap);
	CHECK(request == BLKGETSIZE64);
	if (!interposed("BLKGETSIZE64"))
		return -1;
	if (!pretend_device)
		return (int)syscall(SYS_ioctl, fd, request, size);
	*size = DEVICE_SIZE;
	return 0;
}

/** must_open() - Open a file that can be opened */
static int must_open(const char *path, int mode)
{
	bool logging = test_logging;
	int fd;

	test_logging = false;
	CHECK(rumpuser_open(path, mode, &fd) == 0);
	test_logging = logging;
	return fd;
}

/** moments() - Each call that may block gives up the CPU around what the host does */
static void moments(char **args)
{
	char data[4] = "abc";
	struct rumpuser_iovec iov = {data, sizeof(data)};
	uint64_t size;
	size_t n;
	int fd, type;

	test_boot(true);
	CHECK(rumpuser_open(args[0], RUMPUSER_OPEN_RDWR | RUMPUSER_OPEN_CREATE, &fd) == 0);
	CHECK(rumpuser_iovwrite(fd, &iov, 1, 0, &n) == 0 && n == 4);
	CHECK(rumpuser_iovwrite(fd, &iov, 1, RUMPUSER_IOV_NOSEEK, &n) == 0 && n == 4);
	CHECK(rumpuser_iovread(fd, &iov, 1, 0, &n) == 0 && n == 4);
	CHECK(rumpuser_iovread(fd, &iov, 1, RUMPUSER_IOV_NOSEEK, &n) == 0 && n == 0);
	CHECK(rumpuser_syncfd(fd, RUMPUSER_SYNCFD_WRITE, 0, 0) == 0);
	CHECK(rumpuser_getfileinfo(args[0], &size, &type) == 0);
	CHECK(rumpuser_close(fd) == 0);
	CHECK_ON_CPU();
}

/** open_info() - Open args[1..] by modes and print what came of it */
static void open_info(char **args)
{
	int fd = -1, error;

	test_boot(false);
	error = rumpuser_open(args[0], (int)strtol(args[1], NULL, 0), &fd);
	if (error) {
		printf("error %s\n", strerrorname_np(error));
		CHECK(fd == -1);
		return;
	}
	printf("access %d, %s\n", fcntl(fd, F_GETFL) & O_ACCMODE,
	       fcntl(fd, F_GETFD) & FD_CLOEXEC ? "closed on exec" : "kept");
	CHECK(rumpuser_close(fd) == 0);
	CHECK(fcntl(fd, F_GETFD) == -1 && errno == EBADF);
}

/** info() - Print the size and type of args[0] */
static void info(char **args)
{
	static const char *const names[] = {"other", "directory", "regular", "block", "char"};
	uint64_t size = 77, again;
	int type = 77, error;

	test_boot(false);
	error = rumpuser_getfileinfo(args[0], &size, &type);
	if (error) {
		CHECK(size == 77 && type == 77);
		printf("error %s\n", strerrorname_np(error));
		return;
	}
	CHECK(rumpuser_getfileinfo(args[0], NULL, NULL) == 0);
	CHECK(rumpuser_getfileinfo(args[0], &again, NULL) == 0 && again == size);
	printf("%s %llu\n", names[type], (unsigned long long)size);
}

/** device() - A block device has the size of its medium */
static void device(char **args)
{
	uint64_t size = 5;
	int type = 5;

	test_boot(true);
	pretend_device = true;
	CHECK(rumpuser_getfileinfo(args[0], &size, &type) == 0);
	CHECK(size == DEVICE_SIZE && type == RUMPUSER_FT_BLK);
	test_logging = false;
	CHECK(rumpuser_getfileinfo(args[0], NULL, &type) == 0);
	fail_next = EPERM; /* to open it */
	CHECK(rumpuser_getfileinfo(args[0], &size, &type) == EPERM);
}

/** scatter() - Pieces are filled in order, with offsets and with the descriptor's own */
static void scatter(char **args)
{
	char a[3] = "abc", b[5] = "defgh", c[4];
	struct rumpuser_iovec out[] = {{a, 3}, {NULL, 0}, {b, 5}};
	struct rumpuser_iovec in[] = {{b, 1}, {c, 4}};
	int fd = must_open(args[0], RUMPUSER_OPEN_RDWR | RUMPUSER_OPEN_CREATE);
	size_t n;

	test_boot(false);
	CHECK(rumpuser_iovwrite(fd, out, 3, 10, &n) == 0 && n == 8);
	CHECK(lseek(fd, 0, SEEK_CUR) == 0);
	CHECK(rumpuser_iovread(fd, in, 2, 12, &n) == 0 && n == 5);
	CHECK(b[0] == 'c' && memcmp(c, "defg", 4) == 0);
	CHECK(lseek(fd, 0, SEEK_CUR) == 0);

	CHECK(lseek(fd, 13, SEEK_SET) == 13);
	CHECK(rumpuser_iovread(fd, in, 2, RUMPUSER_IOV_NOSEEK, &n) == 0 && n == 5);
	CHECK(b[0] == 'd' && memcmp(c, "efgh", 4) == 0);
	CHECK(lseek(fd, 0, SEEK_CUR) == 18);
	CHECK(rumpuser_iovread(fd, in, 2, 16, &n) == 0 && n == 2);
	CHECK(rumpuser_iovread(fd, in, 2, 18, &n) == 0 && n == 0);
	CHECK(rumpuser_iovread(fd, in, 0, 0, &n) == 0 && n == 0);
	CHECK(rumpuser_close(fd) == 0);
}

/** many() - More pieces than the host takes at once */
static void many(char **args)
{
	enum { N = 3 * IOV_MAX + 17 };
	static struct rumpuser_iovec iov[N];
	static uint16_t value[N];
	int fd = must_open(args[0], RUMPUSER_OPEN_RDWR | RUMPUSER_OPEN_CREATE);
	int own = must_open(args[0], RUMPUSER_OPEN_RDWR), ends[2];
	size_t n;

	test_boot(false);
	for (int i = 0; i < N; i++) {
		iov[i] = (struct rumpuser_iovec){&value[i], sizeof(value[i])};
		value[i] = (uint16_t)i;
	}
	CHECK(rumpuser_iovwrite(fd, iov, N, 5, &n) == 0 && n == sizeof(value));
	memset(value, 0, sizeof(value));
	CHECK(rumpuser_iovread(fd, iov, N, 5, &n) == 0 && n == sizeof(value));
	for (int i = 0; i < N; i++)
		CHECK(value[i] == i);
	memset(value, 0, sizeof(value));
	CHECK(lseek(own, 5 + 2 * IOV_MAX, SEEK_SET) > 0);
	CHECK(rumpuser_iovread(own, iov, N, RUMPUSER_IOV_NOSEEK, &n) == 0);
	CHECK(n == sizeof(value) - 2 * IOV_MAX && value[0] == IOV_MAX);
	/* What is there is given; more is not waited for. */
	CHECK(pipe(ends) == 0 && write(ends[1], value, 6) == 6);
	CHECK(rumpuser_iovread(ends[0], iov, N, RUMPUSER_IOV_NOSEEK, &n) == 0 && n == 6);
	CHECK(rumpuser_close(fd) == 0 && rumpuser_close(own) == 0);
}

/** errors() - What the host refuses is told, and the CPU is taken back */
static void errors(char **args)
{
	char data[4];
	struct rumpuser_iovec iov = {data, sizeof(data)};
	int rd = must_open(args[0], RUMPUSER_OPEN_RDONLY);
	int wr = must_open(args[0], RUMPUSER_OPEN_WRONLY);
	size_t n = 99;

	test_boot(false);
	CHECK(rumpuser_iovread(wr, &iov, 1, 0, &n) == EBADF);
	CHECK(rumpuser_iovwrite(rd, &iov, 1, 0, &n) == EBADF);
	CHECK(rumpuser_iovread(rd, &iov, 1, -2, &n) == EINVAL);
	CHECK(rumpuser_iovread(-1, &iov, 1, 0, &n) == EBADF);
	iov.iov_base = (void *)8;
	CHECK(rumpuser_iovread(rd, &iov, 1, 0, &n) == EFAULT);
	CHECK(n == 99);
	CHECK(rumpuser_close(-1) == EBADF);
	fail_next = ENOSPC;
	CHECK(rumpuser_iovwrite(wr, &iov, 1, 0, &n) == ENOSPC);
	fail_next = EIO;
	CHECK(rumpuser_syncfd(wr, RUMPUSER_SYNCFD_WRITE, 0, 0) == EIO);
	fail_next = EIO;
	CHECK(rumpuser_close(wr) == EIO);
	CHECK(fcntl(wr, F_GETFD) == -1);
	CHECK(rumpuser_close(rd) == 0);
	CHECK_ON_CPU();
}

/** restarted() - A signal does not end a call early */
static void restarted(char **args)
{
	char data[4];
	struct rumpuser_iovec iov = {data, sizeof(data)};
	size_t n;
	int fd;

	test_boot(true);
	fail_next = EINTR;
	CHECK(rumpuser_open(args[0], RUMPUSER_OPEN_RDONLY, &fd) == 0);
	fail_next = EINTR;
	CHECK(rumpuser_iovread(fd, &iov, 1, 0, &n) == 0 && n == 4);
	CHECK(close(fd) == 0);
}

/** other_thread() - Use the CPU that the blocked caller gave up, then unblock it */
static void *other_thread(void *arg)
{
	cpu_take();
	CHECK(write(*(int *)arg, "x", 1) == 1);
	cpu_leave();
	return NULL;
}

/** pipe_read() - A read that blocks leaves the CPU to others */
static void pipe_read(char **args)
{
	char data[4];
	struct rumpuser_iovec iov = {data, sizeof(data)};
	pthread_t other;
	int ends[2];
	size_t n;

	(void)args;
	test_boot(false);
	CHECK(pipe(ends) == 0);
	CHECK(pthread_create(&other, NULL, other_thread, &ends[1]) == 0);
	CHECK(rumpuser_iovread(ends[0], &iov, 1, RUMPUSER_IOV_NOSEEK, &n) == 0);
	CHECK(n == 1 && data[0] == 'x');
	CHECK(rumpuser_iovread(ends[0], &iov, 1, 0, &n) == ESPIPE);
	CHECK_ON_CPU();
	pthread_join(other, NULL);
}

/** open_other() - Open the other end of a FIFO, with the CPU */
static void *open_other(void *arg)
{
	int fd;

	cpu_take();
	fd = (int)syscall(SYS_openat, AT_FDCWD, arg, O_WRONLY);
	CHECK(fd >= 0);
	cpu_leave();
	close(fd);
	return NULL;
}

/** fifo_open() - An open that blocks leaves the CPU to others */
static void fifo_open(char **args)
{
	pthread_t other;
	int fd;

	test_boot(false);
	CHECK(mkfifo(args[0], 0600) == 0);
	CHECK(pthread_create(&other, NULL, open_other, args[0]) == 0);
	CHECK(rumpuser_open(args[0], RUMPUSER_OPEN_RDONLY, &fd) == 0);
	CHECK_ON_CPU();
	CHECK(rumpuser_close(fd) == 0);
	pthread_join(other, NULL);
}

/** sync_flags() - Which flags sync, which only look, which are refused */
static void sync_flags(char **args)
{
	int fd = must_open(args[0], RUMPUSER_OPEN_RDWR);
	int ends[2];

	test_boot(true);
	CHECK(rumpuser_syncfd(fd, 0, 0, 0) == EINVAL);
	CHECK(rumpuser_syncfd(fd, RUMPUSER_SYNCFD_SYNC, 0, 0) == EINVAL);
	CHECK(rumpuser_syncfd(fd, 16 | RUMPUSER_SYNCFD_WRITE, 0, 0) == EINVAL);
	CHECK(rumpuser_syncfd(fd, RUMPUSER_SYNCFD_WRITE, UINT64_MAX, 2) == EINVAL);
	CHECK(rumpuser_syncfd(-1, RUMPUSER_SYNCFD_READ, 0, 0) == EBADF);
	CHECK(rumpuser_syncfd(fd, RUMPUSER_SYNCFD_READ, 0, 0) == 0);
	note("until here nothing was synced");
	CHECK(rumpuser_syncfd(fd, RUMPUSER_SYNCFD_BOTH, 0, 0) == 0);
	CHECK(rumpuser_syncfd(fd, RUMPUSER_SYNCFD_WRITE | RUMPUSER_SYNCFD_BARRIER, 4096, 1) == 0);
	CHECK(rumpuser_syncfd(fd, RUMPUSER_SYNCFD_WRITE | RUMPUSER_SYNCFD_SYNC, 0, 0) == 0);
	test_logging = false;
	CHECK(pipe(ends) == 0);
	CHECK(rumpuser_syncfd(ends[1], RUMPUSER_SYNCFD_WRITE, 0, 0) == EINVAL);
	CHECK(rumpuser_close(ends[1]) == 0);
}

static const struct test tests[] = {
	{"moments", moments},	  {"open", open_info},	      {"info", info},
	{"device", device},	  {"scatter", scatter},	      {"many", many},
	{"errors", errors},	  {"restarted", restarted},   {"pipe_read", pipe_read},
	{"fifo_open", fifo_open}, {"sync_flags", sync_flags}, {NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
