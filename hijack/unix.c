// SPDX-License-Identifier: BSD-2-Clause
/* unix.c - unix sockets by path, and the names of sockets
 *
 * A unix socket of the host whose first bind, connect or send names a path of the rump kernel is
 * made anew there, as far as nothing has been done with it: type, flags and options that are
 * commonly set before are taken over.
 *
 * A name that the rump kernel returns is its own, without a prefix (path=). It is put right
 * where the kernel has stored it: what is cut off for want of room lies behind what there is
 * room for with the prefix too.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "rooms.h"
#include "route.h"
#include "special.h"
#include "state.h"
#include "str.h"
#include "unix.h"

#define AF_UNIX	      1
#define SOL_SOCKET    1
#define SO_TYPE	      3
#define SO_PASSCRED   16
#define SOCK_CLOEXEC  02000000
#define SOCK_NONBLOCK 04000
#define SUN_PATH      2 /* offset in the address */

/**
 * rump_address() - The rump kernel's form of a unix address
 * @copy:	SUN_ROOM bytes, room for it
 * @length:	of the address; changed
 * @make:	whether the name is to be made
 *
 * Paths are named here seldom enough to look for links of the host each time.
 *
 * Return: NULL if it names no path of the rump kernel
 */
static const void *rump_address(const void *address, unsigned long *length, char *copy, bool make)
{
	struct named named;
	uint32_t room = (uint32_t)*length;
	size_t size;

	if (!places_now()->n || room <= SUN_PATH + 1 || room > SUN_ROOM || !peek(copy, address, room) ||
	    *(uint16_t *)copy != AF_UNIX || !copy[SUN_PATH])
		return NULL;
	ROOM(path);
	copy[room < SUN_ROOM ? room : SUN_ROOM - 1] = 0;
	if (!paths_name(&named, AT_FDCWD, copy + SUN_PATH, path))
		return NULL;
	if (named.side == HIJACK_HOST)
		paths_again(&named, AT_FDCWD, copy + SUN_PATH, make, path);
	if (named.side == HIJACK_HOST)
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
 * unix_follow() - A socket is about to be used with a path of the rump kernel
 */
long unix_follow(unsigned int fd)
{
	return fd_is_rump(fd) ? 0 : move_socket(fd);
}

/**
 * unix_names_rump() - Let a message that goes to a path of the rump kernel go to that kernel's name
 * @room:	SUN_ROOM bytes for it
 *
 * Return: whether it does
 */
bool unix_names_rump(struct message *message, char *room)
{
	unsigned long length = message->name_length;
	const void *rump;

	rump = message->name ? rump_address(message->name, &length, room, false) : NULL;
	if (!rump)
		return false;
	message->name = room;
	message->name_length = (uint32_t)length;
	return true;
}

/**
 * unix_name_back() - Make a name that the rump kernel has stored the program's
 * @length:	as the kernel has stored it
 * @room:	at @address
 */
void unix_name_back(void *address, uint32_t *length, uint32_t room)
{
	char name[SUN_ROOM + 1];
	uint32_t stored;
	long size;

	if (!address || !places_now()->n || room <= SUN_PATH || !peek(&stored, length, sizeof(stored)) ||
	    stored <= SUN_PATH + 1 || stored > SUN_ROOM)
		return;
	size = stored < room ? stored : room;
	if (!peek(name, address, (size_t)size) || *(uint16_t *)name != AF_UNIX ||
	    name[SUN_PATH] != '/')
		return;
	name[size] = 0;
	ROOM(path);
	size = paths_to_program(path, name + SUN_PATH, PATH_ROOM);
	if (size < 0)
		return;
	stored += (uint32_t)(size - (long)str_length(name + SUN_PATH));
	size += SUN_PATH + 1;
	if (!poke((char *)address + SUN_PATH, path, (size_t)(size < room ? size : room) - SUN_PATH))
		return;
	poke(length, &stored, sizeof(stored));
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

	if (copy.arg[address])
		rump = rump_address((const void *)copy.arg[address], &copy.arg[address + 1], room,
				    call->nr == __NR_bind);
	if (!rump)
		return route_fd(call);
	copy.arg[address] = (unsigned long)rump;
	call->side = HIJACK_RUMP;
	result = unix_follow((unsigned int)call->arg[0]);
	return result ? result : rump_perform(&copy);
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
 * with_name() - A call that stores a name
 * @address:	which argument says where; the next one, where its length is
 * @fn:		performs the call
 */
static long with_name(struct hijack_call *call, int address, hijack_fn *fn)
{
	void *where = (void *)call->arg[address];
	uint32_t *length = (uint32_t *)call->arg[address + 1], room = 0;
	long result;

	if (!where || !places_now()->n || !fd_is_rump(call->arg[0]) || !peek(&room, length, sizeof(room)))
		return fn(call);
	result = fn(call);
	if (result >= 0)
		unix_name_back(where, length, room);
	return result;
}

/**
 * route_getsockname() - getsockname(2)
 */
long route_getsockname(struct hijack_call *call)
{
	return with_name(call, 1, route_fd);
}

/**
 * route_getpeername() - getpeername(2)
 */
long route_getpeername(struct hijack_call *call)
{
	return with_name(call, 1, route_fd);
}

/**
 * route_recvfrom() - recvfrom(2)
 */
long route_recvfrom(struct hijack_call *call)
{
	return call->arg[4] ? with_name(call, 4, route_fd) : route_fd(call);
}

/**
 * route_accept() - accept(2)
 */
long route_accept(struct hijack_call *call)
{
	return with_name(call, 1, route_newfd);
}

/**
 * route_accept4() - accept4(2)
 */
long route_accept4(struct hijack_call *call)
{
	return with_name(call, 1, route_newfd);
}
