/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_ELF_H
#define _ASM_RUMP_ELF_H

/*
 * Programs are started by the host; binfmt_elf is not built. The definitions
 * are for generic code that describes a machine (core notes, auxv).
 */
#include <asm/ptrace.h>

typedef unsigned long elf_greg_t;
#define ELF_NGREG	27
typedef elf_greg_t elf_gregset_t[ELF_NGREG];
typedef struct { unsigned char area[512]; } elf_fpregset_t;

#define EM_X86_64	62
#define ELF_ARCH	EM_X86_64
#define ELF_CLASS	ELFCLASS64
#define ELF_DATA	ELFDATA2LSB
#define ELF_EXEC_PAGESIZE	4096
#define ELF_ET_DYN_BASE		(TASK_UNMAPPED_BASE)
#define ELF_HWCAP	(0)
#define ELF_PLATFORM	("x86_64")
#define elf_check_arch(x)	((x)->e_machine == EM_X86_64)

#endif
