/* SPDX-License-Identifier: BSD-2-Clause */
/* links.h - what paths.c and links.c share */
#ifndef HIJACK_LINKS_H
#define HIJACK_LINKS_H

#include "route.h"

const char *path_to_rump(const struct place *place, const char *path);
int path_is_dot(const char *at);
void path_normalise(char *path, bool keep_up);
bool path_append(char *path, const char *tail);
bool path_directory_text(char *to, long dir);
bool path_name_magic(struct named *named, const char *path, char *buffer);

#endif
