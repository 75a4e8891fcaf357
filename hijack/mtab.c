// SPDX-License-Identifier: BSD-2-Clause
/* mtab.c - what is mounted: the host's table, and behind it what the program reaches of the rump kernel's
 *
 * df(1), findmnt(8), mount(8) and getmntent(3) read /proc/self/mountinfo or mounts. Opened for reading by
 * such a name, or by /etc/mtab where that leads there, it is a memory file with the host's lines
 * as they are, but for what places hide, then those of the rump kernel, directories called as the program calls them. The numbers of
 * mounts are moved away from the host's; a mount whose parent the program does not see is mounted
 * on the host's root. Devices have the number that stat(2) says (route.c).
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/mman.h>

#include "route.h"
#include "rooms.h"
#include "server.h"
#include "special.h"
#include "state.h"
#include "str.h"

#define ID_RUMP	   1000000 /* added to a mount's number */
#define LISTED	   64	   /* mounts that others may be on */
#define IN_SIZE	   (32ul << 10)
#define OUT_SIZE   (16ul << 10)

/**
 * struct table - One that is being made
 * @info:	mountinfo, not mounts
 * @to:		memory file
 * @root:	number of the host's root
 * @in, @out:	room for lines that are read, and one that is written
 */
struct table {
	bool info;
	int to;
	unsigned long root;
	char *in;
	char *out;
	unsigned long listed[LISTED];
	unsigned int nlisted;
};

typedef void line_fn(struct table *table, char *line, size_t length);

/**
 * kind_of() - Which table a path names
 *
 * Return: false if none; else @info says which
 */
static bool kind_of(const char *path, bool *info)
{
	static const char lead[] = "proc/";
	char link[32];
	const char *rest;
	unsigned long pid;
	long length;

	if (str_equal(path, "/etc/mtab")) {
		length = raw3(__NR_readlink, path, link, sizeof(link) - 1);
		link[length > 0 ? length : 0] = 0;
		rest = str_search(link, lead);
		if (!rest)
			return false;
		path = rest + sizeof(lead) - 1;
	} else if (str_starts(path, "/proc/")) {
		path += sizeof("/proc/") - 1;
	} else {
		return false;
	}
	if (str_starts(path, "self/"))
		path += sizeof("self/") - 1;
	else if (str_starts(path, "thread-self/"))
		path += sizeof("thread-self/") - 1;
	else if (str_to_number(path, &pid, &rest) && *rest == '/' && pid == (unsigned long)raw0(__NR_getpid))
		path = rest + 1;
	else if (!str_equal(path, "mounts"))
		return false;
	*info = str_equal(path, "mountinfo");
	return *info || str_equal(path, "mounts");
}

/**
 * each_line() - Read a file, line by line
 * @read_on:	kernel_call() or the host's read(2)
 */
static void each_line(struct table *table, long fd, bool rump, line_fn *fn)
{
	size_t have = 0, end;
	long n;

	for (;;) {
		n = rump ? kernel_call(__NR_read, fd, (long)table->in + (long)have,
				       (long)(IN_SIZE - have), 0, 0, 0)
			 : raw3(__NR_read, fd, table->in + have, IN_SIZE - have);
		if (n <= 0)
			return;
		have += (size_t)n;
		for (char *line = table->in;; line += end + 1, have -= end + 1) {
			for (end = 0; end < have && line[end] != '\n'; end++)
				;
			if (end == have) {
				for (size_t i = 0; i < have; i++)
					table->in[i] = line[i];
				break;
			}
			line[end] = 0;
			fn(table, line, end);
		}
	}
}

/**
 * next_field() - Cut a line at the next blank
 */
static char *next_field(char **line)
{
	char *field = *line, *end = field;

	while (*end && *end != ' ')
		end++;
	*line = *end ? end + 1 : end;
	*end = 0;
	return field;
}

static unsigned long number_of(const char *field)
{
	unsigned long number;
	const char *end;

	return str_to_number(field, &number, &end) ? number : 0;
}

/**
 * unescape() - A directory as it is, in place; \040 and such are bytes that would end a field
 */
static void unescape(char *at)
{
	char *to = at;

	for (; *at; at++) {
		if (at[0] == '\\' && at[1] && at[2] && at[3]) {
			*to++ = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			at += 3;
		} else {
			*to++ = *at;
		}
	}
	*to = 0;
}

static void escape(struct text *text, const char *name)
{
	for (; *name; name++) {
		if (*name != ' ' && *name != '\t' && *name != '\n' && *name != '\\' && *name != '#') {
			text_byte(text, *name);
			continue;
		}
		text_byte(text, '\\');
		for (int shift = 6; shift >= 0; shift -= 3)
			text_byte(text, (char)('0' + (*name >> shift & 7)));
	}
}

