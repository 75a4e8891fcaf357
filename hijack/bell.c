// SPDX-License-Identifier: BSD-2-Clause
/* bell.c - eventfds of the host by which the rump kernel wakes who waits on the host
 *
 * A thread that waits for descriptors of both kernels waits on the host, for one of these too
 * (RUMP_CALL_WATCH). It keeps it until it ends; then another one may have it. A bell that still
 * rings from the last wait wakes once for nothing; who waits looks again anyway. So that the
 * number of a bell is never the program's while the rump kernel may ring it, a bell is closed
 * only when its watch is gone.
 */
#include <asm/errno.h>
/* <linux/eventfd.h> came with Linux 6.11. */
#define EFD_CLOEXEC  02000000
#define EFD_NONBLOCK 04000
#include <linux/fcntl.h>

#include "high.h"
#include "route.h"
#include "server.h"
#include "wait.h"

#define BELLS	64
#define KNOWN	512

static int bells[BELLS]; /* descriptor plus 1; 0: none yet, or taken */

/* What the server calls them: it rings for the kernel when another process runs it. */
static struct known {
	int fd; /* plus 1; 0: free */
	int server;
} known[KNOWN];

/**
 * note() - Have the server know a bell
 */
static void note(int fd)
{
	int server = client_bell(fd);

	for (int i = 0; i < KNOWN && server > 0; i++) {
		int none = 0;

		if (!__atomic_compare_exchange_n(&known[i].fd, &none, fd + 1, false,
						 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		known[i].server = server;
		return;
	}
}

/**
 * bell_drop() - Close one
 */
void bell_drop(int fd)
{
	for (int i = 0; i < KNOWN; i++)
		if (known[i].fd == fd + 1)
			known[i].fd = 0;
	fds_show(fd);
	raw1(__NR_close, fd);
}

/**
 * bell_names() - Both numbers of a bell, as RUMP_CALL_WATCH wants them
 */
long bell_names(int fd)
{
	for (int i = 0; i < KNOWN; i++)
		if (known[i].fd == fd + 1)
			return fd | (long)known[i].server << 32;
	return fd;
}

/**
 * bell_make() - A new one
 *
 * Return: descriptor or a negated errno
 */
int bell_make(void)
{
	long fd = raw2(__NR_eventfd2, 0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (raw_failed(fd))
		return (int)fd;
	fd = high_move((int)fd);
	fds_hide((int)fd);
	note((int)fd);
	return (int)fd;
}

/**
 * bell_take() - One for a thread
 *
 * Return: descriptor or a negated errno
 */
int bell_take(void)
{
	for (int i = 0; i < BELLS; i++) {
		int fd = __atomic_load_n(&bells[i], __ATOMIC_RELAXED);

		if (fd && __atomic_compare_exchange_n(&bells[i], &fd, 0, false, __ATOMIC_ACQUIRE,
						      __ATOMIC_RELAXED))
			return fd - 1;
	}
	return bell_make();
}

/**
 * bell_return() - The thread is over
 */
void bell_return(int fd)
{
	for (int i = 0; i < BELLS; i++) {
		int none = 0;

		if (!bells[i] && __atomic_compare_exchange_n(&bells[i], &none, fd + 1, false,
							     __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			return;
	}
	bell_drop(fd);
}

/**
 * bell_silence() - It has been heard
 */
void bell_silence(int fd)
{
	uint64_t count;

	raw3(__NR_read, fd, &count, sizeof(count));
}

/**
 * bell_ring() - Wake who waits for it
 */
void bell_ring(int fd)
{
	uint64_t one = 1;

	raw3(__NR_write, fd, &one, sizeof(one));
}

/**
 * bell_child() - In a forked process: those that are kept are its parent's
 */
void bell_child(void)
{
	for (int i = 0; i < BELLS; i++) {
		if (bells[i])
			bell_drop(bells[i] - 1);
		bells[i] = 0;
	}
}
