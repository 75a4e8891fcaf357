/* SPDX-License-Identifier: BSD-2-Clause */
/* words.h - strings, eight bytes at a time
 *
 * A word that is aligned lies in one page: where its first byte that counts can be read, all can.
 * words_first() fills the bytes before the string with 0xff, which is nothing that is looked for.
 *
 * words_equal() marks a byte by its highest bit. Above a byte that is equal it may mark one that is
 * not; the lowest mark is right.
 */
#ifndef HIJACK_WORDS_H
#define HIJACK_WORDS_H

#include <stdint.h>

#define WORD 8u

typedef uint64_t __attribute__((may_alias)) word_t;

/* The word that a string begins in; what follows are the next ones. */
static inline const word_t *words_of(const char *string)
{
	return (const word_t *)((uintptr_t)string & ~(uintptr_t)(WORD - 1));
}

static inline uint64_t words_first(const char *string)
{
	return *words_of(string) | ((1ul << (uintptr_t)string % WORD * 8) - 1);
}

static inline uint64_t words_equal(uint64_t word, unsigned char byte)
{
	uint64_t zero = word ^ byte * 0x0101010101010101ul;

	return (zero - 0x0101010101010101ul) & ~zero & 0x8080808080808080ul;
}

#endif
