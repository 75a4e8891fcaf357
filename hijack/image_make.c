// SPDX-License-Identifier: BSD-2-Clause
/* image_make.c - make the image of an object: slots and rewritten text in one file
 *
 * Only pages with a site go into the image, and the pages between two of them if there are few:
 * every run costs an mmap and two more entries in the process's list of mappings, every page costs
 * disk.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image_make.h"

#define GAP_PAGES      32
#define SLOTS_DISTANCE (1ull << 30) /* from the object; a jump reaches 2 GiB */

/**
 * page_down() - The start of the page of @vaddr
 */
static uint64_t page_down(uint64_t vaddr)
{
	return vaddr & ~(IMAGE_PAGE - 1);
}

/**
 * page_up() - @vaddr, or the start of the next page
 */
static uint64_t page_up(uint64_t vaddr)
{
	return page_down(vaddr + IMAGE_PAGE - 1);
}

/**
 * plan_runs() - Choose the pages of the image, around the rewritten sites
 * @header:	its @run and @nruns are filled in
 * @gap:	most pages between two sites of one run
 *
 * Return: false if there would be too many runs
 */
static bool plan_runs(struct image_header *header, const struct site_list *list, uint64_t gap)
{
	struct image_run *run = NULL;

	header->nruns = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct image_site *site = &list->site[i];
		uint64_t from = page_down(site->start), to = page_up(site->start + site->window);

		if (site->reason)
			continue;
		if (!run || from > run->vaddr + run->length + gap * IMAGE_PAGE) {
			if (header->nruns == IMAGE_MAX_RUNS)
				return false;
			run = &header->run[header->nruns++];
			*run = (struct image_run){.vaddr = from, .length = 0};
		}
		if (to > run->vaddr + run->length)
			run->length = to - run->vaddr;
	}
	return true;
}

/**
 * copy_text() - Fill a run with what the kernel maps there
 *
 * A mapping holds whole pages of the file, so bytes before and behind the segment come along.
 */
static int copy_text(const struct object *object, const struct image_run *run, uint8_t *out)
{
	for (unsigned int i = 0; i < object->ehdr.e_phnum; i++) {
		Elf64_Phdr phdr = object_phdr(object, i);
		uint64_t from, length;

		if (phdr.p_type != PT_LOAD || !(phdr.p_flags & PF_X) || (phdr.p_flags & PF_W) ||
		    phdr.p_vaddr > INT64_MAX / 2 || phdr.p_filesz > INT64_MAX / 2 ||
		    run->vaddr < page_down(phdr.p_vaddr) ||
		    run->vaddr + run->length > page_up(phdr.p_vaddr + phdr.p_filesz) ||
		    (phdr.p_offset ^ phdr.p_vaddr) % IMAGE_PAGE)
			continue;
		from = page_down(phdr.p_offset) + (run->vaddr - page_down(phdr.p_vaddr));
		if (from >= object->size)
			return -ENOEXEC;
		length = object->size - from < run->length ? object->size - from : run->length;
		memcpy(out, object->data + from, length);
		return 0;
	}
	return -ENOEXEC;
}

/**
 * run_of() - The bytes of an address in the image
 */
static uint8_t *run_of(uint8_t *image, const struct image_header *header, uint64_t vaddr)
{
	const struct image_run *run = header->run;

	while (vaddr - run->vaddr >= run->length)
		run++;
	return image + run->offset + (vaddr - run->vaddr);
}

/**
 * lay_out() - Give everything its place in the image
 */
static void lay_out(const struct object *object, const struct site_list *list,
		    struct image_header *header)
{
	uint64_t offset = list->count ? IMAGE_PAGE : sizeof(*header);

	header->magic = IMAGE_MAGIC;
	header->version = IMAGE_VERSION;
	header->key = object->key;
	header->fingerprint = object->fingerprint;
	header->nsites = (uint32_t)list->count;
	header->nslots = (uint32_t)list->nslots;
	header->nskipped = (uint32_t)(list->count - list->nslots);
	if (list->nslots) {
		header->slots = (int64_t)page_down(object->lowest);
		if (object->ehdr.e_type == ET_DYN)
			header->slots -= (int64_t)SLOTS_DISTANCE;
		else
			header->slots += (int64_t)SLOTS_DISTANCE;
		header->slots_length = page_up(list->nslots * SLOT_SIZE);
		header->slots_offset = offset;
		offset += header->slots_length;
	}
	for (uint32_t i = 0; i < header->nruns; i++) {
		header->run[i].offset = offset;
		offset += header->run[i].length;
	}
	header->sites_offset = offset;
	header->size = offset + list->count * sizeof(struct image_site);
}

/**
 * fill_in() - Write slots, text and sites into the image
 */
static int fill_in(const struct object *object, struct site_list *list,
		   const struct image_header *header, uint8_t *image)
{
	int error = 0;

	if (header->nslots)
		memset(image + header->slots_offset, 0xcc, header->slots_length);
	for (uint32_t i = 0; i < header->nruns && !error; i++)
		error = copy_text(object, &header->run[i], image + header->run[i].offset);
	for (size_t i = 0; i < list->count && !error; i++) {
		struct image_site *site = &list->site[i];
		uint8_t text[sizeof(site->original)];

		if (site->reason)
			continue;
		error = sites_emit(object, site, header->slots,
				   image + header->slots_offset + site->slot * (size_t)SLOT_SIZE,
				   text);
		if (!error)
			memcpy(run_of(image, header, site->start), text, site->window);
	}
	return error;
}

/**
 * image_make() - Make the image of an ELF file
 * @data:	the file
 * @without_id:	key for a file that has no build-id
 * @image:	set to the image, the caller's to free
 *
 * Return: 0, -ENOEXEC for a file that is no x86-64 ELF object, or another negative errno
 */
int image_make(const uint8_t *data, uint64_t size, const struct image_key *without_id,
	       uint8_t **image, uint64_t *image_size)
{
	static _Thread_local struct image_header header;
	struct object object;
	struct site_list list = {0};
	uint64_t gap = GAP_PAGES;
	int error;

	memset(&header, 0, sizeof(header));
	*image = NULL;
	error = object_open(&object, data, size);
	if (error)
		goto close;
	if (!object.has_id)
		object.key = *without_id;
	error = sites_find(&object, &list);
	if (error)
		goto free_list;
	while (!plan_runs(&header, &list, gap))
		gap *= 2;
	lay_out(&object, &list, &header);
	error = -ENOMEM;
	*image = header.size > 16 * size + (1 << 20) ? NULL : calloc(1, header.size);
	if (!*image)
		goto free_list;
	memcpy(*image, &header, sizeof(header));
	*image_size = header.size;
	error = fill_in(&object, &list, &header, *image);
	if (!error && list.count)
		memcpy(*image + header.sites_offset, list.site, list.count * sizeof(*list.site));
	if (error) {
		free(*image);
		*image = NULL;
	}
free_list:
	free(list.site);
close:
	object_close(&object);
	return error;
}
