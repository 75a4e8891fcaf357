// SPDX-License-Identifier: BSD-2-Clause
/* sources.c - what the server waits for, in one epoll instance */
#include <asm/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#include "raw.h"
#include "sources.h"
#include "state.h"

#define SOURCES 4096 /* the kernel's processes, undertakers, and connections */

unsigned int sources_count[SOURCE_TYPES];

static struct source sources[SOURCES] RARELY;
static unsigned int top; /* above are none */
static int epoll;

/**
 * sources_start() - Before the first one
 */
long sources_start(void)
{
	epoll = (int)raw1(__NR_epoll_create1, O_CLOEXEC);
	return epoll;
}

/**
 * source_add() - Wait for something more
 * @fd:		closed if that fails
 *
 * Return: NULL if that fails
 */
struct source *source_add(enum source_type type, int fd)
{
	struct source *source = sources;
	struct epoll_event event = {.events = EPOLLIN};

	while (source < sources + SOURCES && source->type != SOURCE_NONE)
		source++;
	event.data = (uint64_t)source;
	if (source == sources + SOURCES ||
	    raw_failed(raw4(__NR_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, &event))) {
		raw1(__NR_close, fd);
		return NULL;
	}
	*source = (struct source){.type = type, .fd = fd};
	sources_count[type]++;
	if (source >= sources + top)
		top = (unsigned int)(source - sources) + 1;
	return source;
}

/**
 * source_end() - Wait for it no longer, and let it stand for something else
 * @type:	for what
 */
void source_end(struct source *source, enum source_type type)
{
	/* A fork of this process may have the file as well, so closing it does not end that. */
	raw4(__NR_epoll_ctl, epoll, EPOLL_CTL_DEL, source->fd, 0);
	raw1(__NR_close, source->fd);
	sources_count[source->type]--;
	source->type = type;
	sources_count[type]++;
}

/**
 * source_drop() - Wait for it no longer
 */
void source_drop(struct source *source)
{
	source_end(source, SOURCE_NONE);
}

/**
 * source_wait() - Wait for the next event
 *
 * Return: where there is something to be read, or to be known
 */
struct source *source_wait(void)
{
	struct epoll_event event;
	struct source *source;
	long result;

	for (;;) {
		result = raw4(__NR_epoll_wait, epoll, &event, 1, -1);
		source = (struct source *)event.data;
		if (result == 1 && source->type != SOURCE_NONE)
			return source;
	}
}

/**
 * source_of() - What is waited for of a process
 *
 * Return: NULL if nothing is
 */
struct source *source_of(enum source_type type, uint64_t process)
{
	for (struct source *source = sources; source < sources + top; source++)
		if (source->type == type && source->process == process)
			return source;
	return NULL;
}

/**
 * source_of_type() - Any source of a type
 *
 * Return: NULL if there is none
 */
struct source *source_of_type(enum source_type type)
{
	for (struct source *source = sources; source < sources + top; source++)
		if (source->type == type)
			return source;
	return NULL;
}

/**
 * source_forget() - A source that nothing was waited for any more
 */
void source_forget(struct source *source)
{
	sources_count[source->type]--;
	source->type = SOURCE_NONE;
}
