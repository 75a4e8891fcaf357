/* SPDX-License-Identifier: BSD-2-Clause */
/* hijack_raw.h - a system call as code that a program makes at run time, which no shim has rewritten */
#ifndef TEST_HIJACK_RAW_H
#define TEST_HIJACK_RAW_H

#include <stdint.h>

/* long call(long nr, long a, long b, long c, long d, long e, long f) */
static const uint8_t code[] = {
	0x48, 0x89, 0xf8, /* mov %rdi,%rax */
	0x48, 0x89, 0xf7, /* mov %rsi,%rdi */
	0x48, 0x89, 0xd6, /* mov %rdx,%rsi */
	0x48, 0x89, 0xca, /* mov %rcx,%rdx */
	0x4d, 0x89, 0xc2, /* mov %r8,%r10 */
	0x4d, 0x89, 0xc8, /* mov %r9,%r8 */
	0x4c, 0x8b, 0x4c, 0x24, 0x08, /* mov 8(%rsp),%r9 */
	0x0f, 0x05, /* syscall */
	0xc3, /* ret */
};

#endif
