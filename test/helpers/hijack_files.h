/* SPDX-License-Identifier: BSD-2-Clause */
/* hijack_files.h - what the sections of hijack_files share
 *
 * A section performs calls and records each with T(call): the text of the call, what it returned, and
 * the name of errno where that is -1. Nothing that may differ between two runs, such as addresses, inode
 * numbers and times, is recorded.
 */
#ifndef HIJACK_FILES_H
#define HIJACK_FILES_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* Record what an expression gives. */
#define T(expr) (errno = 0, record(#expr, (long)(expr)))
/* Record only whether it fails. */
#define OK(expr) (errno = 0, record(#expr, (long)(expr) < 0 ? -1 : 0))

long record(const char *what, long result);
/* Record text; the names of the two directories in it become DIR and HOST. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Record bytes, as a string with escapes. */
void note_bytes(const char *what, const void *bytes, long length);
/* Record what does not differ of a file's status. */
void note_stat(const char *what, int result, const struct stat *status);
/* Record type, permissions, links, owner and size of a file. */
void note_file(const char *path);

/* A name in the directory under test, and one in a directory of the host. Good for 16 calls. */
const char *d(const char *name);
const char *h(const char *name);

/* Make a file with these contents, whatever it was. */
void make(const char *path, const char *contents);
/* Record the contents of a file. */
void note_contents(const char *path);
/* Bad pointers of several kinds, NULL at the end; the last ones cannot be written only. */
#define BAD	  ((void *)0x1000)
#define BAD_HIGH  ((void *)0xffff800000001000)
#define BAD_ODD	  ((void *)0x00aa000000001000)

typedef void section_fn(void);
section_fn open_flags, open_kinds, open_directories;
section_fn numbers_lowest, numbers_onto, numbers_range, numbers_limit, numbers_closed;
section_fn numbers_cloexec;
section_fn names_change, names_long, names_cwd, names_links, names_absolute, names_proc, names_walk, names_at;
section_fn faults_paths, faults_buffers, faults_messages, taken;
section_fn io_vectors, io_offsets, io_flags, io_copies, io_space, io_limit, io_devices;
section_fn status_modes, status_times, status_attributes, status_locks, status_ioctl;
section_fn map_private, map_shared, map_calls, map_ends, map_places;

#endif
