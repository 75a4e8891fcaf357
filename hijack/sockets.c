// SPDX-License-Identifier: BSD-2-Clause
/* sockets.c - sockets by family, unix sockets also by path, and descriptors in messages
 *
 * A socket is made in the kernel that its address family is for. A unix socket of the host whose
 * first bind, connect or sendto names a path of the rump kernel is made anew there, as far as
 * nothing has been done with it: type, flags and options that are commonly set before are taken over.
 *
 * Descriptors in messages (SCM_RIGHTS) must be of the socket's own kernel: EINVAL otherwise, as
 * neither kernel can hold the other's files.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "route.h"
#include "special.h"
#include "state.h"
#include "str.h"

#define AF_UNIX	      1
#define SOL_SOCKET    1
#define SO_TYPE	      3
#define SO_PASSCRED   16
#define SCM_RIGHTS    1
#define SOCK_CLOEXEC  02000000
#define SOCK_NONBLOCK 04000
#define SUN_PATH      2 /* offset in the address */
#define SUN_ROOM      110

struct message {
	void *name;
	uint32_t name_length;
	void *iov;
	uint64_t iov_length;
	void *control;
	uint64_t control_length;
	uint32_t flags;
};

struct control {
	uint64_t length;
	int32_t level;
	int32_t type;
	int32_t fds[];
};

struct message_vector {
	struct message message;
	uint32_t length;
};

/**
 * is_rump_family() - Whether sockets of a family are the rump kernel's
 */
static bool is_rump_family(unsigned long family)
{
	return (uint32_t)family < 64 && places_families >> (uint32_t)family & 1;
}

/**
 * route_socket() - socket(2)
 */
long route_socket(struct hijack_call *call)
{
	long result;

	if (!is_rump_family(call->arg[0]))
		return host_newfd(call);
	result = kernel_need();
	return result ? result : rump_newfd(call);
}

/**
 * route_socketpair() - socketpair(2)
 */
long route_socketpair(struct hijack_call *call)
{
	int32_t pair[2];
	struct hijack_call copy = *call;
	long result;

	if (!is_rump_family(call->arg[0]))
		return host_newfd(call);
	result = kernel_need();
	if (!result)
		result = fds_begin();
	if (result)
		return result;
	result = fds_begin();
	if (!result) {
		call->side = HIJACK_RUMP;
		copy.arg[3] = (unsigned long)pair;
		kernel_hold();
		result = rump_perform(&copy);
		fds_end(result ? result : pair[1]);
	} else {
		kernel_hold();
	}
	fds_end(result ? result : pair[0]);
	kernel_release();
	if (!result && !poke((void *)call->arg[3], pair, sizeof(pair))) {
		fds_close((unsigned int)pair[0]);
		fds_close((unsigned int)pair[1]);
		return -EFAULT;
	}
	return result;
}

/**
 * rump_address() - The rump kernel's form of a unix address
 * @copy:	SUN_ROOM bytes, room for it
 * @length:	of the address; changed
 *
 * Return: NULL if it names no path of the rump kernel
 */
static const void *rump_address(const void *address, unsigned long *length, char *copy)
{
	char path[PATH_ROOM];
	struct named named;
	uint32_t room = (uint32_t)*length;
	size_t size;

	if (!nplaces || room <= SUN_PATH + 1 || room > SUN_ROOM || !peek(copy, address, room) ||
	    *(uint16_t *)copy != AF_UNIX || !copy[SUN_PATH])
		return NULL;
	copy[room < SUN_ROOM ? room : SUN_ROOM - 1] = 0;
	if (!paths_name(&named, AT_FDCWD, copy + SUN_PATH, path) || named.side == HIJACK_HOST)
		return NULL;
	size = str_length(named.path);
	if (SUN_PATH + size + 1 > SUN_ROOM)
		return NULL;
	memcpy(path, named.path, size + 1);
	memcpy(copy + SUN_PATH, path, size + 1);
	*length = SUN_PATH + size + 1;
	return copy;
}

