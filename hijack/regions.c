// SPDX-License-Identifier: BSD-2-Clause
/* regions.c - put images into place, and take their slots away again
 *
 * Theory of operation
 *
 * An image (format.h) is installed in two parts. The slots go to a fixed distance from the object,
 * where the jumps in its text expect them, behind a page with the two addresses that slots call
 * through. Then the rewritten pages are mapped over the object's own. Both come straight from the
 * file, so they are shared by all processes and never writable.
 *
 * If that place is taken, or the file may not be mapped executable, the image is copied: slots and
 * text are assembled in private memory, displacements are corrected for where the slots are, the
 * memory is made executable and no longer writable, and the text is moved over the original with
 * one mremap, so that no thread ever executes half of it.
 *
 * Text of a file of the rump kernel's lies in the window (memory.c), where the rump kernel maps. Its
 * slots are memory that the rump kernel has mapped there too, and the jumps are written into its own pages,
 * which makes copies of them, as it is private. Pages of the window come by faults, so these signals
 * stay open.
 *
 * A region is rewritten text and its slots. Writers hold regions_lock. Readers, which is every
 * munmap, look at the table without it: an entry is written before it is counted, and freed by
 * setting @end to 0.
 *
 * Slots live as long as their text: munmap frees them, and so does another file mapped over the
 * text. Memory without a file mapped over the text does not: programs do that to move their code to
 * huge pages, and the copy still jumps to the slots.
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/mman.h>

#include "../kernel/lib/core.h"
#include "kernel.h"
#include "raw.h"
#include "state.h"
#include "str.h"

#define MAX_REGIONS 256
#define REACH	    (0x7fffffffull - 0x100000) /* of a jump, less a margin */
#define PROBE_STEP  (64ull << 20)

struct region {
	uint64_t start;
	uint64_t end; /* 0: free */
	uint64_t slots;
	uint64_t slots_length;
};

struct lock regions_lock;
struct region_totals region_totals;

static struct region regions[MAX_REGIONS] RARELY;
static unsigned int nregions;

/**
 * map() - mmap(2)
 *
 * Return: the address or a negative errno
 */
static long map(uint64_t at, uint64_t length, int protection, int flags, int fd, uint64_t offset)
{
	return raw_call(__NR_mmap, at, length, protection, MAP_PRIVATE | flags, fd, offset);
}

/**
 * regions_take() - Take the lock
 * @window:	for something in the window
 *
 * Return: for lock_release()
 */
unsigned long regions_take(bool window)
{
	return lock_take_but(&regions_lock, window ? RUMP__FAULTS | RUMP__BIT(SIGSYS) : 0);
}

/**
 * unmap() - munmap(2)
 */
static void unmap(uint64_t at, uint64_t length)
{
	if (rump__in_window(at))
		kernel_call(__NR_munmap, (long)at, (long)length, 0, 0, 0, 0);
	else
		raw2(__NR_munmap, at, length);
}

/**
 * protect() - mprotect(2)
 */
static long protect(uint64_t at, uint64_t length, int protection)
{
	if (rump__in_window(at))
		return kernel_call(__NR_mprotect, (long)at, (long)length, protection, 0, 0, 0);
	return raw3(__NR_mprotect, at, length, protection);
}

/**
 * reserve() - Map private memory at an address where there is nothing
 *
 * Return: whether that was possible
 */
