/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_PGTABLE_H
#define _ASM_RUMP_PGTABLE_H

#include <asm-generic/pgtable-nop4d.h>
#include <asm/page.h>

/*
 * Four levels of tables that no hardware walks. The entries say what the
 * host's mappings shall look like; mm/fault.c installs a mapping of the memfd
 * when the host faults, and the tlbflush functions drop it.
 */
#define PGDIR_SHIFT	39
#define PTRS_PER_PGD	512
#define PGDIR_SIZE	(1UL << PGDIR_SHIFT)
#define PGDIR_MASK	(~(PGDIR_SIZE - 1))
#define PUD_SHIFT	30
#define PTRS_PER_PUD	512
#define PUD_SIZE	(1UL << PUD_SHIFT)
#define PUD_MASK	(~(PUD_SIZE - 1))
#define PMD_SHIFT	21
#define PTRS_PER_PMD	512
#define PMD_SIZE	(1UL << PMD_SHIFT)
#define PMD_MASK	(~(PMD_SIZE - 1))
#define PTRS_PER_PTE	512

#define USER_PTRS_PER_PGD	(TASK_SIZE / PGDIR_SIZE + 1)

#define VMALLOC_START	RUMP_VMALLOC_ADDR
#define VMALLOC_END	RUMP_VMALLOC_END
#define MODULES_VADDR	VMALLOC_START
#define MODULES_END	VMALLOC_END

#define vmemmap		((struct page *)RUMP_VMEMMAP_ADDR)

#define _PAGE_PRESENT	0x001UL
#define _PAGE_WRITE	0x002UL
#define _PAGE_USER	0x004UL
#define _PAGE_EXEC	0x008UL
#define _PAGE_PROTNONE	0x010UL
#define _PAGE_ACCESSED	0x020UL
#define _PAGE_DIRTY	0x040UL
#define _PAGE_SPECIAL	0x080UL
#define _PAGE_SWP_EXCLUSIVE	0x100UL

#define _PAGE_TABLE	(_PAGE_PRESENT | _PAGE_WRITE | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY)
#define _PAGE_CHG_MASK	(PTE_PFN_MASK | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SPECIAL)
#define PTE_PFN_MASK	PAGE_MASK

#define PAGE_NONE	__pgprot(_PAGE_PROTNONE | _PAGE_ACCESSED)
#define PAGE_READONLY	__pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)
#define PAGE_READONLY_EXEC __pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_EXEC)
#define PAGE_SHARED	__pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_WRITE)
#define PAGE_SHARED_EXEC __pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_WRITE | \
				  _PAGE_EXEC)
#define PAGE_KERNEL	__pgprot(_PAGE_PRESENT | _PAGE_WRITE | _PAGE_DIRTY | _PAGE_ACCESSED)
#define PAGE_KERNEL_RO	__pgprot(_PAGE_PRESENT | _PAGE_DIRTY | _PAGE_ACCESSED)
#define PAGE_KERNEL_EXEC PAGE_KERNEL

#ifndef __ASSEMBLY__

#include <linux/bug.h>
#include <linux/mm_types.h>

extern pgd_t swapper_pg_dir[PTRS_PER_PGD];
extern unsigned long empty_zero_page[PAGE_SIZE / sizeof(unsigned long)];
#define ZERO_PAGE(vaddr)	virt_to_page(empty_zero_page)

#define pte_ERROR(e)	pr_err("bad pte %016lx\n", pte_val(e))
#define pmd_ERROR(e)	pr_err("bad pmd %016lx\n", pmd_val(e))
#define pud_ERROR(e)	pr_err("bad pud %016lx\n", pud_val(e))
#define pgd_ERROR(e)	pr_err("bad pgd %016lx\n", pgd_val(e))

#define PFN_PTE_SHIFT	PAGE_SHIFT
#define pte_pfn(pte)	(pte_val(pte) >> PAGE_SHIFT)
#define pte_page(pte)	pfn_to_page(pte_pfn(pte))
#define pfn_pte(pfn, prot)	__pte(((unsigned long)(pfn) << PAGE_SHIFT) | pgprot_val(prot))
#define mk_pte(page, prot)	pfn_pte(page_to_pfn(page), prot)

#define set_pte(ptep, pte)	WRITE_ONCE(*(ptep), pte)
#define set_pmd(pmdp, pmd)	WRITE_ONCE(*(pmdp), pmd)
#define set_pud(pudp, pud)	WRITE_ONCE(*(pudp), pud)
#define set_p4d(p4dp, p4d)	WRITE_ONCE(*(p4dp), p4d)

#define pte_none(pte)		(!pte_val(pte))
#define pte_present(pte)	(pte_val(pte) & (_PAGE_PRESENT | _PAGE_PROTNONE))
#define pte_clear(mm, addr, ptep)	set_pte(ptep, __pte(0))
#define pte_accessible(mm, pte)	(pte_val(pte) & _PAGE_PRESENT)

