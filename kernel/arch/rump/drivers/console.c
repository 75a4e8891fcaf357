// SPDX-License-Identifier: GPL-2.0-only
/* console.c - the kernel's messages on the host's stderr, with RUMP_VERBOSE */
#include <linux/console.h>
#include <linux/init.h>
#include <asm/vcpu.h>

static void console_write(struct console *con, const char *text, unsigned int len)
{
	hyp->console(text, len);
}

static struct console rump_console = {
	.name	= "rump",
	.write	= console_write,
	.flags	= CON_PRINTBUFFER | CON_ANYTIME | CON_ENABLED,
	.index	= -1,
};

static int __init rump_console_start(void)
{
	if (rump_boot.verbose)
		register_console(&rump_console);
	return 0;
}
early_initcall(rump_console_start);
