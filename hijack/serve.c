// SPDX-License-Identifier: BSD-2-Clause
/* serve.c - the program of the process that keeps a kernel
 *
 * All of it is in librumphijack.so, which is preloaded: server_main() runs in the first call made
 * here. It has a program of its own so that nothing of another is in memory with the kernel, and
 * a name that ps shows.
 */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	getppid();
	fputs("rump serve: this program is started by librumphijack.so and does nothing without it\n",
	      stderr);
	return 1;
}
