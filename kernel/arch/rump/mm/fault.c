// SPDX-License-Identifier: GPL-2.0-only
/*
 * fault.c - rump files in the memory of a process
 *
 * A mapping is a VMA in the window of the process; its pages are mapped on
 * the host when they are touched. A fault in the program comes as a call
 * (RUMP_CALL_FAULT) from librump's SIGSEGV handler, a fault in the kernel as an
 * incomplete copy, see rump_copy_user().
 *
 * When entries change, the host's mappings are dropped: here, if the process is the carrier's,
 * else by a signal to it. They come back by the next fault.
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

#define ZAP_TURNS	20000	/* yields; some 10 ms at the least, seconds on a busy host */

static u32 zap_lock;

/*
 * Have another process drop its mappings. It is sent a signal, for whichever of its threads is there and
 * takes it, whose handler calls rump_zap(). Pages are about to be freed, so this waits, as a processor waits for
 * others to flush their TLBs. A process that does not answer in time is stopped,
 * or deep in the host: then the signal comes before its next instruction.
 */
static void zap_remote(struct rump_process *proc, unsigned long start, unsigned long end)
{
	unsigned int turns = 0;

	while (host_cmpxchg(&zap_lock, 0, 1) != 0 && !READ_ONCE(rump_dead))
		hyp->yield();
	/* One that did not answer before may still be about to: what it does is the sum. */
	if (READ_ONCE(proc->zap)) {
		start = min(start, proc->zap_start);
		end = max(end, proc->zap_end);
	}
	proc->zap_start = start;
	proc->zap_end = end;
	smp_store_release(&proc->zap, 1);
	if (READ_ONCE(proc->executing) || hyp->signal(proc->hostpid, 0, SIGBUS, NULL))
		proc->zap = 0;
	while (smp_load_acquire(&proc->zap) && turns++ < ZAP_TURNS && !READ_ONCE(rump_dead))
		hyp->yield();
	smp_store_release(&zap_lock, 0);
}

/**
 * rump_zap() - In the handler of a signal that may be zap_remote()'s
 * @proc:	the process of the handler, NULL for the first one
 *
 * Return: 1 if it was
 */
int rump_zap(struct rump_process *proc)
{
	if (!proc)
		proc = &rump_first_process;
	if (!smp_load_acquire(&proc->zap))
		return !!READ_ONCE(rump_dead); /* rump_hthread_alarm() */
	hyp->unmap(proc->zap_start, proc->zap_end - proc->zap_start);
	smp_store_release(&proc->zap, 0);
	return 1;
}

/**
 * rump_unmap_window() - Page tables of a process changed: drop the host's mappings
 * @mm:		its memory
 * @start:	first address
 * @end:	address after the last
 */
void rump_unmap_window(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct rump_process *proc = mm->context.proc;

	start = max(start, (unsigned long)RUMP_WINDOW_ADDR);
	end = min(end, (unsigned long)RUMP_WINDOW_END);
	if (start >= end || !proc)
		return;
	if (proc == rump_carrier()->proc)
		hyp->unmap(start, end - start);
	else if (mm->map_count && READ_ONCE(proc->state) == RUMP_PROC_ALIVE && !proc->undertaker)
		zap_remote(proc, start, end);
}
