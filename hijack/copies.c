// SPDX-License-Identifier: BSD-2-Clause
/* copies.c - programs that are executed as copies in memory
 *
 * Of files of the rump kernel's, which the host cannot execute; and of the host's own with file
 * capabilities, where they give none. No process that has set PR_SET_NO_NEW_PRIVS gains privileges
 * by execve(2): setuid programs are ordinary ones then. But one with capabilities, such as ping(8),
 * is marked as privileged all the same (AT_SECURE), so ld.so does not preload the shim. A copy has
 * none, and is otherwise the same program.
 *
 * The name of a copy says what it is a copy of; execute_name() reads it in the new program.
 *
 * A vfork child comes here on its parent's stack.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/stat.h>

#include "execute.h"
#include "high.h"
#include "route.h"
#include "state.h"
#include "str.h"

#define X_OK	      1
#define COPY_SIZE     (256ul << 10)
#define COPY_NAME     "rump:"
#define COPY_LINK     "/memfd:" COPY_NAME
#define COPY_LINK_END " (deleted)"
#define COPY_NAME_MAX 240 /* memfd_create(2) says 249 */
#define CAPABILITY    "security.capability"

/**
 * copy_contents() - Copy a file from one kernel to the other
 * @from:	rump descriptor
 * @to:		host descriptor
 */
static long copy_contents(long from, long to)
{
	long buffer = raw_call(__NR_mmap, 0, COPY_SIZE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long offset = 0, result;

	if (raw_failed(buffer))
		return buffer;
	do {
		result = kernel_call(__NR_pread64, from, buffer, COPY_SIZE, offset, 0, 0);
		if (result > 0)
			result = raw4(__NR_pwrite64, to, buffer, result, offset);
		offset += result;
	} while (result > 0);
	raw2(__NR_munmap, buffer, COPY_SIZE);
	return result;
}

/**
 * begin() - Make an empty file for a copy
 * @room:	PATH_ROOM bytes, the name of what is to be copied behind space for the prefix
 * @length:	of that, or a negated errno if it has none
 *
 * Return: descriptor, or a negated errno
 */
static long begin(char *room, long length)
{
	const size_t prefix = sizeof(COPY_NAME) - 1;

	/* Of what is too long the end is left, by which programs are known. */
	if (length > COPY_NAME_MAX)
		room += length - COPY_NAME_MAX;
	else if (raw_failed(length))
		room[prefix] = 0;
	memcpy(room, COPY_NAME, prefix);
	return raw2(__NR_memfd_create, room, MFD_CLOEXEC);
}

/**
 * end() - A copy is made, if @result is no error
 * @made:	consumed
 *
 * Return: descriptor that nobody writes by, as what is open for writing is not executed, or a
 * negated errno
 */
static long end(long made, long result)
{
	char name[32];

	if (!raw_failed(result)) {
		str_printf(name, sizeof(name), "/proc/self/fd/%ld", made);
		result = raw4(__NR_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
	}
	raw1(__NR_close, made);
	return raw_failed(result) ? result : high_move((int)result);
}

/**
 * execute_copy_file() - Make a host file of a rump one
 *
 * Return: descriptor, or a negated errno
 */
long execute_copy_file(long fd)
{
	const size_t prefix = sizeof(COPY_NAME) - 1;
	char name[PATH_ROOM];
	long made = begin(name, paths_rump_fd(name + prefix, fd, PATH_ROOM - prefix));

	return raw_failed(made) ? made : end(made, copy_contents(fd, made));
}

/**
 * open_marked() - Open a program that would be marked
 *
 * Return: descriptor, or a negated errno
 */
static long open_marked(long dir, const char *path, unsigned long flags, struct stat *status)
{
	char name[32];
	long fd, result;

	if (raw_failed(raw4(__NR_faccessat2, dir, path, X_OK, flags)))
		return -EACCES;
	if (!*path) {
		/* It may have been opened with O_PATH. */
		str_printf(name, sizeof(name), "/proc/self/fd/%d", (int)dir);
		path = name;
	}
	fd = raw4(__NR_openat, dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	if (raw_failed(fd))
		return fd;
	result = raw2(__NR_fstat, fd, status);
	if (!raw_failed(result) && (status->st_mode & S_IFMT) == S_IFREG &&
	    raw4(__NR_fgetxattr, fd, CAPABILITY, NULL, 0) > 0)
		return fd;
	raw1(__NR_close, fd);
	return -EACCES;
}

/**
 * copy_marked() - Make a file in memory of the host's
 *
 * Return: descriptor, or a negated errno
 */
static long copy_marked(long fd, const struct stat *status)
{
	const size_t prefix = sizeof(COPY_NAME) - 1;
	long made, length, done = 0, part = 1;
	char link[32], name[PATH_ROOM];

	str_printf(link, sizeof(link), "/proc/self/fd/%ld", fd);
	length = raw3(__NR_readlink, link, name + prefix, PATH_ROOM - prefix - 1);
	if (!raw_failed(length))
		name[prefix + (size_t)length] = 0;
	made = begin(name, length);
	if (raw_failed(made))
		return made;
	for (; part > 0 && done < status->st_size; done += part)
		part = raw4(__NR_sendfile, made, fd, NULL, (size_t)(status->st_size - done));
	return end(made, part > 0 ? 0 : part ? part : -EIO);
}

/**
 * execute_copy_marked() - A copy of a program that ld.so would not load the shim into
 * @dir, @path, @flags: as given to execveat(2), of the host
 *
 * Return: descriptor, or a negated errno if it is none, or cannot be copied
 */
long execute_copy_marked(long dir, const char *path, unsigned long flags)
{
	unsigned long known = flags & (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
	struct stat status;
	long fd, made;

	if (hijack_sealed || raw_call(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0, 0) != 1 ||
	    !raw0(__NR_geteuid))
		return -EACCES;
	fd = open_marked(dir, path, known, &status);
	if (raw_failed(fd))
		return fd;
	made = copy_marked(fd, &status);
	raw1(__NR_close, fd);
	return made;
}

/**
 * execute_name() - If the program that a process runs is a copy: the name of the file
 * @dir, @exe:	the process's link to its program
 * @name:	PATH_ROOM bytes
 *
 * Return: its length, or 0
 */
long execute_name(long dir, const char *exe, char *name)
{
	const size_t prefix = sizeof(COPY_LINK) - 1, end = sizeof(COPY_LINK_END) - 1;
	char link[PATH_ROOM];
	long length = raw4(__NR_readlinkat, dir, exe, link, sizeof(link) - 1);

	if (raw_failed(length) || length < (long)(prefix + end))
		return 0;
	link[length] = 0;
	if (!str_starts(link, COPY_LINK))
		return 0;
	length -= prefix + end;
	memcpy(name, link + prefix, (size_t)length);
	name[length] = 0;
	return length;
}

/**
 * execute_name_thread() - What has been copied is known by its own name, not by the copy's
 */
void execute_name_thread(void)
{
	char name[PATH_ROOM];
	const char *base = name;

	if (!execute_name(AT_FDCWD, "/proc/self/exe", name))
		return;
	for (const char *at = name; *at; at++)
		if (*at == '/')
			base = at + 1;
	raw2(__NR_prctl, PR_SET_NAME, base);
}
