// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmap.c - the vmalloc area: frames mapped on the host as the page tables say
 *
 * A range is mapped in the process that makes it, run of adjacent frames by
 * run; another process of the same kernel maps what it misses when it faults.
 */
#include <linux/mm.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#include <asm/cacheflush.h>
#include <asm/carrier.h>
#include <asm/tlbflush.h>

#define FAULT_AROUND	(16 * PAGE_SIZE)

/*
 * How often ranges have been cleared. Each process has a word of its own behind its
 * hypercalls that says how far it has followed; a copy of it comes with a fork.
 */
u32 rump_vmap_cleared;
#define FOLLOWED	((u32 *)RUMP_VMAP_FOLLOWED)

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
 * rump_vmap_catch_up() - Before this process runs kernel code: drop what others have cleared
 */
void rump_vmap_catch_up(void)
{
	u32 cleared = READ_ONCE(rump_vmap_cleared);

	if (likely(*FOLLOWED == cleared))
		return;
	/* In this order: another CPU of this process must not go on before it is done. */
	hyp->unmap(VMALLOC_START, VMALLOC_END - VMALLOC_START);
	WRITE_ONCE(*FOLLOWED, cleared);
}

static void follow(void *unused)
{
	rump_vmap_catch_up();
}

/**
 * flush_tlb_kernel_range() - Page tables of a kernel range have been cleared
 * @start:	first address
 * @end:	address after the last
 */
void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	u32 cleared;

	start = max(start, (unsigned long)VMALLOC_START);
	end = min(end, (unsigned long)VMALLOC_END);
	if (start >= end)
		return;
	hyp->unmap(start, end - start);
	if (rump_alone())
		return;
	cleared = __atomic_fetch_add(&rump_vmap_cleared, 1, __ATOMIC_SEQ_CST);
	/* What another CPU has cleared meanwhile is yet to be dropped here. */
	if (*FOLLOWED == cleared)
		WRITE_ONCE(*FOLLOWED, cleared + 1);
	if (num_online_cpus() > 1)
		on_each_cpu(follow, NULL, 1);
}

/**
 * rump_vmap_fault() - A process misses what another one has mapped
 * @addr:	address in the vmalloc area
 *
 * On whatever stack, in a signal handler.
 *
 * Return: 1 if the access may be tried again
 */
int rump_vmap_fault(unsigned long addr)
{
	unsigned long end;
	pte_t *pte;

	addr &= PAGE_MASK;
	pte = rump_pte(&init_mm, addr);
	if (!pte || !pte_present(*pte))
		return 0;
	end = min(ALIGN(addr + 1, PMD_SIZE), (unsigned long)VMALLOC_END);
	end = min(end, addr + FAULT_AROUND);
	flush_cache_vmap(addr, end);
	return 1;
}

void flush_tlb_all(void)
{
	flush_tlb_kernel_range(VMALLOC_START, VMALLOC_END);
}
