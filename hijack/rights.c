// SPDX-License-Identifier: BSD-2-Clause
/* rights.c - descriptors of one kernel in messages of the other's sockets
 *
 * Theory of operation
 *
 * A socket of the host cannot carry a file of the rump kernel. In its place goes the reading end of a
 * pipe, the ticket, and the file waits in the kernel under the ticket's inode number (kernel/parcels.c of
 * the port): as long as the pipe is there, no other has that number. Who receives a ticket
 * makes a descriptor of the file at the same number, with the usual placeholder.
 *
 * A ticket is told by its mode, which no other pipe has: the sticky bit alone. So one fstat(2)
 * recognises it, and nobody but root can open it anew. Nothing is ever written to it.
 *
 * Only the server has the writing end. When the last reading end is closed, by those who have received
 * it, by the end of the sender, or because the socket has gone that it was queued in, which
 * the host knows best, the server sees an error condition there, and has the kernel drop the file.
 *
 * Invariants:
 *   - the server watches a ticket before anything is kept under it, so the end of the sender at
 *     any moment leaves nothing behind.
 *   - who takes a file holds a reading end, so the file is there: a message may be received any
 *     number of times (MSG_PEEK), by any process of the kernel.
 *   - the file is in the rump kernel's table before the placeholder takes the ticket's place.
 *
 * A process that is not of this kernel receives the ticket: a pipe from which nothing ever comes.
 *
 * What a socket of the rump kernel cannot carry is a file of the host. In its place goes a claim, which is
 * a pipe of the rump kernel's, and the server holds the file (claims.c). Who receives that asks
 * the server for the file, and closes the claim.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "claims.h"
#include "high.h"
#include "rights.h"
#include "route.h"
#include "server.h"
#include "str.h"

#define TICKET_MODE S_ISVTX

/**
 * new_ticket() - A ticket, with the file of a rump descriptor under it
 *
 * Return: descriptor or a negated errno
 */
static long new_ticket(unsigned int fd)
{
	struct stat status;
	long result;
	int pipe[2];

	result = raw2(__NR_pipe2, pipe, O_CLOEXEC);
	if (raw_failed(result))
		return result;
	pipe[0] = high_move(pipe[0]);
	result = raw2(__NR_fchmod, pipe[0], TICKET_MODE);
	if (!raw_failed(result))
		result = raw2(__NR_fstat, pipe[0], &status);
	if (!raw_failed(result))
		result = client_parcel(pipe[1], status.st_ino);
	raw1(__NR_close, pipe[1]);
	if (!raw_failed(result))
		result = kernel_call(RUMP_CALL_PARCEL_PUT, fd, (long)status.st_ino, 0, 0, 0, 0);
	if (raw_failed(result)) {
		raw1(__NR_close, pipe[0]);
		return result;
	}
	return pipe[0];
}

/**
 * close_claim() - Close a claim, without offering its number
 */
static void close_claim(unsigned int fd)
{
	fds_lock();
	fds_forget(fd);
	kernel_call(RUMP_CALL_FD_CLOSE, fd, 0, 0, 0, 0, 0);
	raw1(__NR_close, fd);
	fds_freed(fd);
	fds_unlock();
}

/**
 * new_claim() - A claim to a file of the host
 *
 * Return: rump descriptor or a negated errno
 */
static long new_claim(unsigned int fd)
{
	long number = client_claim((int)fd), to, result;

	if (raw_failed(number))
		return number;
	fds_lock();
	to = result = fds_place_high();
	if (!raw_failed(to)) {
		result = kernel_call(RUMP_CALL_PARCEL_TAKE, (long)(CLAIM_PARCEL | (unsigned long)number), to,
				     O_CLOEXEC, 0, 0, 0);
		if (raw_failed(result))
			raw1(__NR_close, to);
		else
			fds_set((unsigned int)to);
	}
	fds_unlock();
	kernel_call(RUMP_CALL_PARCEL_DROP, (long)(CLAIM_PARCEL | (unsigned long)number), 0, 0, 0, 0, 0);
	return raw_failed(result) ? result : to;
}

/**
 * rights_sent() - The message is sent, or not: close its tickets or claims here
 */
void rights_sent(struct tickets *tickets)
{
	while (tickets->n) {
		int32_t fd = tickets->fds[--tickets->n];

		if (tickets->rump)
			close_claim((unsigned int)fd);
		else
			raw1(__NR_close, fd);
	}
}

/**
 * pack_one() - Put tickets or claims in the place of descriptors of one control message
 */
