// SPDX-License-Identifier: BSD-2-Clause
/* ringers.c - the server has the bells of all processes (bell.c), to ring them for whom has none
 *
 * A thread of the server may be about to ring a bell whose watch has just gone. So the number of a bell
 * is never anything else's: when the process drops it, the number goes on as a duplicate of an eventfd that
 * nobody waits for, till it is another bell's. Who hears that for nothing looks again.
 */
#include <asm/errno.h>
/* <linux/eventfd.h> came with Linux 6.11. */
#define EFD_CLOEXEC  02000000
#define EFD_NONBLOCK 04000
#include <linux/fcntl.h>

#include "message.h"
#include "raw.h"
#include "sources.h"
#include "state.h"

#define BELLS 65536 /* and RLIMIT_NOFILE */

/* An eventfd of a process, or of none: @pid is 0. */
static struct bell {
	int pid;
	int fd;
} bells[BELLS] RARELY;
static unsigned int nbells; /* numbers that are, or were, bells */
static unsigned int nunused;
static int nobodys = -1;

/**
 * unused_bell() - A number that is no process's bell any more
 */
static struct bell *unused_bell(void)
{
	struct bell *bell = bells;

	while (bell->pid)
		bell++;
	return bell;
}

/**
 * ringers_take() - Keep an eventfd until its process drops it or ends
 * @reply:	socket that it comes by
 *
 * Return: its number here, or a negated errno
 */
long ringers_take(int pid, int reply)
{
	struct bell *bell;
	char byte;
	int fd;
	long result = message_receive(reply, &byte, 1, &fd);

	if (fd < 0)
		return raw_failed(result) ? result : -EBADF;
	if (!nunused && nbells == BELLS) {
		raw1(__NR_close, fd);
		return -ENFILE;
	}
	if (nunused) {
		bell = unused_bell();
		result = raw3(__NR_dup3, fd, bell->fd, O_CLOEXEC);
		raw1(__NR_close, fd);
		if (raw_failed(result))
			return result;
		nunused--;
	} else {
		bell = &bells[nbells++];
		bell->fd = fd;
	}
	bell->pid = pid;
	return bell->fd;
}

/**
 * drop() - Nobody waits for a bell any more
 */
static void drop(struct bell *bell)
{
	if (nobodys < 0)
		nobodys = (int)raw2(__NR_eventfd2, 0, EFD_NONBLOCK | EFD_CLOEXEC);
	/* Without that it stays what it is, which nobody hears. */
	if (nobodys >= 0)
		raw3(__NR_dup3, nobodys, bell->fd, O_CLOEXEC);
	bell->pid = 0;
	nunused++;
}

/**
 * ringers_drop() - A process drops a bell
 * @fd:		its number here
 */
void ringers_drop(int pid, int fd)
{
	for (struct bell *bell = bells; bell < bells + nbells; bell++)
		if (bell->pid == pid && bell->fd == fd)
			drop(bell);
}

/**
 * ringers_drop_all() - A process has ended
 */
void ringers_drop_all(int pid)
{
	for (struct bell *bell = bells; bell < bells + nbells; bell++)
		if (bell->pid == pid)
			drop(bell);
}
