/* SPDX-License-Identifier: BSD-2-Clause */
/* high.h - numbers for the shim's own descriptors, out of the way of programs that count from 3 */
#ifndef HIJACK_HIGH_H
#define HIJACK_HIGH_H

long high_copy(int fd);
int high_move(int fd);

#endif
