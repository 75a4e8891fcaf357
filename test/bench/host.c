/* SPDX-License-Identifier: BSD-2-Clause */
/* host.c - the same calls by the C library: the host's, or what a preloaded shim makes of them */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

/* A raw call, so that nothing stands between. */
static long host_getpid(void)
{
	return syscall(SYS_getpid);
}

static long host_open(const char *path, int flags, int mode)
{
	return open(path, flags, mode);
}

static long host_close(int fd)
{
	return close(fd);
}

static long host_stat(const char *path, void *st)
{
	return stat(path, st);
}

static long host_fstat(int fd, void *st)
{
	return fstat(fd, st);
}

static long host_pread(int fd, void *buf, size_t n, long off)
{
	return pread(fd, buf, n, off);
}

static long host_pwrite(int fd, const void *buf, size_t n, long off)
{
	return pwrite(fd, buf, n, off);
}

static long host_fsync(int fd)
{
	return fsync(fd);
}

static long host_unlink(const char *path)
{
	return unlink(path);
}

static long host_mkdir(const char *path, int mode)
{
	return mkdir(path, mode);
}

static long host_socket(int family, int type, int protocol)
{
	return socket(family, type, protocol);
}

static long host_bind(int fd, const void *addr, unsigned int len)
{
	return bind(fd, addr, len);
}

static long host_listen(int fd, int n)
{
	return listen(fd, n);
}

static long host_connect(int fd, const void *addr, unsigned int len)
{
	return connect(fd, addr, len);
}

static long host_accept(int fd)
{
	return accept4(fd, NULL, NULL, 0);
}

static long host_read(int fd, void *buf, size_t n)
{
	return read(fd, buf, n);
}

static long host_write(int fd, const void *buf, size_t n)
{
	return write(fd, buf, n);
}

static long host_nodelay(int fd)
{
	int one = 1;

	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

const struct side host_side = BENCH_SIDE(host);
