/* SPDX-License-Identifier: BSD-2-Clause */
/* execute.h - what a program that was executed finds out about itself */
#ifndef HIJACK_EXECUTE_H
#define HIJACK_EXECUTE_H

/* Makes a file of the host of a rump file: a descriptor, out of the program's way, or a negated errno. */
long execute_copy_file(long fd);
long execute_name(long dir, const char *exe, char *name);
void execute_name_thread(void);

#endif
