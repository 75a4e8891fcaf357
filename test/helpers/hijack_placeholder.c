// SPDX-License-Identifier: BSD-2-Clause
/*
 * hijack_placeholder.c - what the host's kernel says of a rump descriptor's number
 *
 *	hijack_placeholder DIR
 *
 * DIR is the rump kernel's. The calls are made by code that the shim does not see, as it is made at
 * run time and the checker is off. Each has to fail.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hijack_raw.h"

static long (*host)(long nr, long a, long b, long c, long d, long e, long f);
static int failures;

#define HOST(nr, a, b, c, d, e, f) \
	host(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static void expect(const char *what, long result, long wanted)
{
	if (result == wanted)
		return;
	printf("%s: %ld\n", what, result);
	failures++;
}

/**
 * not_reopened() - The link in /proc must not lead to something that can be written either
 */
static void not_reopened(int fd)
{
	char link[40];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	expect("open of its link to read", HOST(SYS_open, link, O_RDONLY, 0, 0, 0, 0), -ENXIO);
	expect("open of its link to write", HOST(SYS_open, link, O_WRONLY, 0, 0, 0, 0), -ENXIO);
}

/**
 * refuse() - Try all that a file or socket may be asked
 */
static void refuse(const char *what, int fd)
{
	static char buffer[4096];
	struct iovec piece = {buffer, sizeof(buffer)};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	struct pollfd set = {fd, POLLIN | POLLOUT, 0};
	struct epoll_event event = {EPOLLIN, {0}};
	int epoll = epoll_create1(0), null = open("/dev/null", O_RDWR);
	long off = 0;

	printf("%s:\n", what);
	expect("read", HOST(SYS_read, fd, buffer, 10, 0, 0, 0), -EBADF);
	expect("write", HOST(SYS_write, fd, buffer, 10, 0, 0, 0), -EBADF);
	expect("pread", HOST(SYS_pread64, fd, buffer, 10, 0, 0, 0), -EBADF);
	expect("pwrite", HOST(SYS_pwrite64, fd, buffer, 10, 0, 0, 0), -EBADF);
	expect("readv", HOST(SYS_readv, fd, &piece, 1, 0, 0, 0), -EBADF);
	expect("writev", HOST(SYS_writev, fd, &piece, 1, 0, 0, 0), -EBADF);
	expect("lseek", HOST(SYS_lseek, fd, 0, SEEK_END, 0, 0, 0), -EBADF);
	expect("ftruncate", HOST(SYS_ftruncate, fd, 0, 0, 0, 0, 0), -EBADF);
	expect("fallocate", HOST(SYS_fallocate, fd, 0, 0, 4096, 0, 0), -EBADF);
	expect("fsync", HOST(SYS_fsync, fd, 0, 0, 0, 0, 0), -EBADF);
	expect("getdents64", HOST(SYS_getdents64, fd, buffer, sizeof(buffer), 0, 0, 0), -EBADF);
	expect("ioctl", HOST(SYS_ioctl, fd, 0x5401 /* TCGETS */, buffer, 0, 0, 0), -EBADF);
	expect("fcntl F_GETLK", HOST(SYS_fcntl, fd, F_GETLK, buffer, 0, 0, 0), -EBADF);
	expect("flock", HOST(SYS_flock, fd, 1, 0, 0, 0, 0), -EBADF);
	expect("fchmod", HOST(SYS_fchmod, fd, 0600, 0, 0, 0, 0), -EBADF);
	expect("fchown", HOST(SYS_fchown, fd, 0, 0, 0, 0, 0), -EBADF);
	expect("mmap", HOST(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 0), -EBADF);
	expect("fchdir", HOST(SYS_fchdir, fd, 0, 0, 0, 0, 0), -ENOTDIR);
	expect("openat", HOST(SYS_openat, fd, "x", O_RDWR | O_CREAT, 0600, 0, 0), -ENOTDIR);
	expect("sendfile from", HOST(SYS_sendfile, null, fd, &off, 10, 0, 0), -EBADF);
	expect("sendfile to", HOST(SYS_sendfile, fd, null, &off, 10, 0, 0), -EBADF);
	expect("sendto", HOST(SYS_sendto, fd, buffer, 1, 0, 0, 0), -EBADF);
	expect("recvmsg", HOST(SYS_recvmsg, fd, &message, 0, 0, 0, 0), -EBADF);
	expect("connect", HOST(SYS_connect, fd, buffer, 16, 0, 0, 0), -EBADF);
	expect("accept", HOST(SYS_accept, fd, 0, 0, 0, 0, 0), -EBADF);
	expect("getsockopt", HOST(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, buffer, buffer + 8, 0),
	       -EBADF);
	expect("epoll_ctl", HOST(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, &event, 0, 0), -EBADF);
	expect("poll", HOST(SYS_poll, &set, 1, 0, 0, 0, 0), 1);
	expect("poll's event", set.revents, POLLNVAL);
	not_reopened(fd);
	close(epoll);
	close(null);
}

int main(int argc, char **argv)
{
	char name[4096];
	int fd;
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (argc != 2)
		return 2;
	memcpy(page, code, sizeof(code));
	mprotect(page, 4096, PROT_READ | PROT_EXEC);
	memcpy(&host, &page, sizeof(page));
	setvbuf(stdout, NULL, _IONBF, 0);

	fd = open(argv[1], O_RDONLY | O_DIRECTORY);
	refuse("directory", fd);
	snprintf(name, sizeof(name), "%s/file", argv[1]);
	fd = open(name, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || write(fd, "contents", 8) != 8)
		err(1, "%s", name);
	refuse("file", fd);
	snprintf(name, sizeof(name), "%s/fifo", argv[1]);
	if (syscall(SYS_mknod, name, 010600, 0))
		err(1, "%s", name);
	refuse("fifo", open(name, O_RDWR));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	refuse("socket", fd);
	refuse("duplicate", dup2(fd, 200));
	return failures != 0;
}
