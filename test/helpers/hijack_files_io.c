// SPDX-License-Identifier: BSD-2-Clause
/* hijack_files_io.c - reading and writing, between files too, space, devices */
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "hijack_files.h"

#define LARGE (300 * 1024)

void io_vectors(void)
{
	char a[4] = "", b[8] = "";
	struct iovec out[] = {{"one", 3}, {NULL, 0}, {"two", 3}, {"three", 5}};
	struct iovec in[] = {{a, 3}, {b, 7}};
	int fd = (int)T(open(d("f"), O_RDWR | O_CREAT, 0600));

	T(writev(fd, out, 4));
	T(lseek(fd, 0, SEEK_SET));
	T(readv(fd, in, 2));
	note_bytes("a", a, 4);
	note_bytes("b", b, 8);
	T(pwritev(fd, out + 2, 2, 100));
	T(preadv(fd, in, 2, 99));
	note_bytes("a", a, 4);
	note_bytes("b", b, 8);
	T(lseek(fd, 0, SEEK_CUR));
	T(preadv2(fd, in, 2, -1, 0));
	T(preadv2(fd, in, 1, 0, RWF_NOWAIT | 0x8000));
	T(pwritev2(fd, out, 1, 0, RWF_APPEND));
	T(pwritev2(fd, out, 1, 2, RWF_DSYNC));
	T(preadv(fd, in, 2, -2));
	T(preadv(fd, in, 2, 200));
	T(writev(fd, out, 0));
	out[0].iov_len = (size_t)-1;
	T(writev(fd, out, 2));
	note_file(d("f"));
}

void io_offsets(void)
{
	char bytes[32];
	int fd, other;

	make(d("f"), "0123456789");
	fd = (int)T(open(d("f"), O_RDWR));
	other = dup(fd);
	T(lseek(fd, 3, SEEK_SET));
	note_bytes("read", bytes, read(other, bytes, 2));
	T(lseek(fd, 0, SEEK_CUR));
	T(lseek(fd, -2, SEEK_END));
	note_bytes("read", bytes, read(fd, bytes, 20));
	T(read(fd, bytes, 20));
	T(lseek(fd, -1, SEEK_SET));
	T(lseek(fd, 0, 99));
	T(lseek(fd, 5L << 30, SEEK_SET));
	T(write(fd, "far", 3));
	note_file(d("f"));
	T(lseek(fd, 0, SEEK_DATA));
	T(lseek(fd, 0, SEEK_HOLE));
	T(lseek(fd, 8192, SEEK_DATA));
	T(lseek(fd, 6L << 30, SEEK_DATA));
	T(pread(fd, bytes, 10, -1));
	T(pread(fd, bytes, 10, 8));
	T(pwrite(fd, "x", 1, -5));
	T(ftruncate(fd, 4));
	T(read(fd, bytes, 4));
	T(ftruncate(fd, -1));
	T(ftruncate(open(d("f"), O_RDONLY), 0));
	T(truncate(d("f"), 1L << 62));
	T(truncate(d("f"), 8));
	T(truncate(d(""), 8));
	T(truncate(d("none"), 8));
	note_contents(d("f"));
	T(read(fd, bytes, 0));
	T(write(fd, bytes, 0));
	T(posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED));
	T(posix_fadvise(fd, 0, 0, 77));
	T(readahead(fd, 0, 100));
	T(fsync(fd));
	T(fdatasync(fd));
	T(syncfs(fd));
	T(sync_file_range(fd, 0, 0, 7));
}

