// SPDX-License-Identifier: BSD-2-Clause
/* paths.c - which kernel a path leads to
 *
 * Theory of operation
 *
 * Where a path leads is decided by its text first. paths_plain() decides most of them in one pass
 * and without a buffer: an absolute path by the place it is in (places.c), a relative one by the
 * directory it starts from. What it cannot decide goes to paths_name(): //, . and .. in an absolute
 * path, .. in a relative one, a relative path whose first component could lead from a host
 * directory into a place, and names of descriptors in /proc and /dev.
 *
 * While a path stays with its kernel, that kernel gets it as the program wrote it: only the kernel
 * knows what .. behind a symbolic link means. A path that crosses becomes an absolute one.
 *
 * The text does not show symbolic links. They are looked at only when the kernel that was asked has
 * said ENOENT: paths_again() then follows the path, on whichever side it is. A link on the host
 * that leads to the host's directory under a place would not fail: where there is such a directory
 * it is known by its inode (places_of_directory()).
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>

#include "links.h"
#include "rooms.h"
#include "route.h"
#include "server.h"
#include "state.h"
#include "str.h"
#include "words.h"

bool paths_cwd_main;
__thread bool *paths_cwd_own;

/**
 * dir_side() - Whose a directory is that a relative path starts from
 */
static enum hijack_side dir_side(long dir)
{
	bool rump = (int)dir == AT_FDCWD ? *paths_cwd() : fd_is_rump((unsigned long)dir);

	return rump ? HIJACK_RUMP : HIJACK_HOST;
}

/**
 * path_to_rump() - The rump kernel's name of a path in a place
 * @path:	as the program has it, beginning with the place's name
 */
const char *path_to_rump(const struct place *place, const char *path)
{
	if (!place->strip)
		return path;
	return path[place->length] ? path + place->length : "/";
}

/**
 * path_is_dot() - Whether a component is "." (1) or ".." (2)
 */
int path_is_dot(const char *at)
{
	if (at[0] != '.')
		return 0;
	if (!at[1] || at[1] == '/')
		return 1;
	return at[1] == '.' && (!at[2] || at[2] == '/') ? 2 : 0;
}

/**
 * may_have_dots() - Whether a path might have . or .. as a component, or //
 *
 * It has none if this says so. Names that begin with a dot are taken for one.
 */
static bool may_have_dots(const char *path)
{
	const word_t *at = words_of(path);
	uint64_t word = words_first(path), before = 0, end, slash, odd;

	if (path[0] == '.')
		return true;
	for (;; word = *++at) {
		end = words_equal(word, 0);
		slash = words_equal(word, '/');
		odd = (slash << 8 | before) & (slash | words_equal(word, '.'));
		if (end)
			return odd & ((end & -end) - 1);
		if (odd)
			return true;
		before = slash >> 56;
	}
}

/**
 * has_dots() - Whether an absolute path has //, . or .. in it
 */
static bool has_dots(const char *path)
{
	for (path++; *path; path++)
		if (path[-1] == '/' && (*path == '/' || path_is_dot(path)))
			return true;
	return false;
}

/**
 * has_parent() - Whether a relative path has .. in it
 */
static bool has_parent(const char *path)
{
	for (;; path++) {
		if (path_is_dot(path) == 2)
			return true;
		while (*path && *path != '/')
			path++;
		if (!*path)
			return false;
	}
}

/**
 * is_near() - Whether a relative path of the host's stays there, by its first component
 */
static bool is_near(const char *path)
{
	const char *name = path;
	size_t length = 0;

	while (name[0] == '.' && name[1] == '/')
		for (name += 2; *name == '/'; name++)
			;
	while (name[length] && name[length] != '/')
		length++;
	return !path_is_dot(name) && (*name || name == path) && !places_on_the_way(name, length);
}

/**
 * paths_plain() - Decide where a path leads, if that is easy
 *
 * Return: whether it was
 */
