// SPDX-License-Identifier: BSD-2-Clause
/* object.c - read an ELF file for mksites
 *
 * The file is in memory as it lies on the disk; nothing in it is trusted. Every table is reached
 * through object_bytes() or object_at(), which answer NULL for what is not inside, and read by
 * memcpy because nothing says it is aligned.
 *
 * Functions are found in .eh_frame_hdr's table, which distributions never strip, and in the symbol
 * tables. A function without either (clone in glibc) is decoded as a continuation of the one before
 * it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

/* DWARF pointer encodings, from the Linux Standard Base, "DWARF Extensions". */
#define DW_EH_PE_UDATA4	     0x03
#define DW_EH_PE_DATA_SDATA4 0x3b

/**
 * object_bytes() - Part of the file
 *
 * Return: NULL if it is not all there
 */
static const uint8_t *object_bytes(const struct object *object, uint64_t offset, uint64_t length)
{
	if (offset > object->size || length > object->size - offset)
		return NULL;
	return object->data + offset;
}

/**
 * object_phdr() - A copy of a program header
 */
Elf64_Phdr object_phdr(const struct object *object, unsigned int index)
{
	Elf64_Phdr phdr;

	memcpy(&phdr, object->phdrs + index * sizeof(phdr), sizeof(phdr));
	return phdr;
}

/**
 * object_at() - What the file holds for [@vaddr, @vaddr + @length)
 *
 * Return: NULL if no loaded segment holds it all
 */
const uint8_t *object_at(const struct object *object, uint64_t vaddr, uint64_t length)
{
	for (unsigned int i = 0; i < object->ehdr.e_phnum; i++) {
		Elf64_Phdr phdr = object_phdr(object, i);

		if (phdr.p_type != PT_LOAD || vaddr < phdr.p_vaddr ||
		    vaddr - phdr.p_vaddr > phdr.p_filesz ||
		    length > phdr.p_filesz - (vaddr - phdr.p_vaddr) || phdr.p_offset > object->size)
			continue;
		return object_bytes(object, phdr.p_offset + (vaddr - phdr.p_vaddr), length);
	}
	return NULL;
}

/**
 * add_code() - Note executable bytes, if the file has them
 */
static void add_code(struct object *object, uint64_t vaddr, uint64_t offset, uint64_t length)
{
	const uint8_t *bytes = object_bytes(object, offset, length);

	if (!bytes || !length || vaddr > INT64_MAX - length)
		return;
	object->code[object->ncode++] = (struct code_range){vaddr, length, bytes};
}

/**
 * code_order() - qsort()'s comparison for code ranges
 */
static int code_order(const void *a, const void *b)
{
	const struct code_range *x = a, *y = b;

	return x->vaddr < y->vaddr ? -1 : x->vaddr > y->vaddr;
}

/**
 * section() - A copy of a section header
 *
 * Return: whether there is one of that number
 */
static bool section(const struct object *object, unsigned int index, Elf64_Shdr *shdr)
{
	const uint8_t *bytes;

	if (object->ehdr.e_shentsize != sizeof(*shdr) || index >= object->ehdr.e_shnum ||
	    object->ehdr.e_shoff > object->size)
		return false;
	bytes = object_bytes(object, object->ehdr.e_shoff + index * sizeof(*shdr), sizeof(*shdr));
	if (!bytes)
		return false;
	memcpy(shdr, bytes, sizeof(*shdr));
	return true;
}

/**
 * find_code() - Fill @object->code
 *
 * A section counts if the segments load it from where the section table says it is: a section table
 * proves nothing.
 */
static int find_code(struct object *object)
{
	Elf64_Shdr shdr;

	object->code = calloc((size_t)object->ehdr.e_shnum + object->ehdr.e_phnum + 1,
			      sizeof(*object->code));
	if (!object->code)
		return -ENOMEM;
	for (unsigned int i = 0; section(object, i, &shdr); i++)
		if (shdr.sh_type == SHT_PROGBITS && (shdr.sh_flags & SHF_EXECINSTR) &&
		    shdr.sh_offset <= object->size &&
		    object_at(object, shdr.sh_addr, shdr.sh_size) == object->data + shdr.sh_offset)
			add_code(object, shdr.sh_addr, shdr.sh_offset, shdr.sh_size);
	if (!object->ncode)
		for (unsigned int i = 0; i < object->ehdr.e_phnum; i++) {
			Elf64_Phdr phdr = object_phdr(object, i);

			if (phdr.p_type == PT_LOAD && (phdr.p_flags & PF_X))
				add_code(object, phdr.p_vaddr, phdr.p_offset, phdr.p_filesz);
		}
	qsort(object->code, object->ncode, sizeof(*object->code), code_order);
	for (size_t i = 1; i < object->ncode; i++)
		if (object->code[i].vaddr < object->code[i - 1].vaddr + object->code[i - 1].length)
			return -ENOEXEC;
	return 0;
}

/**
 * add_start() - Note the beginning of a function
 */
