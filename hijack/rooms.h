/* SPDX-License-Identifier: BSD-2-Clause */
/* rooms.h - memory for a path, which is too much for a small stack */
#ifndef HIJACK_ROOMS_H
#define HIJACK_ROOMS_H

char *room_take(void);
void room_drop(char *const *room);

/* A variable with PATH_ROOM bytes, till its block ends. */
#define ROOM(name) char *const name __attribute__((cleanup(room_drop))) = room_take()

#endif
