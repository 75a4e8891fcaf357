// SPDX-License-Identifier: BSD-2-Clause
/* route.c - which kernel a call is for, by the roles of its arguments
 *
 * Theory of operation
 *
 * hijack_route[] is made by gen/ from the annotations. Most calls follow their roles: a descriptor
 * is owned by a kernel (descriptors.h), a path leads to one (paths.c). If they agree, that kernel performs
 * the call, with its own names for the paths. If they do not, it is an error that depends on the
 * call: EXDEV for two paths, else what programs take as "not with these two": EINVAL.
 *
 * Programs take two files with the same device and inode number for one file: cp and mv refuse to
 * write it over itself, rm will not remove what looks like its root, find -xdev goes on where it
 * should stop. Both kernels count their devices from the same numbers. So what the rump kernel says
 * of the device that a file is on gets a major number that no Linux gives a device: majors have 12
 * bits, and the 13th is set (mark_device()). The C library's dev_t has room for it. The number of
 * the device that a special file stands for is a name that programs hand back to the kernel, and
 * stays. The shim's own functions ask the kernels directly and see their numbers as they are.
 *
 * Calls whose descriptor is the host's and calls with a plain path cost a few instructions more than
 * none; no buffer is on the stack for them.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>

#include "../build/gen/hijack_table.h"
#include "rooms.h"
#include "route.h"
#include "special.h"
#include "state.h"
#include "str.h"

#define MAX_PATHS  2
#define RUMP_DEV   (1ul << 44) /* RUMP_MAJOR in dev_t, see makedev(3) */

hijack_fn *const hijack_route[HIJACK_CALLS] = {
#include "../build/gen/hijack_routes.h"
};

/**
 * rump_perform() - Make a call in the rump kernel
 */
long rump_perform(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;

	call->side = HIJACK_RUMP;
	return kernel_call((long)call->nr, (long)arg[0], (long)arg[1], (long)arg[2], (long)arg[3],
			   (long)arg[4], (long)arg[5]);
}

/**
 * rump_newfd() - Make a call in the rump kernel whose result is a descriptor
 *
 * Handlers wait until the number is known to be the rump kernel's.
 */
long rump_newfd(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;
	long nr = (long)call->nr, result;
	bool again;

	call->side = HIJACK_RUMP;
	do {
		result = fds_begin();
		if (raw_failed(result))
			return result;
		kernel_hold();
		result = rump__self.ht ? 0 : rump__attach();
		/* The kernel was told of it in a call for the number, and won't be again. */
		if (!result && rump__self.deferred)
			result = RUMP__RESTART_ALWAYS;
		if (!result)
			result = rump__enter_once(nr, (long)arg[0], (long)arg[1], (long)arg[2],
						  (long)arg[3], (long)arg[4], (long)arg[5]);
		fds_end(result);
		again = kernel_leave(&result, &nr);
	} while (again);
	return result;
}

/**
 * host_newfd() - Make a call on the host that may make descriptors
 */
long host_newfd(struct hijack_call *call)
{
	if (fds_parked())
		fds_withdraw();
	return hijack_pass(call);
}

/**
 * route_host_newfd() - Calls of the host that make descriptors
 */
long route_host_newfd(struct hijack_call *call)
{
	return host_newfd(call);
}

/**
 * route_fd() - Calls on the descriptor that is their first argument
 */
long route_fd(struct hijack_call *call)
{
	if (fd_is_rump(call->arg[0]))
		return rump_perform(call);
	/* A parked number is held by what fstat(2) and a few others know. */
	if (__builtin_expect(fds_parked(), 0) && fds_is_parked((unsigned int)call->arg[0]))
		return -EBADF;
	return hijack_pass(call);
}

/**
 * route_both() - Calls that change the process in both kernels
 */
long route_both(struct hijack_call *call)
{
	long result;

	if (!kernel_up)
		return hijack_pass(call);
	result = hijack_host(call);
	if (!raw_failed(result))
		kernel_call((long)call->nr, (long)call->arg[0], (long)call->arg[1],
			    (long)call->arg[2], (long)call->arg[3], (long)call->arg[4],
			    (long)call->arg[5]);
	return result;
}

