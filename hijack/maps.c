// SPDX-License-Identifier: BSD-2-Clause
/* maps.c - code that comes and goes while the program runs
 *
 * ld.so maps a library's text with mmap, from a descriptor, executable. That moment is used: before
 * mmap returns, the text is rewritten, so that no constructor and no thread ever sees it as it was.
 * memory.c does the same for libraries that the rump kernel has.
 *
 * Not seen here: a file that is mapped without PROT_EXEC and made executable by mprotect, and code
 * that is made at run time. Syscall User Dispatch catches both (sud.c).
 */
#include <asm/errno.h>
#include <linux/mman.h>

#include "raw.h"
#include "state.h"
#include "str.h"

/**
 * maps_rewrite() - Rewrite what has just been mapped, if it is an object's text
 * @fd:		its file
 * @copy:	NULL; if the file is the rump kernel's, what makes one of the host of it
 */
void maps_rewrite(int fd, uint64_t start, uint64_t length, uint64_t offset, long (*copy)(long fd))
{
	static char buffer[IMAGE_PAGE] RARELY __attribute__((aligned(16)));
	static char name[32];
	struct text text = {name, 0, sizeof(name) - 1};
	struct loaded object = {.name = name, .copy = copy};
	unsigned long mask = regions_take(copy);

	text_string(&text, "/proc/self/fd/");
	text_number(&text, (unsigned long)fd, 10);
	name[text.length] = 0;
	if (elf_from_file(&object, fd, start, offset, buffer, sizeof(buffer)))
		regions_install(&object, fd, start, start + length);
	lock_release(&regions_lock, mask);
}

/**
 * host_mmap() - mmap(2): text is rewritten as it comes
 */
long host_mmap(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;
	unsigned long length = (arg[1] + IMAGE_PAGE - 1) & ~(IMAGE_PAGE - 1);
	long result = raw6(__NR_mmap, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);

	if (raw_failed(result) || (arg[3] & MAP_ANONYMOUS))
		return result;
	if (arg[3] & MAP_FIXED)
		regions_unmapped((uint64_t)result, length);
	if ((arg[2] & PROT_EXEC) && !(arg[2] & PROT_WRITE) && (arg[3] & MAP_TYPE) == MAP_PRIVATE &&
	    !hijack_sealed)
		maps_rewrite((int)arg[4], (uint64_t)result, length, arg[5], NULL);
	return result;
}

/**
 * host_munmap() - munmap(2): slots go with their text, and a stack under one's feet is no problem
 */
long host_munmap(struct hijack_call *call)
{
	uint64_t start = call->arg[0], length = (call->arg[1] + IMAGE_PAGE - 1) & ~(IMAGE_PAGE - 1);
	uint64_t here = (uint64_t)__builtin_frame_address(0);
	long result;

	/* A thread that unmaps its stack has nothing left to do but exit(2). */
	if (here - start < length && !(start % IMAGE_PAGE)) {
		if (hijack_on_thread_exit())
			raw1(__NR_exit_group, 0);
		hijack_unmap_and_exit(start, length);
	}
	result = raw2(__NR_munmap, start, call->arg[1]);
	if (!raw_failed(result))
		regions_unmapped(start, length);
	return result;
}

/**
 * host_mremap() - mremap(2): rewritten text cannot run elsewhere, so it stays
 */
long host_mremap(struct hijack_call *call)
{
	const unsigned long *arg = call->arg;

	if (regions_touch(arg[0], arg[1] ? arg[1] : 1) &&
	    (arg[3] & (MREMAP_FIXED | MREMAP_DONTUNMAP | MREMAP_MAYMOVE)))
		return -EINVAL;
	return raw_call(__NR_mremap, arg[0], arg[1], arg[2], arg[3], arg[4], 0);
}