static bool reserve(uint64_t at, uint64_t length)
{
	const int flags = MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE;
	long result;

	if (rump__in_window(at))
		result = kernel_call(__NR_mmap, (long)at, (long)length, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | flags, -1, 0);
	else
		result = map(at, length, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (raw_failed(result))
		return false;
	if ((uint64_t)result == at)
		return true;
	unmap((uint64_t)result, length); /* before Linux 4.17 it was a hint */
	return false;
}

/**
 * near_reserve() - Map private memory within a jump's reach
 * @start:	of what jumps
 * @end:	of it
 *
 * Return: the address, 0 if there is no room
 */
uint64_t near_reserve(uint64_t start, uint64_t end, uint64_t length)
{
	start &= ~(IMAGE_PAGE - 1);
	end = (end + IMAGE_PAGE - 1) & ~(IMAGE_PAGE - 1);
	for (uint64_t away = PROBE_STEP; away < REACH; away += PROBE_STEP) {
		if (start > away + length && end - start + away < REACH &&
		    reserve(start - away - length, length))
			return start - away - length;
		if (end - start + away + length < REACH && reserve(end + away, length))
			return end + away;
	}
	return 0;
}

/**
 * set_slot_page() - Write the addresses that slots call through
 */
static void set_slot_page(uint64_t at)
{
	struct slot_page *page = (struct slot_page *)at;

	page->entry = (uint64_t)hijack_entry;
	page->after = (uint64_t)hijack_after_entry;
	page->stay = (uint64_t)hijack_stay_entry;
}

/**
 * runs_fit() - Whether all of an image's text lies in the object's, and in what is mapped of it
 */
static bool runs_fit(const struct loaded *object, const struct image_header *header, uint64_t start,
		     uint64_t end)
{
	for (uint32_t i = 0; i < header->nruns; i++) {
		const struct image_run *run = &header->run[i];

		if (!elf_is_text(object, run->vaddr, run->length) ||
		    object->bias + run->vaddr < start ||
		    object->bias + run->vaddr + run->length > end)
			return false;
	}
	return true;
}

/**
 * map_image() - Put an image into place by mapping it
 *
 * Return: 0, or a negative errno with nothing changed
 */
static long map_image(const struct loaded *object, int fd, const struct image_header *header)
{
	uint64_t page = object->bias + (uint64_t)header->slots;
	uint64_t length = IMAGE_PAGE + header->slots_length;
	long result;

	if (!reserve(page, length))
		return -EEXIST;
	set_slot_page(page);
	result = map(page + IMAGE_PAGE, header->slots_length, PROT_READ | PROT_EXEC, MAP_FIXED, fd,
		     header->slots_offset);
	if (!raw_failed(result))
		result = raw3(__NR_mprotect, page, IMAGE_PAGE, PROT_READ);
	for (uint32_t i = 0; i < header->nruns && !raw_failed(result); i++) {
		const struct image_run *run = &header->run[i];

		result = map(object->bias + run->vaddr, run->length, PROT_READ | PROT_EXEC,
			     MAP_FIXED, fd, run->offset);
		/* What is mapped stays, it works; the rest of the text is not rewritten. */
		if (raw_failed(result) && i > 0)
			return 0;
	}
	if (raw_failed(result)) {
		unmap(page, length);
		return result;
	}
	return 0;
}

/**
 * read_whole() - pread(2), all of it
 */
static bool read_whole(int fd, uint64_t at, uint64_t length, uint64_t offset)
{
	while (length) {
		long done = raw4(__NR_pread64, fd, at, length, offset);

		if (done <= 0)
			return false;
		at += (uint64_t)done;
		offset += (uint64_t)done;
		length -= (uint64_t)done;
	}
	return true;
}

/**
 * add32() - Correct a displacement that may not be aligned
 */
static void add32(uint64_t at, uint64_t amount)
{
	uint32_t value;

	memcpy(&value, (const void *)at, sizeof(value));
	value += (uint32_t)amount;
	memcpy((void *)at, &value, sizeof(value));
}

/**
 * copy_slots() - Assemble slots in private memory
 * @page:	where; reserved
 * @moved:	how far that is from where the image expects them
 */
static bool copy_slots(int fd, const struct image_header *header, const struct image_site *sites,
		       uint64_t page, uint64_t moved)
{
	long image = map(0, header->slots_length, PROT_READ, 0, fd, header->slots_offset);
	uint64_t slots = page + IMAGE_PAGE;

	if (raw_failed(image))
		return false;
	memcpy((void *)slots, (const void *)image, header->slots_length);
	unmap((uint64_t)image, header->slots_length);
	for (uint32_t i = 0; i < header->nsites; i++) {
		const struct image_site *site = &sites[i];

		for (int j = 0; j < 4 && !site->reason; j++)
			if (site->fix[j] != IMAGE_NO_FIX)
				add32(slots + site->slot * (uint64_t)SLOT_SIZE + site->fix[j],
				      0 - moved);
	}
	set_slot_page(page);
	return !raw_failed(protect(page, IMAGE_PAGE + header->slots_length, PROT_READ | PROT_EXEC));
}

/**
 * put_jump() - Rewrite a site in a copy of its text
 * @text:	of the site's window
 * @slot:	distance of the slot from the window
 *
 * Return: false if the text there is not what the image was made from
 */
static bool put_jump(uint8_t *text, const struct image_site *site, uint64_t slot)
{
	int32_t distance = (int32_t)(slot - 5);

	for (int i = 0; i < site->window; i++)
		if (text[i] != site->original[i])
			return false;
	text[0] = 0xe9;
	memcpy(text + 1, &distance, sizeof(distance));
	memset(text + 5, site->start + site->window == site->syscall ? 0x90 : 0xcc,
	       site->window - 5);
	return true;
}

/**
 * put_jumps() - Rewrite the sites of a run
 * @copy:	the run, or a copy of it
 * @slots:	where the slots are
 *
 * The text is what is in memory, which a debugger may have put breakpoints into; a site with one
 * stays.
 */
static void put_jumps(const struct loaded *object, const struct image_header *header,
		      const struct image_site *sites, const struct image_run *run, uint64_t slots,
		      uint8_t *copy)
{
	uint64_t to = object->bias + run->vaddr;

	for (uint32_t i = 0; i < header->nsites; i++) {
		const struct image_site *site = &sites[i];
		uint64_t at = site->start - run->vaddr;

		if (site->reason || at >= run->length ||
		    put_jump(copy + at, site,
			     slots + site->slot * (uint64_t)SLOT_SIZE - (to + at)))
			continue;
		region_totals.kept++;
		region_totals.rewritten--;
	}
}

typedef bool put_run_fn(const struct loaded *object, const struct image_header *header,
			const struct image_site *sites, const struct image_run *run,
			uint64_t slots);

/**
 * write_run() - Rewrite a run of text in the window, which no thread executes yet
 * @slots:	where the slots are
 */
static bool write_run(const struct loaded *object, const struct image_header *header,
		      const struct image_site *sites, const struct image_run *run, uint64_t slots)
{
	uint64_t to = object->bias + run->vaddr;

	if (raw_failed(protect(to, run->length, PROT_READ | PROT_WRITE)))
		return false;
	put_jumps(object, header, sites, run, slots, (uint8_t *)to);
	return !raw_failed(protect(to, run->length, PROT_READ | PROT_EXEC));
}

/**
 * copy_run() - Assemble a run in private memory and move it over the original
 * @slots:	where the slots are
 */
static bool copy_run(const struct loaded *object, const struct image_header *header,
		     const struct image_site *sites, const struct image_run *run, uint64_t slots)
{
	long result = map(0, run->length, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1, 0);
	uint64_t to = object->bias + run->vaddr;
	uint8_t *copy = (uint8_t *)result;

	if (raw_failed(result))
		return false;
	memcpy(copy, (const void *)to, run->length);
	put_jumps(object, header, sites, run, slots, copy);
	if (raw_failed(raw3(__NR_mprotect, copy, run->length, PROT_READ | PROT_EXEC)) ||
	    raw_failed(raw_call(__NR_mremap, copy, run->length, run->length,
				MREMAP_MAYMOVE | MREMAP_FIXED, to, 0))) {
		unmap((uint64_t)copy, run->length);
		return false;
	}
	return true;
}

/**
 * copy_image() - Put an image into place by copying it
 * @page:	set to where the slots are
 *
 * Return: 0 or a negative errno
 */
static long copy_image(const struct loaded *object, int fd, const struct image_header *header,
		       uint64_t *page)
{
	const struct image_run *last = &header->run[header->nruns - 1];
	uint64_t length = header->nsites * (uint64_t)sizeof(struct image_site);
	uint64_t slots_length = IMAGE_PAGE + header->slots_length;
	long result = map(0, length, PROT_READ, 0, fd, header->sites_offset);
	const struct image_site *sites = (const struct image_site *)result;
	uint64_t moved;
	put_run_fn *put_run = rump__in_window(object->bias + last->vaddr) ? write_run : copy_run;

	if (raw_failed(result))
		return result;
	result = -ENOEXEC;
	for (uint32_t i = 0; i < header->nsites; i++)
		if (!image_site_valid(header, &sites[i]))
			goto unmap_sites;
	result = -ENOMEM;
	*page = near_reserve(object->bias + header->run[0].vaddr,
			     object->bias + last->vaddr + last->length, slots_length);
	if (!*page)
		goto unmap_sites;
	moved = *page - (object->bias + (uint64_t)header->slots);
	if (!copy_slots(fd, header, sites, *page, moved)) {
		unmap(*page, slots_length);
		goto unmap_sites;
	}
	for (uint32_t i = 0; i < header->nruns; i++) {
		if (put_run(object, header, sites, &header->run[i], *page + IMAGE_PAGE))
			continue;
		if (i == 0) {
			unmap(*page, slots_length);
			goto unmap_sites;
		}
		break;
	}
	result = 0;
unmap_sites:
	unmap((uint64_t)sites, length);
	return result;
}

/**
 * add_region() - Remember a region
 */
static void add_region(const struct region *region)
{
	unsigned int i = 0;

	while (i < nregions && regions[i].end)
		i++;
	regions[i].start = region->start;
	regions[i].slots = region->slots;
	regions[i].slots_length = region->slots_length;
	__atomic_store_n(&regions[i].end, region->end, __ATOMIC_RELEASE);
	if (i == nregions)
		__atomic_store_n(&nregions, i + 1, __ATOMIC_RELEASE);
}

/**
 * report_sites() - Tell the report which sites an image leaves as they are
 */
static void report_sites(const struct loaded *object, int fd, const struct image_header *header)
{
	struct image_site site;

	for (uint32_t i = 0; i < header->nsites; i++)
		if (read_whole(fd, (uint64_t)&site, sizeof(site),
			       header->sites_offset + i * sizeof(site)) &&
		    site.reason)
			report_kept(object, &site);
}

/**
 * regions_install() - Rewrite an object that is mapped
 * @elf:	descriptor of its file, or -1
 * @start:	part of the object that is mapped
 * @end:	of it
 *
 * Called before the program runs, or with regions_lock held.
 */
void regions_install(struct loaded *object, int elf, uint64_t start, uint64_t end)
{
	static struct image_header header;
	int fd = image_open(object, elf, &header);
	struct region region;
	long result = -EEXIST;

	if (fd < 0) {
		region_totals.failed++;
		hijack_say("system calls are not rewritten in", object->name, fd);
		return;
	}
	if (!header.nslots)
		goto close;
	if (!runs_fit(object, &header, start, end)) {
		region_totals.failed++;
		goto close;
	}
	region.start = object->bias + header.run[0].vaddr;
	region.end = object->bias + header.run[header.nruns - 1].vaddr +
		     header.run[header.nruns - 1].length;
	region.slots = object->bias + (uint64_t)header.slots;
	region.slots_length = IMAGE_PAGE + header.slots_length;
	if (nregions == MAX_REGIONS)
		result = -ENOMEM;
	else if (hijack_config.images == IMAGES_MAP && !rump__in_window(region.start))
		result = map_image(object, fd, &header);
	if (raw_failed(result) && nregions < MAX_REGIONS)
		result = copy_image(object, fd, &header, &region.slots);
	if (raw_failed(result)) {
		region_totals.failed++;
		hijack_say("system calls are not rewritten in", object->name, result);
		goto close;
	}
	add_region(&region);
	region_totals.objects++;
	region_totals.rewritten += header.nslots;
close:
	region_totals.kept += header.nskipped;
	if (hijack_config.report && header.nskipped)
		report_sites(object, fd, &header);
	raw1(__NR_close, fd);
}

/**
 * regions_touch() - Whether a range has rewritten text
 */
bool regions_touch(uint64_t start, uint64_t length)
{
	unsigned int count = __atomic_load_n(&nregions, __ATOMIC_ACQUIRE);

	for (unsigned int i = 0; i < count; i++) {
		uint64_t end = __atomic_load_n(&regions[i].end, __ATOMIC_ACQUIRE);

		if (end && start < end && start + length > regions[i].start)
			return true;
	}
	return false;
}

/**
 * regions_unmapped() - Free the slots of text that is gone
 *
 * Of a region that goes in pieces, the slots stay until the last.
 */
void regions_unmapped(uint64_t start, uint64_t length)
{
	uint64_t end = start + length;
	unsigned long mask;

	if (!regions_touch(start, length))
		return;
	mask = regions_take(rump__in_window(start));
	for (unsigned int i = 0; i < nregions; i++) {
		struct region *region = &regions[i];

		if (!region->end || start >= region->end || end <= region->start)
			continue;
		if (start > region->start && end < region->end)
			continue;
		if (start <= region->start && end >= region->end) {
			__atomic_store_n(&region->end, 0, __ATOMIC_RELEASE);
			unmap(region->slots, region->slots_length);
			region_totals.objects--;
		} else if (start <= region->start) {
			region->start = end;
		} else {
			__atomic_store_n(&region->end, start, __ATOMIC_RELEASE);
		}
	}
	lock_release(&regions_lock, mask);
}

/**
 * regions_child() - Forget locks whose holders were not forked
 */
void regions_child(void)
{
	regions_lock.word = 0;
}
