// SPDX-License-Identifier: BSD-2-Clause
/* hijack_files_numbers.c - descriptor numbers: the lowest free one, dup, close_range, limits */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "hijack_files.h"

#define MIXED 40
#define FAR   300

static int in_dir(void)
{
	return open(d("f"), O_RDWR | O_CREAT, 0600);
}

static int in_host(void)
{
	return open(h("f"), O_RDWR | O_CREAT, 0600);
}

/* Whose file a number is: the two files have different contents. */
static void whose(int fd)
{
	char byte = '?';
	ssize_t n = pread(fd, &byte, 1, 0);

	if (n < 0)
		note("%d: %s", fd, strerrorname_np(errno));
	else
		note("%d: %c", fd, byte);
}

static void two_files(void)
{
	make(d("f"), "D");
	make(h("f"), "H");
}

void numbers_lowest(void)
{
	unsigned int seed = 1;
	int fd, ends[2];

	two_files();
	T(in_dir());
	T(in_host());
	T(in_dir());
	T(in_host());
	T(close(3));
	T(in_host());
	T(close(4));
	T(in_dir());
	T(close(5));
	T(close(4));
	T(close(3));
	T(in_host());
	T(in_host());
	T(in_dir());
	T(dup(3));
	T(dup(5));
	T(close(4));
	T(dup(5));
	T(close(4));
	T(dup(3));
	for (fd = 3; fd < 10; fd++)
		whose(fd);
	T(close(5));
	T(close(7));
	T(pipe(ends));
	T(ends[0]);
	T(ends[1]);
	T(close(3));
	T(close(8));
	T(pipe2(ends, O_CLOEXEC));
	T(ends[0]);
	T(ends[1]);
	T(fcntl(4, F_DUPFD, 20));
	T(fcntl(6, F_DUPFD, 20));
	T(fcntl(4, F_DUPFD, 21));
	T(close(4));
	T(fcntl(6, F_DUPFD, 4));
	T(close(6));
	T(eventfd(0, 0));
	T(close(6));
	T(memfd_create("x", 0));
	T(close(6));
	T(epoll_create1(0));
	T(close(6));
	T(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	T(ends[0]);
	T(close(0));
	T(in_dir());
	T(close(0));
	T(in_host());
	/* The same as a table of numbers would do. */
	for (int i = 0; i < 400; i++) {
		seed = seed * 1103515245 + 12345;
		fd = 3 + (int)(seed >> 16) % MIXED;
		switch (seed >> 28) {
		case 0 ... 3:
			T(in_dir());
			break;
		case 4 ... 7:
			T(in_host());
			break;
		case 8:
			T(dup(fd));
			break;
		case 9:
			T(fcntl(fd, F_DUPFD, fd + 3));
			break;
		case 10:
			T(dup2(fd, 3 + (fd + 7) % MIXED));
			break;
		default:
			T(fd);
			T(close(fd));
		}
		whose(fd);
	}
	for (fd = 0; fd < MIXED + 20; fd++)
		whose(fd);
}

void numbers_onto(void)
{
	static const int targets[] = {0, 1, 2, 9, 10, 255, 63, 64, 1000};
	char bytes[16];
	int a, b;

	two_files();
	a = in_dir();
	b = in_host();
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		int to = targets[i];

		T(to);
		T(dup2(a, to));
		whose(to);
		T(fcntl(to, F_GETFD));
		T(dup2(b, to));
		whose(to);
		T(dup3(a, to, O_CLOEXEC));
		whose(to);
		T(fcntl(to, F_GETFD));
		T(dup3(b, to, O_CLOEXEC));
		T(fcntl(to, F_GETFD));
		T(dup2(a, to));
		T(fcntl(to, F_GETFD));
		T(dup2(to, to));
		T(dup3(to, to, 0));
		T(dup2(99, to));
		T(dup2(-1, to));
		whose(to);
		T(in_host());
		T(in_dir());
		T(close(to));
		T(close(to));
		T(dup2(to, 12));
		whose(to);
	}
	/* Offsets and flags are shared by duplicates. */
	T(dup2(a, 50));
	T(lseek(50, 7, SEEK_SET));
	T(lseek(a, 0, SEEK_CUR));
	T(fcntl(50, F_SETFL, O_APPEND));
	T(fcntl(a, F_GETFL));
	T(dup2(a, 100000));
	T(dup2(b, 100000));
	T(dup2(a, -1));
	T(dup2(a, 0x7fffffff));
	T(dup2(b, 0x7fffffff));
	T(dup3(a, 60, O_NONBLOCK));
	T(dup3(b, 60, O_CLOEXEC | 1));
	T(dup(-1));
	T(dup(61));
	T(fcntl(a, F_DUPFD, -1));
	T(fcntl(b, F_DUPFD, -1));
	T(fcntl(a, F_DUPFD, 1 << 30));
	T(fcntl(61, F_DUPFD, 0));
	/* The last number closes the file, its space goes, a pipe of the host ends. */
	T(dup2(b, a));
	whose(a);
	T(unlink(d("f")));
	T(pread(50, bytes, sizeof(bytes), 0));
	T(access(d("f"), F_OK));
}

