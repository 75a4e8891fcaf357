/* SPDX-License-Identifier: BSD-2-Clause */
/* format.h - the file that holds a rewritten object, and the slot it jumps to
 *
 * Shared by mksites, which writes images, and by the shim, which maps them. Addresses are those of
 * the object's own ELF file; the load bias is added where the image is used. The slot's layout is
 * known to entry.S as well, by the numbers below.
 */
#ifndef HIJACK_FORMAT_H
#define HIJACK_FORMAT_H

/*
 * A slot is SLOT_SIZE bytes, aligned to its size:
 *
 *	0	head: what the jump at the site displaced before the syscall
 *		lea -128(%rsp),%rsp; call *entry(%rip), or *stay(%rip) if the call should be made at
 *		the site: glibc 2.41 and later cancel a thread only if it is found at that one
 *		instruction
 *	tail:	what was displaced behind the syscall; jmp back
 *	64	a block for each of the four kinds of clone: syscall; lea -128(%rsp),%rsp;
 *		call *after(%rip); jmp tail
 *	124	the address behind the syscall, relative to the end of the slot: for unwinders
 */
#define SLOT_SIZE	128
#define SLOT_BLOCKS	64
#define SLOT_BLOCK_SIZE 15
#define SLOT_KINDS	4
#define SLOT_UNWIND	124
#define SLOT_IN_PLACE	1 /* not in the slot, but at the site */
#define SLOT_RED_ZONE	128 /* System V ABI, AMD64, 3.2.2 */

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_MAGIC    0x676d6970656d7572ull /* "rumepimg", little endian */
#define IMAGE_VERSION  3
#define IMAGE_PAGE     4096ull
#define IMAGE_MAX_RUNS 120
#define IMAGE_KEY_MAX  32

/* The page in front of the slots: what their calls go through. */
struct slot_page {
	uint64_t entry; /* hijack_entry */
	uint64_t after; /* hijack_after_entry */
	uint64_t stay; /* hijack_stay_entry */
};

/**
 * struct image_key - What an object is known by
 * @len:	bytes in use
 * @id:		its build-id; without one, 'n' and what stat() says of the file
 */
struct image_key {
	uint32_t len;
	uint8_t id[IMAGE_KEY_MAX];
};

/* Consecutive pages of rewritten text. */
struct image_run {
	uint64_t vaddr;
	uint64_t length;
	uint64_t offset; /* in the image */
};

#define IMAGE_NO_FIX 0xff

/**
 * struct image_site - One system call instruction
 * @syscall:	its address
 * @start:	where the jump to the slot was put
 * @slot:	number of the slot
 * @window:	bytes displaced, from @start
 * @reason:	enum site_reason; 0 for a rewritten one
 * @fix:	offsets in the slot of 32-bit displacements that point into the object
 * @original:	the displaced bytes
 */
struct image_site {
	uint64_t syscall;
	uint64_t start;
	uint32_t slot;
	uint8_t window;
	uint8_t reason;
	uint8_t fix[4];
	uint8_t original[30];
};

enum site_reason {
	SITE_REWRITTEN,
	SITE_SIGRETURN, /* a signal's restorer: unwinders know it by its bytes */
	SITE_NO_ROOM, /* no five bytes around it may be displaced */
	SITE_TEXTREL, /* the text is relocated: it differs from the file */
};

/**
 * struct image_header - The first page of an image
 * @fingerprint: of the ELF and program headers, against files that were altered and kept their id
 * @slots:	address of the struct slot_page; the slots follow a page later
 * @nsites:	how many struct image_site lie at @sites, the end of the file
 *
 * An object without any system call has no runs, slots or sites, and its image ends here.
 */
struct image_header {
	uint64_t magic;
	uint32_t version;
	uint32_t nruns;
	struct image_key key;
	uint32_t nsites;
	uint64_t fingerprint;
	uint64_t size; /* of the file */
	int64_t slots;
	uint64_t slots_length; /* without the page in front */
	uint64_t slots_offset;
	uint64_t sites_offset;
	uint32_t nslots;
	uint32_t nskipped;
	struct image_run run[IMAGE_MAX_RUNS];
};

_Static_assert(sizeof(struct image_header) <= IMAGE_PAGE, "the header is one page");
_Static_assert(sizeof(struct image_site) == 56, "image_site has no holes that matter");

bool image_header_valid(const struct image_header *header, uint64_t size);
bool image_site_valid(const struct image_header *header, const struct image_site *site);
bool image_key_equal(const struct image_key *a, const struct image_key *b);
void image_key_name(const struct image_key *key, char name[2 * IMAGE_KEY_MAX + 5]);
void image_key_from_stat(struct image_key *key, uint64_t device, uint64_t inode, uint64_t size,
			 uint64_t mtime);
bool image_key_from_notes(struct image_key *key, const uint8_t *notes, uint64_t length,
			  uint64_t align);
uint64_t image_fingerprint(const void *ehdr, const void *phdrs, uint64_t length);
#endif
#endif
