/* SPDX-License-Identifier: BSD-2-Clause */
/* nested.h - epoll instances that are members of others */
#ifndef HIJACK_NESTED_H
#define HIJACK_NESTED_H

#include <stdbool.h>
#include <stdint.h>

extern bool nested_used;

void nested_add(uint32_t outer, uint32_t inner);
void nested_remove(uint32_t outer, uint32_t inner);
void nested_forget(uint32_t fd);
bool nested_is_inner(uint32_t fd);
void nested_settle(uint32_t outer);

#endif
