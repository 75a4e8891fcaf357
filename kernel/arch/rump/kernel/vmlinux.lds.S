/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One image at one address. Two segments: text and read-only data, which
 * librump maps from the file, and everything writable, which it copies into
 * the memfd. The entry address is that of struct rump_image_ops.
 */
#include <asm/map.h>
#include <asm/page.h>
#include <asm/cache.h>
#include <asm/kstack.h>

#define LOAD_OFFSET	0
/* Written during boot, so it cannot be the file's. */
#define RO_AFTER_INIT_DATA
#include <asm-generic/vmlinux.lds.h>

OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)
ENTRY(rump_image_ops)
jiffies = jiffies_64;

PHDRS
{
	text PT_LOAD FLAGS(5);
	data PT_LOAD FLAGS(6);
}

SECTIONS
{
	. = RUMP_IMAGE_ADDR;
	_text = .;
	_stext = .;
	.text : {
		/* Assembly; that of C has sections of its own. */
		*(.text)
		SCHED_TEXT
		LOCK_TEXT
		IRQENTRY_TEXT
		SOFTIRQENTRY_TEXT
#include "hot_process.lds"
#include "hot_call.lds"
		TEXT_TEXT
		*(.text.[_0-9A-Za-z]*)
		*(.fixup)
	} :text
	INIT_TEXT_SECTION(PAGE_SIZE)
	.exit.text : { EXIT_TEXT }
	. = ALIGN(PAGE_SIZE);
	_etext = .;

	/* Frame information for debuggers that read the running image. */
	.eh_frame : { *(.eh_frame) } :text
	.smp_locks : {
		__smp_locks = .;
		*(.smp_locks)
		__smp_locks_end = .;
	} :text

	RO_DATA(PAGE_SIZE)

	. = ALIGN(PAGE_SIZE);
	_sdata = .;
	. = ALIGN(THREAD_SIZE);
	RW_DATA(L1_CACHE_BYTES, PAGE_SIZE, THREAD_SIZE) :data
	.data.rel : { *(.data.rel .data.rel.*) }
	.data.ro_after_init : {
		__start_ro_after_init = .;
		*(.data..ro_after_init)
		__end_ro_after_init = .;
	}
	.got : { *(.got) *(.got.plt) }
	/* Sorted at boot, hence writable. */
	EXCEPTION_TABLE(16)
	_edata = .;

	/* What initialises file systems that few programs mount, see kernel/late.c. */
/* ("?*" below, as "/" and "*" together begin a comment.) */
#define LATE(name, files...)				\
	rump_late_##name = .;				\
	files						\
	rump_late_##name##_end = .;
	.data.late : {
		. = ALIGN(8);
		LATE(btrfs, KEEP(*lib/raid6/?*.o(.initcall*.init)) KEEP(*crypto/xor.o(.initcall*.init))
		     KEEP(*fs/btrfs/?*.o(.initcall*.init)))
		LATE(xfs, KEEP(*fs/xfs/?*.o(.initcall*.init)))
		LATE(f2fs, KEEP(*fs/f2fs/?*.o(.initcall*.init)))
		LATE(nfs, KEEP(*net/sunrpc/?*.o(.initcall*.init)) KEEP(*net/sunrpc/auth_gss/?*.o(.initcall*.init))
		     KEEP(*fs/lockd/?*.o(.initcall*.init)) KEEP(*fs/nfs_common/?*.o(.initcall*.init))
		     KEEP(*fs/nfs/inode.o(.initcall*.init)) KEEP(*fs/nfs/?*.o(.initcall*.init)))
		LATE(erofs, KEEP(*fs/erofs/?*.o(.initcall*.init)))
		LATE(sysfs, KEEP(*mm/slub.o(.initcall*.init)) KEEP(*kernel/params.o(SORT(.initcall*.init))))
	}
	. = ALIGN(PAGE_SIZE);
	__init_begin = .;
	INIT_DATA_SECTION(16)
	.exit.data : { EXIT_DATA }
	. = ALIGN(PAGE_SIZE);
	__init_end = .;

	PERCPU_SECTION(L1_CACHE_BYTES)

	BSS_SECTION(PAGE_SIZE, PAGE_SIZE, PAGE_SIZE)
	. = ALIGN(PAGE_SIZE);
	_end = .;

	STABS_DEBUG
	DWARF_DEBUG
	ELF_DETAILS

	DISCARDS
}
