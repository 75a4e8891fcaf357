// SPDX-License-Identifier: BSD-2-Clause
/* mountparse.c - RUMP_MOUNT, as words
 *
 * Entries are separated by ';', each is SRC[:DIR[:OPTIONS]]; a backslash quotes ':', ';' and itself.
 * SRC is a host file or block device, or the name of what is mounted if the type needs no device.
 * DIR is the directory in the kernel, /rump if it is left out; it is made. OPTIONS are those of
 * mount(8): those that are flags of mount(2) become flags, type=T names the file system, offset=N and
 * sizelimit=N say in bytes where it lies in the image, the rest is the file system's.
 */
#include <linux/mount.h>

#include "../kernel/lib/core.h"
#include "mounts.h"
#include "state.h"
#include "str.h"

#define DIRECTORY_DEFAULT "/rump"

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

struct mount_entry *mounts_entries;
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
static bool take_option(struct mount_entry *entry, char *option, struct text *own)
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
static bool take_options(struct mount_entry *entry, char *options)
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
 * @result:	the entry
 *
 * Return: what is wrong with it, or NULL
 */
static const char *take_entry(const char **at, struct mount_entry **result)
{
	struct mount_entry *entry = config_alloc(sizeof(*entry));
	char *options = NULL;

	*entry = (struct mount_entry){.directory = DIRECTORY_DEFAULT};
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
	*result = entry;
	return NULL;
}

/**
 * mounts_read() - Check RUMP_MOUNT, and keep it
 *
 * Return: false after a message
 */
bool mounts_read(const char *value)
{
	struct mount_entry **next = &mounts_entries;
	const char *wrong;

	for (; *value; next = &(*next)->next) {
		wrong = take_entry(&value, next);
		if (wrong) {
			rump__error("RUMP_MOUNT has %s", wrong);
			return false;
		}
		if (*value)
			value++;
	}
	return true;
}
