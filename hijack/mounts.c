// SPDX-License-Identifier: BSD-2-Clause
/* mounts.c - RUMP_MOUNT: what is mounted in the kernel before the program uses it
 *
 * Entries are separated by ';', each is SRC[:DIR[:OPTIONS]]; a backslash quotes ':', ';' and itself.
 * SRC is a host file or block device, or the name of what is mounted if the type needs no device.
 * DIR is the directory in the kernel, /rump if it is left out; it is made. OPTIONS are those of
 * mount(8): those that are flags of mount(2) become flags, type=T names the file system, offset=N and
 * sizelimit=N say in bytes where it lies in the image, the rest is the file system's. The type of an
 * image is found by a helper program, probe.c.
 *
 * The syntax is checked at the start of the program, by mounts_read(); what is wrong with an image
 * shows when the kernel is needed.
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

#define DIRECTORY_DEFAULT "/rump"
#define TYPE_ROOM	  64
#define NUMBER_ROOM	  24
#define PROBE_STACK	  16384
#define READ_ALL	  3 /* SYSLOG_ACTION_READ_ALL, syslog(2) */
#define SIZE_BUFFER	  10 /* SYSLOG_ACTION_SIZE_BUFFER */

struct entry {
	struct entry *next;
	const char *source;
	const char *path; /* @source from the root */
	const char *directory;
	const char *type; /* NULL: to be found */
	const char *options; /* the file system's own, or NULL */
	unsigned long flags;
	unsigned long offset;
	unsigned long size; /* 0: the rest */
};

static const struct flag {
	const char *name;
	unsigned long set;
	unsigned long clear;
} flags[] = {
	{"defaults", 0, 0},
	{"ro", MS_RDONLY, 0},
	{"rw", 0, MS_RDONLY},
	{"nosuid", MS_NOSUID, 0},
	{"suid", 0, MS_NOSUID},
	{"nodev", MS_NODEV, 0},
	{"dev", 0, MS_NODEV},
	{"noexec", MS_NOEXEC, 0},
	{"exec", 0, MS_NOEXEC},
	{"noatime", MS_NOATIME, MS_STRICTATIME},
	{"atime", 0, MS_NOATIME},
	{"nodiratime", MS_NODIRATIME, 0},
	{"diratime", 0, MS_NODIRATIME},
	{"relatime", MS_RELATIME, MS_STRICTATIME},
	{"strictatime", MS_STRICTATIME, MS_NOATIME | MS_RELATIME},
	{"lazytime", MS_LAZYTIME, 0},
	{"nolazytime", 0, MS_LAZYTIME},
	{"sync", MS_SYNCHRONOUS, 0},
	{"async", 0, MS_SYNCHRONOUS},
	{"dirsync", MS_DIRSYNC, 0},
	{"silent", MS_SILENT, 0},
	{"loud", 0, MS_SILENT},
};

static struct entry *entries, **entries_tail = &entries;

const char *mounts_directory;

/**
 * take_field() - Read up to an unquoted ':' or ';'
 * @at:		where, and where it stopped
 *
 * Return: the field, without quoting; NULL if a backslash quotes nothing
 */
static char *take_field(const char **at)
{
	const char *from = *at;
	struct text field = {.length = 0};

	while (*from && *from != ':' && *from != ';')
		from += *from == '\\' && from[1] ? 2 : 1;
	field.room = (size_t)(from - *at);
	field.at = config_alloc(field.room + 1);
	for (from = *at; *from && *from != ':' && *from != ';'; from++) {
		if (*from == '\\') {
			from++;
			if (*from != ':' && *from != ';' && *from != '\\')
				return NULL;
		}
		text_byte(&field, *from);
	}
	field.at[field.length] = 0;
	*at = from;
	return field.at;
}

/**
 * take_number() - Read the value of an option that is a number of bytes
 */
static bool take_number(const char *text, unsigned long *value)
{
	const char *end;

	return str_to_number(text, value, &end) && !*end;
}

/**
 * take_option() - Take in one option
 * @own:	the file system's options so far
 */
static bool take_option(struct entry *entry, char *option, struct text *own)
{
	if (str_starts(option, "type=")) {
		entry->type = option + sizeof("type=") - 1;
		return *entry->type;
	}
	if (str_starts(option, "offset="))
		return take_number(option + sizeof("offset=") - 1, &entry->offset);
	if (str_starts(option, "sizelimit="))
		return take_number(option + sizeof("sizelimit=") - 1, &entry->size);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (str_equal(option, flags[i].name)) {
			entry->flags = (entry->flags | flags[i].set) & ~flags[i].clear;
			return true;
		}
	}
	if (own->length)
		text_byte(own, ',');
	text_string(own, option);
	return *option;
}

/**
 * take_options() - Split options at their commas
 */
static bool take_options(struct entry *entry, char *options)
{
	struct text own = {.room = str_length(options)};
	char *comma;

	own.at = config_alloc(own.room + 1);
	for (; options; options = comma) {
		comma = (char *)str_find(options, ',');
		if (comma)
			*comma++ = 0;
		if (!take_option(entry, options, &own))
			return false;
	}
	own.at[own.length] = 0;
	entry->options = own.length ? own.at : NULL;
	return true;
}

/**
 * take_entry() - Read one entry
 * @at:		where, and where it stopped
 *
 * Return: what is wrong with it, or NULL
 */
static const char *take_entry(const char **at)
{
	struct entry *entry = config_alloc(sizeof(*entry));
	char *options = NULL;

	*entry = (struct entry){.directory = DIRECTORY_DEFAULT};
	entry->source = take_field(at);
	if (entry->source && **at == ':') {
		(*at)++;
		entry->directory = take_field(at);
	}
	if (entry->directory && **at == ':') {
		(*at)++;
		options = take_field(at);
		if (!options)
			return "a backslash that quotes neither ':' nor ';' nor '\\'";
	}
	if (!entry->source || !entry->directory)
		return "a backslash that quotes neither ':' nor ';' nor '\\'";
	if (**at == ':')
		return "more than SRC:DIR:OPTIONS";
	if (!*entry->source)
		return "nothing to mount";
	if (entry->directory[0] != '/')
		return "a directory that does not begin with '/'";
	if (options && !take_options(entry, options))
		return "an option that is empty or not a number";
	entry->path = config_absolute("", entry->source);
	if (entry->source[0] != '/' && !mounts_directory)
		mounts_directory = config_absolute("", ".");
	*entries_tail = entry;
	entries_tail = &entry->next;
	return NULL;
}

/**
 * mounts_read() - Check RUMP_MOUNT, and keep it
 *
 * Return: false after a message
 */
bool mounts_read(const char *value)
{
	const char *wrong;

	while (*value) {
		wrong = take_entry(&value);
		if (wrong) {
			rump__error("RUMP_MOUNT has %s", wrong);
			return false;
		}
		if (*value)
			value++;
	}
	return true;
}

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
static bool find_type(const struct entry *entry, char type[TYPE_ROOM])
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
static bool mount_saying_why(const struct entry *entry, const char *source, const char *type)
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
static bool mount_entry(const struct entry *entry)
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
	for (const struct entry *entry = entries; entry; entry = entry->next)
		if (!mount_entry(entry))
			return false;
	return true;
}
