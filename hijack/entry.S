/* SPDX-License-Identifier: BSD-2-Clause */
/* entry.S - from the slots into C and back
 *
 * Theory of operation
 *
 * A slot (format.h) steps over the red zone of the code it serves and calls hijack_entry. The registers are
 * those at the site; all must come back as they were but rax, rcx and r11, which the kernel would change too.
 * The arguments are stored as a struct hijack_call, restored from it, and `ret $128` steps back over the red
 * zone. Nothing saves vector registers: the C code is compiled not to use them. Arithmetic flags are lost,
 * which the kernel would keep and no compiler relies on.
 *
 * Unwinders must not look for the slot, which is in no object they know. So the return address that the CFI
 * of hijack_entry gives is not the slot's but the site's, computed from the word at the slot's end; the
 * frame address is the stack pointer at the site, red zone and all. gdb, libgcc and glibc see a syscall
 * instruction that called hijack_entry.
 *
 * Calls that return twice, or on another stack, must have nothing of the shim on the stack. The dispatcher
 * says so in hijack_call.native; hijack_entry then restores everything and jumps to a block of the slot, which
 * makes the call itself and comes to hijack_after_entry in parent and child alike. In the same way a call may
 * be made by the instruction at the site, which the jump before it has left there.
 */
#include <asm/unistd.h>
#include "format.h"

/* struct hijack_call */
#define CALL_NR		0
#define CALL_ARG(n)	(8 + 8 * (n))
#define CALL_SLOT	56
#define CALL_NATIVE	64
#define CALL_SIDE	72
#define CALL_STAY	80
#define CALL_SIZE	96	/* a multiple of 16 */

#define RA_OFFSET	(SLOT_RED_ZONE + 8)	/* of the slot's return address, below the site's rsp */

/* DW_CFA_val_expression for the return address: with s the slot, which is *(CFA - 136) & -128,
 * s + 128 + *(int32_t *)(s + 124). */
.macro cfi_return_to_site
	.cfi_escape 0x16, 16, 23
	.cfi_escape 0x0b, 0x78, 0xff, 0x22, 0x06	/* const2s -136, plus, deref */
	.cfi_escape 0x09, 0x80, 0x1a, 0x12		/* const1s -128, and, dup */
	.cfi_escape 0x23, SLOT_UNWIND, 0x94, 0x04	/* plus_uconst 124, deref_size 4 */
	.cfi_escape 0x08, 32, 0x24, 0x08, 32, 0x26	/* sign-extend: shl 32, shra 32 */
	.cfi_escape 0x22, 0x23, 0x80, 0x01		/* plus, plus_uconst 128 */
.endm

.macro enter stay
	.cfi_startproc
	.cfi_def_cfa rsp, RA_OFFSET
	cfi_return_to_site
	push	%rbp
	.cfi_def_cfa_offset RA_OFFSET + 8
	.cfi_offset rbp, -(RA_OFFSET + 8)
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	and	$-16, %rsp
	sub	$CALL_SIZE, %rsp
	mov	8(%rbp), %rcx
	mov	%rax, CALL_NR(%rsp)
	mov	%rdi, CALL_ARG(0)(%rsp)
	mov	%rsi, CALL_ARG(1)(%rsp)
	mov	%rdx, CALL_ARG(2)(%rsp)
	mov	%r10, CALL_ARG(3)(%rsp)
	mov	%r8, CALL_ARG(4)(%rsp)
	mov	%r9, CALL_ARG(5)(%rsp)
	mov	%rcx, CALL_SLOT(%rsp)
	movq	$0, CALL_NATIVE(%rsp)
	movq	$0, CALL_SIDE(%rsp)
	movq	$\stay, CALL_STAY(%rsp)
	mov	%rsp, %rdi
.endm

.macro restore_arguments
	mov	CALL_ARG(0)(%rsp), %rdi
	mov	CALL_ARG(1)(%rsp), %rsi
	mov	CALL_ARG(2)(%rsp), %rdx
	mov	CALL_ARG(3)(%rsp), %r10
	mov	CALL_ARG(4)(%rsp), %r8
	mov	CALL_ARG(5)(%rsp), %r9
.endm

.macro function name
	.globl	\name
	.hidden	\name
	.type	\name, @function
	.balign	64
\name:
.endm

.macro endfunction name
	.cfi_endproc
	.size	\name, . - \name
.endm

	.text

/* From the site of glibc's __syscall_cancel_arch: the call may be made there. */
function hijack_stay_entry
	enter	1
	call	hijack_dispatch
	jmp	.Lback
endfunction hijack_stay_entry

function hijack_entry
	enter	0
	call	hijack_dispatch
.Lback:
	mov	CALL_NATIVE(%rsp), %rcx
	restore_arguments
	test	%rcx, %rcx
	jnz	1f
	leave
	.cfi_remember_state
	.cfi_def_cfa rsp, RA_OFFSET
	.cfi_restore rbp
	ret	$SLOT_RED_ZONE
1:
	.cfi_restore_state
	mov	CALL_NR(%rsp), %rax
	leave
	.cfi_def_cfa rsp, RA_OFFSET
	.cfi_restore rbp
	mov	(%rsp), %r11
	lea	RA_OFFSET(%rsp), %rsp
	and	$-SLOT_SIZE, %r11
	cmp	$SLOT_IN_PLACE, %rcx
	je	2f
	add	%rcx, %r11
	jmp	*%r11
2:	/* the instruction is two bytes before what the slot's last word leads to */
	movslq	SLOT_UNWIND(%r11), %rcx
	lea	SLOT_SIZE - 2(%r11, %rcx), %r11
	jmp	*%r11
endfunction hijack_entry

/* As hijack_entry, from a block of a slot: rax is the result of the clone, and stays. */
function hijack_after_entry
	enter	0
	call	hijack_after_clone
	restore_arguments
	mov	CALL_NR(%rsp), %rax
	leave
	.cfi_def_cfa rsp, RA_OFFSET
	.cfi_restore rbp
	ret	$SLOT_RED_ZONE
endfunction hijack_after_entry

/* void hijack_unmap_and_exit(void *start, size_t length): it must not touch the stack. */
function hijack_unmap_and_exit
	.cfi_startproc
	.cfi_undefined rip
	mov	$__NR_munmap, %eax
	syscall
	xor	%edi, %edi
	mov	$__NR_exit, %eax
	syscall
	hlt
endfunction hijack_unmap_and_exit

/* long hijack_spawn(void (*fn)(void *), void *argument, void *stack): a vfork child runs fn on a stack of
 * its own; there is no SIGCHLD when it ends. */
function hijack_spawn
	.cfi_startproc
	mov	%rdi, %r8
	mov	%rsi, %r9
	mov	%rdx, %rsi
	mov	$0x4100, %edi		/* CLONE_VM | CLONE_VFORK */
	xor	%edx, %edx
	xor	%r10d, %r10d
	mov	$__NR_clone, %eax
	syscall
	test	%eax, %eax
	jz	1f
	ret
1:
	.cfi_undefined rip
	xor	%ebp, %ebp
	mov	%r9, %rdi
	call	*%r8
	mov	$127, %edi
	mov	$__NR_exit, %eax
	syscall
	hlt
endfunction hijack_spawn

	.section .note.GNU-stack, "", @progbits
