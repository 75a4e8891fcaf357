// SPDX-License-Identifier: BSD-2-Clause
/* main.c - the rump command: which subcommand it is; messages
 *
 * The command prepares an environment and replaces itself by the program that is to run. Nothing of
 * it stays, so memory is never freed and descriptors are close-on-exec.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rump/rump.h>

#include "rump.h"

static const char general_help[] =
	"usage: rump run [OPTION]... [--] COMMAND [ARG]...\n"
	"       rump shell [OPTION]...\n"
	"       rump server --name NAME [--foreground] [OPTION]...\n"
	"       rump attach NAME [--] COMMAND [ARG]...\n"
	"       rump list\n"
	"       rump halt [--force] NAME\n"
	"       rump dmesg [NAME]\n"
	"       rump help [COMMAND]\n"
	"       rump --version\n"
	"\n"
	"Run unchanged programs against a Linux kernel inside their own process.\n"
	"\n"
	"  rump run -m disk.img:/mnt -- ls -l /mnt\n"
	"\n"
	"rump help run lists the options; rump(1) tells the rest.\n";

static void say(const char *format, va_list ap)
{
	fflush(stdout);
	fputs("rump: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
}

/**
 * warn() - A message on standard error
 */
void warn(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(format, ap);
	va_end(ap);
}

/**
 * die() - A message on standard error, and the end
 * @status:	exit status
 */
void die(int status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(format, ap);
	va_end(ap);
	exit(status);
}

/**
 * compose() - A formatted string in memory of its own
 */
char *compose(const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		die(STATUS_FAILED, "out of memory");
	va_end(ap);
	return text;
}

/**
 * parse_size() - A number as the RUMP_ variables have it, see rump(7)
 * @text:	digits as in C, with an optional k, m or g
 * @value:	result
 *
 * Return: whether it is one
 */
bool parse_size(const char *text, uint64_t *value)
{
	static const char units[] = "kmg";
	const char *unit;
	int shift = 0;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 0);
	if (errno)
		return false;
	unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
	if (unit) {
		shift = 10 * (unit - units + 1);
		end++;
	}
	if (*end || *value > UINT64_MAX >> shift)
		return false;
	*value <<= shift;
	return true;
}

/* The commands, with their help. */
static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"run", run_main, run_help},	      {"shell", shell_main, shell_help},
	{"server", kernel_main, server_help}, {"attach", attach_main, attach_help},
	{"list", list_main, list_help},	      {"halt", halt_main, halt_help},
	{"dmesg", dmesg_main, dmesg_help},
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static int help_main(int argc, char **argv)
{
	if (argc == 1) {
		fputs(general_help, stdout);
		return 0;
	}
	for (size_t i = 0; argc == 2 && i < NCOMMANDS; i++) {
		if (!strcmp(argv[1], commands[i].name)) {
			fputs(commands[i].help, stdout);
			return 0;
		}
	}
	die(STATUS_USAGE, "there is help for run, shell, server, attach, list, halt and dmesg");
}

static int version_main(void)
{
	printf("rump %d\n", RUMP_VERSION);
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < NCOMMANDS; i++)
		if (!strcmp(name, commands[i].name))
			return commands[i].main(argc - 1, argv + 1);
	if (!strcmp(name, "help"))
		return help_main(argc - 1, argv + 1);
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		return help_main(1, argv);
	if (!strcmp(name, "--version"))
		return version_main();
	if (*name)
		warn("there is no command '%s'", name);
	fputs(general_help, stderr);
	return STATUS_USAGE;
}