static inline int pte_write(pte_t pte)	{ return pte_val(pte) & _PAGE_WRITE; }
static inline int pte_dirty(pte_t pte)	{ return pte_val(pte) & _PAGE_DIRTY; }
static inline int pte_young(pte_t pte)	{ return pte_val(pte) & _PAGE_ACCESSED; }
static inline int pte_special(pte_t pte)	{ return pte_val(pte) & _PAGE_SPECIAL; }
static inline int pte_exec(pte_t pte)	{ return pte_val(pte) & _PAGE_EXEC; }

#define PTE_BIT_FUNC(name, op)						\
static inline pte_t pte_##name(pte_t pte)				\
{									\
	return __pte(pte_val(pte) op);					\
}
PTE_BIT_FUNC(mkclean, & ~_PAGE_DIRTY)
PTE_BIT_FUNC(mkdirty, | _PAGE_DIRTY)
PTE_BIT_FUNC(mkold, & ~_PAGE_ACCESSED)
PTE_BIT_FUNC(mkyoung, | _PAGE_ACCESSED)
PTE_BIT_FUNC(wrprotect, & ~_PAGE_WRITE)
PTE_BIT_FUNC(mkwrite_novma, | _PAGE_WRITE)
PTE_BIT_FUNC(mkspecial, | _PAGE_SPECIAL)
PTE_BIT_FUNC(swp_mkexclusive, | _PAGE_SWP_EXCLUSIVE)
PTE_BIT_FUNC(swp_clear_exclusive, & ~_PAGE_SWP_EXCLUSIVE)
static inline int pte_swp_exclusive(pte_t pte)
{
	return pte_val(pte) & _PAGE_SWP_EXCLUSIVE;
}

static inline pte_t pte_modify(pte_t pte, pgprot_t prot)
{
	return __pte((pte_val(pte) & _PAGE_CHG_MASK) | pgprot_val(prot));
}

#define __HAVE_ARCH_PTE_SAME
static inline int pte_same(pte_t a, pte_t b)
{
	return pte_val(a) == pte_val(b);
}

#define pmd_none(pmd)		(!pmd_val(pmd))
#define pmd_present(pmd)	(pmd_val(pmd) & _PAGE_PRESENT)
#define pmd_bad(pmd)		((pmd_val(pmd) & ~PAGE_MASK) != _PAGE_TABLE)
#define pmd_clear(pmdp)		set_pmd(pmdp, __pmd(0))
#define pmd_pfn(pmd)		(pmd_val(pmd) >> PAGE_SHIFT)
#define pmd_page(pmd)		pfn_to_page(pmd_pfn(pmd))
#define pmd_page_vaddr(pmd)	((unsigned long)__va(pmd_val(pmd) & PAGE_MASK))

#define pud_none(pud)		(!pud_val(pud))
#define pud_present(pud)	(pud_val(pud) & _PAGE_PRESENT)
#define pud_bad(pud)		((pud_val(pud) & ~PAGE_MASK) != _PAGE_TABLE)
#define pud_clear(pudp)		set_pud(pudp, __pud(0))
#define pud_pfn(pud)		(pud_val(pud) >> PAGE_SHIFT)
#define pud_page(pud)		pfn_to_page(pud_pfn(pud))
#define pud_pgtable(pud)	((pmd_t *)__va(pud_val(pud) & PAGE_MASK))

#define p4d_none(p4d)		(!p4d_val(p4d))
#define p4d_present(p4d)	(p4d_val(p4d) & _PAGE_PRESENT)
#define p4d_bad(p4d)		((p4d_val(p4d) & ~PAGE_MASK) != _PAGE_TABLE)
#define p4d_clear(p4dp)		set_p4d(p4dp, __p4d(0))
#define p4d_pgtable(p4d)	((pud_t *)__va(p4d_val(p4d) & PAGE_MASK))
#define p4d_page(p4d)		pfn_to_page(p4d_val(p4d) >> PAGE_SHIFT)

#define update_mmu_cache(vma, address, ptep)	do { } while (0)
#define update_mmu_cache_range(vmf, vma, address, ptep, nr)	do { } while (0)

/* Swap entries: bits 1-4 and 8 are taken, see _PAGE_PRESENT and above. */
#define __swp_type(x)			(((x).val >> 12) & 0x1f)
#define __swp_offset(x)			((x).val >> 17)
#define __swp_entry(type, offset)	\
	((swp_entry_t) { (((unsigned long)(type) & 0x1f) << 12) | ((unsigned long)(offset) << 17) })
#define __pte_to_swp_entry(pte)		((swp_entry_t) { pte_val(pte) })
#define __swp_entry_to_pte(x)		((pte_t) { (x).val })

void rump_unmap_window(struct mm_struct *mm, unsigned long start, unsigned long end);

#endif /* !__ASSEMBLY__ */

#endif
