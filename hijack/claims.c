// SPDX-License-Identifier: BSD-2-Clause
/* claims.c - the server holds files of the host that are on their way through sockets of the rump kernel
 *
 * Theory of operation
 *
 * A message of a rump socket cannot hold a file of the host. In its place goes a claim, the reading end of a
 * pipe of the rump kernel, and the server holds the file under the pipe's inode number: the
 * mirror of what rights.c does with messages of the host. Only the server has the writing end. When the
 * last reading end is closed, by those who have received it or because the kernel has dropped the
 * message, that end is woken; a watch tells the main thread, and the file is closed.
 *
 * The main thread keeps the table, and makes no calls into the kernel. The clerk makes the pipe, and looks
 * which have lost their readers, for all at once. How a claim fares:
 *
 *	FREE	main: no claim
 *	NEW	clerk: makes the pipe, and leaves the reading end as a parcel for who sends it
 *	LIVE	somebody has, or may yet take, the reading end
 *	DEAD	main: nobody has; the file is to be closed
 *
 * Who sends takes the parcel and drops it. If the process ends before, the clerk drops it (@orphan).
 */
#include <asm/errno.h>
#include <asm/stat.h>
/* <linux/eventfd.h> came with Linux 6.11. */
#define EFD_CLOEXEC  02000000
#define EFD_NONBLOCK 04000
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "claims.h"
#include "kernel.h"
#include "message.h"
#include "raw.h"
#include "sources.h"
#include "state.h"
#include "wait.h"

#define CLAIMS 512 /* the kernel's own limit for a user's messages is RLIMIT_NOFILE */

enum state { FREE, NEW, LIVE, DEAD };

/**
 * struct claim - A file that is held
 * @state:	see above
 * @orphan:	who was to send it has ended
 * @pid:	that process
 * @file:	descriptor of the host
 * @end:	writing end of the pipe, in the rump kernel
 * @watch:	of it
 * @number:	what the claim is known by
 */
static struct claim {
	enum state state;
	bool orphan;
	int pid;
	int file;
	long end;
	unsigned long watch;
	uint64_t number;
} claims[CLAIMS] RARELY;
static long bell = -1;
static bool sweeping, again; /* the clerk looks, and is to look again */

static enum state state_of(const struct claim *claim)
{
	return __atomic_load_n(&claim->state, __ATOMIC_ACQUIRE);
}

static void set_state(struct claim *claim, enum state state)
{
	__atomic_store_n(&claim->state, state, __ATOMIC_RELEASE);
}

/**
 * claims_take() - Hold a file
 * @reply:	socket that it comes by
 *
 * Return: index of the claim, for the clerk, or a negated errno
 */
