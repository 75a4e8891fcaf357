/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copy.S - code that a fault's handler knows by its address
 *
 * bool rump__copy(void *to, const void *from, size_t size): fault.c lets it fail.
 * long rump__scan(const char *string, size_t room): the same; length of a string, or -EFAULT.
 * rump__restorer is what handlers of the core's return to. Unwinders know it by its bytes,
 * for which no unwind information may claim the address, nor that before it.
 */
#include <asm/errno.h>
#include <asm/unistd.h>

	.text
	.globl	rump__copy, rump__copy_at, rump__copy_failed, rump__restorer
	.hidden	rump__copy, rump__copy_at, rump__copy_failed, rump__restorer
	.globl	rump__scan, rump__scan_at, rump__scan_failed
	.hidden	rump__scan, rump__scan_at, rump__scan_failed

	.type	rump__copy, @function
rump__copy:
	.cfi_startproc
	mov	%rdx, %rcx
rump__copy_at:
	rep movsb
	mov	$1, %eax
	ret
rump__copy_failed:
	xor	%eax, %eax
	ret
	.cfi_endproc
	.size	rump__copy, . - rump__copy

	.type	rump__scan, @function
rump__scan:
	.cfi_startproc
	/* Eight bytes at a time. Aligned, they lie in one page. */
	movabs	$0x0101010101010101, %r9
	movabs	$0x8080808080808080, %r10
	lea	(%rdi, %rsi), %r11
	mov	%rdi, %rdx
	and	$-8, %rdx
	lea	(, %rdi, 8), %ecx
	mov	$1, %r8d
	shl	%cl, %r8		/* by the lower six bits */
	dec	%r8			/* the bytes before the string */
rump__scan_at:
	mov	(%rdx), %rax
	or	%r8, %rax
	xor	%r8d, %r8d
	mov	%rax, %rcx
	not	%rcx
	sub	%r9, %rax
	and	%rcx, %rax
	and	%r10, %rax
	jnz	1f
	add	$8, %rdx
	cmp	%r11, %rdx
	jb	rump__scan_at
	mov	%rsi, %rax
	ret
1:	bsf	%rax, %rax
	shr	$3, %eax
	add	%rdx, %rax
	sub	%rdi, %rax
	cmp	%rsi, %rax
	cmova	%rsi, %rax
	ret
rump__scan_failed:
	mov	$-EFAULT, %rax
	ret
	.cfi_endproc
	.size	rump__scan, . - rump__scan

	.balign	16
	nop
	.balign	16
	.type	rump__restorer, @function
rump__restorer:
	mov	$__NR_rt_sigreturn, %rax
	syscall
	.size	rump__restorer, . - rump__restorer

	.section .note.GNU-stack, "", @progbits
