// SPDX-License-Identifier: BSD-2-Clause
/* hijack_registers.c - a system call changes rax, rcx and r11, and nothing else
 *
 * Fills the registers, the red zone and the vector registers with patterns, makes a call at a
 * misaligned stack, and compares. Prints what differs; exit status 0 if nothing does.
 */
#include <errno.h>
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct snapshot {
	uint64_t general[13]; /* rbx rbp rdi rsi rdx r8 r9 r10 r12 r13 r14 r15 rsp */
	uint64_t red_zone[16];
	uint8_t vector[16][32];
};

static const char *const names[] = {"rbx", "rbp", "rdi", "rsi", "rdx", "r8", "r9",
				    "r10", "r12", "r13", "r14", "r15", "rsp"};

long call_with_patterns(struct snapshot *after, const struct snapshot *before, long nr,
			long misalignment);

/* rdi after, rsi before, edx number, rcx bytes to misalign the stack by */
__asm__(".text\n"
	"call_with_patterns:\n"
	"	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"	mov %rsp, saved_rsp(%rip)\n"
	"	mov %rdi, saved_after(%rip)\n"
	"	mov %edx, %eax\n"
	"	sub $512, %rsp\n"
	"	sub %rcx, %rsp\n"
	"	mov %rsp, 96(%rsi)\n" /* before->general[12] */
	"	lea 232(%rsi), %r11\n"
	".set i, 0\n"
	".rept 16\n"
	"	mov (104 + 8 * i)(%rsi), %r10\n"
	"	mov %r10, (-128 + 8 * i)(%rsp)\n"
	".set i, i + 1\n"
	".endr\n"
	"	vmovdqu 0(%r11), %ymm0; vmovdqu 32(%r11), %ymm1\n"
	"	vmovdqu 64(%r11), %ymm2; vmovdqu 96(%r11), %ymm3\n"
	"	vmovdqu 128(%r11), %ymm4; vmovdqu 160(%r11), %ymm5\n"
	"	vmovdqu 192(%r11), %ymm6; vmovdqu 224(%r11), %ymm7\n"
	"	vmovdqu 256(%r11), %ymm8; vmovdqu 288(%r11), %ymm9\n"
	"	vmovdqu 320(%r11), %ymm10; vmovdqu 352(%r11), %ymm11\n"
	"	vmovdqu 384(%r11), %ymm12; vmovdqu 416(%r11), %ymm13\n"
	"	vmovdqu 448(%r11), %ymm14; vmovdqu 480(%r11), %ymm15\n"
	"	mov 0(%rsi), %rbx; mov 8(%rsi), %rbp; mov 16(%rsi), %rdi\n"
	"	mov 32(%rsi), %rdx; mov 40(%rsi), %r8; mov 48(%rsi), %r9\n"
	"	mov 56(%rsi), %r10; mov 64(%rsi), %r12; mov 72(%rsi), %r13\n"
	"	mov 80(%rsi), %r14; mov 88(%rsi), %r15; mov 24(%rsi), %rsi\n"
	"	syscall\n"
	"	mov saved_after(%rip), %rcx\n"
	"	mov %rbx, 0(%rcx); mov %rbp, 8(%rcx); mov %rdi, 16(%rcx)\n"
	"	mov %rsi, 24(%rcx); mov %rdx, 32(%rcx); mov %r8, 40(%rcx)\n"
	"	mov %r9, 48(%rcx); mov %r10, 56(%rcx); mov %r12, 64(%rcx)\n"
	"	mov %r13, 72(%rcx); mov %r14, 80(%rcx); mov %r15, 88(%rcx)\n"
	"	mov %rsp, 96(%rcx)\n"
	".set i, 0\n"
	".rept 16\n"
	"	mov (-128 + 8 * i)(%rsp), %r10\n"
	"	mov %r10, (104 + 8 * i)(%rcx)\n"
	".set i, i + 1\n"
	".endr\n"
	"	lea 232(%rcx), %r11\n"
	"	vmovdqu %ymm0, 0(%r11); vmovdqu %ymm1, 32(%r11)\n"
	"	vmovdqu %ymm2, 64(%r11); vmovdqu %ymm3, 96(%r11)\n"
	"	vmovdqu %ymm4, 128(%r11); vmovdqu %ymm5, 160(%r11)\n"
	"	vmovdqu %ymm6, 192(%r11); vmovdqu %ymm7, 224(%r11)\n"
	"	vmovdqu %ymm8, 256(%r11); vmovdqu %ymm9, 288(%r11)\n"
	"	vmovdqu %ymm10, 320(%r11); vmovdqu %ymm11, 352(%r11)\n"
	"	vmovdqu %ymm12, 384(%r11); vmovdqu %ymm13, 416(%r11)\n"
	"	vmovdqu %ymm14, 448(%r11); vmovdqu %ymm15, 480(%r11)\n"
	"	mov saved_rsp(%rip), %rsp\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"	vzeroupper\n"
	"	ret\n"
	".local saved_rsp, saved_after\n"
	".comm saved_rsp, 8\n"
	".comm saved_after, 8\n");

/**
 * compare() - Print the differences
 */
static int compare(const struct snapshot *before, const struct snapshot *after)
{
	int differences = 0;

	for (int i = 0; i < 13; i++)
		if (before->general[i] != after->general[i])
			differences += printf("%s differs\n", names[i]);
	for (int i = 0; i < 16; i++) {
		if (before->red_zone[i] != after->red_zone[i])
			differences += printf("red zone differs at %d\n", -128 + 8 * i);
		if (memcmp(before->vector[i], after->vector[i], 32))
			differences += printf("ymm%d differs\n", i);
	}
	return differences;
}

int main(void)
{
	static const long calls[] = {SYS_getppid, SYS_munmap, SYS_mremap, SYS_rt_sigprocmask,
				     SYS_mmap,	  400,	      10000};
	struct snapshot before, after;
	int differences = 0;

	if (!__builtin_cpu_supports("avx2")) {
		puts("no AVX2: not tested");
		return 0;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (long misalignment = 0; misalignment < 16; misalignment++) {
			uint8_t *bytes = (uint8_t *)&before;

			for (size_t j = 0; j < sizeof(before); j++)
				bytes[j] = (uint8_t)(j * 7 + 1 + misalignment);
			errno = 77;
			call_with_patterns(&after, &before, calls[i], misalignment);
			if (errno != 77)
				differences += printf("errno differs\n");
			differences += compare(&before, &after);
		}
	return differences != 0;
}