static void report_range(int first, int last)
{
	int run = first;

	for (int fd = first; fd <= last + 1; fd++) {
		bool was = fcntl(run, F_GETFD) >= 0;
		bool is = fd <= last && fcntl(fd, F_GETFD) >= 0;

		if (fd <= last && was == is)
			continue;
		note("%d to %d: %s", run, fd - 1, was ? "open" : "closed");
		run = fd;
	}
}

void numbers_range(void)
{
	int fd;

	two_files();
	for (int i = 0; i < 30; i++)
		if ((fd = i % 3 ? in_dir() : in_host()) != i + 3)
			note("%d instead of %d", fd, i + 3);
	T(close(7));
	T(close(8));
	T(syscall(SYS_close_range, 5, 12, 0));
	report_range(3, 40);
	T(in_dir());
	T(in_host());
	T(syscall(SYS_close_range, 6, 4, 0));
	T(syscall(SYS_close_range, 6, 8, 0x80));
	T(syscall(SYS_close_range, 14, 20, 4));
	for (fd = 12; fd < 23; fd++)
		T(fcntl(fd, F_GETFD));
	T(dup2(15, FAR));
	T(dup2(16, FAR + 1));
	T(syscall(SYS_close_range, 30, FAR, 0));
	report_range(3, FAR + 4);
	T(in_host());
	T(in_dir());
	T(syscall(SYS_close_range, 4, 399, 0));
	report_range(3, FAR + 4);
	T(in_dir());
	T(in_host());
	T(syscall(SYS_close_range, 100, 200, 0));
	closefrom(401);
	T(syscall(SYS_close_range, 401, ~0u, 0));
	T(in_dir());
	report_range(3, FAR + 4);
	T(syscall(SYS_close_range, 3, 399, 2));
	T(in_dir());
	T(in_host());
}

void numbers_limit(void)
{
	struct rlimit old, limit;
	int n;

	two_files();
	T(getrlimit(RLIMIT_NOFILE, &old));
	limit = old;
	limit.rlim_cur = 24;
	T(setrlimit(RLIMIT_NOFILE, &limit));
	for (n = 0; n < 40 && in_dir() >= 0; n++)
		;
	T(n);
	T(in_dir());
	T(in_host());
	T(dup(3));
	T(dup(0));
	T(dup2(3, 24));
	T(dup2(0, 24));
	T(dup2(3, 23));
	T(fcntl(3, F_DUPFD, 24));
	T(fcntl(3, F_DUPFD, 23));
	T(fcntl(0, F_DUPFD, 24));
	T(close(10));
	T(in_host());
	T(in_dir());
	T(close(10));
	T(in_dir());
	T(in_host());
	T(close(10));
	T(close(11));
	T(in_dir());
	T(in_host());
	T(in_host());
	T(openat(AT_FDCWD, d("not there"), O_RDONLY));
	limit.rlim_cur = 8;
	T(setrlimit(RLIMIT_NOFILE, &limit));
	T(pread(20, &n, 1, 0));
	T(close(6));
	T(in_dir());
	T(close(20));
	T(in_dir());
	T(close(6));
	T(in_host());
	T(setrlimit(RLIMIT_NOFILE, &old));
	T(in_dir());
	T(syscall(SYS_close_range, 3, 399, 0));
	for (n = 0; n < 350 && (n % 2 ? in_dir() : in_host()) == n + 3; n++)
		;
	T(n);
	for (n = 3; n < 353; n += 5)
		if (close(n))
			T(n);
	for (n = 3; n < 353; n += 5)
		if ((n % 2 ? in_dir() : in_host()) != n)
			T(n);
}

