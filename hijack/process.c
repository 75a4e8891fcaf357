// SPDX-License-Identifier: BSD-2-Clause
/* process.c - processes and threads: what their beginnings and ends mean to the rump kernel */
#include <asm/errno.h>

#include "route.h"
#include "special.h"
#include "state.h"
