/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.c - faults of the host processor
 *
 * In kernel code, an access to user memory that has an entry in the
 * exception table goes on there, with EFAULT in the end. In the program, an access to a mapped
 * rump file makes the kernel bring the page; rump__copy() and rump__scan() fail. All else is the
 * program's.
 */
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>

#include <rump/rumpuser_ext.h>

#include "core.h"

#define PAGE		4096ul
#define PF_WRITE	2
#define PF_INSTR	16

static bool in_image(unsigned long ip)
{
	return ip >= RUMP_IMAGE_ADDR && ip < rump__kernel.image_end;
}

/* What a fault that the kernel has no page for is called: whether anything is mapped there. */
static int segv_code(unsigned long addr)
{
	unsigned char resident;

	return rump__enter(__NR_mincore, addr & ~(PAGE - 1), 1, (long)&resident, 0, 0, 0) ?
		       SEGV_MAPERR : SEGV_ACCERR;
}

static void kernel_fault(int sig, siginfo_t *info, struct ucontext *uc)
{
	unsigned long ip = uc->uc_mcontext.rip, addr = (unsigned long)info->si_addr, fixup;

	if (addr >= RUMP_VMALLOC_ADDR && addr < RUMP_VMALLOC_END &&
	    rump__kernel.ops->vmap_fault(addr))
		return;
	fixup = rump__kernel.ops->fixup(ip);
	if (fixup) {
		uc->uc_mcontext.rip = fixup;
		return;
	}
	rump__error("the kernel crashed: signal %d at %lx, address %p (addr2line -e kernel %lx)",
		    sig, ip, info->si_addr, ip);
	rump__signal_default(sig);
}

/**
 * rump__fault() - Handler of SIGSEGV and SIGBUS
 * @sig:	signal
 * @info:	siginfo_t
 * @context:	struct ucontext
 */
void rump__fault(int sig, void *info, void *context)
{
	unsigned long addr = (unsigned long)((siginfo_t *)info)->si_addr;
	struct ucontext *uc = context;
	unsigned long ip = uc->uc_mcontext.rip;
	unsigned long err = uc->uc_mcontext.err;
	long ret, access = RUMP_PROT_READ;

	/* The other end of a pipe has ended that only the keeper of the kernel has. */
	if (sig == SIGBUS && ((siginfo_t *)info)->si_code == SI_SIGIO && rump__kernel.ops) {
		rump__kernel.ops->die(RUMP_DEAD_SERVER, rump__kernel.proc);
		return;
	}
	if (sig == SIGBUS && ((siginfo_t *)info)->si_code <= 0 && rump__kernel.ops) {
		/* One signal may stand for both. */
		bool zapped = rump__kernel.ops->zap(rump__kernel.proc);

		if (rump__hold(info) || zapped)
			return;
	}
	if (sig == SIGBUS && ((siginfo_t *)info)->si_code > 0 && rumpuser_ext_net_fault(addr))
		return;
	if (in_image(ip)) {
		kernel_fault(sig, info, uc);
		return;
	}
	if (rump__in_window(addr) && ((siginfo_t *)info)->si_code > 0 && !rump__self.incall) {
		if (err & PF_WRITE)
			access = RUMP_PROT_WRITE;
		else if (err & PF_INSTR)
			access = RUMP_PROT_EXEC;
		ret = rump__enter(RUMP_CALL_FAULT, addr, access, 0, 0, 0, 0);
		if (!ret)
			return;
		if (ret > 0) {
			sig = ret;
			((siginfo_t *)info)->si_signo = sig;
			((siginfo_t *)info)->si_code = sig == SIGBUS ? BUS_ADRERR : segv_code(addr);
		}
	}
	if (ip == (unsigned long)rump__copy_at && ((siginfo_t *)info)->si_code > 0) {
		uc->uc_mcontext.rip = (unsigned long)rump__copy_failed;
		return;
	}
	if (ip == (unsigned long)rump__scan_at && ((siginfo_t *)info)->si_code > 0) {
		uc->uc_mcontext.rip = (unsigned long)rump__scan_failed;
		return;
	}
	rump__signal_forward(sig, info, context);
}
