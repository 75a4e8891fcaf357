/* SPDX-License-Identifier: BSD-2-Clause */
/* object.h - an ELF file as mksites sees it */
#ifndef HIJACK_OBJECT_H
#define HIJACK_OBJECT_H

#include <elf.h>

#include "format.h"

/* A range of machine code, by address and by place in the file. */
struct code_range {
	uint64_t vaddr;
	uint64_t length;
	const uint8_t *bytes;
};

/**
 * struct object - What an ELF file says
 * @code:	executable sections, or segments if there is no section table; sorted
 * @starts:	addresses where a function begins: FDEs and symbols; sorted, each once
 * @lowest:	address of the first loaded byte
 */
struct object {
	const uint8_t *data;
	uint64_t size;
	Elf64_Ehdr ehdr;
	const uint8_t *phdrs;
	struct code_range *code;
	size_t ncode;
	uint64_t *starts;
	size_t nstarts;
	uint64_t lowest;
	bool textrel;
	bool has_id;
	struct image_key key;
	uint64_t fingerprint;
};

int object_open(struct object *object, const uint8_t *data, uint64_t size);
void object_close(struct object *object);
Elf64_Phdr object_phdr(const struct object *object, unsigned int index);
const uint8_t *object_at(const struct object *object, uint64_t vaddr, uint64_t length);
#endif
