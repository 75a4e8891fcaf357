/* SPDX-License-Identifier: BSD-2-Clause */
/* decode.h - instructions, by Zydis */
#ifndef HIJACK_DECODE_H
#define HIJACK_DECODE_H

#include <Zydis/Zydis.h>

#include "object.h"

#define JUMP_SIZE 5 /* e9 and 32 bits */

struct decoder {
	ZydisDecoder zydis;
	const struct object *object;
	uint8_t *targets; /* bit per byte of code, NULL until needed */
	uint64_t base;
	uint64_t length;
};

void decoder_init(struct decoder *decoder);
bool decode(const struct decoder *decoder, const struct code_range *range, uint64_t offset,
	    ZydisDecodedInstruction *insn, ZydisDecodedOperand *operands);
uint64_t branch_target(const ZydisDecodedInstruction *insn, uint64_t vaddr);
#endif
