// SPDX-License-Identifier: BSD-2-Clause
/* rooms.c - memory for paths, off the program's stack
 *
 * Theory of operation
 *
 * Paths that are not plain have to be written down, some at a time, of 4 KB each. Threads may have
 * stacks of 16 KB, and signal handlers of less than 4. So the memory is static: rooms that are taken
 * and dropped, a bit for each in a word that is changed atomically, as a handler may come in between.
 *
 * A handler that leaves a call by longjmp() leaves its rooms taken. When there are none any more, a
 * room is mapped, which is slow, and right.
 *
 * Invariant: a room belongs to the one frame that has set its bit, until that clears it. Nobody else
 * ever does, so a room that is lost stays so. A vfork child has its parent's rooms; it must not be in
 * one when it executes a program, which is why execute.c has none.
 */
#include <asm/errno.h>
#include <linux/mman.h>

#include "rooms.h"
#include "route.h"
#include "state.h"

#define ROOMS 64

static char rooms[ROOMS][PATH_ROOM] RARELY __attribute__((aligned(PATH_ROOM)));
static uint64_t taken;

/**
 * map_room() - Have a room that is none of the static ones
 */
static char *map_room(void)
{
	long at = raw_call(__NR_mmap, 0, PATH_ROOM, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (raw_failed(at)) {
		hijack_say("no memory for a path", NULL, at);
		raw1(__NR_exit_group, EXIT_KERNEL);
	}
	return (char *)at;
}

/**
 * room_take() - Have PATH_ROOM bytes
 */
char *room_take(void)
{
	uint64_t now = __atomic_load_n(&taken, __ATOMIC_RELAXED), bit;

	do {
		bit = ~now & (now + 1);
		if (!bit)
			return map_room();
	} while (!__atomic_compare_exchange_n(&taken, &now, now | bit, false, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return rooms[__builtin_ctzl(bit)];
}

/**
 * room_drop() - Give them back
 * @room:	variable with what room_take() has returned
 */
void room_drop(char *const *room)
{
	size_t i = (size_t)(*room - rooms[0]) / PATH_ROOM;

	if ((uintptr_t)*room - (uintptr_t)rooms < sizeof(rooms))
		__atomic_fetch_and(&taken, ~(1ul << i), __ATOMIC_RELEASE);
	else
		raw2(__NR_munmap, *room, PATH_ROOM);
}
