// SPDX-License-Identifier: BSD-2-Clause
/* outsider.c - programs that the shim is not loaded into
 *
 * ld.so loads it into dynamic programs of its own architecture that do not gain privileges by being run.
 * All others run without it, and reach the host's files and sockets only. rump(1) refuses them as its
 * command; here, in the middle of a tree of processes, they are run as they would be without the rump kernel,
 * with a message, once for each program.
 *
 * A vfork child comes here on its parent's stack.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/elf.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/stat.h>

#include "outsider.h"
#include "route.h"
#include "server.h"
#include "state.h"
#include "str.h"

#define HEAD	    1024 /* the program headers are there as a rule */
#define MAX_SCRIPTS 5	 /* that are each other's interpreters, as in Linux */
#define ST_NOSUID   2
#define LOADER	    "ld-linux"
#define FNV_BASIS   0xcbf29ce484222325ul
#define FNV_PRIME   0x100000001b3ul

/* struct statfs, as far as it is known; the kernel's header is for other architectures too */
struct statfs_raw {
	long type, bsize, blocks[3], files[2], fsid, namelen, frsize, flags, spare[4];
};

/**
 * struct head - The beginning of a file
 * @fd:		it
 * @length:	bytes that there are in @bytes, with a zero behind
 */
struct head {
	long fd;
	long length;
	char bytes[HEAD + 1];
};

/**
 * is_loader() - Whether this is ld.so, which has no interpreter but loads preloaded libraries
 */
static bool is_loader(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return str_starts(base, LOADER) || str_equal(base, "ld.so");
}

/**
 * has_interpreter() - Whether a program is loaded by an ld.so
 */
static bool has_interpreter(const struct head *head)
{
	const Elf64_Ehdr *ehdr = (const void *)head->bytes;
	Elf64_Phdr phdr;

	for (unsigned int i = 0; i < ehdr->e_phnum; i++) {
		uint64_t at = ehdr->e_phoff + i * sizeof(phdr);

		if (at <= (uint64_t)head->length && head->length - at >= sizeof(phdr))
			memcpy(&phdr, head->bytes + at, sizeof(phdr));
		else if (raw4(__NR_pread64, head->fd, &phdr, sizeof(phdr), at) != sizeof(phdr))
			return true; /* Who executes it will say what is wrong with it. */
		if (phdr.p_type == PT_INTERP)
			return true;
	}
	return false;
}

/**
 * elf_reason() - Why an ELF file is not hijacked, as far as its contents tell
 */
static const char *elf_reason(const struct head *head, const char *path)
{
	const Elf64_Ehdr *ehdr = (const void *)head->bytes;

	if (head->length < (long)sizeof(*ehdr))
		return NULL;
	if (ehdr->e_ident[EI_CLASS] == ELFCLASS32)
		return "it is a 32-bit program";
	if (ehdr->e_machine != EM_X86_64)
		return "it is a program of another architecture";
	return has_interpreter(head) || is_loader(path) ? NULL : "it is statically linked";
}

/**
 * privilege_reason() - Whether ld.so is told that a program has more than its user
 *
 * Without new privileges setuid has no effect, but ld.so is told of capabilities all the same (copies.c).
 */
static const char *privilege_reason(long fd)
{
	const bool root = raw0(__NR_geteuid) == 0;
	struct statfs_raw fs;
	struct stat status;
	bool ids, caps;

	if (raw_failed(raw2(__NR_fstat, fd, &status)))
		return NULL;
	ids = status.st_mode & (S_ISUID | S_ISGID) &&
	      raw_call(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0, 0) != 1;
	caps = !root && raw4(__NR_fgetxattr, fd, "security.capability", NULL, 0) > 0;
	if ((!ids && !caps) || (!raw2(__NR_fstatfs, fd, &fs) && fs.flags & ST_NOSUID))
		return NULL;
	if (ids && status.st_mode & S_ISUID && status.st_uid != (uint32_t)raw0(__NR_geteuid))
		return "it is setuid";
	if (ids && (status.st_mode & S_ISGID) && (status.st_mode & S_IXGRP) &&
	    status.st_gid != (uint32_t)raw0(__NR_getegid))
		return "it is setgid";
	return caps ? "it has file capabilities" : NULL;
}

/**
 * read_head() - Look at the beginning of a file
 *
 * Return: whether there is any
 */
static bool read_head(struct head *head, long fd)
{
	head->fd = fd;
	head->length = raw4(__NR_pread64, fd, head->bytes, HEAD, 0);
	if (raw_failed(head->length))
		head->length = 0;
	head->bytes[head->length] = 0;
	return head->length;
}

/**
 * outsider_file() - Why a file that gives nobody privileges would not be hijacked
 */
const char *outsider_file(long fd, const char *path)
{
	struct head head;

	return read_head(&head, fd) && str_starts(head.bytes, "\177ELF") ? elf_reason(&head, path) : NULL;
}

/**
 * script_interpreter() - What a script names behind its "#!", or NULL
 */
static const char *script_interpreter(char *bytes)
{
	char *name = bytes + 2, *end;

	if (!str_starts(bytes, "#!"))
		return NULL;
	while (*name == ' ' || *name == '\t')
		name++;
	for (end = name; *end && *end != ' ' && *end != '\t' && *end != '\n'; end++)
		;
	*end = 0;
	return *name ? name : NULL;
}

/**
 * open_file() - Open a file for a look at it
 *
 * What may be run but not read cannot be looked at.
 */
static long open_file(long dir, const char *path, unsigned long flags)
{
	char name[32];

	if (flags & AT_EMPTY_PATH && !*path) {
		/* It may have been opened with O_PATH. */
		str_printf(name, sizeof(name), "/proc/self/fd/%d", (int)dir);
		return raw4(__NR_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	}
	return raw4(__NR_openat, dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
}

/**
 * outsider_on_host() - Why a program of the host would not be hijacked
 *
 * A script is what its interpreter is.
 *
 * Return: NULL if it would
 */
const char *outsider_on_host(long dir, const char *path, unsigned long flags)
{
	const char *reason = NULL;
	struct head head;
	long fd;

	for (int i = 0; path && i <= MAX_SCRIPTS; i++) {
		fd = open_file(dir, path, flags);
		if (raw_failed(fd))
			return NULL;
		if (read_head(&head, fd) && str_starts(head.bytes, "\177ELF")) {
			reason = elf_reason(&head, path);
			if (!reason)
				reason = privilege_reason(fd);
			path = NULL;
		} else {
			path = script_interpreter(head.bytes);
			dir = AT_FDCWD;
			flags = 0;
		}
		raw1(__NR_close, fd);
	}
	return reason;
}

/**
 * say() - Write a message where the program's go
 */
static void say(const char *message)
{
	size_t length = str_length(message);

	if (fd_is_rump(2))
		kernel_call(__NR_write, 2, (long)message, (long)length, 0, 0, 0);
	else
		raw3(__NR_write, 2, message, length);
}

/**
 * outsider_leaves() - A program is about to be executed that is not hijacked: say so, if nobody has yet
 */
void outsider_leaves(const char *path, const char *reason)
{
	char message[512];
	uint64_t hash = FNV_BASIS;

	if (hijack_watched) {
		report_outsider(path, reason);
		trace_outsider(path, reason);
	}
	str_printf(message, sizeof(message) - 1, "rumphijack: not hijacked, its calls go to the host: %s: %s", path,
		   reason);
	for (const char *at = message; *at; at++)
		hash = (hash ^ (unsigned char)*at) * FNV_PRIME;
	if (client_first(hash)) {
		str_copy(message + str_length(message), "\n");
		say(message);
	}
}
