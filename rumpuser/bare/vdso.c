// SPDX-License-Identifier: BSD-2-Clause
/* vdso.c - functions that the host kernel maps into every process
 *
 * The auxiliary vector says where the vdso is; the kernel gives a copy of it (since 6.4), else /proc
 * does.
 */
#include <elf.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>

#include "raw.h"
#include "str.h"
#include "vdso.h"

#ifndef PR_GET_AUXV /* Linux 6.4 */
#define PR_GET_AUXV 0x41555856
#endif

#define AUXV_ROOM 64

/**
 * vdso_base() - Where the vdso is
 *
 * Return: 0 if that is not known
 */
static unsigned long vdso_base(void)
{
	Elf64_auxv_t auxv[AUXV_ROOM + 1];
	long size = raw3(__NR_prctl, PR_GET_AUXV, auxv, AUXV_ROOM * sizeof(auxv[0]));
	long fd;

	if (raw_failed(size)) {
		fd = raw4(__NR_openat, AT_FDCWD, "/proc/self/auxv", O_RDONLY | O_CLOEXEC, 0);
		if (raw_failed(fd))
			return 0;
		size = raw3(__NR_read, fd, auxv, AUXV_ROOM * sizeof(auxv[0]));
		raw1(__NR_close, fd);
	}
	if (size < 0)
		return 0;
	if (size > (long)(AUXV_ROOM * sizeof(auxv[0])))
		size = AUXV_ROOM * sizeof(auxv[0]);
	auxv[size / (long)sizeof(auxv[0])].a_type = AT_NULL;
	for (const Elf64_auxv_t *entry = auxv; entry->a_type != AT_NULL; entry++)
		if (entry->a_type == AT_SYSINFO_EHDR)
			return entry->a_un.a_val;
	return 0;
}

/**
 * vdso_symbol() - Address of a function of the vdso
 *
 * The table is walked from its start to the strings, which follow it. The vdso is not relocated: its
 * addresses are those of its file.
 *
 * Return: NULL if there is none
 */
const void *vdso_symbol(const char *name)
{
	unsigned long base = vdso_base();
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)base;
	const Elf64_Phdr *phdr;
	const Elf64_Dyn *dyn = NULL;
	const Elf64_Sym *symbols = NULL;
	const char *strings = NULL;
	unsigned long bias = base;

	if (!base)
		return NULL;
	phdr = (const Elf64_Phdr *)(base + ehdr->e_phoff);
	for (int i = 0; i < ehdr->e_phnum; i++) {
		if (phdr[i].p_type == PT_LOAD)
			bias = base + phdr[i].p_offset - phdr[i].p_vaddr;
		else if (phdr[i].p_type == PT_DYNAMIC)
			dyn = (const Elf64_Dyn *)(base + phdr[i].p_offset);
	}
	for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
		if (dyn->d_tag == DT_SYMTAB)
			symbols = (const Elf64_Sym *)(bias + dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_STRTAB)
			strings = (const char *)(bias + dyn->d_un.d_ptr);
	}
	if (!symbols || !strings)
		return NULL;
	for (const Elf64_Sym *symbol = symbols; (const char *)(symbol + 1) <= strings; symbol++)
		if (symbol->st_shndx != SHN_UNDEF && str_equal(strings + symbol->st_name, name))
			return (const void *)(bias + symbol->st_value);
	return NULL;
}
