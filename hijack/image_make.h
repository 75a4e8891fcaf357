/* SPDX-License-Identifier: BSD-2-Clause */
/* image_make.h - make the image of an object */
#ifndef HIJACK_IMAGE_MAKE_H
#define HIJACK_IMAGE_MAKE_H

#include "sites.h"

int image_make(const uint8_t *data, uint64_t size, const struct image_key *without_id,
	       uint8_t **image, uint64_t *image_size);
#endif
