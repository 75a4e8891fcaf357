// SPDX-License-Identifier: BSD-2-Clause
/* names.c - the working directory, the root, and what the program is told that they are called
 *
 * The working directory is the host's or the rump kernel's. While it is the rump kernel's, the host
 * keeps the last one it had, which no path of the program is looked up from.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>

#include "execute.h"
#include "rooms.h"
#include "route.h"
#include "server.h"
#include "special.h"
#include "state.h"
#include "str.h"

/**
 * route_getcwd() - getcwd(2): of a rump directory, as the program calls it
 */
long route_getcwd(struct hijack_call *call)
{
	long length;

	if (!*paths_cwd())
		return hijack_pass(call);
	ROOM(name);
	ROOM(mine);
	call->side = HIJACK_RUMP;
	length = kernel_call(__NR_getcwd, (long)name, PATH_ROOM, 0, 0, 0, 0);
	if (raw_failed(length))
		return length;
	length = paths_to_program(mine, name, PATH_ROOM);
	if (raw_failed(length) || (unsigned long)length >= call->arg[1])
		return raw_failed(length) ? length : -ERANGE;
	return poke((char *)call->arg[0], mine, (size_t)length + 1) ? length + 1 : -EFAULT;
}

/**
 * chroot_on_host() - chroot(2) on the host: what is below the new root is called otherwise now
 *
 * The name is read before, as the new root may have no /proc.
 */
static long chroot_on_host(const char *path)
{
	ROOM(root);
	char link[32];
	long fd = raw4(__NR_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC, 0), length, result;

	if (raw_failed(fd))
		return fd;
	str_printf(link, sizeof(link), "/proc/self/fd/%d", (int)fd);
	length = raw3(__NR_readlink, link, root, PATH_ROOM - 1);
	raw1(__NR_close, fd);
	root[raw_failed(length) ? 0 : length] = 0;
	result = raw1(__NR_chroot, path);
	/* One that can have no kernel has its parent's places, and no use for its own. */
	if (!result && !kernel_is_lent())
		places_below(root);
	return result;
}

/**
 * chdir_to() - chdir(2) to where a path leads
 */
static long chdir_to(struct hijack_call *call, const struct named *named)
{
	const struct place *place;
	struct stat status;
	long result;

	if (named->side == HIJACK_HOST) {
		if (call->nr == __NR_chroot)
			return chroot_on_host(named->path);
		result = raw1(call->nr, named->path);
		if (raw_failed(result))
			return result;
		if (!raw_failed(raw2(__NR_stat, ".", &status))) {
			place = places_of_directory(status.st_dev, status.st_ino);
			if (place)
				return chdir_to(call, &(struct named){HIJACK_RUMP, AT_FDCWD,
						place->strip ? "/" : place->name});
		}
		*paths_cwd() = false;
		return result;
	}
	result = kernel_need();
	call->side = HIJACK_RUMP;
	if (!result)
		result = kernel_call((long)call->nr, (long)named->path, 0, 0, 0, 0, 0);
	if (!result && call->nr == __NR_chdir)
		*paths_cwd() = true;
	return result;
}

/**
 * change() - chdir(2) or chroot(2)
 * @named:	where it went
 */
static long change(struct hijack_call *call, struct named *named, char *buffer)
{
	const char *path = (const char *)call->arg[0];
	long result = readable_path(path);

	if (result)
		return result;
	if (!paths_name(named, AT_FDCWD, path, buffer))
		return -ENAMETOOLONG;
	result = chdir_to(call, named);
	if (result == -ENOENT && paths_again(named, AT_FDCWD, path, false, buffer))
		result = chdir_to(call, named);
	return result;
}

/**
 * route_chdir() - chdir(2)
 */
long route_chdir(struct hijack_call *call)
{
	ROOM(buffer);
	struct named named;

	if (!places_now()->n && !kernel_up)
		return hijack_pass(call);
	return change(call, &named, buffer);
}

/**
 * route_fchdir() - fchdir(2)
 */
long route_fchdir(struct hijack_call *call)
{
	bool rump = fd_is_rump(call->arg[0]);
	long result;

	if (!kernel_up)
		return hijack_pass(call);
	result = rump ? rump_perform(call) : hijack_host(call);
	if (!result)
		*paths_cwd() = rump;
	return result;
}

/**
 * route_chroot() - chroot(2): places are called otherwise afterwards
 */
long route_chroot(struct hijack_call *call)
{
	ROOM(buffer);
	struct named named;
	long result;

	if (!places_now()->n)
		return hijack_pass(call);
	result = process_own_places();
	if (!result)
		result = change(call, &named, buffer);
	if (!result && named.side == HIJACK_RUMP)
		places_all();
	return result;
}

/**
 * tell_name() - readlink(2) of what names a rump descriptor or working directory
 */
static long tell_name(struct hijack_call *call, long fd, char *to, unsigned long room)
{
	ROOM(name);
	long length;

	call->side = HIJACK_RUMP;
	if ((long)room <= 0)
		return -EINVAL;
	length = paths_rump_fd(name, fd, PATH_ROOM);
	if (raw_failed(length))
		return length;
	if ((unsigned long)length > room)
		length = (long)room;
	return poke(to, name, (size_t)length) ? length : -EFAULT;
}

/**
 * is_rump_name() - Whether a path is that of a rump descriptor or working directory in /proc or /dev
 */
static bool is_rump_name(const char *path, long *fd)
{
	const char *rest;

	if (!kernel_up || readable_path(path) || path[0] != '/' ||
	    !(str_starts(path, "/proc/") || str_starts(path, "/dev/")))
		return false;
	*fd = paths_magic(path, &rest);
	if (*fd == -1 || *rest)
		return false;
	return *fd == AT_FDCWD ? *paths_cwd() : fd_is_rump((unsigned long)*fd);
}

/**
 * tell_program() - readlink(2) on the host: of a process's link to its program, if that is a copy
 * @result:	so far, as the host has it
 */
static long tell_program(const struct hijack_call *call, long dir, const char *path, char *to, unsigned long room,
			 long result)
{
	const char *name;
	long length;

	if (result <= 0 || call->side != HIJACK_HOST)
		return result;
	name = path + str_length(path);
	while (name > path && name[-1] != '/')
		name--;
	if (!str_equal(name, "exe"))
		return result;
	ROOM(program);
	length = execute_name(dir, path, program);
	if (!length)
		return result;
	if ((unsigned long)length > room)
		length = (long)room;
	return poke(to, program, (size_t)length) ? length : -EFAULT;
}

/**
 * route_readlink() - readlink(2)
 */
long route_readlink(struct hijack_call *call)
{
	const char *path = (const char *)call->arg[0];
	char *to = (char *)call->arg[1];
	long fd;

	if (is_rump_name(path, &fd))
		return tell_name(call, fd, to, call->arg[2]);
	return tell_program(call, AT_FDCWD, path, to, call->arg[2], route_args(call));
}

/**
 * route_readlinkat() - readlinkat(2)
 */
long route_readlinkat(struct hijack_call *call)
{
	const char *path = (const char *)call->arg[1];
	char *to = (char *)call->arg[2];
	long fd;

	if (is_rump_name(path, &fd))
		return tell_name(call, fd, to, call->arg[3]);
	return tell_program(call, (int)call->arg[0], path, to, call->arg[3], route_args(call));
}