long claims_take(int pid, int reply)
{
	struct claim *claim = claims;
	char byte;
	int fd;
	long result = message_receive(reply, &byte, 1, &fd);

	if (fd < 0)
		return raw_failed(result) ? result : -EBADF;
	while (claim < claims + CLAIMS && state_of(claim) != FREE)
		claim++;
	result = claim == claims + CLAIMS ? -ETOOMANYREFS : 0;
	if (!result && bell < 0) {
		bell = raw2(__NR_eventfd2, 0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (raw_failed(bell) || !source_add(SOURCE_CLAIMS, (int)bell))
			result = -ETOOMANYREFS;
		if (result)
			bell = -1;
	}
	if (result) {
		raw1(__NR_close, fd);
		return result;
	}
	*claim = (struct claim){.pid = pid, .file = fd};
	set_state(claim, NEW);
	return claim - claims;
}

/**
 * make() - Make the pipe of a claim
 * @pipe:	result
 *
 * Return: 0 or a negated errno
 */
static long make(struct claim *claim, const int *pipe)
{
	struct pollfd_raw watched = {pipe[1], 0, 0};
	struct stat status;
	long result = kernel_call(__NR_fchmod, pipe[0], CLAIM_MODE, 0, 0, 0, 0);

	if (!raw_failed(result))
		result = kernel_call(__NR_fstat, pipe[0], (long)&status, 0, 0, 0, 0);
	if (!raw_failed(result))
		result = kernel_call(RUMP_CALL_WATCH, (long)&watched, 1, bell, (long)&claim->watch,
				     RUMP_WATCH_KEEP, 0);
	if (raw_failed(result))
		return result;
	claim->number = status.st_ino;
	claim->end = pipe[1];
	result = kernel_call(RUMP_CALL_PARCEL_PUT, pipe[0], (long)(CLAIM_PARCEL | claim->number), 0, 0, 0, 0);
	if (raw_failed(result))
		kernel_call(RUMP_CALL_UNWATCH, (long)claim->watch, 0, 0, 0, 0, 0);
	return result;
}

/**
 * claims_make() - The clerk: have something in the rump kernel that stands for a file
 * @index:	of the claim
 *
 * Return: its number, or a negated errno
 */
long claims_make(unsigned long index)
{
	struct claim *claim = &claims[index];
	int pipe[2];
	long result = kernel_call(__NR_pipe2, (long)pipe, O_CLOEXEC, 0, 0, 0, 0);

	if (!raw_failed(result)) {
		result = make(claim, pipe);
		kernel_call(__NR_close, pipe[0], 0, 0, 0, 0, 0);
		if (raw_failed(result))
			kernel_call(__NR_close, pipe[1], 0, 0, 0, 0, 0);
	}
	set_state(claim, raw_failed(result) ? DEAD : LIVE);
	return raw_failed(result) ? result : (long)claim->number;
}

/**
 * claims_refuse() - The clerk cannot make one
 */
void claims_refuse(unsigned long index)
{
	set_state(&claims[index], DEAD);
	claims_close();
}

/**
 * claims_file() - The file that a claim is for
 *
 * Return: descriptor or -ENOENT
 */
int claims_file(uint64_t number)
{
	for (struct claim *claim = claims; claim < claims + CLAIMS; claim++)
		if (state_of(claim) == LIVE && claim->number == number)
			return claim->file;
	return -ENOENT;
}

/**
 * claims_close() - Close the files of those that are dead
 */
void claims_close(void)
{
	for (struct claim *claim = claims; claim < claims + CLAIMS; claim++) {
		if (state_of(claim) != DEAD)
			continue;
		raw1(__NR_close, claim->file);
		set_state(claim, FREE);
	}
}

/**
 * wait() - A reader may have gone, or a process
 *
 * Return: whether the clerk is to look, who does not yet
 */
static bool wait(void)
{
	again = sweeping;
	sweeping = true;
	return !again;
}

/**
 * claims_missed() - The clerk cannot look now; he is asked again when the next reader goes
 */
void claims_missed(void)
{
	sweeping = false;
}

/**
 * claims_rung() - The bell has rung
 *
 * Return: whether the clerk is to look
 */
bool claims_rung(void)
{
	uint64_t count;

	raw3(__NR_read, bell, &count, sizeof(count));
	return wait();
}

/**
 * claims_ended() - A process has ended
 *
 * Return: whether the clerk is to look
 */
bool claims_ended(int pid)
{
	bool any = false;

	for (struct claim *claim = claims; claim < claims + CLAIMS; claim++) {
		if (claim->pid != pid || state_of(claim) == FREE)
			continue;
		__atomic_store_n(&claim->orphan, true, __ATOMIC_RELEASE);
		any = true;
	}
	return any && wait();
}

/**
 * claims_sweep() - The clerk: look which claims have lost their readers
 */
void claims_sweep(void)
{
	for (struct claim *claim = claims; claim < claims + CLAIMS; claim++) {
		struct pollfd_raw look = {(int)claim->end, 0, 0};

		if (state_of(claim) != LIVE)
			continue;
		if (__atomic_exchange_n(&claim->orphan, false, __ATOMIC_ACQ_REL))
			kernel_call(RUMP_CALL_PARCEL_DROP, (long)(CLAIM_PARCEL | claim->number), 0, 0, 0, 0, 0);
		if (kernel_call(__NR_poll, (long)&look, 1, 0, 0, 0, 0) != 1 || !(look.revents & POLLERR))
			continue;
		kernel_call(RUMP_CALL_UNWATCH, (long)claim->watch, 0, 0, 0, 0, 0);
		kernel_call(__NR_close, claim->end, 0, 0, 0, 0, 0);
		set_state(claim, DEAD);
	}
}

/**
 * claims_swept() - The clerk has looked
 *
 * Return: whether he is to look again
 */
bool claims_swept(void)
{
	claims_close();
	sweeping = false;
	return again && wait();
}
