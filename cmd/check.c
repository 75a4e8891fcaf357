// SPDX-License-Identifier: BSD-2-Clause
/* check.c - finding the command, and whether it can be hijacked
 *
 * ld.so loads the shim into dynamic programs of the shim's own architecture that do not gain
 * privileges by being run. All others would run without it and reach the host's files and
 * sockets, so they are refused. A script is what its interpreter is.
 *
 * Where sockets are the rump kernel's, no program gains privileges: there the user may do what root
 * may, and what ping(8) has capabilities for is that. So such programs run under the shim, as
 * children of a shell too, which nobody looks at before. Those with capabilities the shim executes
 * as copies (hijack/copies.c).
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "rump.h"

#define LOADER	     "/lib64/ld-linux-x86-64.so.2"
#define MACHINE	     EM_X86_64
#define MAX_SCRIPTS  4 /* execve(2): one interpreter may be a script for the next */
#define HEAD	     4096
#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

static _Noreturn void refuse(const char *path, const char *reason)
{
	die(STATUS_FAILED, "%s cannot be hijacked: %s", path, reason);
}

/**
 * renounce() - Have no program that comes of this process gain privileges by being run
 * @places:	RUMPHIJACK; nothing is done if it leaves sockets to the host
 *
 * Of root nobody takes capabilities for more than he has.
 */
void renounce(const char *places)
{
	bool sockets = false;

	for (const char *at = places; *at; at += *at == ',') {
		size_t length = strcspn(at, ",");

		if (!strncmp(at, "socket=", 7))
			sockets = strncmp(at, "socket=none", length);
		at += length;
	}
	if (!sockets || !geteuid())
		return;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die(STATUS_FAILED, "privileges cannot be given up: %s", strerror(errno));
}

