/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_PAGE_H
#define _ASM_RUMP_PAGE_H

#include <linux/const.h>
#include <asm/map.h>

#define PAGE_SHIFT	12
#define PAGE_SIZE	(_AC(1, UL) << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))

#ifndef __ASSEMBLY__

#include <linux/types.h>

#define clear_page(page)	memset((void *)(page), 0, PAGE_SIZE)
#define copy_page(to, from)	memcpy((void *)(to), (void *)(from), PAGE_SIZE)
#define clear_user_page(page, vaddr, pg)	clear_page(page)
#define copy_user_page(to, from, vaddr, pg)	copy_page(to, from)

typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long pmd; } pmd_t;
typedef struct { unsigned long pud; } pud_t;
typedef struct { unsigned long pgd; } pgd_t;
typedef struct { unsigned long pgprot; } pgprot_t;
typedef struct page *pgtable_t;

#define pte_val(x)	((x).pte)
#define pmd_val(x)	((x).pmd)
#define pud_val(x)	((x).pud)
#define pgd_val(x)	((x).pgd)
#define pgprot_val(x)	((x).pgprot)
#define __pte(x)	((pte_t) { (x) })
#define __pmd(x)	((pmd_t) { (x) })
#define __pud(x)	((pud_t) { (x) })
#define __pgd(x)	((pgd_t) { (x) })
#define __pgprot(x)	((pgprot_t) { (x) })

/*
 * "Physical" memory is the memfd: a physical address is an offset into it.
 * The kernel image is its first part, RAM follows, and all of it is mapped in
 * one piece at PAGE_OFFSET.
 */
#define PAGE_OFFSET	_AC(RUMP_IMAGE_ADDR, UL)

#define __pa(x)		((unsigned long)(x) - PAGE_OFFSET)
#define __va(x)		((void *)((unsigned long)(x) + PAGE_OFFSET))

#define virt_to_pfn(kaddr)	(__pa(kaddr) >> PAGE_SHIFT)
#define pfn_to_virt(pfn)	__va((unsigned long)(pfn) << PAGE_SHIFT)
#define virt_to_page(addr)	pfn_to_page(virt_to_pfn(addr))
#define page_to_virt(page)	pfn_to_virt(page_to_pfn(page))
#define page_to_phys(page)	((phys_addr_t)page_to_pfn(page) << PAGE_SHIFT)
#define phys_to_page(phys)	pfn_to_page((phys) >> PAGE_SHIFT)
#define pfn_to_kaddr(pfn)	pfn_to_virt(pfn)

/* Below PAGE_OFFSET the subtraction wraps, and no such frame is valid. */
#define virt_addr_valid(kaddr)	pfn_valid(virt_to_pfn(kaddr))

/* Host memory comes in chunks, on the first use of a page: mm/grow.c */
#define RUMP_CHUNK_SHIFT	16
extern unsigned long *rump_chunks;
void rump_populate_chunk(unsigned long chunk);

#define HAVE_ARCH_ALLOC_PAGE
#define arch_alloc_page(page, order)						\
do {										\
	unsigned long __chunk = page_to_pfn(page) >> (RUMP_CHUNK_SHIFT - PAGE_SHIFT); \
										\
	if (likely(rump_chunks) &&						\
	    unlikely(!(rump_chunks[__chunk / 64] >> (__chunk % 64) & 1)))	\
		rump_populate_chunk(__chunk);					\
} while (0)

#endif /* !__ASSEMBLY__ */

#define VM_DATA_DEFAULT_FLAGS	VM_DATA_FLAGS_NON_EXEC

#include <asm-generic/memory_model.h>
#include <asm-generic/getorder.h>

#endif