/**
 * struct decision - Whose a call is
 * @side:	that
 * @decided:	some argument has told
 * @conflict:	two arguments have told different things
 * @error:	an argument is bad: the result
 * @paths:	where its paths lead
 */
struct decision {
	enum hijack_side side;
	bool decided, conflict;
	long error;
	struct named paths[MAX_PATHS];
};

/**
 * take() - Let an argument tell whose the call is
 */
static void take(struct decision *d, enum hijack_side side)
{
	d->conflict |= d->decided && d->side != side;
	d->decided = true;
	d->side = side;
}

/**
 * dir_of() - The directory that a path of a call starts from
 */
static long dir_of(const struct hijack_rule *rule, const struct hijack_call *call, int i)
{
	return rule->path[i].dir ? (long)call->arg[rule->path[i].dir - 1] : AT_FDCWD;
}

static const char *path_of(const struct hijack_rule *rule, const struct hijack_call *call, int i)
{
	return (const char *)call->arg[rule->path[i].path - 1];
}

/**
 * any_closed() - Whether a descriptor that a call uses is closed
 */
static bool any_closed(const struct hijack_rule *rule, const struct hijack_call *call)
{
	for (int i = 0; i < 2 && rule->fd[i]; i++)
		if (!fds_is_open(call->arg[rule->fd[i] - 1]))
			return true;
	for (int i = 0; i < MAX_PATHS && rule->path[i].path; i++) {
		const char *path = path_of(rule, call, i);
		long dir = dir_of(rule, call, i);

		if (!(path && path[0] == '/') && (int)dir != AT_FDCWD &&
		    !fds_is_open((unsigned long)dir))
			return true;
	}
	return false;
}

/**
 * decide() - Look at all arguments
 * @buffers:	for the paths; NULL to look at them only if that is easy
 *
 * Return: false if it was not
 */
static bool decide(struct decision *d, const struct hijack_rule *rule,
		   const struct hijack_call *call, char *const *buffers)
{
	d->side = HIJACK_HOST;
	d->decided = d->conflict = false;
	d->error = 0;
	for (int i = 0; i < 2 && rule->fd[i]; i++)
		take(d, fd_is_rump(call->arg[rule->fd[i] - 1]) ? HIJACK_RUMP : HIJACK_HOST);
	for (int i = 0; i < MAX_PATHS && rule->path[i].path; i++) {
		long dir = dir_of(rule, call, i);
		const char *path = path_of(rule, call, i);

		if (path)
			d->error = readable_path(path);
		else if (rule->path[1].path)
			d->error = -EFAULT;
		if (d->error)
			return true;
		if (!(buffers ? paths_name(&d->paths[i], dir, path, buffers[i])
			      : paths_plain(&d->paths[i], dir, path)))
			return false;
		take(d, d->paths[i].side);
	}
	return true;
}

/**
 * is_nofollow() - Whether a call leaves a symbolic link at the end of a path alone
 */
static bool is_nofollow(const struct hijack_rule *rule, const struct hijack_call *call, int i)
{
	if (i == 0 && rule->how) {
		uint64_t flags = 0;

		return peek(&flags, (const void *)call->arg[rule->how - 1], sizeof(flags)) &&
		       (flags & O_NOFOLLOW);
	}
	if (i == 0 && rule->open) {
		unsigned long flags = call->arg[rule->open - 1];

		return (flags & O_NOFOLLOW) || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
	}
	if (i == 0 && rule->at && (call->arg[rule->at - 1] & AT_SYMLINK_FOLLOW))
		return false;
	if (i == 0 && rule->at && (call->arg[rule->at - 1] & AT_SYMLINK_NOFOLLOW))
		return true;
	return rule->path[i].link;
}

/**
 * is_as_written() - Whether the rump kernel's names are those of the call, which has one at most
 *
 * The directory that an absolute path has beside it is looked at by no kernel.
 */
