// SPDX-License-Identifier: BSD-2-Clause
/* trace.c - RUMPHIJACK_TRACE=file: a line for every call
 *
 *	1234 H openat(-100, "/etc/passwd", 0x80000, 0) = 3
 *
 * is the process, H for the host or R for the rump kernel, the call, and its result. A call that
 * does not come back, or comes back twice, has "?"; the latter is followed by a line for each
 * return.
 *
 * The file is opened for every line. A descriptor kept open would be closed by programs that close
 * what they do not know, and its number reused for a file of the program's.
 */
#include <linux/fcntl.h>

#include "raw.h"
#include "state.h"
#include "str.h"

#define LINE_ROOM   768
#define STRING_ROOM 128

/* Arrays, not pointers: those would be relocated at every start. */
static const struct {
	char name[24];
	char arguments[8];
} names[HIJACK_CALLS] = {
#include "../build/gen/hijack_names.h"
};

/**
 * write_line() - Append a line to the file
 */
static void write_line(const struct text *text)
{
	long fd;

	if (!hijack_config.trace)
		return;
	fd = raw4(__NR_openat, AT_FDCWD, hijack_config.trace,
		  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (raw_failed(fd))
		return;
	raw3(__NR_write, fd, text->at, text->length);
	raw1(__NR_close, fd);
}

/**
 * put_path() - Append a string of the program's, quoted
 */
static void put_path(struct text *text, const char *from)
{
	char copy[STRING_ROOM];
	long length = from ? peek_string(copy, from, sizeof(copy)) : -1;

	if (length < 0) {
		text_hex(text, (unsigned long)from);
		return;
	}
	text_byte(text, '"');
	for (long i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)copy[i];

		if (byte < ' ' || byte == '"' || byte == '\\' || byte == 0x7f) {
			text_string(text, "\\x");
			text_number(text, byte >> 4, 16);
			text_number(text, byte & 15, 16);
		} else {
			text_byte(text, (char)byte);
		}
	}
	text_string(text, length == STRING_ROOM ? "\"..." : "\"");
}

/**
 * put_argument() - Append an argument
 */
static void put_argument(struct text *text, char how, unsigned long value)
{
	switch (how) {
	case 'd':
		/* An int that was passed unextended is negative all the same. */
		text_signed(text, value >> 32 ? (long)value : (int)value);
		break;
	case 'o':
		if (value & 0xffffffff)
			text_byte(text, '0');
		text_number(text, value & 0xffffffff, 8);
		break;
	case 's':
		put_path(text, (const char *)value);
		break;
	default:
		if (value)
			text_hex(text, value);
		else
			text_byte(text, '0');
	}
}

/**
 * put_result() - Append a result: large ones are addresses
 */
static void put_result(struct text *text, long result)
{
	text_string(text, " = ");
	if (raw_failed(result) || (result >= 0 && result < 1l << 32))
		text_signed(text, result);
	else
		text_hex(text, (unsigned long)result);
}

/**
 * trace_call() - Log a call
 * @result:	NULL if there is none (yet)
 */
void trace_call(const struct hijack_call *call, const long *result)
{
	char line[LINE_ROOM];
	struct text text = {line, 0, sizeof(line) - 1};
	const char *how = "xxxxxx";

	if (!hijack_config.trace)
		return;
	text_number(&text, (unsigned long)raw0(__NR_getpid), 10);
	text_string(&text, call->side == HIJACK_RUMP ? " R " : " H ");
	if (call->nr < HIJACK_CALLS && names[call->nr].name[0]) {
		text_string(&text, names[call->nr].name);
		how = names[call->nr].arguments;
	} else {
		text_string(&text, "syscall_");
		text_number(&text, call->nr, 10);
	}
	text_byte(&text, '(');
	for (int i = 0; how[i]; i++) {
		if (i)
			text_string(&text, ", ");
		put_argument(&text, how[i], call->arg[i]);
	}
	text_byte(&text, ')');
	if (result)
		put_result(&text, *result);
	else
		text_string(&text, " = ?");
	text.at[text.length++] = '\n';
	write_line(&text);
}

/**
 * trace_outsider() - Log that the program that is executed is not hijacked
 */
void trace_outsider(const char *path, const char *reason)
{
	char line[LINE_ROOM];
	struct text text = {line, 0, sizeof(line)};

	text_number(&text, (unsigned long)raw0(__NR_getpid), 10);
	text_string(&text, " H ... not hijacked: ");
	put_path(&text, path);
	text_string(&text, ": ");
	text_string(&text, reason);
	text_byte(&text, '\n');
	write_line(&text);
}

/**
 * trace_clone() - Log the two returns of a clone
 */
void trace_clone(enum hijack_kind kind, long result)
{
	static const char *const what[] = {"fork", "vfork", "thread", "guest"};
	char line[64];
	struct text text = {line, 0, sizeof(line)};

	text_number(&text, (unsigned long)raw0(__NR_getpid), 10);
	text_string(&text, " H ... ");
	text_string(&text, what[kind]);
	put_result(&text, result);
	text_byte(&text, '\n');
	write_line(&text);
}
