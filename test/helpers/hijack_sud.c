// SPDX-License-Identifier: BSD-2-Clause
/* hijack_sud.c - system calls from code that is made at run time
 *
 *	hijack_sud call PATH	access(PATH) from such code
 *	hijack_sud fork		fork from it
 *	hijack_sud many		from 600 places
 *	hijack_sud mprotect FILE PATH	a library's text, mapped and made executable by mprotect
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hijack_raw.h"

typedef long call_fn(long nr, long a, long b, long c, long d, long e);

/**
 * make() - Make the code at an address of a page
 */
static call_fn *make(size_t offset)
{
	static uint8_t *page;
	static size_t size = 64 << 10;

	if (!page) {
		page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		for (size_t at = 0; at + sizeof(code) < size; at += 32)
			memcpy(page + at, code, sizeof(code));
		mprotect(page, size, PROT_READ | PROT_EXEC);
	}
	return (call_fn *)(page + offset);
}

/**
 * test_mprotect() - Find `mov $21,%eax; syscall` in a file and run the function there
 */
static void test_mprotect(const char *file, const char *path)
{
	static const uint8_t access_code[] = {0xb8, SYS_access, 0, 0, 0, 0x0f, 0x05};
	int fd = open(file, O_RDONLY);
	off_t size = lseek(fd, 0, SEEK_END);
	uint8_t *text = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0), *found;

	found = memmem(text, (size_t)size, access_code, sizeof(access_code));
	if (!found || mprotect(text, (size_t)size, PROT_READ | PROT_EXEC))
		errx(1, "mprotect");
	while (found[-1] != 0xc3 && found[-1] != 0x90 && found[-1] != 0)
		found--;
	((void (*)(const char *))(uintptr_t)found)(path);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	call_fn *call = make(0);
	long result;

	if (!strcmp(what, "call") && argc == 3) {
		result = call(SYS_access, (long)argv[2], F_OK, 0, 0, 0);
	} else if (!strcmp(what, "fork")) {
		int status;

		result = call(SYS_fork, 0, 0, 0, 0, 0);
		if (result == 0)
			_exit((int)call(SYS_getppid, 0, 0, 0, 0, 0) == getppid() ? 3 : 4);
		waitpid((pid_t)result, &status, 0);
		result = WEXITSTATUS(status);
	} else if (!strcmp(what, "many")) {
		result = 0;
		for (size_t i = 0; i < 600; i++)
			result += make(32 * i)(SYS_getpid, 0, 0, 0, 0, 0) == getpid();
	} else if (!strcmp(what, "mprotect") && argc == 4) {
		test_mprotect(argv[2], argv[3]);
		result = 0;
	} else {
		return 2;
	}
	printf("%ld\n", result);
	return 0;
}
