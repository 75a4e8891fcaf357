// SPDX-License-Identifier: GPL-2.0-only
/*
 * init.c - memory of the machine: the memfd
 *
 * Physical addresses are offsets into it. The image lies at 0 and is RAM
 * that is reserved for good; the frames behind it are free. Struct pages lie in the memfd
 * too, behind the last frame, and librump has mapped them: populating the
 * memmap is a matter of touching it.
 */
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <asm/carrier.h>
#include <asm/pgalloc.h>
#include <asm/sections.h>

pgd_t swapper_pg_dir[PTRS_PER_PGD] __page_aligned_bss;
unsigned long empty_zero_page[PAGE_SIZE / sizeof(unsigned long)] __page_aligned_bss;

static const pgprot_t protection_map[16] = {
	[VM_NONE]				= PAGE_NONE,
	[VM_READ]				= PAGE_READONLY,
	[VM_WRITE]				= PAGE_READONLY,
	[VM_WRITE | VM_READ]			= PAGE_READONLY,
	[VM_EXEC]				= PAGE_READONLY_EXEC,
	[VM_EXEC | VM_READ]			= PAGE_READONLY_EXEC,
	[VM_EXEC | VM_WRITE]			= PAGE_READONLY_EXEC,
	[VM_EXEC | VM_WRITE | VM_READ]		= PAGE_READONLY_EXEC,
	[VM_SHARED]				= PAGE_NONE,
	[VM_SHARED | VM_READ]			= PAGE_READONLY,
	[VM_SHARED | VM_WRITE]			= PAGE_SHARED,
	[VM_SHARED | VM_WRITE | VM_READ]	= PAGE_SHARED,
	[VM_SHARED | VM_EXEC]			= PAGE_READONLY_EXEC,
	[VM_SHARED | VM_EXEC | VM_READ]		= PAGE_READONLY_EXEC,
	[VM_SHARED | VM_EXEC | VM_WRITE]	= PAGE_SHARED_EXEC,
	[VM_SHARED | VM_EXEC | VM_WRITE | VM_READ] = PAGE_SHARED_EXEC
};
DECLARE_VM_GET_PAGE_PROT

void __init rump_setup_memory(void)
{
	unsigned long end = rump_boot.image_end - PAGE_OFFSET + rump_boot.boot_ram;
	unsigned long max_zone_pfn[MAX_NR_ZONES] = { 0 };

	end = ALIGN(end, 1UL << SECTION_SIZE_BITS);
	memblock_add(0, end);
	memblock_reserve(0, __pa(PAGE_ALIGN((unsigned long)_end)));
	max_low_pfn = max_pfn = PFN_DOWN(end);
	min_low_pfn = 0;
	high_memory = __va(end);
	sparse_init();
	max_zone_pfn[ZONE_NORMAL] = max_pfn;
	free_area_init(max_zone_pfn);
}

int __meminit vmemmap_populate(unsigned long start, unsigned long end, int node,
			       struct vmem_altmap *altmap)
{
	return 0;
}

#ifdef CONFIG_MEMORY_HOTPLUG
void vmemmap_free(unsigned long start, unsigned long end, struct vmem_altmap *altmap)
{
}
#endif

void __init mem_init(void)
{
	memblock_free_all();
}

/* Initial text is the file's, and initial data are small and still needed (kernel/late.c). */
void free_initmem(void)
{
}

pgd_t *pgd_alloc(struct mm_struct *mm)
{
	return (pgd_t *)get_zeroed_page(GFP_KERNEL);
}

#ifdef CONFIG_MEMORY_HOTPLUG
int arch_add_memory(int nid, u64 start, u64 size, struct mhp_params *params)
{
	return __add_pages(nid, PFN_DOWN(start), PFN_DOWN(size), params);
}

void arch_remove_memory(u64 start, u64 size, struct vmem_altmap *altmap,
			struct dev_pagemap *pgmap)
{
	__remove_pages(PFN_DOWN(start), PFN_DOWN(size), altmap, pgmap);
}
#endif
