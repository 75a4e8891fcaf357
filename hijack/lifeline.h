/* SPDX-License-Identifier: BSD-2-Clause */
/* lifeline.h - the pipe that breaks when the kernel's server ends */
#ifndef HIJACK_LIFELINE_H
#define HIJACK_LIFELINE_H

#include <stdbool.h>

void lifeline_is(int fd);
void lifeline_arm(void);
bool lifeline_disarm(void);
void lifeline_rearm(void);

#endif
