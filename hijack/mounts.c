// SPDX-License-Identifier: BSD-2-Clause
/* mounts.c - RUMP_MOUNT: what is mounted in the kernel before the program uses it
 *
 * The syntax is checked at the start of the program (mountparse.c); what is wrong with an image shows
 * when the kernel is needed. The type of an image is found by a helper program, probe.c.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/wait.h>

#include "../kernel/lib/core.h"
#include "mounts.h"
#include "raw.h"
#include "state.h"
#include "str.h"

#define TYPE_ROOM	  64
#define NUMBER_ROOM	  24
#define PROBE_STACK	  16384
#define READ_ALL	  3 /* SYSLOG_ACTION_READ_ALL, syslog(2) */
#define SIZE_BUFFER	  10 /* SYSLOG_ACTION_SIZE_BUFFER */

/* The child that waits for the helper has a stack of its own, and so has the helper's beginning. */
static struct probe {
	const char *path;
	char offset[NUMBER_ROOM];
	char size[NUMBER_ROOM];
	int out;
	char child_stack[PROBE_STACK] __attribute__((aligned(16)));
	char helper_stack[PROBE_STACK] __attribute__((aligned(16)));
} probe RARELY;

/**
 * run_probe() - In a vfork child: become the program that knows file systems
 */
static void run_probe(void *argument)
{
	static const char *const none[] = {NULL};
	const char *const argv[] = {hijack_config.probe, probe.path, probe.offset,
				    probe.size, NULL};
	long out = raw3(__NR_fcntl, probe.out, F_DUPFD, 10); /* it may be 1, and close-on-exec */

	(void)argument;
	raw2(__NR_dup2, out, 1);
	raw3(__NR_close_range, 3, ~0u, 0);
	raw3(__NR_execve, hijack_config.probe, argv, none);
	raw1(__NR_exit, 127);
}

/**
 * run_errand() - In a vfork child: have the helper run, and exit as it does
 *
 * The program is not its parent, and so gets no SIGCHLD.
 */
static void run_errand(void *argument)
{
	long child = hijack_spawn(run_probe, argument, probe.helper_stack + PROBE_STACK);
	int status = 0;

	/* Where SIGCHLD is ignored there is no status to be had; the output will tell. */
	raw4(__NR_wait4, child, &status, __WALL, 0);
	raw1(__NR_exit, raw_failed(child) ? 126 : (status >> 8) | (status & 127));
}

/**
 * find_type() - Ask what file system lies on an image
 * @type:	result
 *
 * Return: false after a message
 */
static bool find_type(const struct mount_entry *entry, char type[TYPE_ROOM])
{
	int ends[2], status = 0;
	long child, result, n;

	result = raw2(__NR_pipe2, ends, O_CLOEXEC);
	if (raw_failed(result)) {
		rump__error("cannot make a pipe: %s", str_error(result));
		return false;
	}
	probe.path = entry->path;
	str_printf(probe.offset, NUMBER_ROOM, "%lu", entry->offset);
	str_printf(probe.size, NUMBER_ROOM, "%lu", entry->size);
	probe.out = ends[1];
	child = hijack_spawn(run_errand, NULL, probe.child_stack + PROBE_STACK);
	raw1(__NR_close, ends[1]);
	n = raw3(__NR_read, ends[0], type, TYPE_ROOM - 1);
	raw1(__NR_close, ends[0]);
	result = child;
	if (!raw_failed(child))
		result = raw4(__NR_wait4, child, &status, __WALL, 0);
	if (raw_failed(result) || status == 127 << 8) {
		rump__error("cannot run %s: %s", hijack_config.probe,
			    str_error(raw_failed(result) ? result : ENOENT));
		return false;
	}
	type[n > 0 ? n : 0] = 0;
	if (n > 0 && type[n - 1] == '\n')
		type[n - 1] = 0;
	return !status && type[0];
}

/**
 * kernel_log() - The kernel's messages
 * @room:	of @buffer, 0 to ask how much there may be
 *
 * Return: bytes
 */
static long kernel_log(char *buffer, long room)
{
	return rump__enter(__NR_syslog, room ? READ_ALL : SIZE_BUFFER, (long)buffer, room, 0, 0, 0);
}

/**
 * say_lines() - Show what the kernel has said
 * @log:	lines as "<6>[ 0.1] text"
 */
static void say_lines(const char *log, const char *end)
{
	while (log < end) {
		const char *line = log;

		if (*line == '<')
			while (line < end && *line++ != '>')
				;
		for (log = line; log < end && *log != '\n'; log++)
			;
		rump__error("  %.*s", (int)(log - line), line);
		log++;
	}
}

/**
 * mount_saying_why() - Mount, and show the kernel's reason if it does not
 */
static bool mount_saying_why(const struct mount_entry *entry, const char *source, const char *type)
{
	long room = kernel_log(NULL, 0), before = 0, after;
	char *log = NULL;
	int error;

	if (room > 0)
		log = (char *)raw_call(__NR_mmap, 0, room, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (raw_failed((long)log))
		log = NULL;
	if (log)
		before = kernel_log(log, room);
	error = rump__mount(source, entry->directory, type, entry->flags, entry->options);
	if (error) {
		rump__error("cannot mount %s on %s as %s: %s", entry->source, entry->directory, type,
			    str_error(error));
		after = log ? kernel_log(log, room) : 0;
		if (after > before && before >= 0)
			say_lines(log + before, log + after);
	}
	if (log)
		raw2(__NR_munmap, log, room);
	return !error;
}

/**
 * mount_entry() - Mount one entry
 *
 * Return: false after a message
 */
static bool mount_entry(const struct mount_entry *entry)
{
	char found[TYPE_ROOM], key[RUMP__KEY_SIZE];
	const char *type = entry->type;
	int error;

	rump__make_dirs(entry->directory);
	if (type && rump__is_nodev(type))
		return mount_saying_why(entry, entry->source, type);
	error = rump__image_attach(key, entry->path, entry->flags & MS_RDONLY, entry->offset,
				   entry->size ? entry->size : RUMP__SIZE_REST);
	if (error) {
		if (error != EBUSY) /* that message names the holder */
			rump__error("cannot use %s: %s", entry->path, str_error(error));
		return false;
	}
	if (!type) {
		if (!find_type(entry, found))
			return false;
		type = found;
	}
	return mount_saying_why(entry, key, type);
}

/**
 * mounts_mount() - Mount everything
 *
 * Return: false after a message
 */
bool mounts_mount(void)
{
	for (const struct mount_entry *entry = mounts_entries; entry; entry = entry->next)
		if (!mount_entry(entry))
			return false;
	return true;
}
