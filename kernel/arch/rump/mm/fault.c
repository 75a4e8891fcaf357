// SPDX-License-Identifier: GPL-2.0-only
/*
 * fault.c - rump files in the memory of a process
 *
 * A mapping is a VMA in the window of the process; its pages are mapped on
 * the host when they are touched. A fault in the program comes as a call
 * (RUMP_CALL_FAULT) from librump's SIGSEGV handler, a fault in the kernel as an
 * incomplete copy, see rump_copy_user().
 */
#include <linux/mm.h>
#include <linux/perf_event.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <asm/carrier.h>
#include <asm/pgalloc.h>

/**
 * rump_pte() - Walk the page tables
 * @mm:		whose, init_mm for the vmalloc area
 * @addr:	address
 *
 * Return: the entry, or NULL where a table is missing
 */
pte_t *rump_pte(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d = p4d_offset(pgd, addr);
	pud_t *pud;
	pmd_t *pmd;

	if (p4d_none(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud))
		return NULL;
	pmd = pmd_offset(pud, addr);
	if (pmd_none(*pmd))
		return NULL;
	return pte_offset_kernel(pmd, addr);
}

static int host_prot(pte_t pte)
{
	int prot = RUMP_PROT_READ;

	if (!(pte_val(pte) & _PAGE_PRESENT))
		return RUMP_PROT_NONE;
	if (pte_write(pte))
		prot |= RUMP_PROT_WRITE;
	if (pte_exec(pte))
		prot |= RUMP_PROT_EXEC;
	return prot;
}

/*
 * Map the run of present entries with adjacent frames and one protection that
 * starts at @addr: the neighbours that the file's fault-around filled cost
 * one host call together.
 */
static int map_run(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long pfn, run;
	pte_t *pte = rump_pte(mm, addr);
	int prot;

	if (!pte || !pte_present(*pte))
		return -EAGAIN;
	pfn = pte_pfn(*pte);
	prot = host_prot(*pte);
	for (run = PAGE_SIZE; addr + run < vma->vm_end; run += PAGE_SIZE) {
		if (!((addr + run) & ~PMD_MASK))
			break;
		pte++;
		if (!pte_present(*pte) || pte_pfn(*pte) != pfn + run / PAGE_SIZE ||
		    host_prot(*pte) != prot)
			break;
	}
	return hyp->map(addr, pfn << PAGE_SHIFT, run, prot);
}

/**
 * rump_user_fault() - Make a page of the window accessible
 * @addr:	address
 * @access:	RUMP_PROT_ of the access
 *
 * Return: 0, or the signal that the program earned: SIGSEGV or SIGBUS
 */
long rump_user_fault(unsigned long addr, unsigned long access)
{
	unsigned int flags = FAULT_FLAG_DEFAULT | FAULT_FLAG_USER;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long need = VM_READ;
	vm_fault_t fault;
	long ret;

	if (access & RUMP_PROT_WRITE) {
		flags |= FAULT_FLAG_WRITE;
		need = VM_WRITE;
	} else if (access & RUMP_PROT_EXEC) {
		flags |= FAULT_FLAG_INSTRUCTION;
		need = VM_EXEC;
	}
	addr &= PAGE_MASK;
retry:
	vma = lock_mm_and_find_vma(mm, addr, NULL);
	if (!vma)
		return SIGSEGV;
	ret = SIGSEGV;
	if (!(vma->vm_flags & need))
		goto out;
	fault = handle_mm_fault(vma, addr, flags, NULL);
	if (fault & VM_FAULT_COMPLETED)
		goto mapped_later;
	if (fault & VM_FAULT_RETRY) {
		if (fatal_signal_pending(current))
			return SIGKILL;
		flags |= FAULT_FLAG_TRIED;
		goto retry;
	}
	if (fault & VM_FAULT_ERROR) {
		ret = fault & (VM_FAULT_SIGBUS | VM_FAULT_OOM | VM_FAULT_HWPOISON) ? SIGBUS :
										SIGSEGV;
		goto out;
	}
	ret = map_run(mm, vma, addr) ? SIGBUS : 0;
out:
	mmap_read_unlock(mm);
	return ret;
mapped_later:
	flags |= FAULT_FLAG_TRIED;
	goto retry;
}

/**
 * rump_unmap_window() - Page tables of a process changed: drop the host's mappings
 * @mm:		its memory
 * @start:	first address
 * @end:	address after the last
 */
void rump_unmap_window(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	start = max(start, (unsigned long)RUMP_WINDOW_ADDR);
	end = min(end, (unsigned long)RUMP_WINDOW_END);
	/* Nobody has mappings while there are several processes (fork.c). */
	if (start < end && mm->context.proc == rump_carrier()->proc)
		hyp->unmap(start, end - start);
}
