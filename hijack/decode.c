// SPDX-License-Identifier: BSD-2-Clause
/* decode.c - instructions, by Zydis */
#include "decode.h"

/**
 * decoder_init() - Make a decoder for 64-bit code
 */
void decoder_init(struct decoder *decoder)
{
	ZydisDecoderInit(&decoder->zydis, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
}

/**
 * decode() - Decode the instruction at @offset of a range
 * @operands:	NULL if they are not asked for
 *
 * Return: whether there is one
 */
bool decode(const struct decoder *decoder, const struct code_range *range, uint64_t offset,
	    ZydisDecodedInstruction *insn, ZydisDecodedOperand *operands)
{
	if (offset >= range->length)
		return false;
	if (operands)
		return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder->zydis, range->bytes + offset,
							   range->length - offset, insn, operands));
	return ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
		&decoder->zydis, NULL, range->bytes + offset, range->length - offset, insn));
}

/**
 * branch_target() - Where a direct branch leads
 *
 * Return: 0 if the instruction is none
 */
uint64_t branch_target(const ZydisDecodedInstruction *insn, uint64_t vaddr)
{
	for (int i = 0; i < 2; i++)
		if (insn->raw.imm[i].is_relative)
			return vaddr + insn->length + (uint64_t)insn->raw.imm[i].value.s;
	return 0;
}