static bool is_as_written(const struct hijack_rule *rule, const struct hijack_call *call,
			  const struct decision *d)
{
	return !rule->path[0].path ||
	       (!rule->path[1].path && d->paths[0].path == path_of(rule, call, 0));
}

/**
 * perform() - Have the kernel that was decided on make the call
 * @changed:	the paths are not those of the call
 */
static long perform(struct hijack_call *call, const struct hijack_rule *rule,
		    const struct decision *d, bool changed)
{
	struct hijack_call copy;
	long result;

	if (d->error)
		return d->error;
	/* The host would take the placeholder of a parked number for a file. */
	if ((d->conflict || (d->side == HIJACK_HOST && fds_parked())) && any_closed(rule, call))
		return -EBADF;
	if (d->conflict)
		return rule->path[1].path ? -EXDEV : -EINVAL;
	if (d->side == HIJACK_HOST && !changed)
		return rule->newfd ? host_newfd(call) : hijack_pass(call);
	if (d->side == HIJACK_RUMP) {
		result = kernel_need();
		if (result)
			return result;
		if (is_as_written(rule, call, d))
			return rule->newfd ? rump_newfd(call) : rump_perform(call);
	}
	copy = *call;
	for (int i = 0; i < MAX_PATHS && rule->path[i].path; i++) {
		copy.arg[rule->path[i].path - 1] = (unsigned long)d->paths[i].path;
		if (rule->path[i].dir)
			copy.arg[rule->path[i].dir - 1] = (unsigned long)(long)d->paths[i].dir;
	}
	if (d->side == HIJACK_HOST) {
		if (rule->newfd && fds_parked())
			fds_withdraw();
		return hijack_host(&copy);
	}
	call->side = HIJACK_RUMP;
	return rule->newfd ? rump_newfd(&copy) : rump_perform(&copy);
}

/**
 * is_unclear() - Whether symbolic links may lead to another result
 */
static bool is_unclear(const struct decision *d, const struct hijack_rule *rule, long result)
{
	return rule->path[0].path && places_now()->n &&
	       (result == -ENOENT || (result == -EXDEV && d->conflict));
}

/**
 * lead_elsewhere() - Decide anew, if a path leads elsewhere by symbolic links
 *
 * Return: whether any does
 */
static bool lead_elsewhere(struct decision *d, const struct hijack_rule *rule,
			   const struct hijack_call *call, char *const *buffers)
{
	bool changed = false;

	d->decided = d->conflict = false;
	for (int i = 0; i < MAX_PATHS && rule->path[i].path; i++) {
		if (paths_again(&d->paths[i], dir_of(rule, call, i), path_of(rule, call, i),
				is_nofollow(rule, call, i), buffers[i]))
			changed = true;
		take(d, d->paths[i].side);
	}
	return changed;
}

/**
 * may_make() - Whether a call can make a name in a directory, or remove one
 *
 * Under a place's name the host may have a directory. If a symbolic link of the host leads there, the
 * host would not say ENOENT: so these calls are looked at before.
 */
static bool may_make(const struct hijack_rule *rule, const struct hijack_call *call)
{
	if (!places_on_host)
		return false;
	if (rule->open)
		return call->arg[rule->open - 1] & O_CREAT;
	if (call->nr == __NR_readlink || call->nr == __NR_readlinkat)
		return false;
	return call->nr == __NR_creat ||
	       ((rule->path[0].link || rule->path[1].link) && !rule->stat && !rule->statx);
}

/**
 * args_slowly() - route_args() with buffers
 * @result:	of the call, if it was made, or 0
 */
