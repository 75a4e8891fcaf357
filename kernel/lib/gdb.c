/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gdb.c - the kernel's symbols for debuggers
 *
 * gdb's interface for just-in-time compilers: a debugger stops in
 * __jit_debug_register_code() and reads the list. Both names are its own.
 */
#include <stdint.h>

#include "core.h"

#define PUBLIC __attribute__((visibility("default")))
#define JIT_VERSION	1
#define JIT_REGISTER	1

struct jit_code_entry {
	struct jit_code_entry *next;
	struct jit_code_entry *prev;
	const char *symfile;
	uint64_t symfile_size;
};

struct jit_descriptor {
	uint32_t version;
	uint32_t action;
	struct jit_code_entry *relevant;
	struct jit_code_entry *first;
};

PUBLIC struct jit_descriptor __jit_debug_descriptor = { .version = JIT_VERSION };

PUBLIC void __jit_debug_register_code(void);
PUBLIC void __attribute__((noinline)) __jit_debug_register_code(void)
{
	__asm__ volatile("" ::: "memory");
}

/**
 * rump__debug_register() - Show debuggers an ELF file in memory
 * @symfile:	the file; it stays mapped
 * @size:	bytes
 */
void rump__debug_register(void *symfile, unsigned long size)
{
	static struct jit_code_entry entry;

	entry.symfile = symfile;
	entry.symfile_size = size;
	entry.next = __jit_debug_descriptor.first;
	if (entry.next)
		entry.next->prev = &entry;
	__jit_debug_descriptor.first = &entry;
	__jit_debug_descriptor.relevant = &entry;
	__jit_debug_descriptor.action = JIT_REGISTER;
	__jit_debug_register_code();
}