/**
 * move_socket() - Make a unix socket of the host anew in the rump kernel, at its number
 */
static long move_socket(unsigned int fd)
{
	int32_t type = 0, on = 0;
	uint32_t size = sizeof(type);
	long flags, result;

	result = raw_call(__NR_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &size, 0);
	if (raw_failed(result))
		return result;
	size = sizeof(on);
	raw_call(__NR_getsockopt, fd, SOL_SOCKET, SO_PASSCRED, &on, &size, 0);
	flags = raw2(__NR_fcntl, fd, F_GETFL);
	if (flags & O_NONBLOCK)
		type |= SOCK_NONBLOCK;
	if (raw2(__NR_fcntl, fd, F_GETFD) & FD_CLOEXEC)
		type |= SOCK_CLOEXEC;
	result = kernel_need();
	if (!result)
		result = fds_replace(fd, __NR_socket, AF_UNIX, type, 0);
	if (!result && on)
		kernel_call(__NR_setsockopt, fd, SOL_SOCKET, SO_PASSCRED, (long)&on, sizeof(on), 0);
	return result;
}

/**
 * with_address() - A call with a socket address: unix sockets follow their path
 * @address:	which argument it is; its length follows
 */
static long with_address(struct hijack_call *call, int address)
{
	struct hijack_call copy = *call;
	char room[SUN_ROOM];
	const void *rump = NULL;
	long result;

	if (copy.arg[address] && nplaces)
		rump = rump_address((const void *)copy.arg[address], &copy.arg[address + 1], room);
	if (!rump)
		return route_fd(call);
	copy.arg[address] = (unsigned long)rump;
	call->side = HIJACK_RUMP;
	if (!fd_is_rump(call->arg[0])) {
		result = move_socket((unsigned int)call->arg[0]);
		if (result)
			return result;
	}
	return rump_perform(&copy);
}

/**
 * route_connect() - connect(2)
 */
long route_connect(struct hijack_call *call)
{
	return with_address(call, 1);
}

/**
 * route_bind() - bind(2)
 */
long route_bind(struct hijack_call *call)
{
	return with_address(call, 1);
}

/**
 * route_sendto() - sendto(2)
 */
long route_sendto(struct hijack_call *call)
{
	return call->arg[4] ? with_address(call, 4) : route_fd(call);
}

/**
 * carries_foreign() - Whether a message has descriptors of the other kernel
 */
static bool carries_foreign(const struct message *message, bool rump)
{
	const char *at = message->control, *end = at + message->control_length;

	if (message->control_length > 1 << 20)
		return false;
	while (at && end - at >= (long)sizeof(struct control)) {
		struct control head;
		int32_t fd;

		if (!peek(&head, at, sizeof(head)) || head.length < sizeof(head) ||
		    head.length > (uint64_t)(end - at))
			return false;
		for (uint64_t i = sizeof(head);
		     head.level == SOL_SOCKET && head.type == SCM_RIGHTS && i + 4 <= head.length;
		     i += 4)
			if (peek(&fd, at + i, sizeof(fd)) &&
			    fd_is_rump((unsigned long)fd) != rump)
				return true;
		at += (head.length + 7) & ~7ul;
	}
	return false;
}

/**
 * route_sendmsg() - sendmsg(2)
 */
long route_sendmsg(struct hijack_call *call)
{
	bool rump = fd_is_rump(call->arg[0]);
	struct message message;

	if (!kernel_up)
		return hijack_pass(call);
	if (!peek(&message, (const void *)call->arg[1], sizeof(message)))
		return -EFAULT;
	if (message.control && carries_foreign(&message, rump))
		return -EINVAL;
	return route_fd(call);
}

/**
 * route_sendmmsg() - sendmmsg(2): up to the first message that cannot be sent
 */
