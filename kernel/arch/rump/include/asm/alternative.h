/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_RUMP_ALTERNATIVE_H
#define _ASM_RUMP_ALTERNATIVE_H

/*
 * What the borrowed x86 atomics need. Each lock prefix is recorded in
 * .smp_locks: on one virtual CPU nobody else runs kernel code, and the image
 * for RUMP_NCPU=1 is the same link with these prefixes replaced (see
 * gen/uplocks). Words shared with host threads that hold no virtual CPU use a
 * literal "lock" instead, which stays.
 */
#define LOCK_PREFIX_HERE			\
	".pushsection .smp_locks,\"a\"\n"	\
	".balign 4\n"				\
	".long 671f - .\n"			\
	".popsection\n"				\
	"671:"
#define LOCK_PREFIX	LOCK_PREFIX_HERE "\n\tlock "

#define CC_SET(c)	"\n\t/* output condition code " #c "*/\n"
#define CC_OUT(c)	"=@cc" #c

#define __ASM_SEL(a, b)	#b
#define __ASM_SIZE(inst, ...)	#inst "q" #__VA_ARGS__
#define _ASM_INC	" incq "
#define _ASM_DEC	" decq "
#define _ASM_ADD	" addq "
#define _ASM_SUB	" subq "

#endif