void io_flags(void)
{
	struct pollfd polled[3];
	char bytes[8];
	fd_set set;
	int fd = (int)T(open(d("f"), O_RDWR | O_CREAT, 0600));
	void *aligned = NULL;

	T(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	T(fcntl(fd, F_GETFL));
	T(write(fd, "ab", 2));
	T(lseek(fd, 0, SEEK_SET));
	T(write(fd, "cd", 2));
	note_contents(d("f"));
	T(fcntl(fd, F_SETFL, O_DIRECT));
	T(fcntl(fd, F_GETFL));
	T(write(fd, "unaligned", 9));
	T(posix_memalign(&aligned, 4096, 8192));
	memset(aligned, 'd', 8192);
	T(lseek(fd, 0, SEEK_SET));
	T(write(fd, aligned, 8192));
	T(pread(fd, aligned, 4096, 4096));
	T(pread(fd, (char *)aligned + 1, 4096, 0));
	T(fcntl(fd, F_SETFL, O_NOATIME | O_RDONLY));
	T(fcntl(fd, F_GETFL));
	T(fcntl(fd, F_SETFL, O_WRONLY | O_TRUNC | O_CREAT));
	T(fcntl(fd, F_GETFL));
	T(fcntl(fd, F_GETOWN));
	T(fcntl(fd, F_GETSIG));
	T(fcntl(fd, F_GETPIPE_SZ));
	T(fcntl(fd, F_GET_SEALS));
	T(fcntl(fd, 9999));
	T(fcntl(fd, F_GETLEASE));
	T(fcntl(open(d("f"), O_PATH), F_GETFD));
	T(epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, fd, &(struct epoll_event){}));
	polled[0] = (struct pollfd){fd, POLLIN | POLLOUT, 0};
	polled[1] = (struct pollfd){399, POLLIN, 0};
	polled[2] = (struct pollfd){-1, POLLIN, 0};
	T(poll(polled, 3, 0));
	T(polled[0].revents);
	T(polled[1].revents);
	FD_ZERO(&set);
	FD_SET(fd, &set);
	T(select(fd + 1, &set, NULL, NULL, NULL));
	FD_SET(399, &set);
	T(select(400, &set, NULL, NULL, NULL));
	T(recv(fd, bytes, 1, 0));
	T(send(fd, bytes, 1, 0));
	T(isatty(fd));
	free(aligned);
}

/* The same bytes as in a file made with large(). */
static void check_copy(const char *path, size_t from, size_t size)
{
	char *bytes = malloc(LARGE + 1);
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, bytes, LARGE + 1);
	size_t wrong = 0;

	for (ssize_t i = 0; i < n; i++)
		wrong += bytes[i] != (char)((from + (size_t)i) * 7 >> 3);
	note("copy: %zd of %zu bytes, %zu wrong", n, size, wrong);
	free(bytes);
	close(fd);
}

static void large(const char *path)
{
	char *bytes = malloc(LARGE);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	for (size_t i = 0; i < LARGE; i++)
		bytes[i] = (char)(i * 7 >> 3);
	if (write(fd, bytes, LARGE) != LARGE)
		note("cannot write %s", path);
	free(bytes);
	close(fd);
}

/* Through a pipe, by splice(2) or as programs do where that is refused. */
static void through_pipe(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = open(to, O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];
	char bytes[4096];
	ssize_t n, done = 0, moved;

	if (pipe(ends))
		note("no pipe");
	for (;;) {
		n = splice(in, NULL, ends[1], NULL, sizeof(bytes), 0);
		if (n < 0 && errno == EINVAL && (n = read(in, bytes, sizeof(bytes))) > 0)
			n = write(ends[1], bytes, (size_t)n);
		if (n <= 0)
			break;
		for (done = 0; done < n; done += moved) {
			moved = splice(ends[0], NULL, out, NULL, (size_t)(n - done), 0);
			if (moved < 0 && errno == EINVAL &&
			    (moved = read(ends[0], bytes, (size_t)(n - done))) > 0)
				moved = write(out, bytes, (size_t)moved);
			if (moved <= 0)
				break;
		}
	}
	close(ends[0]);
	close(ends[1]);
	close(in);
	close(out);
	check_copy(to, 0, LARGE);
}

