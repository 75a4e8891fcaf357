// SPDX-License-Identifier: BSD-2-Clause
/* kernels.c - rump server, attach, list, halt, dmesg: kernels with a name */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../hijack/server.h"
#include "rump.h"

#define LOG_READ_ALL 3 /* syslog(2) */
#define LOG_SIZE     10

const char server_help[] =
	"usage: rump server --name NAME [--foreground] [OPTION]...\n"
	"\n"
	"Start a kernel and keep it until rump halt NAME.\n"
	"\n"
	"      --foreground    stay until the kernel has ended; SIGINT and SIGTERM halt it\n"
	"\n"
	"The other options are those of rump run.\n";

const char attach_help[] = "usage: rump attach NAME [--] COMMAND [ARG]...\n"
			   "\n"
			   "Run a command against a kernel that has a name, or is named unix://PATH.\n";

const char list_help[] = "usage: rump list\n"
			 "\n"
			 "List the kernels that have a name: name, process id, processes that use it.\n";

const char halt_help[] = "usage: rump halt [--force] NAME\n"
			 "\n"
			 "Unmount all and end a kernel that has a name.\n"
			 "\n"
			 "      --force         also if processes use it; their calls fail then\n";

const char dmesg_help[] =
	"usage: rump dmesg [NAME]\n"
	"\n"
	"Print the messages of a kernel that has a name, or of that which this command runs on.\n";

/* Of librumphijack.so, if this command itself is hijacked. */
extern long rumphijack_syslog(int type, char *buffer, int size) __attribute__((weak));

/**
 * plain() - Read the options of a command that has one at the most
 * @option:	its name, or NULL
 *
 * Return: the arguments
 */
static char **plain(int argc, char **argv, const char *option, bool *is, const char *help)
{
	const struct option options[] = {
		{"help", no_argument, NULL, 'h'}, {option, no_argument, NULL, 'o'}, {}};
	char *command = argv[0];
	int c;

	argv[0] = compose("rump %s", command);
	while ((c = getopt_long(argc, argv, "+h", options, NULL)) >= 0) {
		if (c == 'h') {
			fputs(help, stdout);
			exit(0);
		}
		if (c != 'o') {
			fprintf(stderr, "rump help %s tells more\n", command);
			exit(STATUS_USAGE);
		}
		*is = true;
	}
	return argv + optind;
}

/**
 * take_flag() - Whether a flag is among the options, from which it is removed
 */
static bool take_flag(int *argc, char **argv, const char *flag)
{
	bool found = false;
	int to = 1;

	for (int i = 1; i < *argc; i++) {
		if (!strcmp(argv[i], flag))
			found = true;
		else
			argv[to++] = argv[i];
	}
	argv[to] = NULL;
	*argc = to;
	return found;
}

/**
 * kernel_main() - rump server
 */
int kernel_main(int argc, char **argv)
{
	bool foreground = take_flag(&argc, argv, "--foreground");
	struct options options = {};

	options_parse(&options, argc, argv, server_help);
	if (options.command[0])
		die(STATUS_USAGE, "rump server takes no command; rump attach does");
	if (!options.name)
		die(STATUS_USAGE, "rump server needs --name");
	disk_entries(&options);
	environment_set(&options);
	return server_keep(options.name, foreground);
}

/**
 * set_attached() - Let the program that is executed use a kernel
 *
 * Return: which paths and sockets are the kernel's for it, as in RUMPHIJACK
 */
static const char *set_attached(const char *name)
{
	struct options options = {};
	const char *given = getenv("RUMPHIJACK");
	int64_t result;
	static struct answer answer;
	static struct places_answer places;
	int server = name_connect(name);

	result = name_ask(server, REQUEST_STATUS, 0, &answer, sizeof(answer));
	if (result == -EPERM)
		die(STATUS_FAILED, "the kernel %s belongs to another user", name);
	if (result < 0)
		die(STATUS_FAILED, "the kernel %s has just ended", name);
	if (!given && name_ask(server, REQUEST_PLACES, 0, &places, sizeof(places)) < 0)
		die(STATUS_FAILED, "the kernel %s has just ended", name);
	close(server);
	environment_set(&options);
	/* Without it the paths and sockets are those that the kernel was started for. */
	if (!given)
		unsetenv("RUMPHIJACK");
	unsetenv("RUMP_MOUNT");
	setenv("RUMP_SERVER", name, true);
	setenv("RUMP", name, true);
	return given ? getenv("RUMPHIJACK") : places.text;
}

