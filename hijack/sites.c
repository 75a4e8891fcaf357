// SPDX-License-Identifier: BSD-2-Clause
/* sites.c - find the system call instructions of an object and choose what to displace
 *
 * Theory of operation
 *
 * The bytes 0f 05 are a syscall only where an instruction begins, so they are looked for first,
 * which is cheap, and then the function around each is decoded from its start. Code is cut into
 * chunks: a chunk runs from one known function start to the next. Decoding stays in step unless
 * there is data among the code; after a byte that decodes to nothing a syscall is believed only when
 * `mov $number,%eax` stands right before it. One more thing is asked of each: something before it in
 * the chunk writes %eax.
 *
 * A site is rewritten by a jump of five bytes, and the instructions in its way move to the slot.
 * The window of displaced instructions is the shortest of these that will do:
 *
 *	before	[..., syscall)		the syscall stays where it is, unreached, behind the jump
 *	around	[..., syscall, ...)	some follow it
 *
 * provided that no branch leads into the window (its start excepted) and that each instruction can
 * run elsewhere. To know the branches, the whole object is decoded once, but only if it has a site.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "decode.h"
#include "sites.h"

#define MAX_WINDOW     30
#define MAX_SYSCALL_NR 1024 /* above every number in use */
#define LOOK_BACK      48 /* instructions that are kept in mind */

struct insn {
	uint64_t vaddr;
	uint8_t length;
};

typedef int chunk_fn(struct decoder *decoder, const struct code_range *chunk, void *argument);

/**
 * first_start() - Index of the first known function start at or behind @vaddr
 */
