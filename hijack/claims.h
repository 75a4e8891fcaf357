/* SPDX-License-Identifier: BSD-2-Clause */
/* claims.h - files of the host on their way through sockets of the rump kernel, held by the server */
#ifndef HIJACK_CLAIMS_H
#define HIJACK_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#define CLAIM_MODE   01000	/* of the pipe: the sticky bit alone, which no other has */
#define CLAIM_PARCEL (1ul << 62) /* in the number of a parcel, apart from those of tickets (rights.c) */

/* The main thread. */
long claims_take(int pid, int reply);
int claims_file(uint64_t number);
void claims_close(void);
void claims_refuse(unsigned long index);
void claims_missed(void);
bool claims_rung(void);
bool claims_ended(int pid);
bool claims_swept(void);

/* The clerk. */
long claims_make(unsigned long index);
void claims_sweep(void);

#endif
