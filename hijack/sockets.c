// SPDX-License-Identifier: BSD-2-Clause
/* sockets.c - sockets by family, and messages with descriptors
 *
 * A socket is made in the kernel that its address family is for; unix.c lets unix sockets follow
 * their path.
 *
 * Descriptors of one kernel go over sockets of the other by what stands for them (rights.c).
 */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "rights.h"
#include "rooms.h"
#include "route.h"
#include "server.h"
#include "special.h"
#include "state.h"
#include "str.h"
#include "unix.h"

#define AF_UNIX	   1
#define AF_INET	   2
#define SOCK_DGRAM 2
#define SO_DOMAIN  39
#define SCM_PIDFD  4
#define MESSAGES   1024 /* UIO_MAXIOV */
#define MSG_CMSG_CLOEXEC 0x40000000

#define FIRST_MESSAGES 16

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
 * sockets_ask_interfaces() - ioctl(2) on the network's interfaces by a unix socket of the host
 *
 * libc takes a unix socket for if_nametoindex(3), as any will do. What it asks for are the
 * interfaces of the kernel that the program's network is in: a socket of that kernel asks in its
 * place.
 */
long sockets_ask_interfaces(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;
	uint32_t size = sizeof(int32_t);
	int32_t domain = 0;
	long fd, result;

	if (!is_rump_family(AF_INET) ||
	    raw_call(__NR_getsockopt, arg[0], SOL_SOCKET, SO_DOMAIN, &domain, &size, 0) ||
	    domain != AF_UNIX)
		return hijack_pass(call);
	result = kernel_need();
	if (!result)
		result = fds_begin();
	if (result)
		return result;
	call->side = HIJACK_RUMP;
	kernel_hold();
	fd = kernel_call(__NR_socket, AF_INET, SOCK_DGRAM, 0, 0, 0, 0);
	result = fd;
	if (!raw_failed(fd)) {
		result = kernel_call(__NR_ioctl, fd, (long)arg[1], (long)arg[2], 0, 0, 0);
		kernel_call(__NR_close, fd, 0, 0, 0, 0, 0);
	}
	/* The number is offered again by that. */
	fds_end(-EAGAIN);
	kernel_release();
	return result;
}

/**
 * check_fds() - Whether the socket's kernel has the descriptors of a message
 *
 * Return: 0, 1 if one kernel's socket is to send what is the other's, -EBADF if a descriptor is nobody's
 */
static long check_fds(const struct message *message, bool rump)
{
	const char *at = message->control, *end = at + message->control_length;
	long result = 0;

	if (message->control_length > 1 << 20)
		return 0;
	while (at && end - at >= (long)sizeof(struct control)) {
		struct control head;
		int32_t fd;

		if (!peek(&head, at, sizeof(head)) || head.length < sizeof(head) ||
		    head.length > (uint64_t)(end - at))
			return result;
		for (uint64_t i = sizeof(head);
		     head.level == SOL_SOCKET && head.type == SCM_RIGHTS && i + 4 <= head.length;
		     i += 4) {
			if (!peek(&fd, at + i, sizeof(fd)))
				return result;
			if (!fds_is_open((unsigned int)fd))
				return -EBADF;
			if (fd_is_rump((unsigned int)fd) != rump)
				result = 1;
		}
		at += (head.length + 7) & ~7ul;
	}
	return result;
}

/**
 * send_packed() - sendmsg(2) of descriptors of one kernel on a socket of the other
 * @rump:	the socket is the rump kernel's
 */
static long send_packed(struct hijack_call *call, struct message *message, bool rump)
{
	struct hijack_call copy = *call;
	struct tickets tickets;
	long result;

	ROOM(room);
	if (!fds_is_open(call->arg[0]))
		return -EBADF;
	/* To ask the server takes calls that a sandbox may forbid. */
	if (rump && hijack_sealed)
		return -EINVAL;
	result = rights_pack(message, rump, room, &tickets);
	if (result)
		return result;
	copy.arg[1] = (unsigned long)message;
	call->side = rump ? HIJACK_RUMP : HIJACK_HOST;
	result = rump ? rump_perform(&copy) : hijack_host(&copy);
	rights_sent(&tickets);
	return result;
}

