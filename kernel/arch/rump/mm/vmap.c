// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmap.c - the vmalloc area: frames mapped on the host as the page tables say
 *
 * A range is mapped in the process that makes it, run of adjacent frames by
 * run; another process of the same kernel maps what it misses when it faults.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <asm/cacheflush.h>
#include <asm/carrier.h>
#include <asm/tlbflush.h>

/**
 * flush_cache_vmap() - Page tables of a kernel range have been filled
 * @start:	first address
 * @end:	address after the last
 */
void flush_cache_vmap(unsigned long start, unsigned long end)
{
	unsigned long addr = start, run, pfn;
	pte_t *pte;

	while (addr < end) {
		pte = rump_pte(&init_mm, addr);
		if (!pte || !pte_present(*pte)) {
			addr += PAGE_SIZE;
			continue;
		}
		pfn = pte_pfn(*pte);
		for (run = PAGE_SIZE; addr + run < end; run += PAGE_SIZE) {
			pte = rump_pte(&init_mm, addr + run);
			if (!pte || !pte_present(*pte) || pte_pfn(*pte) != pfn + run / PAGE_SIZE)
				break;
		}
		if (hyp->map(addr, pfn << PAGE_SHIFT, run, RUMP_PROT_READ | RUMP_PROT_WRITE))
			panic("the host cannot map %lu pages of vmalloc space: vm.max_map_count?",
			      run / PAGE_SIZE);
		addr += run;
	}
}

/**
 * flush_tlb_kernel_range() - Page tables of a kernel range have been cleared
 * @start:	first address
 * @end:	address after the last
 */
void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	start = max(start, (unsigned long)VMALLOC_START);
	end = min(end, (unsigned long)VMALLOC_END);
	if (start < end)
		hyp->unmap(start, end - start);
}

void flush_tlb_all(void)
{
	flush_tlb_kernel_range(VMALLOC_START, VMALLOC_END);
}