bool paths_plain(struct named *named, long dir, const char *path)
{
	const struct place *place;

	named->dir = (int)dir;
	named->path = path;
	if (!path || path[0] != '/') {
		named->side = dir_side(dir);
		if (!path || !*path)
			return true;
		if (may_have_dots(path) && has_parent(path))
			return false;
		return named->side == HIJACK_RUMP || is_near(path);
	}
	if (may_have_dots(path) && has_dots(path))
		return false;
	place = places_of(path);
	if (place) {
		named->side = HIJACK_RUMP;
		named->dir = AT_FDCWD;
		named->path = path_to_rump(place, path);
		return true;
	}
	named->side = HIJACK_HOST;
	return !client_has_kernel ||
	       !(str_starts(path, "/proc/") || str_equal(path, "/etc/mtab") ||
		 (kernel_up && str_starts(path, "/dev/")));
}

/**
 * path_normalise() - Take //, . and .. out of an absolute path, in place; a slash at its end stays
 * @keep_up:	leave .. where it is
 */
void path_normalise(char *path, bool keep_up)
{
	char *to = path;
	const char *at = path;

	while (*at) {
		while (*at == '/')
			at++;
		if (!*at) {
			*to++ = '/';
			break;
		}
		switch (path_is_dot(at)) {
		case 2:
			if (keep_up)
				break;
			while (to > path && *--to != '/')
				;
			at++;
			/* fall through */
		case 1:
			at++;
			if (!*at)
				*to++ = '/';
			continue;
		}
		*to++ = '/';
		while (*at && *at != '/')
			*to++ = *at++;
	}
	if (to == path)
		*to++ = '/';
	*to = 0;
}

/**
 * path_append() - Append a string to a path
 *
 * Return: false if it gets too long
 */
bool path_append(char *path, const char *tail)
{
	size_t at = str_length(path);

	if (at + str_length(tail) >= PATH_ROOM)
		return false;
	str_copy(path + at, tail);
	return true;
}

/**
 * fd_link() - "/proc/self/fd/N"
 */
static void fd_link(char *to, long fd)
{
	struct text text = {to, 0, 40};

	text_string(&text, "/proc/self/fd/");
	text_number(&text, (unsigned long)fd, 10);
	to[text.length] = 0;
}

/**
 * paths_to_program() - What the program calls a path of the rump kernel
 * @room:	of @to
 *
 * Return: its length, or -ENAMETOOLONG
 */
long paths_to_program(char *to, const char *rump, size_t room)
{
	const struct place *strip = NULL, *place;
	size_t length = str_length(rump);

	place = places_of(rump);
	for (unsigned int i = 0; i < places_now()->n && (!place || place->strip); i++)
		if (places_now()->at[i].strip && !strip)
			strip = &places_now()->at[i];
	if (rump[0] != '/' || (place && !place->strip))
		strip = NULL;
	if (strip && length == 1)
		length = 0;
	if ((strip ? strip->length : 0) + length >= room)
		return -ENAMETOOLONG;
	to[0] = 0;
	if (strip)
		str_copy(to, strip->name);
	memcpy(to + (strip ? strip->length : 0), rump, length);
	length += strip ? strip->length : 0;
	to[length] = 0;
	return (long)length;
}

/**
 * read_rump_link() - readlink(2) in the rump kernel, as the program would name the result
 */
static long read_rump_link(char *to, const char *link, size_t room)
{
	ROOM(name);
	long length = kernel_call(__NR_readlink, (long)link, (long)name, PATH_ROOM - 1, 0, 0, 0);

	if (raw_failed(length))
		return length;
	name[length] = 0;
	return paths_to_program(to, name, room);
}

/**
 * paths_rump_fd() - What the program calls the file of a rump descriptor
 * @fd:		or AT_FDCWD
 *
 * Return: length or a negated errno
 */
long paths_rump_fd(char *to, long fd, size_t room)
{
	char link[48];

	if ((int)fd == AT_FDCWD)
		return read_rump_link(to, "/proc/self/cwd", room);
	fd_link(link, fd);
	return read_rump_link(to, link, room);
}

/**
 * path_directory_text() - Absolute path of a directory that a path starts from
 */
bool path_directory_text(char *to, long dir)
{
	char link[48];
	long length;

	if (dir_side(dir) == HIJACK_RUMP) {
		length = paths_rump_fd(to, dir, PATH_ROOM);
	} else if ((int)dir == AT_FDCWD) {
		length = raw2(__NR_getcwd, to, PATH_ROOM) - 1;
	} else {
		fd_link(link, dir);
		length = raw3(__NR_readlink, link, to, PATH_ROOM - 1);
	}
	if (length <= 0 || to[0] != '/')
		return false;
	to[length] = 0;
	return true;
}

