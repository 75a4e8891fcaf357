/* SPDX-License-Identifier: BSD-2-Clause */
/* call.h - the request type, and the seam between the shim's layers
 *
 * Three layers handle a system call and pass one struct hijack_call between them:
 *
 *   intercept	entry.S fills it from the registers at the site
 *   decide	hijack_route[nr] is called with it: a function per call number that looks at paths
 *		and descriptors and chooses. NULL stands for "always the host"
 *   perform	hijack_host() or whatever reaches the rump kernel. Its result is what the site gets:
 *		a value, or a negated errno, in the kernel's own convention
 *
 * The table and the hooks below have weak definitions in hooks.c that leave everything to the host.
 * A layer above replaces them by defining the same names.
 *
 * What runs here runs inside the program's system calls: on its stack, in its signal handlers,
 * before its constructors, in a vfork child. So: no libc, no malloc, no errno, no floating point or
 * vector registers, no lock held while the program could be entered.
 */
#ifndef HIJACK_CALL_H
#define HIJACK_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a call was performed; the trace's letter and the report's column. */
enum hijack_side {
	HIJACK_HOST,
	HIJACK_RUMP,
	HIJACK_SIDES,
};

/* What a clone makes; a kind has a block in every slot, in this order (format.h). */
enum hijack_kind {
	HIJACK_FORK, /* a process with a copy of the memory */
	HIJACK_VFORK, /* a process that shares the memory, on borrowed time */
	HIJACK_THREAD, /* a thread of this process */
	HIJACK_GUEST, /* a process that shares the memory while its parent goes on (guest.c) */
	HIJACK_KINDS,
};

/**
 * struct hijack_call - One system call; entry.S knows the offsets
 * @nr:		its number
 * @arg:	its arguments, as they go back to the registers: to change them, change a copy
 * @slot:	return address into the slot: says which site it came from
 * @native:	set by a handler to have the slot make the call itself, with nothing of the shim on
 *		the stack: the offset of a block of the slot. The handler's result is then ignored.
 * @side:	set by whoever performs it
 * @stay:	the site is glibc's, where a blocked thread has to be for it to be cancelled
 */
struct hijack_call {
	unsigned long nr;
	unsigned long arg[6];
	unsigned long slot;
	unsigned long native;
	unsigned long side;
	unsigned long stay;
};

typedef long hijack_fn(struct hijack_call *call);

/* One more than the largest number of the table; larger ones go to the host. */
#define HIJACK_CALLS 512

/* ---- what the layer above gives ---- */

/* Who decides on a call; NULL for the host. */
extern hijack_fn *const hijack_route[HIJACK_CALLS];

/* Once, before any constructor; TLS written here is lost, and libc is not initialised. */
void hijack_on_start(char **argv, char **envp);
/* Before a clone, in the parent; a negated errno refuses it. */
long hijack_on_clone(struct hijack_call *call, enum hijack_kind kind);
/* In the child, before it returns to the program. */
void hijack_on_child(enum hijack_kind kind);
/* In the parent afterwards; @result is the child or a negated errno. What the program gets is returned. */
long hijack_on_parent(enum hijack_kind kind, long result);
/* The kernel has booted; kernel_up is about to be true. */
void hijack_on_kernel(void);
/* A descriptor of the host is the shim's own from now on, or not any more. */
void hijack_on_own(int fd, bool is);
/* Rump files have been mapped: hijack_on_host() is called before a call that the host may be about to make. */
extern bool hijack_maps;
void hijack_on_host(const struct hijack_call *call);
/* A call has failed on the host with EFAULT: its result, made again if that was for a page of the kernel's. */
long hijack_on_fault(struct hijack_call *call);
/*
 * In a thread that is about to end, by exit(2) or by unmapping its stack. Whether it is the last: then all
 * is done that hijack_on_exit() does.
 */
bool hijack_on_thread_exit(void);
/* Whether a call would take a number from the rump kernel's descriptors. */
bool hijack_takes(const struct hijack_call *call);
/* In a process about to end by exit_group(2). */
void hijack_on_exit(void);

/* ---- what the layers below give ---- */

/* Performs a call on the host, with what the shim has to do about mappings, exec, clone, signals. */
long hijack_host(struct hijack_call *call);
/*
 * The same, as the last thing that is done about a call, with the very struct that came from the
 * site. The site may then make it (@native), so what is returned here need not be the result.
 */
long hijack_pass(struct hijack_call *call);
/* entry.S calls it for every call; a layer above may too, to make one as the program would. */
long hijack_dispatch(struct hijack_call *call);

#endif