/**
 * field_of() - A copy of a field of a line that stays as it is
 * @to:	PATH_ROOM bytes
 */
static void field_of(char *to, const char *line, unsigned int field)
{
	size_t length = 0;

	for (; field && *line; line++)
		field -= *line == ' ';
	while (line[length] && line[length] != ' ' && length < PATH_ROOM - 1)
		length++;
	memcpy(to, line, length);
	to[length] = 0;
}

/* What lies in a place is not seen. */
static void host_line(struct table *table, char *line, size_t length)
{
	ROOM(name);

	field_of(name, line, table->info ? 4 : 1);
	unescape(name);
	if (places_of(name))
		return;
	if (table->info && str_equal(name, "/")) {
		field_of(name, line, 0);
		table->root = number_of(name);
	}
	line[length] = '\n';
	raw3(__NR_write, table->to, line, length + 1);
}

/**
 * is_reached() - Whether the program can name a directory of the rump kernel
 */
static bool is_reached(const char *directory)
{
	const struct place *place = places_of(directory);

	if (place && !place->strip)
		return true;
	for (unsigned int i = 0; i < places_now()->n; i++)
		if (places_now()->at[i].strip)
			return true;
	return false;
}

/**
 * number_fields() - The fields of mountinfo before the directory
 */
static void number_fields(struct table *table, struct text *text, char **line)
{
	unsigned long id = number_of(next_field(line)), parent = number_of(next_field(line)), major;
	const char *device = next_field(line), *minor = device;
	bool listed = false;

	for (unsigned int i = 0; i < table->nlisted; i++)
		listed |= table->listed[i] == parent;
	str_to_number(device, &major, &minor);
	text_printf(text, "%lu %lu %lu%s %s ", id + ID_RUMP, listed ? parent + ID_RUMP : table->root,
		    major | RUMP_MAJOR, minor, next_field(line));
	if (table->nlisted < LISTED)
		table->listed[table->nlisted++] = id;
}

static void rump_line(struct table *table, char *line, size_t length)
{
	struct text text = {table->out, 0, OUT_SIZE};
	unsigned int nlisted = table->nlisted;
	char *directory;
	ROOM(name);

	(void)length;
	if (table->info)
		number_fields(table, &text, &line);
	else
		text_printf(&text, "%s ", next_field(&line));
	directory = next_field(&line);
	unescape(directory);
	if (!is_reached(directory) || raw_failed(paths_to_program(name, directory, PATH_ROOM))) {
		table->nlisted = nlisted;
		return;
	}
	escape(&text, name);
	text_printf(&text, " %s\n", line);
	raw3(__NR_write, table->to, text.at, text.length);
}

/**
 * fill() - Write both tables
 */
static void fill(struct table *table, const char *path)
{
	const char *name = table->info ? "/proc/self/mountinfo" : "/proc/self/mounts";
	struct hijack_call open = {.nr = __NR_open, .arg = {(unsigned long)name, O_RDONLY | O_CLOEXEC}};
	long fd = raw4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);

	if (!raw_failed(fd)) {
		each_line(table, fd, false, host_line);
		raw1(__NR_close, fd);
	}
	fd = rump_newfd(&open);
	if (!raw_failed(fd)) {
		each_line(table, fd, true, rump_line);
		fds_close((unsigned int)fd);
	}
	raw3(__NR_lseek, table->to, 0, 0);
}

/**
 * mtab_open() - open(2) of what the host has, if it is the table of mounts
 * @result:	descriptor, or a negated errno
 *
 * Return: false if it is another file, or not to be read
 */
bool mtab_open(const char *path, unsigned long flags, long *result)
{
	struct table table = {.root = 1};
	long room;

	if ((flags & (O_ACCMODE | O_PATH | O_DIRECTORY | O_CREAT)) != O_RDONLY ||
	    !kind_of(path, &table.info) || kernel_need())
		return false;
	room = raw_call(__NR_mmap, 0, IN_SIZE + OUT_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (raw_failed(room))
		return false;
	table.in = (char *)room;
	table.out = table.in + IN_SIZE;
	fds_withdraw();
	*result = raw2(__NR_memfd_create, table.info ? "mountinfo" : "mounts",
		       flags & O_CLOEXEC ? MFD_CLOEXEC : 0);
	if (!raw_failed(*result)) {
		table.to = (int)*result;
		fill(&table, path);
	}
	raw2(__NR_munmap, room, IN_SIZE + OUT_SIZE);
	return true;
}
