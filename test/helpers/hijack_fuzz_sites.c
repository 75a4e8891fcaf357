// SPDX-License-Identifier: BSD-2-Clause
/* hijack_fuzz_sites.c - libFuzzer: mksites on ELF files and on bare code
 *
 * An input whose first byte is odd is an ELF file; another is the code of an object that is made
 * around it. What comes out must be an image that the shim accepts, with the object's bytes
 * everywhere but in the windows, and a jump to the right slot in each.
 */
#include <stdlib.h>
#include <string.h>

#include "image_make.h"

#define CODE_OFFSET 4096
#define MAX_CODE    8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/**
 * wrap() - Make an ELF file around code
 */
static size_t wrap(uint8_t *file, const uint8_t *code, size_t size)
{
	Elf64_Ehdr ehdr = {.e_type = ET_DYN,
			   .e_machine = EM_X86_64,
			   .e_phoff = sizeof(ehdr),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 1};
	Elf64_Phdr phdr = {.p_type = PT_LOAD,
			   .p_flags = PF_R | PF_X,
			   .p_offset = CODE_OFFSET,
			   .p_vaddr = CODE_OFFSET,
			   .p_filesz = size,
			   .p_memsz = size,
			   .p_align = 4096};

	memcpy(ehdr.e_ident, ELFMAG, SELFMAG);
	ehdr.e_ident[EI_CLASS] = ELFCLASS64;
	memset(file, 0, CODE_OFFSET);
	memcpy(file, &ehdr, sizeof(ehdr));
	memcpy(file + sizeof(ehdr), &phdr, sizeof(phdr));
	memcpy(file + CODE_OFFSET, code, size);
	return CODE_OFFSET + size;
}

/**
 * check_site() - Require the jump of a site to lead to its slot, and undo it
 */
static void check_site(uint8_t *image, const struct image_header *header,
		       const struct image_site *site)
{
	const struct image_run *run = header->run;
	uint64_t slot = (uint64_t)header->slots + IMAGE_PAGE + site->slot * (uint64_t)SLOT_SIZE;
	uint8_t *text;
	int32_t distance;

	while (site->start - run->vaddr >= run->length)
		run++;
	text = image + run->offset + (site->start - run->vaddr);
	memcpy(&distance, text + 1, sizeof(distance));
	if (text[0] != 0xe9 || site->start + 5 + (uint64_t)(int64_t)distance != slot)
		__builtin_trap();
	memcpy(text, site->original, site->window);
}

/**
 * check_image() - Require what the shim relies on
 */
static void check_image(uint8_t *image, uint64_t image_size, const uint8_t *file, size_t size,
			bool bare)
{
	static struct image_header header;

	memcpy(&header, image, sizeof(header));
	if (!image_header_valid(&header, image_size))
		__builtin_trap();
	for (uint32_t i = header.nsites; i-- > 0;) {
		struct image_site site;

		memcpy(&site, image + header.sites_offset + i * sizeof(site), sizeof(site));
		if (!image_site_valid(&header, &site))
			__builtin_trap();
		if (!site.reason)
			check_site(image, &header, &site);
	}
	/* With the windows undone, the text is the object's. */
	for (uint32_t i = 0; bare && i < header.nruns; i++) {
		const struct image_run *run = &header.run[i];
		uint64_t there = size - run->vaddr < run->length ? size - run->vaddr : run->length;

		if (memcmp(image + run->offset, file + run->vaddr, there))
			__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct image_key key = {4, {1, 2, 3, 4}};
	static uint8_t wrapped[CODE_OFFSET + MAX_CODE];
	const uint8_t *file = data + 1;
	uint64_t image_size;
	uint8_t *image;
	bool bare;

	if (size < 2)
		return 0;
	bare = data[0] % 2 == 0;
	size--;
	if (bare) {
		if (size > MAX_CODE)
			return 0;
		size = wrap(wrapped, data + 1, size);
		file = wrapped;
	}
	if (image_make(file, size, &key, &image, &image_size))
		return 0;
	check_image(image, image_size, file, size, bare);
	free(image);
	return 0;
}