static size_t first_start(const struct object *object, uint64_t vaddr)
{
	size_t low = 0, high = object->nstarts;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (object->starts[middle] < vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/**
 * each_chunk() - Call @fn for every chunk of code
 *
 * Return: 0, or the first other thing that @fn returned
 */
static int each_chunk(struct decoder *decoder, chunk_fn *fn, void *argument)
{
	const struct object *object = decoder->object;

	for (size_t i = 0; i < object->ncode; i++) {
		const struct code_range *range = &object->code[i];
		size_t next = first_start(object, range->vaddr + 1);
		uint64_t at = 0;

		while (at < range->length) {
			uint64_t end = range->length;
			int result;

			if (next < object->nstarts &&
			    object->starts[next] - range->vaddr < range->length)
				end = object->starts[next] - range->vaddr;
			result = fn(decoder,
				    &(struct code_range){range->vaddr + at, end - at,
							 range->bytes + at},
				    argument);
			if (result)
				return result;
			at = end;
			next++;
		}
	}
	return 0;
}

/**
 * note_targets() - Mark where the direct branches of a chunk lead (a chunk_fn)
 */
static int note_targets(struct decoder *decoder, const struct code_range *chunk, void *argument)
{
	ZydisDecodedInstruction insn;

	(void)argument;
	for (uint64_t at = 0; at < chunk->length;) {
		uint64_t target;

		if (!decode(decoder, chunk, at, &insn, NULL)) {
			at++;
			continue;
		}
		target = branch_target(&insn, chunk->vaddr + at) - decoder->base;
		if (target < decoder->length)
			decoder->targets[target / 8] |= 1 << target % 8;
		at += insn.length;
	}
	return 0;
}

/**
 * is_target() - Whether a direct branch leads to @vaddr
 */
static bool is_target(const struct decoder *decoder, uint64_t vaddr)
{
	uint64_t bit = vaddr - decoder->base;

	return bit < decoder->length && (decoder->targets[bit / 8] >> bit % 8 & 1);
}

/**
 * writes_eax() - Whether an instruction sets the system call's number
 * @number:	set to it if it is in the instruction, else to -1
 */
static bool writes_eax(const struct decoder *decoder, const struct code_range *chunk,
		       uint64_t offset, int64_t *number)
{
	ZydisDecodedInstruction insn;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];

	*number = -1;
	if (!decode(decoder, chunk, offset, &insn, operands))
		return false;
	if (insn.operand_count < 1 || operands[0].type != ZYDIS_OPERAND_TYPE_REGISTER ||
	    !(operands[0].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) ||
	    (operands[0].reg.value != ZYDIS_REGISTER_EAX &&
	     operands[0].reg.value != ZYDIS_REGISTER_RAX))
		return false;
	if (insn.mnemonic == ZYDIS_MNEMONIC_MOV && operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
		*number = operands[1].imm.value.s;
	return true;
}

/**
 * know_targets() - Decode the whole object for its branches, once
 */
static int know_targets(struct decoder *decoder)
{
	const struct object *object = decoder->object;
	const struct code_range *last = &object->code[object->ncode - 1];

	if (decoder->targets)
		return 0;
	decoder->base = object->code[0].vaddr;
	decoder->length = last->vaddr + last->length - decoder->base;
	/* Sections that lie far apart do not come from a linker. */
	if (decoder->length > 16 * object->size)
		return -ENOEXEC;
	decoder->targets = calloc(1, decoder->length / 8 + 1);
	return decoder->targets ? each_chunk(decoder, note_targets, NULL) : -ENOMEM;
}

/**
 * movable() - Whether an instruction can run in a slot instead
 * @tail:	it runs behind the syscall and is the last of the window
 */
static bool movable(const ZydisDecodedInstruction *insn, bool tail)
{
	switch (insn->meta.category) {
	case ZYDIS_CATEGORY_COND_BR:
		/* loop and jrcxz have no long form, so they stay */
		return tail && insn->raw.imm[0].is_relative &&
		       ((insn->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
			 (insn->opcode & 0xf0) == 0x70) ||
			(insn->opcode_map == ZYDIS_OPCODE_MAP_0F && (insn->opcode & 0xf0) == 0x80));
	case ZYDIS_CATEGORY_UNCOND_BR:
		return tail && insn->raw.imm[0].is_relative &&
		       (insn->opcode == 0xeb || insn->opcode == 0xe9);
	case ZYDIS_CATEGORY_RET:
		return tail && insn->mnemonic == ZYDIS_MNEMONIC_RET;
	case ZYDIS_CATEGORY_CALL:
	case ZYDIS_CATEGORY_SYSCALL:
	case ZYDIS_CATEGORY_SYSRET:
	case ZYDIS_CATEGORY_INTERRUPT:
	case ZYDIS_CATEGORY_SYSTEM:
		return tail && insn->mnemonic == ZYDIS_MNEMONIC_HLT;
	default:
		break;
	}
	if (insn->attributes & ZYDIS_ATTRIB_IS_RELATIVE)
		return insn->raw.disp.size == 32 && !insn->raw.imm[0].is_relative;
	return true;
}

/**
 * free_of_targets() - Whether no branch leads strictly between @start and @end
 */
static bool free_of_targets(const struct decoder *decoder, uint64_t start, uint64_t end)
{
	for (uint64_t at = start + 1; at < end; at++)
		if (is_target(decoder, at))
			return false;
	return true;
}

/**
 * extend_window() - How many bytes behind a syscall have to go so that @need are covered
 * @offset:	of the syscall in the chunk
 *
 * Return: the bytes, 0 if the instructions there do not allow it
 */
static uint64_t extend_window(const struct decoder *decoder, const struct code_range *chunk,
			      uint64_t offset, uint64_t need)
{
	uint64_t taken = 0;

	while (taken < need) {
		ZydisDecodedInstruction insn;

		if (!decode(decoder, chunk, offset + 2 + taken, &insn, NULL) ||
		    !movable(&insn, taken + insn.length >= need))
			return 0;
		taken += insn.length;
	}
	return taken;
}

/**
 * plan() - Choose the window of a site
 * @past:	ring of the instructions before it
 * @npast:	how many went into the ring
 * @offset:	of the syscall in the chunk
 * @site:	its @syscall is set; the rest is filled in
 */
static void plan(const struct decoder *decoder, const struct code_range *chunk,
		 const struct insn past[LOOK_BACK], size_t npast, uint64_t offset,
		 struct image_site *site)
{
	uint64_t start = offset;
	size_t i = 0;

	/* First choice: enough before it. Remember how far back one may go. */
	uint64_t backs[JUMP_SIZE + 1];
	size_t nbacks = 0;

	backs[nbacks++] = 0;
	while (offset - start < JUMP_SIZE && i < npast && i < LOOK_BACK) {
		const struct insn *before = &past[(npast - 1 - i++) % LOOK_BACK];
		ZydisDecodedInstruction insn;

		if (before->vaddr + before->length != chunk->vaddr + start ||
		    !decode(decoder, chunk, before->vaddr - chunk->vaddr, &insn, NULL) ||
		    !movable(&insn, false))
			break;
		start -= before->length;
		if (offset - start < JUMP_SIZE)
			backs[nbacks++] = offset - start;
	}
	if (offset - start >= JUMP_SIZE &&
	    free_of_targets(decoder, chunk->vaddr + start, site->syscall + 1)) {
		site->start = chunk->vaddr + start;
		site->window = (uint8_t)(offset - start);
		site->reason = SITE_REWRITTEN;
		return;
	}
	for (i = 0; i < nbacks; i++) {
		uint64_t before = backs[i], after;
		uint64_t need = before + 2 < JUMP_SIZE ? JUMP_SIZE - 2 - before : 0;

		after = extend_window(decoder, chunk, offset, need);
		if (need && !after)
			continue;
		if (before + 2 + after > MAX_WINDOW ||
		    !free_of_targets(decoder, site->syscall - before, site->syscall + 2 + after))
			continue;
		site->start = site->syscall - before;
		site->window = (uint8_t)(before + 2 + after);
		site->reason = SITE_REWRITTEN;
		return;
	}
	site->start = site->syscall;
	site->reason = SITE_NO_ROOM;
}

/**
 * add_site() - Append a site to the list
 */
static int add_site(struct site_list *list, const struct image_site *site)
{
	if (list->count == list->room) {
		size_t more = list->room ? list->room * 2 : 64;
		struct image_site *grown = realloc(list->site, more * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->site = grown;
		list->room = more;
	}
	list->site[list->count] = *site;
	if (!site->reason)
		list->site[list->count].slot = (uint32_t)list->nslots++;
	list->count++;
	return 0;
}

/**
 * plausible() - Whether a syscall is one: something before it in the chunk sets the number
 * @offset:	of the syscall in the chunk
 * @last:	the instruction right before it, NULL if there is none in step with it
 * @in_step:	nothing undecodable since the chunk's start
 * @number:	set to the number if the instruction that sets it last says so, else to -1
 */
static bool plausible(const struct decoder *decoder, const struct code_range *chunk,
		      uint64_t offset, const struct insn *last, bool in_step, int64_t *number)
{
	bool found = false;

	if (!in_step)
		return last && writes_eax(decoder, chunk, last->vaddr - chunk->vaddr, number) &&
		       *number >= 0 && *number < MAX_SYSCALL_NR;
	*number = -1;
	for (uint64_t at = 0; at < offset;) {
		ZydisDecodedInstruction insn;
		int64_t immediate;

		if (writes_eax(decoder, chunk, at, &immediate)) {
			found = true;
			*number = immediate;
		}
		if (!decode(decoder, chunk, at, &insn, NULL))
			break;
		at += insn.length;
	}
	return found;
}

/**
 * search_chunk() - Add the system calls of a chunk to the list (a chunk_fn)
 * @argument:	struct site_list
 */
static int search_chunk(struct decoder *decoder, const struct code_range *chunk, void *argument)
{
	static const uint8_t opcode[2] = {0x0f, 0x05};
	/* mov $15,%rax; syscall. The FDE of glibc's restorer starts a byte early, for unwinders. */
	static const uint8_t restorer[9] = {0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05};
	struct site_list *list = argument;
	struct insn past[LOOK_BACK];
	size_t npast = 0;
	bool in_step = true;

	if (!memmem(chunk->bytes, chunk->length, opcode, sizeof(opcode)))
		return 0;
	for (uint64_t at = 0; at < chunk->length;) {
		ZydisDecodedInstruction insn;
		int64_t number;

		if (chunk->length - at > sizeof(restorer) &&
		    !memcmp(chunk->bytes + at + 1, restorer, sizeof(restorer)))
			at++;
		if (chunk->length - at >= sizeof(restorer) &&
		    !memcmp(chunk->bytes + at, restorer, sizeof(restorer))) {
			struct image_site site = {.reason = SITE_SIGRETURN};

			at += sizeof(restorer);
			npast = 0;
			site.syscall = site.start = chunk->vaddr + at - sizeof(opcode);
			if (add_site(list, &site))
				return -ENOMEM;
			continue;
		}
		if (!decode(decoder, chunk, at, &insn, NULL)) {
			in_step = false;
			npast = 0;
			at++;
			continue;
		}
		if (insn.mnemonic == ZYDIS_MNEMONIC_SYSCALL && insn.length == sizeof(opcode) &&
		    plausible(decoder, chunk, at, npast ? &past[(npast - 1) % LOOK_BACK] : NULL,
			      in_step, &number)) {
			struct image_site site = {.syscall = chunk->vaddr + at};
			int error = know_targets(decoder);

			site.start = site.syscall;
			if (number == SYS_rt_sigreturn)
				site.reason = SITE_SIGRETURN;
			else if (decoder->object->textrel)
				site.reason = SITE_TEXTREL;
			else if (!error)
				plan(decoder, chunk, past, npast, at, &site);
			if (!error)
				error = add_site(list, &site);
			if (error)
				return error;
		}
		past[npast++ % LOOK_BACK] = (struct insn){chunk->vaddr + at, insn.length};
		at += insn.length;
	}
	return 0;
}

/**
 * sites_find() - Find the system call instructions of an object
 * @list:	filled; its array is the caller's to free, after an error too
 *
 * Two rewritten sites never share a byte: a window does not reach over another syscall, which is
 * not movable, and a window that would start in the one before it is refused here.
 *
 * Return: 0 or a negative errno
 */
int sites_find(const struct object *object, struct site_list *list)
{
	struct decoder decoder = {.object = object};
	int error;

	*list = (struct site_list){0};
	decoder_init(&decoder);
	error = each_chunk(&decoder, search_chunk, list);
	free(decoder.targets);
	for (size_t i = 1; i < list->count; i++) {
		const struct image_site *before = &list->site[i - 1];

		if (!before->reason && !list->site[i].reason &&
		    before->start + before->window > list->site[i].start)
			return -EFAULT;
	}
	return error;
}
