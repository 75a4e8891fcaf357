// SPDX-License-Identifier: BSD-2-Clause
/* sud.c - Syscall User Dispatch: what the rewriting has missed
 *
 * Theory of operation
 *
 * With RUMPHIJACK_SUD=1 the kernel (5.11 and later) sends SIGSYS for every system call made outside
 * the shim's own text. After the rewriting there should be none, so each is an escape and goes to
 * the report; the tests require zero. It is of use beyond that for code which is made at run time.
 *
 * The handler does not make the call. It gives the address a slot of its own, made on the spot, and
 * lets the interrupted code continue there: from then on everything is as if the site had been
 * rewritten. A slot stays for the life of the process; it depends on nothing but the address.
 *
 * Two kinds of calls trap and are no escapes: the return from a signal handler, whose restorer must
 * keep its bytes, continues in the shim's restorer; and the vdso's fallbacks, all about time, are
 * made for it.
 *
 * The kernel turns the dispatch off for a new thread or process, so hijack_after_clone() turns it
 * on. A trap while SIGSYS is blocked would kill the process, so no mask that the program gives
 * blocks it. What the program itself does with SIGSYS is kept here, and done for a SIGSYS of
 * another origin.
 */
#include <asm/errno.h>
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <linux/mman.h>
#include <linux/prctl.h>

#include "../kernel/lib/core.h"
#include "raw.h"
#include "state.h"
#include "str.h"

#ifndef SYS_USER_DISPATCH
#define SYS_USER_DISPATCH 2
#endif
#define SA_RESTORER_ 0x04000000 /* <asm/signal.h> hides it from user space */
#define SIGSYS_BIT   (1ull << (SIGSYS - 1))
#define MAX_DYNAMIC  512 /* a power of two */

/* A slot made at run time: the page it is in. */
struct dynamic_page {
	uint8_t slot[SLOT_SIZE];
	struct slot_page pointers;
	uint64_t resume;
};

struct dynamic {
	uint64_t resume; /* 0: free. Set last. */
	uint64_t slot;
};

static struct dynamic dynamic[MAX_DYNAMIC] RARELY;
static struct lock dynamic_lock;
static struct rump__action program_action;
static volatile char selector = SYSCALL_DISPATCH_FILTER_BLOCK; /* of all threads */

/**
 * relative_call() - Write `ff /op disp32`, through a pointer in the same page
 * @at:		where in the slot
 * @modrm:	0x15 for a call, 0x25 for a jump
 */
static size_t relative_call(struct dynamic_page *page, size_t at, uint8_t modrm, size_t pointer)
{
	int32_t distance = (int32_t)(pointer - (at + 6));

	page->slot[at] = 0xff;
	page->slot[at + 1] = modrm;
	memcpy(page->slot + at + 2, &distance, sizeof(distance));
	return at + 6;
}

/**
 * make_slot() - Make a slot that returns to @resume
 *
 * Return: its address, 0 if there is no memory. If there is none near, unwinders get lost.
 */