/**
 * number() - Read a decimal number, moving on
 *
 * Return: -1 if there is none
 */
static long number(const char **at)
{
	long value = 0;
	const char *start = *at;

	for (; **at >= '0' && **at <= '9' && *at - start < 8; (*at)++)
		value = value * 10 + (**at - '0');
	return *at == start ? -1 : value;
}

/**
 * skip() - Move on over a string
 */
static bool skip(const char **at, const char *string)
{
	if (!str_starts(*at, string))
		return false;
	*at += str_length(string);
	return true;
}

/**
 * paths_magic() - A path that names a descriptor or the working directory of this process
 * @rest:	what follows: "" or "/..."
 *
 * Return: the descriptor, AT_FDCWD, or -1
 */
long paths_magic(const char *path, const char **rest)
{
	long fd = -1;

	if (skip(&path, "/dev/stdin"))
		fd = 0;
	else if (skip(&path, "/dev/stdout"))
		fd = 1;
	else if (skip(&path, "/dev/stderr"))
		fd = 2;
	else if (skip(&path, "/dev/fd/"))
		fd = number(&path);
	else if (skip(&path, "/proc/")) {
		if (!skip(&path, "self/") && !skip(&path, "thread-self/")) {
			if (number(&path) != raw0(__NR_getpid) || !skip(&path, "/"))
				return -1;
		}
		if (skip(&path, "task/") && (number(&path) < 0 || !skip(&path, "/")))
			return -1;
		if (skip(&path, "fd/"))
			fd = number(&path);
		else if (skip(&path, "cwd"))
			fd = AT_FDCWD;
	}
	*rest = path;
	return *path && *path != '/' ? -1 : fd;
}

/**
 * path_name_magic() - paths_name() for names of rump descriptors
 */
bool path_name_magic(struct named *named, const char *path, char *buffer)
{
	const char *rest;
	long fd = paths_magic(path, &rest);

	if (fd == -1 || dir_side(fd) == HIJACK_HOST)
		return false;
	named->side = HIJACK_RUMP;
	named->dir = AT_FDCWD;
	named->path = buffer;
	if (fd == AT_FDCWD)
		str_copy(buffer, "/proc/self/cwd");
	else
		fd_link(buffer, fd);
	return path_append(buffer, rest);
}

/**
 * begins_with() - Whether a path begins with the name of a place
 */
static bool begins_with(const char *path, const struct place *place)
{
	return str_starts(path, place->name) &&
	       (!path[place->length] || path[place->length] == '/');
}

/**
 * paths_name() - Decide where a path leads
 * @named:	result
 * @dir:	descriptor of the directory it starts from, or AT_FDCWD
 * @buffer:	PATH_ROOM bytes; the result may point into it
 *
 * Return: false if it is too long to tell; it is too long for any kernel then, or nearly
 */
bool paths_name(struct named *named, long dir, const char *path, char *buffer)
{
	enum hijack_side from;
	const struct place *place;

	if (paths_plain(named, dir, path))
		return true;
	from = named->side;
	buffer[0] = 0;
	if (path[0] == '/') {
		if (path_name_magic(named, path, buffer))
			return true;
		buffer[0] = 0;
		if (!path_append(buffer, path))
			return false;
	} else if (!path_directory_text(buffer, dir) || !path_append(buffer, "/") || !path_append(buffer, path)) {
		/* Unreachable or too long: its own kernel knows best. */
		return true;
	}
	path_normalise(buffer, false);
	place = places_of(buffer);
	named->side = place ? HIJACK_RUMP : HIJACK_HOST;
	if (path[0] != '/' && named->side == from)
		return true;
	if (path[0] == '/' && !place) {
		named->path = path;
		return true;
	}
	named->dir = AT_FDCWD;
	if (!place)
		named->path = buffer;
	else if (path[0] == '/' && begins_with(path, place))
		named->path = path_to_rump(place, path);
	else
		named->path = path_to_rump(place, buffer);
	return true;
}
