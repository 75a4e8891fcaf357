// SPDX-License-Identifier: BSD-2-Clause
/* emit.c - write the slot of a site, and the jump to it
 *
 * The layout of a slot is in format.h. What is copied from the object keeps its meaning:
 * displacements from the instruction pointer are corrected, short branches become long ones. Each
 * that leads back into the object is listed in the site's @fix, for slots that end up elsewhere
 * than planned.
 */
#include <errno.h>
#include <string.h>

#include "decode.h"
#include "sites.h"

/* A slot under construction: @at is the address of the byte that @fill is the offset of. */
struct writer {
	uint8_t *slot;
	uint64_t vaddr;
	size_t fill;
	size_t nfixes;
	struct image_site *site;
};

/**
 * put() - Append bytes to a slot
 */
static void put(struct writer *writer, const void *bytes, size_t length)
{
	memcpy(writer->slot + writer->fill, bytes, length);
	writer->fill += length;
}

/**
 * put_relative() - Append the distance from the end of the instruction to @target
 * @behind:	bytes of the instruction that follow the distance
 * @fixed:	it leads into the object, so it changes if the slots are moved
 *
 * Return: whether it fits into 32 bits
 */
static bool put_relative(struct writer *writer, uint64_t target, size_t behind, bool fixed)
{
	int64_t distance = (int64_t)(target - (writer->vaddr + writer->fill + 4 + behind));
	int32_t narrow = (int32_t)distance;

	if (fixed) {
		if (writer->nfixes == sizeof(writer->site->fix))
			return false;
		writer->site->fix[writer->nfixes++] = (uint8_t)writer->fill;
	}
	put(writer, &narrow, sizeof(narrow));
	return narrow == distance;
}

/**
 * put_insn() - Append a displaced instruction
 * @bytes:	as it is in the object
 * @vaddr:	where
 */
static bool put_insn(struct writer *writer, const ZydisDecodedInstruction *insn,
		     const uint8_t *bytes, uint64_t vaddr)
{
	uint64_t target = branch_target(insn, vaddr);

	if (target) {
		static const uint8_t jump = 0xe9;
		uint8_t condition[2] = {0x0f, (uint8_t)(0x80 | (insn->opcode & 15))};

		if (insn->meta.category == ZYDIS_CATEGORY_COND_BR)
			put(writer, condition, sizeof(condition));
		else
			put(writer, &jump, sizeof(jump));
		return put_relative(writer, target, 0, true);
	}
	if (insn->attributes & ZYDIS_ATTRIB_IS_RELATIVE) {
		size_t at = insn->raw.disp.offset, rest = insn->length - at - 4;

		put(writer, bytes, at);
		if (!put_relative(writer, vaddr + insn->length + (uint64_t)insn->raw.disp.value,
				  rest, true))
			return false;
		put(writer, bytes + at + 4, rest);
		return true;
	}
	put(writer, bytes, insn->length);
	return true;
}

/**
 * put_call() - Append `lea -128(%rsp),%rsp; call *pointer(%rip)`
 * @pointer:	address of a member of struct slot_page
 */
static bool put_call(struct writer *writer, uint64_t pointer)
{
	static const uint8_t code[] = {0x48, 0x8d, 0x64, 0x24, 0x80, 0xff, 0x15};

	put(writer, code, sizeof(code));
	return put_relative(writer, pointer, 0, false);
}

/**
 * must_stay() - Whether a site is that of glibc's __syscall_cancel_arch, in 2.41 and later
 * @bytes:	of its window
 *
 * A thread is cancelled in a blocked call only if the signal finds it between two labels around
 * this instruction, so a call that goes to the host should be made by it.
 */
static bool must_stay(const struct image_site *site, const uint8_t *bytes)
{
	static const uint8_t store[] = {0x4c, 0x89, 0x5c, 0x24, 0x08}; /* mov %r11,8(%rsp) */

	return site->window == sizeof(store) && site->start + site->window == site->syscall &&
	       !memcmp(bytes, store, sizeof(store));
}

/**
 * sites_emit() - Make the slot of a site, and the bytes that replace its window
 * @site:	a rewritten site; its @fix and @original are filled in
 * @slots:	address of the struct slot_page; the slots follow a page later
 * @slot:	the slot
 * @text:	the first @site->window bytes of it are set
 *
 * Return: 0 or a negative errno
 */
int sites_emit(const struct object *object, struct image_site *site, int64_t slots,
	       uint8_t slot[SLOT_SIZE], uint8_t text[30])
{
	static const uint8_t jump = 0xe9, trap = 0xcc, nop = 0x90;
	uint64_t page = (uint64_t)slots, end = site->start + site->window;
	const uint8_t *bytes = object_at(object, site->start, site->window);
	struct decoder decoder = {.object = object};
	struct code_range range = {site->start, site->window, bytes};
	struct writer writer = {.slot = slot, .site = site};
	size_t tail = 0;
	bool fits;
	int64_t there;
	int32_t distance;

	if (!bytes)
		return -EFAULT;
	decoder_init(&decoder);
	memset(site->fix, IMAGE_NO_FIX, sizeof(site->fix));
	memcpy(site->original, bytes, site->window);
	memset(slot, trap, SLOT_SIZE);
	writer.vaddr = page + IMAGE_PAGE + site->slot * (uint64_t)SLOT_SIZE;

	for (int behind = 0; behind < 2; behind++) {
		uint64_t from = behind ? site->syscall + 2 : site->start;
		uint64_t to = behind ? end : site->syscall;

		while (from < to) {
			ZydisDecodedInstruction insn;

			if (!decode(&decoder, &range, from - site->start, &insn, NULL) ||
			    writer.fill + insn.length + 6 > SLOT_BLOCKS - 5 ||
			    !put_insn(&writer, &insn, bytes + (from - site->start), from))
				return -ERANGE;
			from += insn.length;
		}
		if (behind)
			break;
		if (writer.fill + 11 > SLOT_BLOCKS - 5 ||
		    !put_call(&writer,
			      page + (must_stay(site, bytes) ? offsetof(struct slot_page, stay)
							     : offsetof(struct slot_page, entry))))
			return -ERANGE;
		tail = writer.fill;
	}
	put(&writer, &jump, 1);
	fits = put_relative(&writer, end > site->syscall + 2 ? end : site->syscall + 2, 0, true);

	for (int block = 0; block < SLOT_KINDS; block++) {
		uint8_t back[2] = {0xeb, 0};

		writer.fill = SLOT_BLOCKS + (size_t)block * SLOT_BLOCK_SIZE;
		put(&writer, "\x0f\x05", 2);
		fits = put_call(&writer, page + offsetof(struct slot_page, after)) && fits;
		back[1] = (uint8_t)(tail - (writer.fill + 2));
		put(&writer, back, sizeof(back));
	}
	writer.fill = SLOT_UNWIND;
	fits = put_relative(&writer, site->syscall + 2, 0, true) && fits;

	there = (int64_t)(writer.vaddr - (site->start + JUMP_SIZE));
	distance = (int32_t)there;
	text[0] = jump;
	memcpy(text + 1, &distance, sizeof(distance));
	/* A window that ends at its syscall may be left by running into it. */
	memset(text + JUMP_SIZE, end == site->syscall ? nop : trap, site->window - JUMP_SIZE);
	return fits && there == distance ? 0 : -ERANGE;
}
