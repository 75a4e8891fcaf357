// SPDX-License-Identifier: GPL-2.0-only
/*
 * crc32c.c - CRC-32C by the processor's instruction
 *
 * File systems take a checksum over each block of metadata that they change;
 * with the generic tables it was more than half of an ext4 unlink. The
 * instruction (SSE 4.2) works on general registers, so there is no vector
 * state to save. lib/crc32.c, whose definition this replaces, does it where
 * the processor does not.
 */
#include <linux/crc32.h>
#include <linux/unaligned.h>

#define CPUID_FEATURES	1		/* leaf */
#define CPUID_SSE4_2	(1U << 20)	/* in ecx */

static int has_crc32c = -1;		/* not asked yet: in a virtual machine that takes 10 us */

static bool detect(void)
{
	u32 eax = CPUID_FEATURES, ebx, ecx = 0, edx;

	if (has_crc32c < 0) {
		asm("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
		has_crc32c = !!(ecx & CPUID_SSE4_2);
	}
	return has_crc32c;
}

u32 __pure __crc32c_le(u32 crc, unsigned char const *p, size_t len)
{
	u64 wide = crc;

	if (unlikely(has_crc32c <= 0) && !detect())
		return __crc32c_le_base(crc, p, len);
	for (; len >= sizeof(u64); len -= sizeof(u64), p += sizeof(u64))
		asm("crc32q %1, %0" : "+r"(wide) : "rm"(get_unaligned((const u64 *)p)));
	crc = wide;
	for (; len; len--, p++)
		asm("crc32b %1, %0" : "+r"(crc) : "rm"(*p));
	return crc;
}