/**
 * route_sendmsg() - sendmsg(2)
 */
long route_sendmsg(struct hijack_call *call)
{
	struct hijack_call copy = *call;
	struct message message;
	char room[SUN_ROOM];
	long result;

	if (!kernel_up && !places_now()->n)
		return hijack_pass(call);
	if (!peek(&message, (const void *)call->arg[1], sizeof(message)))
		return fds_is_open(call->arg[0]) ? -EFAULT : -EBADF;
	if (unix_names_rump(&message, room)) {
		result = unix_follow((unsigned int)call->arg[0]);
		copy.arg[1] = (unsigned long)&message;
		call->side = HIJACK_RUMP;
		if (!result && message.control)
			result = check_fds(&message, true);
		if (result > 0)
			return send_packed(call, &message, true);
		return result ? result : rump_perform(&copy);
	}
	if (message.control) {
		result = check_fds(&message, fd_is_rump(call->arg[0]));
		if (result)
			return result > 0 ? send_packed(call, &message, fd_is_rump(call->arg[0])) : result;
	}
	return route_fd(call);
}

/**
 * send_some() - sendmmsg(2) of the first messages of a call
 */
static long send_some(struct hijack_call *call, unsigned long n)
{
	struct hijack_call copy = *call;

	copy.arg[2] = n;
	if (fd_is_rump(call->arg[0])) {
		call->side = HIJACK_RUMP;
		return rump_perform(&copy);
	}
	return hijack_host(&copy);
}

/**
 * route_sendmmsg() - sendmmsg(2): up to the first message that cannot be sent
 *
 * A message that goes to a path of the rump kernel is sent alone, and one with tickets.
 */