/* A number that was the file's and is closed is like any other that is closed. */
void numbers_closed(void)
{
	struct stat status;
	char bytes[16];
	int fd = in_dir(), other = in_host();

	for (int round = 0; round < 3; round++) {
		T(close(fd));
		T(close(fd));
		T(read(fd, bytes, 1));
		T(write(fd, bytes, 1));
		T(fstat(fd, &status));
		T(fstatat(fd, "", &status, AT_EMPTY_PATH));
		T(lseek(fd, 0, SEEK_SET));
		T(fcntl(fd, F_GETFD));
		T(fcntl(fd, F_SETFD, 0));
		T(fcntl(fd, F_GETFL));
		T(fcntl(fd, F_DUPFD, 0));
		T(fcntl(fd, F_DUPFD_CLOEXEC, 0));
		T(dup(fd));
		T(dup2(fd, 20));
		T(dup3(fd, 20, O_CLOEXEC));
		T(dup2(fd, fd));
		T(fsync(fd));
		T(ftruncate(fd, 0));
		T(fchmod(fd, 0600));
		T(fchown(fd, 0, 0));
		T(fchdir(fd));
		T(openat(fd, "x", O_RDONLY));
		T(openat(fd, d("f"), O_RDONLY) >= 0);
		T(mkdirat(fd, "x", 0700));
		T(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
		T(epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, fd, &(struct epoll_event){}));
		T(syscall(SYS_close_range, fd, fd, 0));
		T(faccessat(fd, "f", F_OK, 0));
		T(linkat(fd, "", AT_FDCWD, d("l"), AT_EMPTY_PATH));
		T(linkat(fd, "", AT_FDCWD, h("l"), AT_EMPTY_PATH));
		T(renameat(fd, "x", AT_FDCWD, d("l")));
		T(copy_file_range(fd, NULL, other, NULL, 1, 0));
		T(copy_file_range(other, NULL, fd, NULL, 1, 0));
		fd = round ? in_host() : in_dir();
		T(fd);
	}
}

void numbers_cloexec(void)
{
	int fd;

	two_files();
	fd = (int)T(open(d("f"), O_RDWR | O_CLOEXEC));
	T(fcntl(fd, F_GETFD));
	T(fcntl(fd, F_SETFD, 0));
	T(fcntl(fd, F_GETFD));
	T(fcntl(fd, F_SETFD, FD_CLOEXEC));
	T(fcntl(fd, F_GETFD));
	T(fcntl(dup(fd), F_GETFD));
	T(fcntl(fcntl(fd, F_DUPFD_CLOEXEC, 30), F_GETFD));
	T(fcntl(fcntl(fd, F_DUPFD, 30), F_GETFD));
	T(fcntl(dup3(fd, 40, O_CLOEXEC), F_GETFD));
	T(fcntl(dup2(fd, 40), F_GETFD));
	T(fcntl(dup2(fd, fd), F_GETFD));
	fd = in_dir();
	T(fcntl(fd, F_GETFD));
	T(close(fd));
	fd = (int)T(open(d("f"), O_RDWR));
	T(fcntl(fd, F_GETFD));
}
