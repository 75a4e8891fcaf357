// SPDX-License-Identifier: BSD-2-Clause
/* report.c - RUMPHIJACK_REPORT: where the calls of a process went
 *
 * 1 means standard error as it was at the start (many programs close theirs before they exit),
 * anything else is a file to append to. A process writes a line when it ends by exit_group(2),
 * before it executes another program, and before a seccomp filter:
 *
 *	rumphijack: 1234 exit host=310 rump=0 objects=2 sites=570 kept=1 failed=0 escaped=0
 *
 * and one for each system call instruction that could not be rewritten, for each that was
 * caught outside the rewritten ones (sud.c), and for each program that it executes and that is not hijacked. "kept" are restorers of signal handlers and those of
 * the first kind; "failed" are objects that could not be rewritten at all.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>

#include "raw.h"
#include "state.h"
#include "str.h"

static unsigned long counts[HIJACK_SIDES];
static unsigned long escaped;

/* A duplicate of standard error, and what it was when it was made. */
static int saved_fd = -1;
static struct stat saved_stat;

/**
 * report_start() - Keep standard error, if it will be needed
 */
void report_start(void)
{
	static const int lowest[] = {1000, 200, 10};

	if (!hijack_config.report || !str_equal(hijack_config.report, "1") ||
	    raw_failed(raw2(__NR_fstat, 2, &saved_stat)))
		return;
	for (int i = 0; i < 3 && saved_fd < 0; i++)
		saved_fd = (int)raw3(__NR_fcntl, 2, F_DUPFD_CLOEXEC, lowest[i]);
}

/**
 * standard_error() - The duplicate, unless the program has put something else there
 */
static int standard_error(void)
{
	struct stat status;

	if (saved_fd < 0 || raw_failed(raw2(__NR_fstat, saved_fd, &status)) ||
	    status.st_dev != saved_stat.st_dev || status.st_ino != saved_stat.st_ino)
		return 2;
	return saved_fd;
}

/**
 * write_line() - Write a line to where the report goes
 */
static void write_line(struct text *text)
{
	bool to_file;
	long fd;

	if (!hijack_config.report || hijack_sealed)
		return;
	text_byte(text, '\n');
	to_file = !str_equal(hijack_config.report, "1");
	if (!to_file)
		fd = standard_error();
	else
		fd = raw4(__NR_openat, AT_FDCWD, hijack_config.report,
			  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (raw_failed(fd))
		return;
	raw3(__NR_write, fd, text->at, text->length);
	if (to_file)
		raw1(__NR_close, fd);
}

/**
 * put_head() - Begin a line
 */
static void put_head(struct text *text)
{
	text_string(text, "rumphijack: ");
	text_number(text, (unsigned long)raw0(__NR_getpid), 10);
	text_byte(text, ' ');
}

/**
 * put_count() - Append " name=count"
 */
static void put_count(struct text *text, const char *name, unsigned long count)
{
	text_byte(text, ' ');
	text_string(text, name);
	text_byte(text, '=');
	text_number(text, count, 10);
}

/**
 * report_count() - Count a call
 */
void report_count(const struct hijack_call *call)
{
	__atomic_fetch_add(&counts[call->side % HIJACK_SIDES], 1, __ATOMIC_RELAXED);
}

/**
 * report_escape() - Count and name a system call that came from outside the rewritten sites
 * @address:	of the instruction
 */
void report_escape(uint64_t address, unsigned long nr)
{
	char line[128];
	struct text text = {line, 0, sizeof(line)};

	__atomic_fetch_add(&escaped, 1, __ATOMIC_RELAXED);
	put_head(&text);
	text_string(&text, "escape: call ");
	text_number(&text, nr, 10);
	text_string(&text, " at ");
	text_hex(&text, address);
	write_line(&text);
}

/**
 * put_object() - Append the name of an object's file
 */
static void put_object(struct text *text, const struct loaded *object)
{
	char name[512];
	long length = -EINVAL;

	/* One that is only a descriptor, of the host's. */
	if (str_starts(object->name, "/proc/self/") && !object->copy)
		length = raw3(__NR_readlink, object->name, name, sizeof(name));
	if (raw_failed(length))
		text_string(text, object->name);
	else
		text_bytes(text, name, (size_t)length);
}

/**
 * report_kept() - Name a site that was not rewritten; restorers are not worth a line
 */
void report_kept(const struct loaded *object, const struct image_site *site)
{
	char line[640];
	struct text text = {line, 0, sizeof(line) - 32};

	if (site->reason == SITE_SIGRETURN)
		return;
	put_head(&text);
	text_string(&text, "not rewritten: ");
	put_object(&text, object);
	text.room = sizeof(line);
	text_byte(&text, '+');
	text_hex(&text, site->syscall);
	text_string(&text, site->reason == SITE_TEXTREL ? " relocated" : " no room");
	write_line(&text);
}

/**
 * report_outsider() - Name a program that is executed and not hijacked
 */
void report_outsider(const char *path, const char *reason)
{
	char line[512];
	struct text text = {line, 0, sizeof(line) - 64};

	put_head(&text);
	text_string(&text, "not hijacked: ");
	text_string(&text, path);
	text.room = sizeof(line);
	text_string(&text, ": ");
	text_string(&text, reason);
	write_line(&text);
}

/**
 * report_print() - Write the line with the counts
 * @when:	the occasion
 */
void report_print(const char *when)
{
	char line[256];
	struct text text = {line, 0, sizeof(line)};

	put_head(&text);
	text_string(&text, when);
	put_count(&text, "host", counts[HIJACK_HOST]);
	put_count(&text, "rump", counts[HIJACK_RUMP]);
	put_count(&text, "objects", region_totals.objects);
	put_count(&text, "sites", region_totals.rewritten);
	put_count(&text, "kept", region_totals.kept);
	put_count(&text, "failed", region_totals.failed);
	put_count(&text, "escaped", escaped);
	write_line(&text);
}

/**
 * report_child() - Begin anew in a forked process
 */
void report_child(void)
{
	counts[HIJACK_HOST] = counts[HIJACK_RUMP] = 0;
	escaped = 0;
}
