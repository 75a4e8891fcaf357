// SPDX-License-Identifier: BSD-2-Clause
/* shell.c - rump shell: an interactive shell whose prompt tells where it is
 *
 * The prompt is easy for bash, by a start-up file of ours that reads the user's, and for shells
 * that take PS1 from the environment. Others have the variable RUMP to go by.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rump.h"

#define DEFAULT_SHELL "/bin/sh"
#define BASH_STARTUP  "share/rump/bashrc"

/**
 * shell_main() - rump shell
 */
int shell_main(int argc, char **argv)
{
	char *shell = getenv("SHELL");
	struct options options = {};
	const char *base;

	options_parse(&options, argc, argv, shell_help);
	if (options.command[0])
		die(STATUS_USAGE, "rump shell takes no command; rump run does");
	if (!shell || !*shell)
		shell = DEFAULT_SHELL;
	base = strrchr(shell, '/');
	base = base ? base + 1 : shell;
	if (!strcmp(base, "bash"))
		start(&options, (char *[]){shell, "--rcfile", installed(BASH_STARTUP), "-i", NULL});
	setenv("PS1",
	       compose("(%s) %s", options.name ? options.name : "rump", geteuid() ? "$ " : "# "),
	       true);
	start(&options, (char *[]){shell, "-i", NULL});
}
