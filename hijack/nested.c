// SPDX-License-Identifier: BSD-2-Clause
/* nested.c - epoll instances that are members of others
 *
 * An instance with two halves (epoll.c) is in another one by its host half, where the bell
 * stands for what is ready in the rump half. Before the outer one is waited on, the bells of the
 * inner ones are put right, so that it does not say that they are ready when they are ready no
 * more.
 *
 * That needs to be known of a few instances only. For one that there is no room for, and for one
 * that has got another number, a wait on the outer one may end for nothing: as a wait may.
 */
#include "nested.h"
#include "wait.h"

#define ROOM 64

struct pair {
	uint32_t outer, inner;
	bool used;
};

static struct pair pairs[ROOM];
bool nested_used;

/**
 * nested_add() - An instance has been put into another
 */
void nested_add(uint32_t outer, uint32_t inner)
{
	for (int i = 0; i < ROOM; i++) {
		bool none = false;

		if (!__atomic_compare_exchange_n(&pairs[i].used, &none, true, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		pairs[i].outer = outer;
		pairs[i].inner = inner;
		nested_used = true;
		return;
	}
}

/**
 * nested_remove() - An instance has been taken out of another
 */
void nested_remove(uint32_t outer, uint32_t inner)
{
	for (int i = 0; i < ROOM; i++)
		if (pairs[i].used && pairs[i].outer == outer && pairs[i].inner == inner)
			pairs[i].used = false;
}

/**
 * nested_forget() - The number of an instance is about to be closed
 */
void nested_forget(uint32_t fd)
{
	for (int i = 0; i < ROOM && nested_used; i++)
		if (pairs[i].used && (pairs[i].outer == fd || pairs[i].inner == fd))
			pairs[i].used = false;
}

/**
 * nested_is_inner() - Whether an instance is in another one
 */
bool nested_is_inner(uint32_t fd)
{
	for (int i = 0; i < ROOM && nested_used; i++)
		if (pairs[i].used && pairs[i].inner == fd)
			return true;
	return false;
}

/**
 * nested_settle() - An instance is about to be waited on
 */
void nested_settle(uint32_t outer)
{
	for (int i = 0; i < ROOM; i++)
		if (pairs[i].used && pairs[i].outer == outer)
			epoll_is_ready(pairs[i].inner);
}
