// SPDX-License-Identifier: BSD-2-Clause
/* format.c - reading what may be damaged: image headers, sites, notes
 *
 * These functions see bytes that come from files. They touch nothing but the bytes given to them
 * and call nothing, so that the shim, mksites and the fuzzers share them.
 */
#include "format.h"

/* From the System V ABI: notes; elf.h is not wanted in freestanding code. */
#define NT_GNU_BUILD_ID 3

struct note {
	uint32_t name_size;
	uint32_t desc_size;
	uint32_t type;
};

/**
 * image_within() - Whether [@offset, @offset + @length) lies in @size bytes
 */
static bool image_within(uint64_t offset, uint64_t length, uint64_t size)
{
	return offset <= size && length <= size - offset;
}

/**
 * image_header_valid() - Whether a header makes sense for a file of @size bytes
 * @header:	a whole page read from the image
 * @size:	what fstat() says
 *
 * After this, every offset and length of the header may be used without another check against
 * the file; whether the runs lie in the object's text is for who knows the object to check.
 */
bool image_header_valid(const struct image_header *header, uint64_t size)
{
	uint64_t slots = header->slots_length, last = 0;

	if (header->magic != IMAGE_MAGIC || header->version != IMAGE_VERSION ||
	    header->size != size || header->nruns > IMAGE_MAX_RUNS || header->key.len == 0 ||
	    header->key.len > IMAGE_KEY_MAX)
		return false;
	if (header->nskipped > header->nsites ||
	    header->nsites - header->nskipped != header->nslots)
		return false;
	if (header->sites_offset % 8 ||
	    !image_within(header->sites_offset,
			  header->nsites * (uint64_t)sizeof(struct image_site), size))
		return false;
	if (!header->nslots)
		return header->nruns == 0 && slots == 0;
	if (!header->nruns || slots % IMAGE_PAGE || header->slots_offset % IMAGE_PAGE ||
	    header->slots % (int64_t)IMAGE_PAGE || slots < header->nslots * (uint64_t)SLOT_SIZE ||
	    !image_within(header->slots_offset, slots, size))
		return false;
	for (uint32_t i = 0; i < header->nruns; i++) {
		const struct image_run *run = &header->run[i];

		if (run->vaddr % IMAGE_PAGE || run->length % IMAGE_PAGE ||
		    run->offset % IMAGE_PAGE || !run->length || run->vaddr < last ||
		    run->vaddr > INT64_MAX - run->length ||
		    !image_within(run->offset, run->length, size))
			return false;
		last = run->vaddr + run->length;
	}
	return true;
}

/**
 * image_site_valid() - Whether a site of an image lies in one of its runs and its slot exists
 */
bool image_site_valid(const struct image_header *header, const struct image_site *site)
{
	if (site->reason)
		return site->reason <= SITE_TEXTREL;
	if (site->slot >= header->nslots || site->window < 5 ||
	    site->window > sizeof(site->original))
		return false;
	for (int i = 0; i < 4; i++)
		if (site->fix[i] != IMAGE_NO_FIX && site->fix[i] > SLOT_SIZE - 4)
			return false;
	for (uint32_t i = 0; i < header->nruns; i++) {
		const struct image_run *run = &header->run[i];

		if (site->start >= run->vaddr &&
		    image_within(site->start - run->vaddr, site->window, run->length))
			return site->syscall >= site->start &&
			       site->syscall - site->start <= site->window;
	}
	return false;
}

/**
 * image_key_equal() - Whether two objects are the same
 */
bool image_key_equal(const struct image_key *a, const struct image_key *b)
{
	if (a->len != b->len || a->len > IMAGE_KEY_MAX)
		return false;
	for (uint32_t i = 0; i < a->len; i++)
		if (a->id[i] != b->id[i])
			return false;
	return true;
}

/**
 * image_key_name() - The file name of an image: the key in hexadecimal and ".img"
 */
void image_key_name(const struct image_key *key, char name[2 * IMAGE_KEY_MAX + 5])
{
	static const char digits[] = "0123456789abcdef";
	char *out = name;

	for (uint32_t i = 0; i < key->len && i < IMAGE_KEY_MAX; i++) {
		*out++ = digits[key->id[i] >> 4];
		*out++ = digits[key->id[i] & 15];
	}
	*out++ = '.';
	*out++ = 'i';
	*out++ = 'm';
	*out++ = 'g';
	*out = 0;
}

/**
 * image_key_from_stat() - The key of an object that has no build-id
 *
 * It holds on one machine, for as long as the file is not touched.
 */
void image_key_from_stat(struct image_key *key, uint64_t device, uint64_t inode, uint64_t size,
			 uint64_t mtime)
{
	const uint64_t part[3] = {inode, mtime, device * 0x9e3779b97f4a7c15ull ^ size};

	key->len = 1 + sizeof(part);
	key->id[0] = 'n';
	for (uint32_t i = 0; i < sizeof(part); i++)
		key->id[1 + i] = (uint8_t)(part[i / 8] >> i % 8 * 8);
}

/**
 * image_key_from_notes() - Find the build-id in a PT_NOTE segment
 * @align:	p_align of the segment: names and descriptions are padded to it, 4 unless 8
 *
 * Return: whether there is one
 */
bool image_key_from_notes(struct image_key *key, const uint8_t *notes, uint64_t length,
			  uint64_t align)
{
	uint64_t mask = align == 8 ? 7 : 3;

	while (length >= sizeof(struct note)) {
		struct note note;
		uint64_t name, desc;
		const uint8_t *body = notes + sizeof(note);

		for (size_t i = 0; i < sizeof(note); i++)
			((uint8_t *)&note)[i] = notes[i];
		name = ((uint64_t)note.name_size + mask) & ~mask;
		desc = ((uint64_t)note.desc_size + mask) & ~mask;
		length -= sizeof(note);
		if (!image_within(name, note.desc_size, length))
			return false;
		if (note.type == NT_GNU_BUILD_ID && note.name_size == 4 && body[0] == 'G' &&
		    body[1] == 'N' && body[2] == 'U' && note.desc_size >= 8) {
			key->len = note.desc_size < IMAGE_KEY_MAX ? note.desc_size : IMAGE_KEY_MAX;
			for (uint32_t i = 0; i < key->len; i++)
				key->id[i] = body[name + i];
			return true;
		}
		if (!image_within(name, desc, length))
			return false;
		notes = body + name + desc;
		length -= name + desc;
	}
	return false;
}

/**
 * image_fingerprint() - FNV-1a of an object's ELF header and program headers
 * @ehdr:	64 bytes
 * @phdrs:	the table
 * @length:	of the table, in bytes
 *
 * e_shoff and e_shnum are left out: strip(1) changes them and keeps the text.
 */
uint64_t image_fingerprint(const void *ehdr, const void *phdrs, uint64_t length)
{
	const uint8_t *bytes = ehdr;
	uint64_t hash = 0xcbf29ce484222325ull;

	for (int i = 0; i < 64; i++)
		if (i < 40 || (i >= 48 && i < 58)) /* without e_shoff .. and e_shentsize .. */
			hash = (hash ^ bytes[i]) * 0x100000001b3ull;
	bytes = phdrs;
	for (uint64_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ull;
	return hash;
}