static long pack_one(struct control *control, struct tickets *tickets)
{
	for (uint64_t i = 0; sizeof(*control) + 4 * i + 4 <= control->length; i++) {
		long ticket;

		if (fd_is_rump((unsigned int)control->fds[i]) == tickets->rump)
			continue;
		if (tickets->n == RIGHTS_MAX)
			return -EINVAL;
		ticket = (tickets->rump ? new_claim : new_ticket)((unsigned int)control->fds[i]);
		if (raw_failed(ticket))
			return ticket;
		tickets->fds[tickets->n++] = (int32_t)ticket;
		control->fds[i] = (int32_t)ticket;
	}
	return 0;
}

/**
 * rights_pack() - Put tickets or claims in the place of descriptors that the socket's kernel does not have
 * @message:	its control data are @room's afterwards
 * @rump:	the socket is the rump kernel's
 * @room:	PATH_ROOM bytes
 *
 * Return: 0 or a negated errno, without tickets
 */
long rights_pack(struct message *message, bool rump, char *room, struct tickets *tickets)
{
	uint64_t at = 0, length = message->control_length;
	long result = 0;

	tickets->n = 0;
	tickets->rump = rump;
	if (length > PATH_ROOM)
		return -EINVAL;
	if (!peek(room, message->control, length))
		return -EFAULT;
	message->control = room;
	while (!result && length - at >= sizeof(struct control)) {
		struct control *control = (struct control *)(room + at);

		/* The host will say what is wrong with it. */
		if (control->length < sizeof(*control) || control->length > length - at)
			break;
		if (control->level == SOL_SOCKET && control->type == SCM_RIGHTS)
			result = pack_one(control, tickets);
		at += (control->length + 7) & ~7ul;
		if (at > length)
			break;
	}
	if (result)
		rights_sent(tickets);
	return result;
}

/**
 * redeem() - Let a received rump descriptor be what it is a claim to, if it is one
 *
 * One that cannot be redeemed stays: a pipe from which nothing ever comes.
 */
static void redeem(unsigned int fd, unsigned int flags)
{
	struct stat status;
	long file;

	if (kernel_call(__NR_fstat, fd, (long)&status, 0, 0, 0, 0) || status.st_mode != (S_IFIFO | CLAIM_MODE))
		return;
	file = client_claimed(status.st_ino);
	if (raw_failed(file))
		return;
	fds_lock();
	if (!raw_failed(raw3(__NR_dup3, file, fd, flags))) {
		fds_forget(fd);
		kernel_call(RUMP_CALL_FD_CLOSE, fd, 0, 0, 0, 0, 0);
	}
	fds_unlock();
	raw1(__NR_close, file);
}

/**
 * unpack_one() - Let a received descriptor be what it stands for, if it is a ticket or a claim
 */
static void unpack_one(unsigned int fd, unsigned int flags)
{
	struct stat status;
	long result;

	if (fd_is_rump(fd)) {
		redeem(fd, flags);
		return;
	}
	if (fd >= FDS || raw_failed(raw2(__NR_fstat, fd, &status)) ||
	    status.st_mode != (S_IFIFO | TICKET_MODE) || kernel_need())
		return;
	fds_lock();
	result = kernel_call(RUMP_CALL_PARCEL_TAKE, (long)status.st_ino, fd, flags, 0, 0, 0);
	if (!raw_failed(result)) {
		result = fds_place_at(fd);
		if (raw_failed(result))
			kernel_call(RUMP_CALL_FD_CLOSE, fd, 0, 0, 0, 0, 0);
		else
			fds_set(fd);
	}
	fds_unlock();
}

/**
 * rights_unpack() - A message has come: let tickets and claims become what they stand for
 * @message:	as the socket's kernel has left it
 */
void rights_unpack(const struct message *message, bool cloexec)
{
	const char *at, *end;
	struct message copy;

	if (!peek(&copy, message, sizeof(copy)) || !copy.control)
		return;
	at = copy.control;
	end = at + copy.control_length;
	while (end - at >= (long)sizeof(struct control)) {
		const struct control *control = (const struct control *)at;
		struct control head;
		int32_t fd;

		if (!peek(&head, control, sizeof(head)) || head.length < sizeof(head) ||
		    head.length > (uint64_t)(end - at))
			return;
		for (uint64_t i = 0; head.level == SOL_SOCKET && head.type == SCM_RIGHTS &&
				     sizeof(head) + 4 * i + 4 <= head.length; i++)
			if (peek(&fd, &control->fds[i], sizeof(fd)))
				unpack_one((unsigned int)fd, cloexec ? O_CLOEXEC : 0);
		at += (head.length + 7) & ~7ul;
	}
}
