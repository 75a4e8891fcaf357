/* SPDX-License-Identifier: BSD-2-Clause */
/* execute.h - what a program that was executed finds out about itself */
#ifndef HIJACK_EXECUTE_H
#define HIJACK_EXECUTE_H

/* Makes a file of the host of a rump file: a descriptor, out of the program's way, or a negated errno. */
long execute_copy_file(long fd);
/* One of a file of the host that has file capabilities, if they would give none. */
long execute_copy_marked(long dir, const char *path, unsigned long flags);
/* If a process runs a copy: the name of what it is a copy of, and its length, or 0. */
long execute_name(long dir, const char *exe, char *name);
void execute_name_thread(void);

#endif
