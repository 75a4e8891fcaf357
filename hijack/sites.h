/* SPDX-License-Identifier: BSD-2-Clause */
/* sites.h - system call instructions: where they are and how each is rewritten */
#ifndef HIJACK_SITES_H
#define HIJACK_SITES_H

#include "object.h"

/**
 * struct site_list - The sites of an object, by address
 * @nslots:	of them that are rewritten
 */
struct site_list {
	struct image_site *site;
	size_t count;
	size_t room;
	size_t nslots;
};

int sites_find(const struct object *object, struct site_list *list);
int sites_emit(const struct object *object, struct image_site *site, int64_t slots,
	       uint8_t slot[SLOT_SIZE], uint8_t text[30]);
#endif