static bool has_renounced(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static bool has_capabilities(const char *path)
{
	return geteuid() && getxattr(path, "security.capability", NULL, 0) > 0;
}

/**
 * gains_privileges() - Whether execve(2) gives this program more than the user has
 */
static const char *gains_privileges(const char *path, const struct stat *st)
{
	struct statvfs fs;

	if (!statvfs(path, &fs) && (fs.f_flag & ST_NOSUID))
		return NULL;
	if (!has_renounced() && (st->st_mode & S_ISUID) && st->st_uid != geteuid())
		return "it is setuid";
	if (!has_renounced() && (st->st_mode & S_ISGID) && (st->st_mode & S_IXGRP) &&
	    st->st_gid != getegid())
		return "it is setgid";
	/* ld.so is told of them even where they are of no effect. */
	if (has_capabilities(path))
		return "it has file capabilities";
	return NULL;
}

/**
 * is_loader() - Whether this is ld.so, which has no interpreter but loads preloaded libraries
 */
static bool is_loader(const struct stat *st)
{
	struct stat loader;

	return !stat(LOADER, &loader) && loader.st_ino == st->st_ino && loader.st_dev == st->st_dev;
}

/**
 * has_interpreter() - Whether a program of our own architecture is loaded by an ld.so
 */
static bool has_interpreter(const char *path, int fd, const Elf64_Ehdr *ehdr)
{
	Elf64_Phdr phdr;

	if (ehdr->e_phentsize != sizeof(phdr))
		refuse(path, "its program headers are damaged");
	for (unsigned int i = 0; i < ehdr->e_phnum; i++) {
		if (pread(fd, &phdr, sizeof(phdr), ehdr->e_phoff + i * sizeof(phdr)) !=
		    (ssize_t)sizeof(phdr))
			refuse(path, "its program headers are damaged");
		if (phdr.p_type == PT_INTERP)
			return true;
	}
	return false;
}

static void check_elf(const char *path, int fd, const struct stat *st, const void *head,
		      size_t length)
{
	const Elf64_Ehdr *ehdr = head;
	const char *reason;

	if (length < sizeof(*ehdr))
		refuse(path, "it is too short for a program");
	if (ehdr->e_ident[EI_CLASS] == ELFCLASS32)
		refuse(path, "it is a 32-bit program");
	if (ehdr->e_ident[EI_CLASS] != ELFCLASS64 || ehdr->e_ident[EI_DATA] != ELFDATA2LSB ||
	    ehdr->e_machine != MACHINE)
		refuse(path, "it is a program of another architecture");
	if (!has_interpreter(path, fd, ehdr) && !is_loader(st))
		refuse(path, "it is statically linked");
	reason = gains_privileges(path, st);
	if (reason)
		refuse(path, reason);
}

/**
 * script_interpreter() - What a script names behind its "#!", or NULL
 * @head:	start of the file, ended by a null byte
 */
static char *script_interpreter(const char *head)
{
	size_t length;

	if (strncmp(head, "#!", 2))
		return NULL;
	head += 2 + strspn(head + 2, " \t");
	length = strcspn(head, " \t\n");
	return length ? compose("%.*s", (int)length, head) : NULL;
}

/**
 * check_file() - Be sure that the shim will be loaded, or say why not and exit
 * @path:	executable file
 */
static void check_file(const char *path)
{
	char head[HEAD + 1];
	const char *file = path;
	struct stat st;
	ssize_t length;
	int fd;

	for (int i = 0; file && i <= MAX_SCRIPTS; i++) {
		/* What may be run but not read cannot be looked at. */
		fd = open(file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return;
		length = fstat(fd, &st) < 0 ? -1 : pread(fd, head, HEAD, 0);
		head[length > 0 ? length : 0] = 0;
		if (length >= SELFMAG && !memcmp(head, ELFMAG, SELFMAG)) {
			check_elf(file, fd, &st, head, length);
			file = NULL;
		} else {
			file = script_interpreter(head);
		}
		close(fd);
	}
}

/**
 * is_mounted() - Whether a name is that of a file in one of the mounts
 */
static bool is_mounted(const struct options *options, const char *path)
{
	for (size_t i = 0; i < options->nmounts; i++) {
		size_t length = strlen(options->mounts[i].dir);

		if (!strncmp(path, options->mounts[i].dir, length) &&
		    (!path[length] || path[length] == '/'))
			return true;
	}
	return false;
}

/**
 * try_file() - Whether execve(2) would find and run a file
 *
 * Return: 0, ENOENT if there is none, or another errno value
 */
static int try_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOTDIR ? ENOENT : errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (!S_ISREG(st.st_mode) || access(path, X_OK) < 0)
		return EACCES;
	return 0;
}

/**
 * search() - Look for a command in the directories of PATH
 * @path:	result, if there is one
 *
 * Return: 0, or an errno value
 */
static int search(const char *name, char **path)
{
	const char *at = getenv("PATH");
	int error = ENOENT;

	for (at = at ? at : DEFAULT_PATH;; at++) {
		size_t length = strcspn(at, ":");
		int result;

		*path = compose("%.*s%s%s", (int)length, at, length ? "/" : "./", name);
		result = try_file(*path);
		if (!result)
			return 0;
		if (result != ENOENT && result != EISDIR)
			error = result;
		at += length;
		if (!*at)
			return error;
	}
}

/**
 * check_command() - Find a command that the shim can be loaded into, or say what is wrong and exit
 * @name:	as the user gives it
 *
 * Return: its path, or NULL if only the shim can execute it: it lies in a mount, or has
 * capabilities that are of no effect
 */
char *check_command(const struct options *options, const char *name)
{
	bool is_path = strchr(name, '/');
	char *path = NULL;
	int error;

	if (is_mounted(options, name))
		return NULL;
	if (is_path) {
		path = compose("%s", name);
		error = try_file(path);
	} else {
		error = search(name, &path);
	}
	if (error == ENOENT)
		die(STATUS_NOT_FOUND, "%s: %s", name,
		    is_path ? strerror(error) : "command not found");
	if (error)
		die(STATUS_NOT_EXECUTABLE, "%s: %s", name, strerror(error));
	if (has_renounced() && has_capabilities(path))
		return NULL;
	check_file(path);
	return path;
}