static __attribute__((noinline)) long args_slowly(struct hijack_call *call,
						  const struct hijack_rule *rule, long result)
{
	ROOM(first);
	ROOM(second);
	char *const buffers[MAX_PATHS] = {first, second};
	struct decision d;
	bool changed = false;

	if (!decide(&d, rule, call, buffers))
		return -ENAMETOOLONG;
	for (int i = 0; i < MAX_PATHS && rule->path[i].path; i++)
		changed |= d.paths[i].path != path_of(rule, call, i);
	if (!result && d.side == HIJACK_HOST && !d.error && !d.conflict && rule->open && !call->native &&
	    mtab_open(d.paths[0].path, call->arg[rule->open - 1], &result))
		return result;
	if (!result && d.side == HIJACK_HOST && !d.error && !d.conflict && may_make(rule, call) &&
	    lead_elsewhere(&d, rule, call, buffers))
		return perform(call, rule, &d, true);
	if (!result)
		result = perform(call, rule, &d, changed);
	if (call->native || !is_unclear(&d, rule, result) ||
	    !lead_elsewhere(&d, rule, call, buffers))
		return result;
	return perform(call, rule, &d, true);
}

/**
 * encode_dev() - A device number as struct stat has it
 */
static uint64_t encode_dev(uint64_t major, uint64_t minor)
{
	return (minor & 0xff) | major << 8 | (minor & ~0xfful) << 12;
}

/**
 * host_directory() - Which place's directory on the host a successful call has found
 */
static const struct place *host_directory(const struct hijack_call *call,
					  const struct hijack_rule *rule, long result)
{
	const struct stat *found;
	const struct statx *extended;
	struct stat status;

	if (rule->statx) {
		extended = (const struct statx *)call->arg[rule->statx - 1];
		return places_of_directory(encode_dev(extended->stx_dev_major,
						      extended->stx_dev_minor),
					   extended->stx_ino);
	}
	if (rule->stat) {
		found = (const struct stat *)call->arg[rule->stat - 1];
	} else {
		if (!rule->open || !(call->arg[rule->open - 1] & (O_DIRECTORY | O_PATH)) ||
		    raw_failed(raw2(__NR_fstat, result, &status)))
			return NULL;
		found = &status;
	}
	return places_of_directory(found->st_dev, found->st_ino);
}

/**
 * redo_in_place() - The host has found its directory under a place: it shall be the place
 */
static long redo_in_place(struct hijack_call *call, const struct hijack_rule *rule,
			  const struct place *place, long result)
{
	struct decision d = {.side = HIJACK_RUMP};

	if (rule->newfd) {
		raw1(__NR_close, result);
		fds_freed((unsigned int)result);
	}
	d.paths[0] = (struct named){HIJACK_RUMP, AT_FDCWD, place->strip ? "/" : place->name};
	return perform(call, rule, &d, true);
}

/**
 * is_confined() - Whether openat2(2) is to stay below its directory, whatever the path says
 */
static bool is_confined(const struct hijack_rule *rule, const struct hijack_call *call)
{
	struct open_how how;

	return call->arg[rule->how] >= sizeof(how) &&
	       peek(&how, (const void *)call->arg[rule->how - 1], sizeof(how)) &&
	       (how.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT));
}

/**
 * host_here() - hijack_pass() for a call with a path, in this frame
 *
 * The host leaves the processor's guesses of where functions return to useless: each frame between
 * its instruction and the program costs 5 ns.
 */
