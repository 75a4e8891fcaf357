// SPDX-License-Identifier: BSD-2-Clause
/* links.c - where a path that does not exist leads by symbolic links
 *
 * The text of a path does not show them, and one kernel does not follow them into the other. So
 * they are looked at once a kernel has said ENOENT, each on the side that it is on.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>

#include "links.h"
#include "rooms.h"
#include "route.h"
#include "state.h"
#include "str.h"
#include "words.h"

#define LINKS_MAX 40 /* as the kernel's MAXSYMLINKS */

/**
 * read_link() - readlink(2) on the side that an absolute path is on
 *
 * Return: length, terminated; or a negated errno
 */
static long read_link(const char *path, char *target)
{
	const struct place *place = places_of(path);
	long length = place ? kernel_need() : 0;

	if (length)
		return length;
	if (place)
		length = kernel_call(__NR_readlink, (long)path_to_rump(place, path), (long)target,
				     PATH_ROOM - 1, 0, 0, 0);
	else
		length = raw3(__NR_readlink, path, target, PATH_ROOM - 1);
	if (!raw_failed(length))
		target[length] = 0;
	return length;
}

/**
 * splice_link() - Replace a component by what the link there says
 * @path:	absolute path
 * @place:	that the link is in, or NULL
 * @start:	where the component's slash is
 * @end:	behind the component
 * @target:	of the link; destroyed
 */
static bool splice_link(const struct place *place, char *path, size_t start, size_t end,
			char *target)
{
	if (!path_append(target, path + end))
		return false;
	if (target[0] == '/') {
		/* An absolute link stays in the root that it is in. */
		path[0] = 0;
		if (place && place->strip)
			str_copy(path, place->name);
		if (!path_append(path, target))
			return false;
	} else {
		path[start + 1] = 0;
		if (!path_append(path, target))
			return false;
	}
	path_normalise(path, true);
	return true;
}

/**
 * go_up() - Take ".." and the component before it out of a path
 * @start:	where the slash before ".." is
 *
 * Return: where the component was
 */
static size_t go_up(char *path, size_t start)
{
	const char *rest = path + start + 3;
	size_t to = start;

	while (to > 0 && path[--to] != '/')
		;
	str_copy(path + to, *rest ? rest : "/");
	return to;
}

/**
 * is_magic() - Whether a component may be one of /proc's links to what a process has open
 * @start:	where its slash is
 *
 * Their texts are names of nothing, such as pipe:[1234].
 */
static bool is_magic(const char *path, size_t start)
{
	const size_t process = sizeof("/proc/") - 1;

	return start > process && str_starts(path, "/proc/");
}

/**
 * follow() - Follow the symbolic links of an absolute path, on both sides
 * @nofollow:	not one at its end
 *
 * Where a component is missing, the rest stays as it is.
 *
 * Return: false for too many links, or too long
 */
static bool follow(char *path, bool nofollow)
{
	ROOM(target);
	size_t start = 0, end;
	int links = 0;

	while (path[start] && path[start + 1]) {
		for (end = start + 1; path[end] && path[end] != '/'; end++)
			;
		if (path_is_dot(path + start + 1) == 2) {
			start = go_up(path, start);
			continue;
		}
		if (nofollow && !path[end])
			break;
		if (is_magic(path, start)) {
			start = end;
			continue;
		}
		char kept = path[end];

		path[end] = 0;
		long length = read_link(path, target);

		path[end] = kept;
		if (length == -ENOENT)
			break;
		if (raw_failed(length)) {
			start = end;
			continue;
		}
		if (++links > LINKS_MAX || !splice_link(places_of(path), path, start, end, target))
			return false;
		start = 0;
	}
	return true;
}

/**
 * move_to() - Replace the beginning of a path by the name of a place
 * @end:	of what is replaced
 */
static bool move_to(const struct place *place, char *path, size_t end)
{
	ROOM(rest);

	str_copy(rest, path + end);
	if (place->length + str_length(rest) >= PATH_ROOM)
		return false;
	str_copy(str_copy(path, place->name), rest);
	return true;
}

/**
 * has_up() - Whether a path has ".." in it
 */
static bool has_up(const char *path)
{
	for (; *path; path++)
		if (*path == '/' && path_is_dot(path + 1) == 2)
			return true;
	return false;
}

/**
 * host_leads_in() - Whether a host path that does not exist leads into a place, or through one
 * @path:	absolute, without . and //; becomes the path where it leads
 *
 * From its end backwards, as most of a path that does not exist does: usually it is no link, its
 * directory is there and no place, and that is that.
 */
static bool host_leads_in(char *path, bool nofollow)
{
	const struct place *place;
	size_t end = str_length(path);
	struct stat status;
	char kept, byte;
	bool last = true, link, there;

	if (has_up(path))
		return follow(path, nofollow);
	while (end > 1) {
		kept = path[end];
		path[end] = 0;
		there = !last && !raw_failed(raw2(__NR_stat, path, &status));
		link = !there && !(last && nofollow) &&
		       !raw_failed(raw3(__NR_readlink, path, &byte, 1));
		path[end] = kept;
		last = false;
		if (there) {
			place = places_of_directory(status.st_dev, status.st_ino);
			return place && move_to(place, path, end);
		}
		if (link)
			return follow(path, nofollow);
		while (path[--end] != '/')
			;
	}
	return false;
}

/**
 * has_no_links() - Whether a path of the host's has no symbolic links, as far as it exists
 *
 * Most that do not exist have none, and the host says so in one call. It does not know where ".."
 * leads from a place.
 */
static bool has_no_links(long dir, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
	long fd;

	if (has_up(path) || path_is_dot(path) == 2)
		return false;
	fd = raw4(__NR_openat2, dir, path, &how, sizeof(how));
	if (!raw_failed(fd))
		raw1(__NR_close, fd);
	return fd == -ENOENT || !raw_failed(fd);
}

/**
 * paths_again() - A path did not exist: does it lead elsewhere by symbolic links?
 * @named:	what was tried; the result
 * @nofollow:	not by one at its end
 *
 * Return: whether to try that
 */
bool paths_again(struct named *named, long dir, const char *path, bool nofollow, char *buffer)
{
	const struct place *place;

	if (!places_now()->n || !path || !path[0] ||
	    (path[0] == '/' && kernel_up && path_name_magic(&(struct named){0}, path, buffer)))
		return false;
	if (named->side == HIJACK_HOST && has_no_links(dir, path))
		return false;
	buffer[0] = 0;
	if (path[0] == '/') {
		if (!path_append(buffer, path))
			return false;
	} else if (!path_directory_text(buffer, dir) || !path_append(buffer, "/") || !path_append(buffer, path)) {
		return false;
	}
	path_normalise(buffer, true);
	ROOM(before);
	str_copy(before, buffer);
	if (!(named->side == HIJACK_HOST ? host_leads_in : follow)(buffer, nofollow) ||
	    str_equal(before, buffer))
		return false;
	place = places_of(buffer);
	named->side = place ? HIJACK_RUMP : HIJACK_HOST;
	named->dir = AT_FDCWD;
	named->path = place ? path_to_rump(place, buffer) : buffer;
	return true;
}
