// SPDX-License-Identifier: BSD-2-Clause
/* config.c - everything the environment says, read once into one struct
 *
 * Strings are copied: programs write over their environment (setproctitle). Relative names are made
 * absolute here, in the program's own environment too, so that they mean the same after a chdir and
 * in every child.
 *
 * A mistake is a message and exit status 2, before the program starts.
 */
#include <linux/fcntl.h>

#include "raw.h"
#include "state.h"
#include "str.h"

#define MAX_SAVED   32
#define PATH_ROOM   4096

/* From the directory of the library to the prefix; a multiarch installation needs "../..". */
#ifndef HIJACK_PREFIX
#define HIJACK_PREFIX ".."
#endif

struct hijack_config hijack_config;

static const char *saved[MAX_SAVED + 1];
static char arena[4096];
static size_t arena_used;

/**
 * config_alloc() - Memory for as long as the process lives
 */
void *config_alloc(size_t size)
{
	void *memory = arena + arena_used;
	long pages;

	size = (size + 15) & ~15ul;
	if (size <= sizeof(arena) - arena_used) {
		arena_used += size;
		return memory;
	}
	pages = raw_call(__NR_mmap, 0, size, 3 /* PROT_READ | PROT_WRITE */,
			 0x22 /* MAP_PRIVATE | MAP_ANONYMOUS */, -1, 0);
	if (raw_failed(pages)) {
		hijack_say("no memory for the configuration", NULL, pages);
		raw1(__NR_exit_group, EXIT_CONFIG);
	}
	return (void *)pages;
}

/**
 * join() - Copy of three strings in a row
 */
static const char *join(const char *a, const char *b, const char *c)
{
	char *whole = config_alloc(str_length(a) + str_length(b) + str_length(c) + 1);

	str_copy(str_copy(str_copy(whole, a), b), c);
	return whole;
}

/**
 * config_absolute() - @path, from the root
 * @prefix:	is put in front
 */
const char *config_absolute(const char *prefix, const char *path)
{
	char here[PATH_ROOM];

	if (path[0] == '/' || raw_failed(raw2(__NR_getcwd, here, sizeof(here) - 1)))
		return join(prefix, path, "");
	str_copy(here + str_length(here), "/");
	return join(prefix, here, path);
}

/**
 * mistake() - Say what is wrong with a variable, and exit
 */
static _Noreturn void mistake(const char *variable)
{
	hijack_say("invalid setting", variable, 0);
	for (;;)
		raw1(__NR_exit_group, EXIT_CONFIG);
}

/**
 * read_flag() - 0 or 1
 */
static bool read_flag(const char *variable, const char *value)
{
	if (str_equal(value, "1"))
		return true;
	if (!str_equal(value, "0") && !str_equal(value, ""))
		mistake(variable);
	return false;
}

/**
 * value_of() - The value, if @variable is NAME=VALUE with that name
 */
static const char *value_of(const char *variable, const char *name)
{
	if (!str_starts(variable, name) || variable[str_length(name)] != '=')
		return NULL;
	return variable + str_length(name) + 1;
}

/**
 * absolute_preload() - LD_PRELOAD with this library's name absolute
 * @value:	entries, separated by colons or spaces
 * @given:	the name in it that stands for this library
 *
 * Return: the whole variable, or NULL if there is nothing to change
 */
static const char *absolute_preload(const char *value, const char *given)
{
	struct text text = {.length = 0};
	size_t length = str_length(given);

	if (given[0] == '/')
		return NULL;
	text.room = str_length(value) + str_length(hijack_config.library) + sizeof("LD_PRELOAD=");
	text.at = config_alloc(text.room + 1);
	text_string(&text, "LD_PRELOAD=");
	while (*value) {
		size_t entry = 0;

		while (value[entry] && value[entry] != ':' && value[entry] != ' ')
			entry++;
		if (entry == length && str_starts(value, given))
			text_string(&text, hijack_config.library);
		else
			text_bytes(&text, value, entry);
		value += entry;
		if (*value)
			text_byte(&text, *value++);
	}
	text.at[text.length] = 0;
	return text.at;
}

/**
 * config_save() - Programs that are executed are to have a variable
 * @name:	with the sign behind it
 */
void config_save(const char *name, const char *value)
{
	if (hijack_config.nsaved == MAX_SAVED)
		mistake("too many RUMP variables");
	saved[hijack_config.nsaved++] = join(name, value, "");
}

/**
 * read_variable() - Take in one of the shim's own variables
 * @variable:	in the program's environment, where it may be replaced
 */
