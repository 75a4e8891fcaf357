/* SPDX-License-Identifier: BSD-2-Clause */
/* rump.c - the calls of a struct side, by librump */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <rump/rump_syscalls.h>

#include "bench.h"

static long rump_getpid(void)
{
	return rump_sys_getpid();
}

static long rump_open(const char *path, int flags, int mode)
{
	return rump_sys_open(path, flags, mode);
}

static long rump_close(int fd)
{
	return rump_sys_close(fd);
}

static long rump_stat(const char *path, void *st)
{
	return rump_sys_stat(path, st);
}

static long rump_fstat(int fd, void *st)
{
	return rump_sys_fstat(fd, st);
}

static long rump_pread(int fd, void *buf, size_t n, long off)
{
	return rump_sys_pread64(fd, buf, n, off);
}

static long rump_pwrite(int fd, const void *buf, size_t n, long off)
{
	return rump_sys_pwrite64(fd, buf, n, off);
}

static long rump_fsync(int fd)
{
	return rump_sys_fsync(fd);
}

static long rump_unlink(const char *path)
{
	return rump_sys_unlink(path);
}

static long rump_mkdir(const char *path, int mode)
{
	return rump_sys_mkdir(path, mode);
}

static long rump_socket(int family, int type, int protocol)
{
	return rump_sys_socket(family, type, protocol);
}

static long rump_bind(int fd, const void *addr, unsigned int len)
{
	return rump_sys_bind(fd, (void *)addr, len);
}

static long rump_listen(int fd, int n)
{
	return rump_sys_listen(fd, n);
}

static long rump_connect(int fd, const void *addr, unsigned int len)
{
	return rump_sys_connect(fd, (void *)addr, len);
}

static long rump_accept(int fd)
{
	return rump_sys_accept4(fd, NULL, NULL, 0);
}

static long rump_read(int fd, void *buf, size_t n)
{
	return rump_sys_read(fd, buf, n);
}

static long rump_write(int fd, const void *buf, size_t n)
{
	return rump_sys_write(fd, buf, n);
}

static long rump_nodelay(int fd)
{
	int one = 1;

	return rump_sys_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, (void *)&one, sizeof(one));
}

const struct side rump_side = BENCH_SIDE(rump);