/**
 * attach_main() - rump attach
 */
int attach_main(int argc, char **argv)
{
	char **arguments = plain(argc, argv, NULL, NULL, attach_help);
	char **command = arguments[0] ? arguments + 1 : arguments;

	if (*command && !strcmp(*command, "--"))
		command++;
	if (!arguments[0] || !*command)
		die(STATUS_USAGE, "rump attach takes a name and a command");
	start_attached(set_attached(arguments[0]), command);
}

static void print_kernel(const char *name, int server)
{
	static struct answer answer;
	int64_t result = name_ask(server, REQUEST_STATUS, 0, &answer, sizeof(answer));

	if (result >= 0)
		printf("%-20s %8d %6d\n", name, (int)(result >> 32), (int)(result & 0xffffffff));
}

/**
 * list_main() - rump list
 */
int list_main(int argc, char **argv)
{
	if (*plain(argc, argv, NULL, NULL, list_help))
		die(STATUS_USAGE, "rump list takes no arguments");
	names_each(print_kernel);
	return 0;
}

/**
 * halt_main() - rump halt
 */
int halt_main(int argc, char **argv)
{
	bool force = false;
	char **arguments = plain(argc, argv, "force", &force, halt_help);
	static struct answer answer;
	struct pollfd ended = {.events = POLLIN};
	int64_t status, result;
	int server;

	if (!arguments[0] || arguments[1])
		die(STATUS_USAGE, "rump halt takes the name of a kernel");
	server = name_connect(arguments[0]);
	status = name_ask(server, REQUEST_STATUS, 0, &answer, sizeof(answer));
	if (status == -EPERM)
		die(STATUS_FAILED, "the kernel %s belongs to another user", arguments[0]);
	ended.fd = (int)syscall(SYS_pidfd_open, (pid_t)(status >> 32), 0);
	result = name_ask(server, REQUEST_HALT, force, &answer, sizeof(answer));
	if (result == -EBUSY)
		die(STATUS_FAILED, "%s is busy (processes that use it: %d); --force halts it all the same",
		    arguments[0], (int)(status & 0xffffffff));
	if (result != -ECONNRESET)
		die(STATUS_FAILED, "%s: %s", arguments[0], strerror((int)-result));
	/* Its images are closed; the process is about to be no more. */
	if (ended.fd >= 0)
		poll(&ended, 1, -1);
	return 0;
}

/**
 * print_log() - Print the messages of the kernel that this process runs on
 */
static int print_log(void)
{
	long size = rumphijack_syslog(LOG_SIZE, NULL, 0);
	char *text, *line, *next, *end;

	if (size < 0)
		die(STATUS_FAILED, "the kernel's messages: %s", strerror((int)-size));
	text = malloc((size_t)size + 1);
	if (!text)
		die(STATUS_FAILED, "out of memory");
	size = rumphijack_syslog(LOG_READ_ALL, text, (int)size);
	if (size < 0)
		die(STATUS_FAILED, "the kernel's messages: %s", strerror((int)-size));
	text[size] = 0;
	for (line = text; *line; line = next) {
		next = strchr(line, '\n');
		next = next ? next + 1 : line + strlen(line);
		end = *line == '<' ? memchr(line, '>', (size_t)(next - line)) : NULL;
		line = end ? end + 1 : line;
		fwrite(line, 1, (size_t)(next - line), stdout);
	}
	return fflush(stdout) ? STATUS_FAILED : 0;
}

/**
 * dmesg_main() - rump dmesg
 *
 * With a name it runs itself against that kernel.
 */
int dmesg_main(int argc, char **argv)
{
	char **arguments = plain(argc, argv, NULL, NULL, dmesg_help);
	char *self = installed("bin/rump");

	if (arguments[0] && arguments[1])
		die(STATUS_USAGE, "rump dmesg takes one name at the most");
	if (arguments[0]) {
		set_attached(arguments[0]);
		execv(self, (char *[]){self, "dmesg", NULL});
		die(STATUS_FAILED, "%s: %s", self, strerror(errno));
	}
	if (!rumphijack_syslog)
		die(STATUS_USAGE,
		    "rump dmesg needs the name of a kernel, where it does not run on one itself");
	return print_log();
}
