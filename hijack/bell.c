// SPDX-License-Identifier: BSD-2-Clause
/* bell.c - eventfds of the host by which the rump kernel wakes who waits on the host
 *
 * A thread that waits for descriptors of both kernels waits on the host, for one of these too
 * (RUMP_CALL_WATCH). It keeps it until it ends; then another one may have it. A bell that still
 * rings from the last wait wakes once for nothing; who waits looks again anyway. So that the
 * number of a bell is never the program's while the rump kernel may ring it, a bell is closed
 * only when its watch is gone.
 *
 * It has two numbers, its descriptor here and, in the upper half, that in the server (ringers.c).
 */
#include <asm/errno.h>
/* <linux/eventfd.h> came with Linux 6.11. */
#define EFD_CLOEXEC  02000000
#define EFD_NONBLOCK 04000
#include <linux/fcntl.h>

#include "high.h"
#include "route.h"
#include "server.h"
#include "state.h"
#include "wait.h"

#define BELLS 64

static long bells[BELLS]; /* that are kept; 0: none yet, or taken */

/**
 * bell_known() - Have the server know a bell: it rings for the kernel when another process runs it
 *
 * Return: both its numbers, or a negated errno
 */
long bell_known(int fd)
{
	long server = client_bell(fd);

	return raw_failed(server) ? server : fd | server << 32;
}

/**
 * bell_make() - A new one
 *
 * Return: both its numbers, or a negated errno
 */
long bell_make(void)
{
	long fd = raw2(__NR_eventfd2, 0, EFD_NONBLOCK | EFD_CLOEXEC), bell;

	if (raw_failed(fd))
		return fd;
	fd = high_move((int)fd);
	bell = bell_known((int)fd);
	if (raw_failed(bell))
		raw1(__NR_close, fd);
	else
		fds_hide((int)fd);
	return bell;
}

/**
 * bell_leave() - Close what is another process's bell, too
 */
void bell_leave(long bell)
{
	fds_show(bell_fd(bell));
	raw1(__NR_close, bell_fd(bell));
}

/**
 * bell_drop() - Close one, here and in the server
 */
void bell_drop(long bell)
{
	bell_leave(bell);
	if (bell >> 32 && !hijack_sealed)
		client_bell_drop((int)(bell >> 32));
}

/**
 * bell_take() - One for a thread
 *
 * Return: both its numbers, or a negated errno
 */
long bell_take(void)
{
	for (int i = 0; i < BELLS; i++) {
		long bell = __atomic_load_n(&bells[i], __ATOMIC_RELAXED);

		if (bell && __atomic_compare_exchange_n(&bells[i], &bell, 0, false, __ATOMIC_ACQUIRE,
							__ATOMIC_RELAXED))
			return bell;
	}
	return bell_make();
}

/**
 * bell_return() - The thread is over
 */
void bell_return(long bell)
{
	for (int i = 0; i < BELLS; i++) {
		long none = 0;

		if (!bells[i] && __atomic_compare_exchange_n(&bells[i], &none, bell, false,
							     __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			return;
	}
	bell_drop(bell);
}

/**
 * bell_silence() - It has been heard
 */
void bell_silence(long bell)
{
	uint64_t count;

	raw3(__NR_read, bell_fd(bell), &count, sizeof(count));
}

/**
 * bell_ring() - Wake who waits for it
 */
void bell_ring(long bell)
{
	uint64_t one = 1;

	raw3(__NR_write, bell_fd(bell), &one, sizeof(one));
}

/**
 * bell_child() - In a forked process: those that are kept are its parent's
 */
void bell_child(void)
{
	for (int i = 0; i < BELLS; i++) {
		if (bells[i])
			bell_leave(bells[i]);
		bells[i] = 0;
	}
}
