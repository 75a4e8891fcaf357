/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mem.S - memory functions and user copies in general registers
 *
 * The caller's vector registers must survive a system call, so none is
 * touched. rep movsb is what the host kernel itself uses for anything but
 * small sizes.
 */
#include <linux/linkage.h>

/* User copies: bytes left in rax. Faults land at the first byte not done. */
SYM_FUNC_START(__rump_copy)
	movq	%rdx, %rcx
	cmpq	$64, %rcx
	jae	.Lcopy_rep
	cmpq	$8, %rcx
	jb	.Lcopy_tail
.Lcopy_word:
1:	movq	(%rsi), %rax
2:	movq	%rax, (%rdi)
	addq	$8, %rsi
	addq	$8, %rdi
	subq	$8, %rcx
	cmpq	$8, %rcx
	jae	.Lcopy_word
.Lcopy_tail:
	testq	%rcx, %rcx
	jz	.Lcopy_done
.Lcopy_byte:
3:	movb	(%rsi), %al
4:	movb	%al, (%rdi)
	incq	%rsi
	incq	%rdi
	decq	%rcx
	jnz	.Lcopy_byte
.Lcopy_done:
	movq	%rcx, %rax
	RET
.Lcopy_rep:
5:	rep movsb
	movq	%rcx, %rax
	RET
	/* A word that faults may still have bytes before the page's end. */
	.pushsection __ex_table, "a"
	.balign 8
	.quad	1b, .Lcopy_byte, 2b, .Lcopy_byte
	.quad	3b, .Lcopy_done, 4b, .Lcopy_done, 5b, .Lcopy_done
	.popsection
SYM_FUNC_END(__rump_copy)

SYM_FUNC_START(__rump_clear)
	movq	%rsi, %rcx
	xorl	%eax, %eax
1:	rep stosb
.Lclear_done:
	movq	%rcx, %rax
	RET
	.pushsection __ex_table, "a"
	.balign 8
	.quad	1b, .Lclear_done
	.popsection
SYM_FUNC_END(__rump_clear)

SYM_FUNC_START(__memcpy)
	movq	%rdi, %rax
	cmpq	$16, %rdx
	jae	1f
	cmpl	$8, %edx
	jae	2f
	cmpl	$4, %edx
	jae	3f
	testl	%edx, %edx
	jz	5f
	movzbl	(%rsi), %ecx
	movb	%cl, (%rdi)
	cmpl	$1, %edx
	jbe	5f
	movzwl	-2(%rsi, %rdx), %ecx
	movw	%cx, -2(%rdi, %rdx)
5:	RET
2:	movq	(%rsi), %rcx
	movq	-8(%rsi, %rdx), %r8
	movq	%rcx, (%rdi)
	movq	%r8, -8(%rdi, %rdx)
	RET
3:	movl	(%rsi), %ecx
	movl	-4(%rsi, %rdx), %r8d
	movl	%ecx, (%rdi)
	movl	%r8d, -4(%rdi, %rdx)
	RET
1:	cmpq	$256, %rdx
	jae	6f
	movq	-16(%rsi, %rdx), %r10
	movq	-8(%rsi, %rdx), %r11
	leaq	-16(%rdx), %rdx
4:	movq	(%rsi), %rcx
	movq	8(%rsi), %r8
	movq	%rcx, (%rdi)
	movq	%r8, 8(%rdi)
	addq	$16, %rsi
	addq	$16, %rdi
	subq	$16, %rdx
	ja	4b
	movq	%r10, (%rdi, %rdx)
	movq	%r11, 8(%rdi, %rdx)
	RET
6:	movq	%rdx, %rcx
	rep movsb
	RET
SYM_FUNC_END(__memcpy)
SYM_FUNC_ALIAS(memcpy, __memcpy)

SYM_FUNC_START(__memmove)
	movq	%rdi, %rcx
	subq	%rsi, %rcx
	cmpq	%rdx, %rcx
	jae	__memcpy_forward
	/* The destination starts inside the source: from the end. */
	movq	%rdi, %rax
	leaq	-1(%rsi, %rdx), %rsi
	leaq	-1(%rdi, %rdx), %rdi
	movq	%rdx, %rcx
1:	cmpq	$8, %rcx
	jb	2f
	movq	-7(%rsi), %r8
	movq	%r8, -7(%rdi)
	subq	$8, %rsi
	subq	$8, %rdi
	subq	$8, %rcx
	jmp	1b
2:	testq	%rcx, %rcx
	jz	3f
	movb	(%rsi), %r8b
	movb	%r8b, (%rdi)
	decq	%rsi
	decq	%rdi
	decq	%rcx
	jmp	2b
3:	RET
__memcpy_forward:
	movq	%rdi, %rax
	cmpq	$64, %rdx
	jae	5f
4:	cmpq	$8, %rdx
	jb	6f
	movq	(%rsi), %rcx
	movq	%rcx, (%rdi)
	addq	$8, %rsi
	addq	$8, %rdi
	subq	$8, %rdx
	jmp	4b
6:	testq	%rdx, %rdx
	jz	3b
	movb	(%rsi), %cl
	movb	%cl, (%rdi)
	incq	%rsi
	incq	%rdi
	decq	%rdx
	jmp	6b
5:	movq	%rdx, %rcx
	rep movsb
	RET
SYM_FUNC_END(__memmove)
SYM_FUNC_ALIAS(memmove, __memmove)

SYM_FUNC_START(__memset)
	movq	%rdi, %r9
	movzbl	%sil, %eax
	movabsq	$0x0101010101010101, %rcx
	imulq	%rcx, %rax
	cmpq	$16, %rdx
	jae	1f
	cmpl	$8, %edx
	jae	2f
	testl	%edx, %edx
	jz	4f
3:	movb	%al, (%rdi)
	incq	%rdi
	decl	%edx
	jnz	3b
4:	movq	%r9, %rax
	RET
2:	movq	%rax, (%rdi)
	movq	%rax, -8(%rdi, %rdx)
	movq	%r9, %rax
	RET
1:	cmpq	$256, %rdx
	jae	6f
5:	movq	%rax, (%rdi)
	movq	%rax, 8(%rdi)
	addq	$16, %rdi
	subq	$16, %rdx
	cmpq	$16, %rdx
	jae	5b
	movq	%rax, -16(%rdi, %rdx)
	movq	%rax, -8(%rdi, %rdx)
	movq	%r9, %rax
	RET
6:	movq	%rdx, %rcx
	rep stosb
	movq	%r9, %rax
	RET
SYM_FUNC_END(__memset)
SYM_FUNC_ALIAS(memset, __memset)
