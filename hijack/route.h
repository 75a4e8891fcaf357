/* SPDX-License-Identifier: BSD-2-Clause */
/* route.h - what the files of the upper layer know of each other
 *
 * The upper layer decides which kernel a call is for. gen/ makes its table of functions,
 * hijack_route, from the annotations of the calls: route_fd(), route_newfd(), route_args(),
 * route_stat(), route_fstat(), route_range() and route_both() serve all that follow their roles; what is marked special
 * there has a function route_NAME() in the file of its subject.
 */
#ifndef HIJACK_ROUTE_H
#define HIJACK_ROUTE_H

#include <linux/fcntl.h>

#include "call.h"
#include "descriptors.h"
#include "kernel.h"
#include "raw.h"

#include "../kernel/lib/core.h"

/* ---- signals are deferred between the two ---- */

static inline void kernel_hold(void)
{
	/* Before it is noted: a handler that jumps in between would leave it held. */
	rump__self.incall = 1;
	__asm__ volatile("" : : : "memory");
	rump__self.held++;
}

static inline void kernel_release(void)
{
	if (--rump__self.held)
		return;
	rump__self.incall = 0;
	if (__builtin_expect(rump__self.deferred, 0))
		rump__call_end(0, 0, 0, 0, 0, 0, 0, 0);
}

/* As kernel_release(), after a call made with rump__enter_once(): whether it is to be made again. */
static inline bool kernel_leave(long *result, long *nr)
{
	rump__self.handlers = 0;
	if (!--rump__self.held)
		rump__self.incall = 0;
	if (__builtin_expect(rump__self.deferred ||
			     (*result >= RUMP__RESTART_FIRST && *result <= RUMP__RESTART_LAST), 0))
		return rump__signals(result, nr);
	return false;
}

/* ---- places.c: RUMPHIJACK ---- */

#define PLACES 16

/**
 * struct place - A part of the program's name space that is the rump kernel's
 * @name:	where it begins, absolute, without a slash at its end
 * @strip:	path=: @name is the rump kernel's root; else (blanket=) names are the same there
 * @head:	@name's first bytes, as a word; @mask: the bits of it that count
 * @dev:	of the host's directory of that name, if there is one, else 0
 */
struct place {
	const char *name;
	uint32_t length;
	bool strip;
	uint64_t head, mask;
	uint64_t dev, ino;
};

/**
 * struct places - All of them, as named from the root of a process
 * @n:		how many there are
 * @all:	the root is the rump kernel's
 */
struct places {
	unsigned int n;
	bool all;
	struct place at[PLACES];
};

/* Those of this process; and of a vfork child that has its parent's memory, but a root of its own. */
extern struct places places_main;
extern __thread struct places *places_own __attribute__((tls_model("initial-exec")));
extern bool places_on_host; /* some have a directory on the host, too */
extern uint64_t places_families; /* bit per address family that is the rump kernel's */

static inline struct places *places_now(void)
{
	return __builtin_expect(places_own != NULL, 0) ? places_own : &places_main;
}

void places_read(char **envp);
const struct place *places_of(const char *path);
bool places_far(const char *path);
const struct place *places_of_directory(uint64_t dev, uint64_t ino);
void places_all(void);
void places_below(const char *root);
bool places_on_the_way(const char *component, size_t length);

/* ---- process.c ---- */

long process_own_places(void);

/* ---- paths.c ---- */

#define PATH_ROOM 4096

/**
 * struct named - What a directory descriptor and a path name
 * @side:	whose file it is
 * @dir:	descriptor for that kernel's call
 * @path:	path for that kernel's call
 */
struct named {
	enum hijack_side side;
	int dir;
	const char *path;
};

/* Whether the working directory is the rump kernel's; a vfork child may have one of its own. */
extern bool paths_cwd_main;
extern __thread bool *paths_cwd_own __attribute__((tls_model("initial-exec")));

static inline bool *paths_cwd(void)
{
	return __builtin_expect(paths_cwd_own != NULL, 0) ? paths_cwd_own : &paths_cwd_main;
}

bool paths_plain(struct named *named, long dir, const char *path);
bool paths_name(struct named *named, long dir, const char *path, char *buffer);
bool paths_again(struct named *named, long dir, const char *path, bool nofollow, char *buffer);
long paths_to_program(char *to, const char *rump, size_t room);
long paths_rump_fd(char *to, long fd, size_t room);
long paths_magic(const char *path, const char **rest);

/* ---- readable.c ---- */

long readable_path(const char *path);
bool readable_plain(const char *path);
bool readable_empty(const char *string);
bool readable_memory(const void *at, size_t size);
void readable_forget(void);

/* ---- route.c ---- */

#define RUMP_MAJOR (1u << 12) /* or-ed to the rump kernel's device numbers */

hijack_fn route_fd, route_newfd, route_args, route_stat, route_fstat, route_range, route_both, route_host_newfd;

long rump_perform(struct hijack_call *call);
long rump_newfd(struct hijack_call *call);
long host_newfd(struct hijack_call *call);

#endif
