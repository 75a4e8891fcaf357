/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * entry.S - where host threads and kernel contexts change stacks
 *
 * A host thread comes in on its own stack, with its callee-saved registers
 * pushed there, and finds its way back through host_sp. On the kernel side a
 * context is a stack pointer below six callee-saved registers. Theory in
 * carrier.c.
 */
#include <linux/linkage.h>
#include <generated/asm-offsets.h>
#include <asm/kstack.h>
#include <asm/map.h>
#include <asm/unistd.h>

.macro PUSH_CALLEE
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r12, 0
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r13, 0
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r14, 0
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r15, 0
.endm

.macro POP_CALLEE
	popq	%r15
	.cfi_adjust_cfa_offset -8
	popq	%r14
	.cfi_adjust_cfa_offset -8
	popq	%r13
	.cfi_adjust_cfa_offset -8
	popq	%r12
	.cfi_adjust_cfa_offset -8
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	popq	%rbp
	.cfi_adjust_cfa_offset -8
.endm

	.text

/*
 * rump_enter - a system call (struct rump_image_ops)
 *
 * Fast if the virtual CPU is free and our task was the last on it: one
 * compare-and-swap in, one exchange out. The words of struct rump_vcpu are
 * shared with threads that own nothing, hence literal lock prefixes.
 */
SYM_FUNC_START(rump_enter)
	PUSH_CALLEE
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	movq	%r11, %r13
	movq	%rax, %r12
	movq	HT_VCPU(%r13), %rbx
	xorl	%eax, %eax
	movl	HT_ID(%r13), %ecx
	lock; cmpxchgl %ecx, VCPU_OWNER(%rbx)
	jne	.Lbusy
	movq	HT_TASK(%r13), %rax
	cmpq	%rax, VCPU_CURR(%rbx)
	jne	.Lother
	cmpq	$NR_syscalls, %r12
	jae	.Lother
	cmpl	$0, HT_INTERRUPTED(%r13)
	jne	.Lother
	movabsq	$RUMP_VMAP_FOLLOWED, %r14
	movl	rump_vmap_cleared(%rip), %eax
	cmpl	%eax, (%r14)
	jne	.Lother
	movq	%r13, VCPU_CARRIER(%rbx)
	movq	%rsp, HT_HOST_SP(%r13)
	movq	HT_KSP(%r13), %rsp
	/*
	 * For unwinders: the frame is 64 bytes above host_sp, the first field of
	 * what r13 points to (DW_CFA_def_cfa_expression: breg13 0, deref, plus 64).
	 */
	.cfi_remember_state
	.cfi_escape 0x0f, 5, 0x7d, 0x00, 0x06, 0x23, 0x40
	movq	%r12, PT_NR(%rsp)
	movq	%r10, %rcx
	leaq	sys_call_table(%rip), %rax
	call	*(%rax, %r12, 8)
	movq	%rax, %rdi
	call	rump_call_exit		/* returns result and virtual CPU */
	movq	HT_HOST_SP(%r13), %rsp
	.cfi_restore_state
	incl	VCPU_TURNS(%rdx)
	xorl	%ecx, %ecx
	xchgl	%ecx, VCPU_OWNER(%rdx)
	cmpl	$0, VCPU_PENDING(%rdx)
	jne	.Lafter
	cmpl	$0, rump_waiters(%rip)
	jne	.Lafter
	movq	VCPU_DEADLINE(%rdx), %rcx
	cmpq	VCPU_GUARDED(%rdx), %rcx
	jb	.Lafter
.Lreturn:
	.cfi_remember_state
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	POP_CALLEE
	RET
	.cfi_restore_state
.Lafter:
	movq	%r13, %rdi
	movq	%rdx, %rsi
	movq	%rax, %rdx
	movq	%rsp, HT_HOST_SP(%r13)
	call	rump_after_release
	jmp	.Lreturn
.Lbusy:
	xorl	%eax, %eax
	jmp	.Lslow
.Lother:
	movl	$1, %eax
.Lslow:
	movq	%rdi, HT_ARGS+0(%r13)
	movq	%rsi, HT_ARGS+8(%r13)
	movq	%rdx, HT_ARGS+16(%r13)
	movq	%r10, HT_ARGS+24(%r13)
	movq	%r8, HT_ARGS+32(%r13)
	movq	%r9, HT_ARGS+40(%r13)
	movq	%r12, HT_NR(%r13)
	movq	%rsp, HT_HOST_SP(%r13)
	movq	%r13, %rdi
	movq	%rbx, %rsi
	movl	%eax, %edx
	call	rump_enter_slow
	jmp	.Lreturn
SYM_FUNC_END(rump_enter)

/*
 * rump_host_call(ht, fn, arg) - run fn(ht, arg) on the host stack such that
 * it may become a carrier: leaving a kernel stack comes back here.
 */
SYM_FUNC_START(rump_host_call)
	PUSH_CALLEE
	subq	$8, %rsp
	movq	%rsp, HT_HOST_SP(%rdi)
	movq	%rsi, %rax
	movq	%rdx, %rsi
	call	*%rax
	addq	$8, %rsp
	POP_CALLEE
	RET
SYM_FUNC_END(rump_host_call)

/*
 * rump_leave(ht, vcpu, action) - leave this context where it is, continue on
 * the host stack of the carrier; returns when somebody carries the context on.
 */
SYM_FUNC_START(rump_leave)
	PUSH_CALLEE
	movq	%rsp, VCPU_RESUME(%rsi)
	movq	HT_HOST_SP(%rdi), %rsp
	call	rump_host_loop
	addq	$8, %rsp
	POP_CALLEE
	RET
SYM_FUNC_END(rump_leave)

/* The same with a context in user mode, whose stack is empty: never returns. */
SYM_FUNC_START(rump_leave_user)
	movq	$0, VCPU_RESUME(%rsi)
	movq	HT_HOST_SP(%rdi), %rsp
	call	rump_host_loop
	addq	$8, %rsp
	POP_CALLEE
	RET
SYM_FUNC_END(rump_leave_user)

/* rump_resume(sp) - carry on with a context that left by rump_leave() */
SYM_FUNC_START(rump_resume)
	movq	%rdi, %rsp
	POP_CALLEE
	RET
SYM_FUNC_END(rump_resume)

/* rump_resume_user(ksp) - carry a context that is in user mode */
SYM_FUNC_START(rump_resume_user)
	movq	%rdi, %rsp
	xorl	%ebp, %ebp
	call	rump_user_context
	ud2
SYM_FUNC_END(rump_resume_user)

/* rump_call_on(sp, fn) - start fn on another stack, for the boot */
SYM_FUNC_START(rump_call_on)
	movq	%rdi, %rsp
	xorl	%ebp, %ebp
	call	*%rsi
	ud2
SYM_FUNC_END(rump_call_on)

/*
 * rump_switch(&prev->thread.sp, next->thread.sp, prev) - between contexts;
 * comes out in the next one with the previous task as result.
 */
SYM_FUNC_START(rump_switch)
	PUSH_CALLEE
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	movq	%rdx, %rax
	POP_CALLEE
	RET
SYM_FUNC_END(rump_switch)

/* The first run of a task: copy_thread() points here. */
SYM_CODE_START(rump_ret_from_fork)
	movq	%rax, %rdi
	call	rump_first_run
	ud2
SYM_CODE_END(rump_ret_from_fork)
