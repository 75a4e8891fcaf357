// SPDX-License-Identifier: BSD-2-Clause
/* mounts.c - the grammar of -m and of RUMP_MOUNT
 *
 * Both are SRC[:DIR[:OPTIONS]], where a backslash takes the meaning from the character behind it.
 * OPTIONS, the last part, may have colons of their own. In RUMP_MOUNT a semicolon ends an entry.
 */
#include <stdlib.h>
#include <string.h>

#include "rump.h"

#define DEFAULT_DIR "/rump"

static void *memory(size_t size)
{
	void *memory = malloc(size);

	if (!memory)
		die(STATUS_FAILED, "out of memory");
	return memory;
}

/**
 * take_part() - Cut a part off an argument of -m, without its quotes
 * @at:		where it begins; moved behind it, or to NULL at the end
 * @last:	it goes to the end
 */
static char *take_part(const char *argument, const char **at, bool last)
{
	const char *from = *at;
	char *part = memory(strlen(from) + 1), *to = part;

	for (; *from && (last || *from != ':'); from++) {
		if (*from == '\\' && !*++from)
			die(STATUS_USAGE, "-m %s: nothing follows the backslash", argument);
		*to++ = *from;
	}
	*to = 0;
	*at = *from ? from + 1 : NULL;
	return part;
}

/**
 * shortest() - An absolute path without empty parts and dots, in place
 *
 * Return: whether it is one that can be mounted on
 */
static bool shortest(char *path)
{
	char *to = path;
	size_t length;

	if (*path != '/')
		return false;
	for (const char *from = path; *from; from += length) {
		from += strspn(from, "/");
		length = strcspn(from, "/");
		if (length == 2 && !strncmp(from, "..", 2))
			return false;
		if (!length || (length == 1 && *from == '.'))
			continue;
		*to++ = '/';
		memmove(to, from, length);
		to += length;
	}
	*to = 0;
	return to > path;
}

/**
 * mount_parse() - Take an argument of -m apart
 */
void mount_parse(struct mount *mount, const char *argument)
{
	const char *at = argument;
	char *dir = NULL;

	*mount = (struct mount){.given = argument, .options = ""};
	mount->source = take_part(argument, &at, false);
	if (at)
		dir = take_part(argument, &at, false);
	if (at)
		mount->options = take_part(argument, &at, true);
	if (!dir || !*dir)
		dir = compose(DEFAULT_DIR);
	if (!*mount->source)
		die(STATUS_USAGE, "-m '%s': there is no image, device or type", argument);
	if (!shortest(dir))
		die(STATUS_USAGE, "-m %s: mount on an absolute name below / without '..'",
		    argument);
	/* RUMPHIJACK, whose grammar is NetBSD's, cannot quote them. */
	if (strpbrk(dir, ":,"))
		die(STATUS_USAGE, "-m %s: a mount point cannot have a colon or a comma", argument);
	if (*mount->options == ',' || strstr(mount->options, ",,") ||
	    (*mount->options && mount->options[strlen(mount->options) - 1] == ','))
		die(STATUS_USAGE, "-m %s: there is an empty option", argument);
	mount->dir = dir;
}

/**
 * mount_quote() - @text as a part of RUMP_MOUNT
 */
char *mount_quote(const char *text)
{
	char *quoted = memory(2 * strlen(text) + 1), *to = quoted;

	for (; *text; *to++ = *text++)
		if (strchr(":;\\", *text))
			*to++ = '\\';
	*to = 0;
	return quoted;
}

/**
 * find_option() - Where an option with a value is in a list with commas
 *
 * Return: its name, or NULL
 */
static const char *find_option(const char *options, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = options; *at; at += strcspn(at, ","), at += *at == ',')
		if (!strncmp(at, name, length) && at[length] == '=')
			return at;
	return NULL;
}

/**
 * option_value() - The value of an option, or NULL
 */
char *option_value(const char *options, const char *name)
{
	const char *at = find_option(options, name);

	if (!at)
		return NULL;
	at += strlen(name) + 1;
	return compose("%.*s", (int)strcspn(at, ","), at);
}

/**
 * option_remove() - The options without those of a name
 */
char *option_remove(const char *options, const char *name)
{
	char *rest = compose("%s", options), *at;

	while ((at = (char *)find_option(rest, name))) {
		char *end = at + strcspn(at, ",");

		if (*end)
			memmove(at, end + 1, strlen(end));
		else
			at[at > rest ? -1 : 0] = 0;
	}
	return rest;
}
