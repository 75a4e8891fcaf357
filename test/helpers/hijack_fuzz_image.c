// SPDX-License-Identifier: BSD-2-Clause
/* hijack_fuzz_image.c - libFuzzer: what the shim reads of a cache file */
#include <string.h>

#include "format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The header, then sites, as they lie in an image. A header that passes must be safe to use. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct image_header header;
	struct image_site site;
	struct image_key key = {0};
	char name[2 * IMAGE_KEY_MAX + 5];

	if (image_key_from_notes(&key, data, size, size % 2 ? 4 : 8))
		image_key_name(&key, name);
	if (size < sizeof(header))
		return 0;
	memcpy(&header, data, sizeof(header));
	/* Let the fuzzer in past what it cannot guess. */
	header.magic = IMAGE_MAGIC;
	header.version = IMAGE_VERSION;
	if (!image_header_valid(&header, header.size))
		return 0;
	image_key_name(&header.key, name);
	for (uint32_t i = 0; i < header.nruns; i++)
		if (header.run[i].offset + header.run[i].length > header.size)
			__builtin_trap();
	if (header.sites_offset + header.nsites * sizeof(site) > header.size)
		__builtin_trap();
	for (size_t at = sizeof(header); at + sizeof(site) <= size; at += sizeof(site)) {
		memcpy(&site, data + at, sizeof(site));
		if (!image_site_valid(&header, &site) || site.reason)
			continue;
		for (int i = 0; i < 4; i++)
			if (site.fix[i] != IMAGE_NO_FIX &&
			    site.slot * (uint64_t)SLOT_SIZE + site.fix[i] + 4 > header.slots_length)
				__builtin_trap();
	}
	return 0;
}
