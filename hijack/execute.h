/* SPDX-License-Identifier: BSD-2-Clause */
/* execute.h - what a program that was executed finds out about itself */
#ifndef HIJACK_EXECUTE_H
#define HIJACK_EXECUTE_H

long execute_name(char *name);
void execute_name_thread(void);

#endif