static uint64_t make_slot(uint64_t resume)
{
	static const uint8_t step[] = {0x48, 0x8d, 0x64, 0x24, 0x80};
	uint64_t at = rump__in_window(resume) ? 0 : near_reserve(resume, resume, IMAGE_PAGE);
	struct dynamic_page *page;
	size_t tail;
	int32_t distance;

	if (!at)
		at = (uint64_t)raw_call(__NR_mmap, 0, IMAGE_PAGE, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (raw_failed((long)at))
		return 0;
	page = (struct dynamic_page *)at;
	page->pointers.entry = (uint64_t)hijack_entry;
	page->pointers.after = (uint64_t)hijack_after_entry;
	page->resume = resume;
	memcpy(page->slot, step, sizeof(step));
	tail = relative_call(page, sizeof(step), 0x15,
			     offsetof(struct dynamic_page, pointers.entry));
	relative_call(page, tail, 0x25, offsetof(struct dynamic_page, resume));
	for (size_t block = SLOT_BLOCKS; block < SLOT_BLOCKS + SLOT_KINDS * SLOT_BLOCK_SIZE;
	     block += SLOT_BLOCK_SIZE) {
		size_t end;

		page->slot[block] = 0x0f;
		page->slot[block + 1] = 0x05;
		memcpy(page->slot + block + 2, step, sizeof(step));
		end = relative_call(page, block + 2 + sizeof(step), 0x15,
				    offsetof(struct dynamic_page, pointers.after));
		page->slot[end] = 0xeb;
		page->slot[end + 1] = (uint8_t)(tail - (end + 2));
	}
	distance = (int32_t)(resume - (at + SLOT_SIZE));
	memcpy(page->slot + SLOT_UNWIND, &distance, sizeof(distance));
	if (raw_failed(raw3(__NR_mprotect, at, IMAGE_PAGE, PROT_READ | PROT_EXEC))) {
		raw2(__NR_munmap, at, IMAGE_PAGE);
		return 0;
	}
	return at;
}

/**
 * dynamic_slot() - The slot for calls that return to @resume
 *
 * Return: 0 if there can be no more
 */
static uint64_t dynamic_slot(uint64_t resume)
{
	unsigned int first = (unsigned int)(resume * 0x9e3779b97f4a7c15ull >> 55), i;
	uint64_t slot = 0;
	unsigned long mask;

	for (i = first; i < first + MAX_DYNAMIC; i++) {
		const struct dynamic *entry = &dynamic[i % MAX_DYNAMIC];
		uint64_t key = __atomic_load_n(&entry->resume, __ATOMIC_ACQUIRE);

		if (key == resume)
			return entry->slot;
		if (!key)
			break;
	}
	mask = lock_take(&dynamic_lock);
	for (; i < first + MAX_DYNAMIC && !slot; i++) {
		struct dynamic *entry = &dynamic[i % MAX_DYNAMIC];

		if (entry->resume == resume) {
			slot = entry->slot;
		} else if (!entry->resume) {
			slot = entry->slot = make_slot(resume);
			if (slot)
				__atomic_store_n(&entry->resume, resume, __ATOMIC_RELEASE);
			break;
		}
	}
	lock_release(&dynamic_lock, mask);
	return slot;
}

/**
 * pass_on() - Do what the program wants done about a SIGSYS
 */
static void pass_on(int signal, siginfo_t *info, void *context)
{
	struct rump__action action = program_action;

	if ((unsigned long)action.handler == (unsigned long)SIG_IGN)
		return;
	if ((unsigned long)action.handler == (unsigned long)SIG_DFL) {
		action = (struct rump__action){0};
		raw4(__NR_rt_sigaction, SIGSYS, &action, 0, MASK_BYTES);
		raw3(__NR_tgkill, raw0(__NR_getpid), raw0(__NR_gettid), SIGSYS);
		return;
	}
	action.handler(signal, info, context);
}

/**
 * on_sigsys() - A system call from outside the shim
 */
static void on_sigsys(int signal, void *information, void *context)
{
	siginfo_t *info = information;
	struct ucontext *ucontext = context;
	struct sigcontext *regs = &ucontext->uc_mcontext;
	unsigned long nr = regs->rax;
	uint64_t slot;

	if (info->si_code != SYS_USER_DISPATCH) {
		pass_on(signal, info, context);
		return;
	}
	if (nr == __NR_rt_sigreturn) {
		regs->rip = (uint64_t)rump__restorer;
		return;
	}
	if (regs->rip >= hijack_vdso[0] && regs->rip < hijack_vdso[1]) {
		regs->rax = (uint64_t)raw6((long)nr, regs->rdi, regs->rsi, regs->rdx, regs->r10,
					   regs->r8, regs->r9);
		return;
	}
	report_escape(regs->rip - 2, nr);
	slot = dynamic_slot(regs->rip);
	if (slot) {
		regs->rip = slot;
		return;
	}
	/* Out of slots: what can be done here is done here. A clone cannot. */
	if (nr == __NR_clone || nr == __NR_clone3 || nr == __NR_fork || nr == __NR_vfork) {
		regs->rax = (uint64_t)-ENOMEM;
	} else {
		struct hijack_call call = {
			.nr = nr,
			.arg = {regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9}};

		regs->rax = (uint64_t)hijack_dispatch(&call);
	}
}

/**
 * sud_arm() - Turn the dispatch on or off for this thread, if it was asked for
 */
void sud_arm(bool on)
{
	if (!hijack_config.sud || hijack_sealed)
		return;
	raw_call(__NR_prctl, PR_SET_SYSCALL_USER_DISPATCH, on, on ? hijack_text[0] : 0,
		 on ? hijack_text[1] - hijack_text[0] : 0, on ? &selector : NULL, 0);
}

/**
 * sud_seal() - Turn the dispatch off for good, in all threads
 *
 * The program's seccomp filter may forbid prctl(2), and so a clone.
 */
void sud_seal(void)
{
	selector = SYSCALL_DISPATCH_FILTER_ALLOW;
}

/**
 * sud_start() - Install the handler and turn the dispatch on
 */
void sud_start(void)
{
	struct rump__action action = {
		.handler = on_sigsys,
		.flags = SA_SIGINFO | SA_ONSTACK | SA_RESTORER_,
		.restorer = (void (*)(void))rump__restorer,
		.mask = ~0ul,
	};
	unsigned long mask = SIGSYS_BIT;
	long result;

	if (!hijack_config.sud)
		return;
	raw4(__NR_rt_sigaction, SIGSYS, &action, &program_action, MASK_BYTES);
	raw4(__NR_rt_sigprocmask, SIG_UNBLOCK, &mask, 0, MASK_BYTES);
	result = raw_call(__NR_prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON,
			  hijack_text[0], hijack_text[1] - hijack_text[0], &selector, 0);
	if (raw_failed(result)) {
		hijack_say("RUMPHIJACK_SUD=1 needs Linux 5.11", NULL, result);
		raw1(__NR_exit_group, 2);
	}
}

/**
 * sud_child() - Forget a lock whose holder was not forked
 */
void sud_child(void)
{
	dynamic_lock.word = 0;
}

/**
 * sud_sigaction() - rt_sigaction(2) for SIGSYS, which stays the shim's
 */
void sud_sigaction(const struct rump__action *new, struct rump__action *old)
{
	*old = program_action;
	if (new)
		program_action = *new;
}
