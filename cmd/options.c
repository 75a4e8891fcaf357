// SPDX-License-Identifier: BSD-2-Clause
/* options.c - the options that rump run and rump shell share
 *
 * A wrong option ends the command with a message and STATUS_USAGE. What the kernel would refuse is
 * refused here too, as the kernel boots only when the program first needs it.
 */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rump.h"

/* rump(7): RUMP_MEMLIMIT, RUMP_NCPU, RUMP_HOSTNAME */
#define MEM_MIN		(32ull << 20)
#define MEM_MAX		(128ull << 30)
#define NCPU_MAX	16
#define NAME_MAX_LENGTH 64

enum {
	OPTION_NAME = 256,
	OPTION_RO,
	OPTION_MEM,
	OPTION_NCPU,
	OPTION_TRACE,
	OPTION_REPORT,
};

static const struct option long_options[] = {
	{"mount", required_argument, NULL, 'm'},
	{"net", required_argument, NULL, 'n'},
	{"sockets", required_argument, NULL, 's'},
	{"name", required_argument, NULL, OPTION_NAME},
	{"ro", no_argument, NULL, OPTION_RO},
	{"mem", required_argument, NULL, OPTION_MEM},
	{"ncpu", required_argument, NULL, OPTION_NCPU},
	{"verbose", no_argument, NULL, 'v'},
	{"trace", required_argument, NULL, OPTION_TRACE},
	{"report", no_argument, NULL, OPTION_REPORT},
	{"help", no_argument, NULL, 'h'},
	{},
};

static void add_mount(struct options *options, const char *argument)
{
	struct mount *mount;

	options->mounts = reallocarray(options->mounts, options->nmounts + 1, sizeof(*mount));
	if (!options->mounts)
		die(STATUS_FAILED, "out of memory");
	mount = &options->mounts[options->nmounts++];
	mount_parse(mount, argument);
	for (struct mount *other = options->mounts; other < mount; other++)
		if (!strcmp(other->dir, mount->dir))
			die(STATUS_USAGE, "-m %s: there is a mount on %s already", argument,
			    mount->dir);
}

static const char *sockets(const char *argument)
{
	if (!*argument || strchr(argument, ','))
		die(STATUS_USAGE, "-s '%s': this is no list of families with colons between",
		    argument);
	return argument;
}

static const char *name(const char *argument)
{
	const char *last = strncmp(argument, "unix:///", 8) ? argument : strrchr(argument, '/') + 1;
	size_t length = strlen(last);

	for (const char *c = last; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
			length = 0;
	if (!length || length > NAME_MAX_LENGTH)
		die(STATUS_USAGE,
		    "--name '%s': a name is 1 to %d letters, digits, dots, dashes and underscores",
		    argument, NAME_MAX_LENGTH);
	return argument;
}

static const char *mem(const char *argument)
{
	uint64_t size;

	if (!parse_size(argument, &size) || size < MEM_MIN || size > MEM_MAX)
		die(STATUS_USAGE, "--mem '%s': this is no size from 32m to 128g", argument);
	return argument;
}

static const char *ncpu(const char *argument)
{
	uint64_t n;

	if (!parse_size(argument, &n) || n < 1 || n > NCPU_MAX)
		die(STATUS_USAGE, "--ncpu '%s': this is no number from 1 to %d", argument,
		    NCPU_MAX);
	return argument;
}

static const char *trace(const char *argument)
{
	if (!*argument)
		die(STATUS_USAGE, "--trace wants the name of a file");
	return argument;
}

/**
 * options_parse() - Read the options of rump run or rump shell
 * @argv:	argv[0] is the subcommand
 * @help:	what --help prints
 */
void options_parse(struct options *options, int argc, char **argv, const char *help)
{
	char *command = argv[0];
	int c;

	argv[0] = compose("rump %s", command); /* in getopt's messages */
	while ((c = getopt_long(argc, argv, "+m:n:s:vh", long_options, NULL)) >= 0) {
		switch (c) {
		case 'm':
			add_mount(options, optarg);
			break;
		case 'n':
			net_add(options, optarg);
			break;
		case 's':
			options->sockets = sockets(optarg);
			break;
		case 'v':
			options->verbose = true;
			break;
		case OPTION_NAME:
			options->name = name(optarg);
			break;
		case OPTION_RO:
			options->readonly = true;
			break;
		case OPTION_MEM:
			options->mem = mem(optarg);
			break;
		case OPTION_NCPU:
			options->ncpu = ncpu(optarg);
			break;
		case OPTION_TRACE:
			options->trace = trace(optarg);
			break;
		case OPTION_REPORT:
			options->report = true;
			break;
		case 'h':
			fputs(help, stdout);
			exit(0);
		default:
			fprintf(stderr, "rump help %s lists the options\n", command);
			exit(STATUS_USAGE);
		}
	}
	options->command = argv + optind;
}