static void read_variable(char **variable)
{
	const char *value, *end;

	value = value_of(*variable, "RUMPHIJACK_TRACE");
	if (value && *value) {
		*variable = (char *)config_absolute("RUMPHIJACK_TRACE=", value);
		hijack_config.trace = value_of(*variable, "RUMPHIJACK_TRACE");
	}
	value = value_of(*variable, "RUMPHIJACK_REPORT");
	if (value && *value && !str_equal(value, "0")) {
		if (!str_equal(value, "1"))
			*variable = (char *)config_absolute("RUMPHIJACK_REPORT=", value);
		hijack_config.report = join(value_of(*variable, "RUMPHIJACK_REPORT"), "", "");
	}
	value = value_of(*variable, "RUMPHIJACK_SUD");
	if (value)
		hijack_config.sud = read_flag(*variable, value);
	value = value_of(*variable, "RUMP_SERVE");
	if (value && str_to_number(value, &hijack_config.serve, &end)) {
		hijack_config.boot = true;
		hijack_config.serve_name = join("rump:", *end == ',' ? end + 1 : "", "");
	}
	value = value_of(*variable, "RUMP_SERVE_LISTEN");
	if (value && str_to_number(value, &hijack_config.serve_listen, &end))
		hijack_config.serve_path = join(*end == ',' ? end + 1 : "", "", "");
	value = value_of(*variable, "RUMP_SERVE_KEEP");
	if (value) {
		hijack_config.serve_keep = true;
		hijack_config.serve_detached = !*value;
	}
	value = value_of(*variable, "RUMP_SERVE_PLACES");
	if (value)
		hijack_config.serve_places = join(value, "", "");
	value = value_of(*variable, "RUMP_VERBOSE");
	if (value)
		hijack_config.verbose = *value && !str_equal(value, "0");
	value = value_of(*variable, "RUMPHIJACK_IMAGES");
	if (value && str_equal(value, "copy"))
		hijack_config.images = IMAGES_COPY;
	else if (value && *value && !str_equal(value, "map"))
		mistake(*variable);
	value = value_of(*variable, "RUMPHIJACK_BOOT");
	if (value)
		hijack_config.boot = read_flag(*variable, value);
	/* For this program alone (exec.c). */
	if (value_of(*variable, "RUMP_COMMAND")) {
		hijack_config.command = true;
		return;
	}
	config_save(*variable, "");
}

/**
 * is_traced() - Whether a debugger is at work
 */
static bool is_traced(void)
{
	static const char name[] = "TracerPid:\t";
	char status[512];
	long fd = raw4(__NR_openat, AT_FDCWD, "/proc/self/status", O_RDONLY, 0);
	long length;

	if (raw_failed(fd))
		return false;
	length = raw3(__NR_read, fd, status, sizeof(status) - 1);
	raw1(__NR_close, fd);
	status[length > 0 ? length : 0] = 0;
	for (const char *at = status; *at; at++)
		if (str_starts(at, name))
			return at[sizeof(name) - 1] != '0';
	return false;
}

/**
 * config_read() - Fill hijack_config
 * @envp:	the program's environment
 * @library:	the name this library was loaded by
 * @root:	whether the effective user is root
 */
void config_read(char **envp, const char *library, bool root)
{
	const char *home = NULL, *xdg = NULL;
	bool lines = false, columns = false;
	char *directory;
	size_t last = 0;

	hijack_config.library = config_absolute("", library);
	for (size_t i = 0; hijack_config.library[i]; i++)
		if (hijack_config.library[i] == '/')
			last = i;
	directory = (char *)join(hijack_config.library, "", "");
	directory[last] = 0;
	hijack_config.preload = join("LD_PRELOAD=", hijack_config.library, "");
	hijack_config.libdir = directory;
	hijack_config.probe = join(directory, "/" HIJACK_PREFIX "/libexec/rump/probe", "");
	hijack_config.mksites = join(directory, "/" HIJACK_PREFIX "/libexec/rump/mksites", "");
	hijack_config.server = join(directory, "/" HIJACK_PREFIX "/libexec/rump/serve", "");
	hijack_config.saved = saved;

	for (; *envp; envp++) {
		const char *value;

		/* Two letters tell most variables apart. */
		switch ((*envp)[0]) {
		case 'R':
			if (str_starts(*envp, "RUMP_") || str_starts(*envp, "RUMPHIJACK"))
				read_variable(envp);
			break;
		case 'L':
			value = value_of(*envp, "LD_PRELOAD");
			value = value ? absolute_preload(value, library) : NULL;
			if (value)
				*envp = (char *)value;
			lines = lines || value_of(*envp, "LINES");
			break;
		case 'C':
			columns = columns || value_of(*envp, "COLUMNS");
			break;
		case 'X':
			value = value_of(*envp, "XDG_CACHE_HOME");
			xdg = value && value[0] == '/' ? value : xdg;
			break;
		case 'H':
			value = value_of(*envp, "HOME");
			home = value && value[0] == '/' ? value : home;
			break;
		}
	}
	/* gdb sets both. Its breakpoints must not get lost; to ask the kernel each time takes 10
	 * us. */
	if (lines && columns && is_traced())
		hijack_config.images = IMAGES_COPY;
	if (xdg)
		hijack_config.cache[0] = join(xdg, "/rump", "");
	else if (root)
		hijack_config.cache[0] = "/var/cache/rump";
	else if (home)
		hijack_config.cache[0] = join(home, "/.cache/rump", "");
	hijack_config.cache[1] = join(directory, "/" HIJACK_PREFIX "/share/rump/sites", "");
}
