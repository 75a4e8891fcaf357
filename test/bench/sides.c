/* SPDX-License-Identifier: BSD-2-Clause */
/* sides.c - the same calls of the rump kernel and of the host's */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rump/rump_syscalls.h>

#include "bench.h"

/* getpid is a raw call on the host, so that nothing stands between. */
static long rump_getpid(void)
{
	return rump_sys_getpid();
}

static long host_getpid(void)
{
	return syscall(SYS_getpid);
}

static long rump_open(const char *path, int flags, int mode)
{
	return rump_sys_open(path, flags, mode);
}

static long host_open(const char *path, int flags, int mode)
{
	return open(path, flags, mode);
}

static long rump_close(int fd)
{
	return rump_sys_close(fd);
}

static long host_close(int fd)
{
	return close(fd);
}

static long rump_stat(const char *path, void *st)
{
	return rump_sys_stat(path, st);
}

static long host_stat(const char *path, void *st)
{
	return stat(path, st);
}

static long rump_fstat(int fd, void *st)
{
	return rump_sys_fstat(fd, st);
}

static long host_fstat(int fd, void *st)
{
	return fstat(fd, st);
}

static long rump_pread(int fd, void *buf, size_t n, long off)
{
	return rump_sys_pread64(fd, buf, n, off);
}

static long host_pread(int fd, void *buf, size_t n, long off)
{
	return pread(fd, buf, n, off);
}

static long rump_pwrite(int fd, const void *buf, size_t n, long off)
{
	return rump_sys_pwrite64(fd, buf, n, off);
}

static long host_pwrite(int fd, const void *buf, size_t n, long off)
{
	return pwrite(fd, buf, n, off);
}

static long rump_fsync(int fd)
{
	return rump_sys_fsync(fd);
}

static long host_fsync(int fd)
{
	return fsync(fd);
}

static long rump_unlink(const char *path)
{
	return rump_sys_unlink(path);
}

static long host_unlink(const char *path)
{
	return unlink(path);
}

static long rump_mkdir(const char *path, int mode)
{
	return rump_sys_mkdir(path, mode);
}

static long host_mkdir(const char *path, int mode)
{
	return mkdir(path, mode);
}

static long rump_socket(int family, int type, int protocol)
{
	return rump_sys_socket(family, type, protocol);
}

static long host_socket(int family, int type, int protocol)
{
	return socket(family, type, protocol);
}

static long rump_bind(int fd, const void *addr, unsigned int len)
{
	return rump_sys_bind(fd, (void *)addr, len);
}

static long host_bind(int fd, const void *addr, unsigned int len)
{
	return bind(fd, addr, len);
}

static long rump_listen(int fd, int n)
{
	return rump_sys_listen(fd, n);
}

static long host_listen(int fd, int n)
{
	return listen(fd, n);
}

static long rump_connect(int fd, const void *addr, unsigned int len)
{
	return rump_sys_connect(fd, (void *)addr, len);
}

static long host_connect(int fd, const void *addr, unsigned int len)
{
	return connect(fd, addr, len);
}

static long rump_accept(int fd)
{
	return rump_sys_accept4(fd, NULL, NULL, 0);
}

static long host_accept(int fd)
{
	return accept4(fd, NULL, NULL, 0);
}

static long rump_read(int fd, void *buf, size_t n)
{
	return rump_sys_read(fd, buf, n);
}

static long host_read(int fd, void *buf, size_t n)
{
	return read(fd, buf, n);
}

static long rump_write(int fd, const void *buf, size_t n)
{
	return rump_sys_write(fd, buf, n);
}

static long host_write(int fd, const void *buf, size_t n)
{
	return write(fd, buf, n);
}

static long rump_nodelay(int fd)
{
	int one = 1;

	return rump_sys_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, (void *)&one, sizeof(one));
}

static long host_nodelay(int fd)
{
	int one = 1;

	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

#define SIDE(k)                                                                              \
	{                                                                                    \
		#k, k##_getpid, k##_open, k##_close, k##_stat, k##_fstat, k##_pread,         \
			k##_pwrite, k##_fsync, k##_unlink, k##_mkdir, k##_socket, k##_bind,  \
			k##_listen, k##_connect, k##_accept, k##_read, k##_write, k##_nodelay \
	}

const struct side rump_side = SIDE(rump);
const struct side host_side = SIDE(host);
