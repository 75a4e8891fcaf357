// SPDX-License-Identifier: BSD-2-Clause
/* hijack_everylib.c - a library with a system call instruction of its own: to dlopen, or to preload
 *
 * Its constructor calls access() on $EVERYLIB_MARK-<MARK> if that is set; MARK is given by the
 * build.
 */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void everylib_access(const char *path);

void everylib_access(const char *path)
{
	long result;

	__asm__ volatile("mov %1, %%eax\n\tsyscall"
			 : "=&a"(result)
			 : "i"(SYS_access), "D"(path), "S"(F_OK)
			 : "rcx", "r11", "memory");
}

/* libc may not be initialised yet, so the environment is taken from ld.so's hand. */
__attribute__((constructor)) static void constructor(int argc, char **argv, char **envp)
{
	static const char name[] = "EVERYLIB_MARK=";
	char path[4096];

	(void)argc;
	(void)argv;
	for (; *envp; envp++) {
		if (strncmp(*envp, name, sizeof(name) - 1) || strlen(*envp) > 4000)
			continue;
		strcpy(path, *envp + sizeof(name) - 1);
		everylib_access(strcat(path, "-" MARK));
	}
}