static int add_start(struct object *object, uint64_t vaddr, size_t *room)
{
	if (object->nstarts == *room) {
		size_t more = *room ? *room * 2 : 1024;
		uint64_t *grown = realloc(object->starts, more * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		object->starts = grown;
		*room = more;
	}
	object->starts[object->nstarts++] = vaddr;
	return 0;
}

/**
 * starts_from_fdes() - Note what the search table of .eh_frame_hdr at @vaddr lists
 */
static int starts_from_fdes(struct object *object, const Elf64_Phdr *phdr, size_t *room)
{
	const uint8_t *header = object_at(object, phdr->p_vaddr, 12), *table;
	uint32_t count;
	int error = 0;

	if (!header || header[0] != 1 || header[2] != DW_EH_PE_UDATA4 ||
	    header[3] != DW_EH_PE_DATA_SDATA4)
		return 0;
	memcpy(&count, header + 8, sizeof(count));
	table = object_at(object, phdr->p_vaddr + 12, count * 8ull);
	if (!table)
		return 0;
	for (uint32_t i = 0; i < count && !error; i++) {
		int32_t offset;

		memcpy(&offset, table + i * 8ull, sizeof(offset));
		error = add_start(object, phdr->p_vaddr + (int64_t)offset, room);
	}
	return error;
}

/**
 * starts_from_symbols() - Note the functions of .dynsym and .symtab
 */
static int starts_from_symbols(struct object *object, size_t *room)
{
	Elf64_Shdr shdr;
	int error = 0;

	for (unsigned int i = 0; section(object, i, &shdr); i++) {
		const uint8_t *table;

		if (shdr.sh_type != SHT_DYNSYM && shdr.sh_type != SHT_SYMTAB)
			continue;
		table = object_bytes(object, shdr.sh_offset, shdr.sh_size);
		for (uint64_t at = 0; table && at + sizeof(Elf64_Sym) <= shdr.sh_size;
		     at += sizeof(Elf64_Sym)) {
			Elf64_Sym symbol;

			memcpy(&symbol, table + at, sizeof(symbol));
			if (symbol.st_shndx != SHN_UNDEF && symbol.st_shndx < SHN_LORESERVE &&
			    ELF64_ST_TYPE(symbol.st_info) == STT_FUNC)
				error = add_start(object, symbol.st_value, room);
			if (error)
				return error;
		}
	}
	return 0;
}

/**
 * start_order() - qsort()'s comparison for addresses
 */
static int start_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/**
 * find_starts() - Fill @object->starts
 */
static int find_starts(struct object *object)
{
	size_t room = 0, kept = 0;
	int error;

	for (unsigned int i = 0; i < object->ehdr.e_phnum; i++) {
		Elf64_Phdr phdr = object_phdr(object, i);

		if (phdr.p_type != PT_GNU_EH_FRAME)
			continue;
		error = starts_from_fdes(object, &phdr, &room);
		if (error)
			return error;
	}
	error = starts_from_symbols(object, &room);
	if (error)
		return error;
	if (object->nstarts)
		qsort(object->starts, object->nstarts, sizeof(*object->starts), start_order);
	for (size_t i = 0; i < object->nstarts; i++)
		if (!kept || object->starts[i] != object->starts[kept - 1])
			object->starts[kept++] = object->starts[i];
	object->nstarts = kept;
	return 0;
}

/**
 * find_dynamic() - Learn whether the text is relocated
 */
static void find_dynamic(struct object *object, const Elf64_Phdr *phdr)
{
	const uint8_t *bytes = object_at(object, phdr->p_vaddr, phdr->p_filesz);

	for (uint64_t at = 0; bytes && at + sizeof(Elf64_Dyn) <= phdr->p_filesz;
	     at += sizeof(Elf64_Dyn)) {
		Elf64_Dyn dyn;

		memcpy(&dyn, bytes + at, sizeof(dyn));
		if (dyn.d_tag == DT_TEXTREL ||
		    (dyn.d_tag == DT_FLAGS && (dyn.d_un.d_val & DF_TEXTREL)))
			object->textrel = true;
		if (dyn.d_tag == DT_NULL)
			break;
	}
}

/**
 * object_open() - Read an ELF file
 * @data:	the file, to stay in place as long as the object is used
 *
 * Return: 0, -ENOEXEC if it is none of ours or damaged, -ENOMEM; object_close() in every case
 */
int object_open(struct object *object, const uint8_t *data, uint64_t size)
{
	int error;

	*object = (struct object){.data = data, .size = size, .lowest = UINT64_MAX};
	if (size < sizeof(Elf64_Ehdr))
		return -ENOEXEC;
	memcpy(&object->ehdr, data, sizeof(object->ehdr));
	if (memcmp(object->ehdr.e_ident, ELFMAG, SELFMAG) ||
	    object->ehdr.e_ident[EI_CLASS] != ELFCLASS64 || object->ehdr.e_machine != EM_X86_64 ||
	    (object->ehdr.e_type != ET_DYN && object->ehdr.e_type != ET_EXEC) ||
	    object->ehdr.e_phentsize != sizeof(Elf64_Phdr))
		return -ENOEXEC;
	object->phdrs = object_bytes(object, object->ehdr.e_phoff,
				     object->ehdr.e_phnum * sizeof(Elf64_Phdr));
	if (!object->phdrs)
		return -ENOEXEC;
	object->fingerprint =
		image_fingerprint(data, object->phdrs, object->ehdr.e_phnum * sizeof(Elf64_Phdr));
	for (unsigned int i = 0; i < object->ehdr.e_phnum; i++) {
		Elf64_Phdr phdr = object_phdr(object, i);
		const uint8_t *notes;

		if (phdr.p_type == PT_LOAD && phdr.p_vaddr < object->lowest)
			object->lowest = phdr.p_vaddr;
		if (phdr.p_type == PT_DYNAMIC)
			find_dynamic(object, &phdr);
		if (phdr.p_type != PT_NOTE || object->has_id)
			continue;
		notes = object_at(object, phdr.p_vaddr, phdr.p_filesz);
		if (notes)
			object->has_id = image_key_from_notes(&object->key, notes, phdr.p_filesz,
							      phdr.p_align);
	}
	error = find_code(object);
	return error ? error : find_starts(object);
}

/**
 * object_close() - Free what object_open() allocated
 */
void object_close(struct object *object)
{
	free(object->code);
	free(object->starts);
}