long route_sendmmsg(struct hijack_call *call)
{
	const struct message_vector *vector = (const void *)call->arg[1];
	bool rump = fd_is_rump(call->arg[0]);
	struct hijack_call copy = *call;
	struct message_vector one;
	unsigned long n = 0;
	long result;

	if (!kernel_up)
		return hijack_pass(call);
	for (; n < call->arg[2] && n < 1024; n++) {
		if (!peek(&one, vector + n, sizeof(one)) ||
		    (one.message.control && carries_foreign(&one.message, rump)))
			break;
	}
	if (!n && call->arg[2])
		return -EINVAL;
	copy.arg[2] = n;
	result = route_fd(&copy);
	call->side = copy.side;
	/* A copy can't be made at its site. */
	if (copy.native)
		result = hijack_host(&copy);
	return result;
}

/**
 * adopt_received() - Descriptors have come in a message to a rump socket
 */
static void adopt_received(const struct message *message)
{
	const char *at = message->control, *end = at + message->control_length;

	while (at && end - at >= (long)sizeof(struct control)) {
		const struct control *control = (const struct control *)at;

		if (control->length < sizeof(*control) ||
		    control->length > (uint64_t)(end - at))
			return;
		if (control->level == SOL_SOCKET && control->type == SCM_RIGHTS)
			for (uint64_t i = 0; sizeof(*control) + 4 * i + 4 <= control->length; i++)
				fds_set_parked((unsigned int)control->fds[i]);
		at += (control->length + 7) & ~7ul;
	}
}

/**
 * room_for_fds() - How many descriptors the control data of a message can hold
 */
static unsigned int room_for_fds(const struct message *message)
{
	uint64_t room = message->control ? message->control_length : 0;

	if (room < sizeof(struct control) + 4)
		return 0;
	room = (room - sizeof(struct control)) / 4;
	return room > 253 ? 253 : (unsigned int)room; /* SCM_MAX_FD */
}

/**
 * receive() - recvmsg(2) and recvmmsg(2) on a rump socket
 * @messages:	those that may get descriptors
 *
 * As many numbers as may come are offered; those that do not come are parked.
 */
static long receive(struct hijack_call *call, struct message *const *messages, unsigned int n,
		    unsigned int room)
{
	const unsigned long *arg = call->arg;
	long nr = (long)call->nr, result;
	unsigned int offered;
	bool again;

	call->side = HIJACK_RUMP;
	do {
		for (offered = 0; offered < room && !fds_begin(); offered++)
			;
		kernel_hold();
		result = rump__self.ht ? 0 : rump__attach();
		if (!result)
			result = rump__enter_once(nr, (long)arg[0], (long)arg[1], (long)arg[2],
						  (long)arg[3], (long)arg[4], (long)arg[5]);
		for (unsigned int i = 0; result >= 0 && i < n; i++)
			adopt_received(messages[i]);
		while (offered--)
			fds_end(-EAGAIN);
		again = kernel_leave(&result, &nr);
	} while (again);
	return result;
}

/**
 * route_recvmsg() - recvmsg(2)
 */
long route_recvmsg(struct hijack_call *call)
{
	struct message *message = (struct message *)call->arg[1], copy;
	unsigned int room;

	if (!kernel_up || !fd_is_rump(call->arg[0])) {
		if (fds_parked())
			fds_withdraw();
		return route_fd(call);
	}
	if (!peek(&copy, message, sizeof(copy)))
		return -EFAULT;
	room = room_for_fds(&copy);
	return room ? receive(call, &message, 1, room) : rump_perform(call);
}

/**
 * route_recvmmsg() - recvmmsg(2): descriptors are looked for in the first messages only
 */
long route_recvmmsg(struct hijack_call *call)
{
	struct message_vector *vector = (struct message_vector *)call->arg[1], copy;
	struct message *messages[16];
	unsigned int n = 0, room = 0;

	if (!kernel_up || !fd_is_rump(call->arg[0])) {
		if (fds_parked())
			fds_withdraw();
		return route_fd(call);
	}
	for (; n < 16 && n < call->arg[2]; n++) {
		if (!peek(&copy, vector + n, sizeof(copy)))
			break;
		room += room_for_fds(&copy.message);
		messages[n] = &vector[n].message;
	}
	return room ? receive(call, messages, n, room) : rump_perform(call);
}
