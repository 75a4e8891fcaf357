// SPDX-License-Identifier: BSD-2-Clause
/* elf.c - objects as the shim meets them: loaded, or about to be
 *
 * Objects that ld.so has loaded are read in memory. One that is being mapped is read from its
 * descriptor: what lies around the new mapping may be anything (V8 maps parts of its own file
 * again).
 */
#include <elf.h>

#include "kernel.h"
#include "raw.h"
#include "state.h"
#include "str.h"

#define PAGE_MASK (~(IMAGE_PAGE - 1))

/**
 * phdr_of() - Program header @index
 */
static const Elf64_Phdr *phdr_of(const struct loaded *object, unsigned int index)
{
	return (const Elf64_Phdr *)object->phdrs + index;
}

/**
 * ehdr_valid() - Whether a header is that of an object the shim can handle
 */
static bool ehdr_valid(const Elf64_Ehdr *ehdr)
{
	return ehdr->e_ident[0] == ELFMAG0 && ehdr->e_ident[1] == ELFMAG1 &&
	       ehdr->e_ident[2] == ELFMAG2 && ehdr->e_ident[3] == ELFMAG3 &&
	       ehdr->e_ident[EI_CLASS] == ELFCLASS64 && ehdr->e_machine == EM_X86_64 &&
	       ehdr->e_phentsize == sizeof(Elf64_Phdr) && ehdr->e_phnum < 128;
}

/**
 * elf_from_memory() - Describe an object that ld.so has loaded
 * @object:	@name is the caller's; @key stays empty if there is no build-id
 * @start:	address of its ELF header
 * @bias:	address minus p_vaddr
 */
bool elf_from_memory(struct loaded *object, uint64_t start, uint64_t bias)
{
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)start;

	if (!ehdr_valid(ehdr))
		return false;
	object->bias = bias;
	object->phdrs = (const void *)(start + ehdr->e_phoff);
	object->nphdrs = ehdr->e_phnum;
	object->key.len = 0;
	object->fingerprint =
		image_fingerprint(ehdr, object->phdrs, object->nphdrs * sizeof(Elf64_Phdr));
	for (unsigned int i = 0; i < object->nphdrs; i++) {
		const Elf64_Phdr *phdr = phdr_of(object, i);

		if (phdr->p_type == PT_NOTE &&
		    image_key_from_notes(&object->key, (const void *)(bias + phdr->p_vaddr),
					 phdr->p_filesz, phdr->p_align))
			break;
	}
	return true;
}

/**
 * read_object() - pread(2) from an object's file, whichever kernel has it
 */
static long read_object(const struct loaded *object, int fd, void *buffer, size_t room,
			uint64_t offset)
{
	if (object->copy)
		return kernel_call(__NR_pread64, fd, (long)buffer, (long)room, (long)offset, 0, 0);
	return raw4(__NR_pread64, fd, buffer, room, offset);
}

/**
 * elf_from_file() - Describe an object that is being mapped
 * @object:	@key stays empty if there is no build-id; its @copy says whose @fd is
 * @fd:		its file
 * @start:	where part of the file has just been mapped
 * @offset:	which part
 * @buffer:	at least a page; @object points into it
 *
 * Return: false if the file is no ELF object, or that part of it is not executable
 */
bool elf_from_file(struct loaded *object, int fd, uint64_t start, uint64_t offset, void *buffer,
		   size_t room)
{
	const Elf64_Ehdr *ehdr = buffer;
	long done = read_object(object, fd, buffer, room, 0);
	bool found = false;

	if (done < (long)sizeof(*ehdr) || !ehdr_valid(ehdr) || ehdr->e_phoff % 8 ||
	    ehdr->e_phoff > (size_t)done ||
	    ehdr->e_phnum * sizeof(Elf64_Phdr) > (size_t)done - ehdr->e_phoff)
		return false;
	object->phdrs = (const char *)buffer + ehdr->e_phoff;
	object->nphdrs = ehdr->e_phnum;
	object->key.len = 0;
	object->fingerprint =
		image_fingerprint(ehdr, object->phdrs, object->nphdrs * sizeof(Elf64_Phdr));
	for (unsigned int i = 0; i < object->nphdrs; i++) {
		const Elf64_Phdr *phdr = phdr_of(object, i);
		uint64_t first = phdr->p_offset & PAGE_MASK;

		if (phdr->p_type == PT_LOAD && (phdr->p_flags & PF_X) && offset >= first &&
		    offset < phdr->p_offset + phdr->p_filesz && !found) {
			object->bias = start - ((phdr->p_vaddr & PAGE_MASK) + (offset - first));
			found = true;
		}
		if (phdr->p_type == PT_NOTE && !object->key.len && phdr->p_filesz <= (size_t)done &&
		    phdr->p_offset <= (size_t)done - phdr->p_filesz)
			image_key_from_notes(&object->key, (const uint8_t *)buffer + phdr->p_offset,
					     phdr->p_filesz, phdr->p_align);
		else if (phdr->p_type == PT_NOTE && !object->key.len) {
			uint8_t notes[256];
			long got = read_object(object, fd, notes, sizeof(notes), phdr->p_offset);

			if (got > 0)
				image_key_from_notes(&object->key, notes, (size_t)got,
						     phdr->p_align);
		}
	}
	return found;
}

/**
 * elf_is_text() - Whether addresses of an object belong to its read-only code
 */
bool elf_is_text(const struct loaded *object, uint64_t vaddr, uint64_t length)
{
	for (unsigned int i = 0; i < object->nphdrs; i++) {
		const Elf64_Phdr *phdr = phdr_of(object, i);
		uint64_t first = phdr->p_vaddr & PAGE_MASK;
		uint64_t end = (phdr->p_vaddr + phdr->p_filesz + IMAGE_PAGE - 1) & PAGE_MASK;

		if (phdr->p_type == PT_LOAD && (phdr->p_flags & PF_X) && !(phdr->p_flags & PF_W) &&
		    vaddr >= first && vaddr < end && length <= end - vaddr)
			return true;
	}
	return false;
}

/**
 * elf_symbol() - Address of a dynamic symbol of a loaded object
 * @base:	address of its ELF header, and its bias
 *
 * The table is walked from its start; this is for ld.so, which has few symbols. .dynstr follows
 * .dynsym there, as it does in everything GNU ld makes, and ends the walk.
 */
const void *elf_symbol(uint64_t base, const char *name)
{
	struct loaded object;
	const Elf64_Sym *symbols = NULL;
	const char *strings = NULL;

	if (!elf_from_memory(&object, base, base))
		return NULL;
	for (unsigned int i = 0; i < object.nphdrs; i++) {
		const Elf64_Phdr *phdr = phdr_of(&object, i);
		const Elf64_Dyn *dyn = (const Elf64_Dyn *)(base + phdr->p_vaddr);

		if (phdr->p_type != PT_DYNAMIC)
			continue;
		for (; dyn->d_tag != DT_NULL; dyn++) {
			uint64_t at = dyn->d_un.d_ptr;

			/* ld.so adds the bias to its own entries, other loaders do not. */
			if (at < base)
				at += base;
			if (dyn->d_tag == DT_SYMTAB)
				symbols = (const Elf64_Sym *)at;
			if (dyn->d_tag == DT_STRTAB)
				strings = (const char *)at;
		}
	}
	if (!symbols || !strings)
		return NULL;
	for (const Elf64_Sym *symbol = symbols; (const char *)(symbol + 1) <= strings; symbol++)
		if (symbol->st_shndx != SHN_UNDEF && str_equal(strings + symbol->st_name, name))
			return (const void *)(base + symbol->st_value);
	return NULL;
}
