// SPDX-License-Identifier: BSD-2-Clause
/* run.c - rump run: one command, with the exit status of its own */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rump.h"

#define SHELL "/bin/sh"

#define OPTIONS_HELP                                                                               \
	"  -m, --mount SRC[:DIR[:OPTIONS]]  mount an image, a block device, or a file\n"           \
	"                      system without a disk such as tmpfs, on DIR (/rump)\n"              \
	"  -n, --net NET       a network stack of its own, connected by NET: default,\n"           \
	"                      which is passt, to the host's network; tap=NAME,\n"                 \
	"                      vde=URL, bus=FILE, or none; see rump_net(7)\n"                      \
	"  -s, --sockets LIST  families whose sockets are the rump kernel's:\n"                    \
	"                      all, none, or as in inet:inet6 or all:nolocal\n"                    \
	"      --name NAME     the kernel's host name; rump attach finds it\n"                                           \
	"      --ro            write no image and no device\n"                                     \
	"      --mem SIZE      memory that the kernel may use (256m)\n"                            \
	"      --ncpu N        virtual CPUs (1)\n"                                                 \
	"  -v, --verbose       print the kernel's messages\n"                                      \
	"      --trace FILE    log each system call and which kernel served it\n"                  \
	"      --report        say at the end how many calls went where\n"                         \
	"  -h, --help          print this\n"

const char run_help[] = "usage: rump run [OPTION]... [--] COMMAND [ARG]...\n"
			"\n"
			"Run a command against a Linux kernel inside its own process.\n"
			"\n" OPTIONS_HELP;

const char shell_help[] = "usage: rump shell [OPTION]...\n"
			  "\n"
			  "Run an interactive shell, $SHELL, against a Linux kernel inside it.\n"
			  "\n" OPTIONS_HELP;

/**
 * start_shell() - Let a shell under the shim execute a command that only the shim can
 */
static _Noreturn void start_shell(char **command)
{
	size_t count = 0;
	char **shell;

	while (command[count])
		count++;
	shell = calloc(count + 4, sizeof(*shell));
	if (!shell)
		die(STATUS_FAILED, "out of memory");
	/* What cannot be hijacked is refused there. */
	if (setenv("RUMP_COMMAND", "1", true) < 0)
		die(STATUS_FAILED, "out of memory");
	shell[0] = SHELL;
	shell[1] = "-c";
	shell[2] = "exec \"$0\" \"$@\"";
	memcpy(shell + 3, command, count * sizeof(*command));
	execv(SHELL, shell);
	die(STATUS_NOT_EXECUTABLE, "%s: %s", SHELL, strerror(errno));
}

/**
 * start() - Replace this process by a command under the shim
 * @command:	its arguments, ended by NULL
 */
void start(struct options *options, char **command)
{
	char *path;

	renounce(hijack_variable(options));
	path = check_command(options, command[0]);
	disk_entries(options);
	environment_set(options);
	server_start(options->name, command[0]);
	if (!path)
		start_shell(command);
	/* Not execv(): a file that is neither a program nor a "#!" script is the shell's. */
	execvp(path, command);
	die(STATUS_NOT_EXECUTABLE, "%s: %s", path, strerror(errno));
}

/**
 * start_attached() - Replace this process by a command, against a kernel that others have started
 * @places:	RUMPHIJACK, as it is for the command
 */
void start_attached(const char *places, char **command)
{
	struct options options = {};
	char *path;

	renounce(places);
	/* What the host does not have may be in a mount. */
	if (strchr(command[0], '/') && access(command[0], F_OK) < 0)
		start_shell(command);
	path = check_command(&options, command[0]);
	if (!path)
		start_shell(command);
	execvp(path, command);
	die(STATUS_NOT_EXECUTABLE, "%s: %s", path, strerror(errno));
}

/**
 * run_main() - rump run
 */
int run_main(int argc, char **argv)
{
	struct options options = {};

	options_parse(&options, argc, argv, run_help);
	if (!options.command[0])
		die(STATUS_USAGE, "there is no command to run; rump help run tells more");
	start(&options, options.command);
}