long route_sendmmsg(struct hijack_call *call)
{
	const struct message_vector *vector = (const void *)call->arg[1];
	bool rump = fd_is_rump(call->arg[0]);
	struct hijack_call one = *call;
	unsigned long n = 0;
	char room[SUN_ROOM];
	long result = 0;

	if (!kernel_up && !places_now()->n)
		return hijack_pass(call);
	for (; n < call->arg[2] && n < MESSAGES && !result; n++) {
		struct message_vector copy;

		/* The kernel has its own opinion of the one that cannot be read. */
		if (!peek(&copy, vector + n, sizeof(copy)))
			break;
		if (copy.message.control)
			result = check_fds(&copy.message, rump);
		if (!result && unix_names_rump(&copy.message, room))
			break;
	}
	n -= result != 0;
	if (n == call->arg[2] || n == MESSAGES)
		return route_fd(call);
	if (n)
		return send_some(call, n);
	if (result < 0)
		return result;
	one.nr = __NR_sendmsg;
	one.arg[2] = call->arg[3];
	result = route_sendmsg(&one);
	call->side = one.side;
	if (one.native)
		result = hijack_host(&one);
	if (result >= 0) {
		uint32_t length = (uint32_t)result;

		result = poke((void *)&vector->length, &length, sizeof(length)) ? 1 : -EFAULT;
	}
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
		if (control->level == SOL_SOCKET &&
		    (control->type == SCM_RIGHTS || control->type == SCM_PIDFD))
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
 * is_unix() - Whether a rump socket can get descriptors at all
 */
static bool is_unix(unsigned long fd)
{
	uint32_t size = sizeof(int32_t);
	int32_t domain = 0;

	kernel_call(__NR_getsockopt, (long)fd, SOL_SOCKET, SO_DOMAIN, (long)&domain, (long)&size, 0);
	return domain == AF_UNIX;
}

/**
 * receive() - recvmsg(2) and recvmmsg(2) on a unix socket of the rump kernel
 * @messages:	those that may get descriptors
 *
 * As many numbers as may come are offered; those that do not come are parked.
 */
static long receive(struct hijack_call *call, struct message *const *messages, unsigned int n,
		    unsigned int room, unsigned long flags)
{
	const unsigned long *arg = call->arg;
	long nr = (long)call->nr, result;
	unsigned int offered;
	bool again;

	do {
		for (offered = 0; offered < room && !fds_begin(); offered++)
			;
		kernel_hold();
		result = rump__self.ht ? 0 : rump__attach();
		/* The kernel was told of it in a call for the numbers, and won't be again. */
		if (!result && rump__self.deferred)
			result = RUMP__RESTART_ALWAYS;
		if (!result)
			result = rump__enter_once(nr, (long)arg[0], (long)arg[1], (long)arg[2],
						  (long)arg[3], (long)arg[4], (long)arg[5]);
		for (unsigned int i = 0; result >= 0 && i < n; i++)
			adopt_received(messages[i]);
		while (offered--)
			fds_end(-EAGAIN);
		again = kernel_leave(&result, &nr);
	} while (again);
	for (unsigned int i = 0; result >= 0 && i < (call->nr == __NR_recvmmsg ? result : n); i++)
		rights_unpack(messages[i], flags & MSG_CMSG_CLOEXEC);
	return result;
}

/**
 * receive_host() - recvmsg(2) and recvmmsg(2) on the host, where descriptors may come as well
 * @flags:	of the call
 */
static long receive_host(struct hijack_call *call, unsigned long flags)
{
	bool many = call->nr == __NR_recvmmsg;
	const struct message_vector *vector = (const void *)call->arg[1];
	const struct message *message = (const void *)call->arg[1];
	struct message copy;
	long result;

	if (fds_parked())
		fds_withdraw();
	if (!client_has_kernel || fd_is_rump(call->arg[0]))
		return route_fd(call);
	if (!peek(&copy, message, sizeof(copy)) || (!many && !copy.control))
		return route_fd(call);
	result = hijack_host(call);
	for (long i = 0; i < (many ? result : result >= 0); i++)
		rights_unpack(many ? &vector[i].message : message, flags & MSG_CMSG_CLOEXEC);
	return result;
}

/**
 * route_recvmsg() - recvmsg(2)
 */
long route_recvmsg(struct hijack_call *call)
{
	struct message *message = (struct message *)call->arg[1], copy;
	unsigned int room;
	long result;

	if (!kernel_up || !fd_is_rump(call->arg[0]))
		return receive_host(call, call->arg[2]);
	if (!peek(&copy, message, sizeof(copy)))
		return -EFAULT;
	call->side = HIJACK_RUMP;
	room = room_for_fds(&copy);
	if ((!room && !copy.name) || !is_unix(call->arg[0]))
		return rump_perform(call);
	result = room ? receive(call, &message, 1, room, call->arg[2]) : rump_perform(call);
	if (result >= 0)
		unix_name_back(copy.name, &message->name_length, copy.name_length);
	return result;
}

/**
 * route_recvmmsg() - recvmmsg(2): some messages at a time on a unix socket, for their descriptors and names
 */
long route_recvmmsg(struct hijack_call *call)
{
	struct message_vector *vector = (struct message_vector *)call->arg[1], copy;
	uint32_t name_rooms[FIRST_MESSAGES];
	struct message *messages[FIRST_MESSAGES];
	struct hijack_call first = *call;
	unsigned int n = 0, room = 0;
	long result;

	if (!kernel_up || !fd_is_rump(call->arg[0]))
		return receive_host(call, call->arg[3]);
	call->side = HIJACK_RUMP;
	if (!is_unix(call->arg[0]))
		return rump_perform(call);
	for (; n < FIRST_MESSAGES && n < call->arg[2]; n++) {
		if (!peek(&copy, vector + n, sizeof(copy)))
			break;
		room += room_for_fds(&copy.message);
		messages[n] = &vector[n].message;
		name_rooms[n] = copy.message.name_length;
	}
	if (first.arg[2] > FIRST_MESSAGES)
		first.arg[2] = FIRST_MESSAGES;
	result = room ? receive(&first, messages, n, room, call->arg[3]) : rump_perform(&first);
	for (unsigned int i = 0; i < n && (long)i < result; i++)
		unix_name_back(messages[i]->name, &messages[i]->name_length, name_rooms[i]);
	return result;
}