static inline __attribute__((always_inline)) long host_here(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;
	long result;

	if (__builtin_expect(call->stay, 0))
		return hijack_pass(call);
	result = raw6((long)call->nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
	if (__builtin_expect(result == -EFAULT && kernel_up, 0))
		result = hijack_on_fault(call);
	return result;
}

enum plainly {
	PLAINLY_NOT,
	PLAINLY_HOST,
	PLAINLY_RUMP, /* with the names of the call */
};

/**
 * plainly() - Whose a call is, if that is easy to see by its path alone
 *
 * It has one path and no descriptor beside, which is absolute, or empty and the call is for the
 * directory's descriptor itself, as fstat(3) is.
 */
static inline __attribute__((always_inline)) enum plainly plainly(const struct hijack_rule *rule,
								  const struct hijack_call *call)
{
	const char *path = (const char *)call->arg[(rule->path[0].path - 1) & 7];
	const struct place *place;
	unsigned long dir;

	if (!rule->path[0].path || rule->path[1].path || rule->fd[0] || rule->how)
		return PLAINLY_NOT;
	if (rule->at && (call->arg[rule->at - 1] & AT_EMPTY_PATH)) {
		dir = (unsigned long)dir_of(rule, call, 0);
		if ((int)dir == AT_FDCWD || !readable_empty(path))
			return PLAINLY_NOT;
		if (fd_is_rump(dir))
			return PLAINLY_RUMP;
		return fds_parked() ? PLAINLY_NOT : PLAINLY_HOST;
	}
	if (!readable_plain(path))
		return PLAINLY_NOT;
	if (places_far(path))
		return fds_parked() || may_make(rule, call) ? PLAINLY_NOT : PLAINLY_HOST;
	place = kernel_up ? places_of(path) : NULL;
	return place && !place->strip ? PLAINLY_RUMP : PLAINLY_NOT;
}

/**
 * args() - route_args()
 */
static inline __attribute__((always_inline)) long args(struct hijack_call *call)
{
	const struct hijack_rule *rule = &hijack_rules[call->nr];
	const struct place *place;
	struct decision d;
	enum plainly side;
	long result;

	if (!places_now()->n && !kernel_up)
		return hijack_pass(call);
	side = plainly(rule, call);
	if (side != PLAINLY_NOT) {
		if (side == PLAINLY_HOST)
			result = host_here(call);
		else
			result = rule->newfd ? rump_newfd(call) : rump_perform(call);
		if (__builtin_expect(result == -ENOENT, 0))
			return args_slowly(call, rule, result);
		if (side == PLAINLY_RUMP)
			return result;
		goto made;
	}
	if (__builtin_expect(rule->how, 0) && is_confined(rule, call)) {
		long dir = dir_of(rule, call, 0);

		if ((int)dir == AT_FDCWD ? *paths_cwd() : fd_is_rump((unsigned long)dir))
			return rump_newfd(call);
		return host_newfd(call);
	}
	if (!decide(&d, rule, call, NULL) ||
	    (__builtin_expect(d.side == HIJACK_HOST && rule->path[0].path, 1) && may_make(rule, call)))
		return args_slowly(call, rule, 0);
	if (d.side == HIJACK_HOST && rule->path[0].path && !d.error && !d.conflict && !fds_parked())
		result = host_here(call);
	else
		result = perform(call, rule, &d, false);
	if (__builtin_expect(is_unclear(&d, rule, result), 0))
		return args_slowly(call, rule, result);
	if (d.side != HIJACK_HOST || !rule->path[0].path)
		return result;
made:
	if (__builtin_expect(places_on_host, 0) && result >= 0 && !call->native) {
		place = host_directory(call, rule, result);
		if (place)
			return redo_in_place(call, rule, place, result);
	}
	return result;
}

/**
 * route_args() - Calls that their descriptors and paths tell all about
 */
long route_args(struct hijack_call *call)
{
	return args(call);
}

/**
 * route_newfd() - The same; their result is a descriptor
 */
long route_newfd(struct hijack_call *call)
{
	return route_args(call);
}

/**
 * mark_device() - The rump kernel's devices are none of the host's
 * @call:	has filled in a struct stat or statx, if it has succeeded
 */
static long mark_device(const struct hijack_call *call, long result)
{
	const struct hijack_rule *rule = &hijack_rules[call->nr];

	if (call->side != HIJACK_RUMP || raw_failed(result))
		return result;
	if (rule->statx)
		((struct statx *)call->arg[rule->statx - 1])->stx_dev_major |= RUMP_MAJOR;
	else
		((struct stat *)call->arg[rule->stat - 1])->st_dev |= RUMP_DEV;
	return result;
}

/**
 * route_stat() - Calls that give the attributes of a file by its name
 */
long route_stat(struct hijack_call *call)
{
	return mark_device(call, args(call));
}

/**
 * route_fstat() - fstat(2)
 */
long route_fstat(struct hijack_call *call)
{
	return mark_device(call, route_fd(call));
}