static void send_all(const char *from, const char *to, off_t *offset, size_t count)
{
	int in = open(from, O_RDONLY), out = open(to, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (!offset)
		lseek(in, 1000, SEEK_SET);
	T(sendfile(out, in, offset, count));
	T(lseek(in, 0, SEEK_CUR));
	T(lseek(out, 0, SEEK_CUR));
	if (offset)
		T(*offset);
	close(in);
	close(out);
}

static void copy_range(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = open(to, O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t at = 100, to_at = 5;

	T(copy_file_range(in, NULL, out, NULL, LARGE, 0));
	T(copy_file_range(in, &at, out, &to_at, 100, 0));
	T(at);
	T(copy_file_range(in, &at, out, NULL, 100, 1));
	T(ioctl(out, 0x40049409 /* FICLONE */, in));
	close(in);
	close(out);
}

void io_copies(void)
{
	int in, out, pair[2], appended;
	char bytes[16];
	off_t offset = 77;

	large(d("large"));
	large(h("large"));
	send_all(d("large"), d("copy"), NULL, LARGE);
	check_copy(d("copy"), 1000, LARGE - 1000);
	send_all(d("large"), h("copy"), NULL, LARGE);
	check_copy(h("copy"), 1000, LARGE - 1000);
	send_all(h("large"), d("copy"), NULL, 2 * LARGE);
	check_copy(d("copy"), 1000, LARGE - 1000);
	send_all(d("large"), h("copy"), &offset, 70000);
	check_copy(h("copy"), 77, 70000);
	offset = 78;
	send_all(h("large"), d("copy"), &offset, 70000);
	check_copy(d("copy"), 78, 70000);
	offset = LARGE + 5;
	send_all(h("large"), d("copy"), &offset, 10);
	offset = -1;
	send_all(d("large"), h("copy"), &offset, 10);
	in = open(d("large"), O_RDONLY);
	out = open(h("copy"), O_RDWR);
	T(sendfile(in, out, NULL, 10));
	T(sendfile(out, in, NULL, 0));
	T(sendfile(99, in, NULL, 10));
	T(sendfile(out, 99, NULL, 10));
	appended = open(h("copy"), O_RDWR | O_APPEND);
	T(sendfile(appended, in, NULL, 10));
	T(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	T(sendfile(pair[0], in, NULL, 10));
	T(recv(pair[1], bytes, sizeof(bytes), 0));
	T(sendfile(in, pair[0], NULL, 10));
	T(sendfile(out, pair[0], NULL, 10));
	copy_range(d("large"), d("copy"));
	check_copy(d("copy"), 0, LARGE);
	copy_range(d("large"), h("copy"));
	copy_range(h("large"), d("copy"));
	through_pipe(d("large"), d("copy"));
	through_pipe(d("large"), h("copy"));
	through_pipe(h("large"), d("copy"));
	T(splice(in, NULL, out, NULL, 10, 0));
	T(tee(in, out, 10, 0));
	T(splice(99, NULL, out, NULL, 10, 0));
}

void io_space(void)
{
	struct stat status;
	int fd = (int)T(open(d("f"), O_RDWR | O_CREAT, 0600));

	T(fallocate(fd, 0, 0, 10000));
	note_file(d("f"));
	T(fallocate(fd, FALLOC_FL_KEEP_SIZE, 10000, 10000));
	note_file(d("f"));
	T(fstat(fd, &status));
	T(status.st_blocks);
	T(pwrite(fd, "x", 1, 9999));
	T(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8192));
	T(fsync(fd));
	T(fstat(fd, &status));
	T(status.st_blocks);
	T(lseek(fd, 0, SEEK_DATA));
	T(fallocate(fd, FALLOC_FL_ZERO_RANGE, 9000, 2000));
	T(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096));
	T(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 1000));
	T(fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, 4096));
	note_file(d("f"));
	T(fallocate(fd, 0, -1, 10));
	T(fallocate(fd, 0, 0, 0));
	T(fallocate(fd, 0x8000, 0, 10));
	T(fallocate(open(d("f"), O_RDONLY), 0, 0, 10));
	T(fallocate(fd, 0, 0, 1L << 60));
	T(posix_fallocate(fd, 0, 20000));
	note_file(d("f"));
}

static volatile sig_atomic_t signals;

static void count(int signal)
{
	(void)signal;
	signals++;
}

void io_limit(void)
{
	struct rlimit old, limit;
	char bytes[2000] = "";
	int fd = (int)T(open(d("f"), O_RDWR | O_CREAT, 0600));

	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 5000;
	signal(SIGXFSZ, count);
	signals = 0;
	T(setrlimit(RLIMIT_FSIZE, &limit));
	T(write(fd, bytes, 2000));
	T(write(fd, bytes, 2000));
	T(write(fd, bytes, 2000));
	T(signals);
	T(write(fd, bytes, 2000));
	T(signals);
	T(ftruncate(fd, 6000));
	T(signals);
	T(truncate(d("f"), 5000));
	T(fallocate(fd, 0, 0, 6000));
	signal(SIGXFSZ, SIG_IGN);
	T(pwrite(fd, "x", 1, 5000));
	T(setrlimit(RLIMIT_FSIZE, &old));
	T(write(fd, bytes, 2000));
	signal(SIGXFSZ, SIG_DFL);
}

void io_devices(void)
{
	char bytes[16] = "";
	int fd;

	T(mknod(d("zero"), S_IFCHR | 0600, makedev(1, 5)));
	T(mknod(d("full"), S_IFCHR | 0600, makedev(1, 7)));
	T(mknod(d("none"), S_IFCHR | 0600, makedev(250, 250)));
	fd = (int)T(open(d("zero"), O_RDWR));
	T(read(fd, bytes, 16));
	T(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0);
	fd = (int)T(open(d("full"), O_RDWR));
	T(write(fd, bytes, 16));
	T(open(d("none"), O_RDWR));
	fd = (int)T(open("/dev/null", O_RDWR));
	T(write(fd, "x", 1));
	T(read(fd, bytes, 1));
}
