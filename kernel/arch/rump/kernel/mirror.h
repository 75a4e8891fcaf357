/* SPDX-License-Identifier: GPL-2.0-only */
/* mirror.h - what mirror.c and files.c know of a mirrored table of descriptors */
#ifndef _RUMP_MIRROR_H
#define _RUMP_MIRROR_H

#include <linux/bits.h>
#include <linux/fdtable.h>

static inline unsigned int words(const struct fdtable *fdt)
{
	return fdt->max_fds / BITS_PER_LONG;
}

static inline bool is_mirrored(const struct fdtable *fdt)
{
	return fdt->close_on_exec == fdt->open_fds + 2 * words(fdt);
}

static inline unsigned long *reserved_fds(const struct fdtable *fdt)
{
	return fdt->open_fds + words(fdt);
}

static inline void set_open(struct fdtable *fdt, unsigned int n)
{
	__set_bit(n, fdt->open_fds);
	if (!~fdt->open_fds[n / BITS_PER_LONG])
		__set_bit(n / BITS_PER_LONG, fdt->full_fds_bits);
}

static inline void clear_open(struct files_struct *files, struct fdtable *fdt, unsigned int n)
{
	__clear_bit(n, fdt->open_fds);
	__clear_bit(n / BITS_PER_LONG, fdt->full_fds_bits);
	if (n < files->next_fd)
		files->next_fd = n;
}

unsigned int mirrored_size(struct files_struct *files);
int mirror_reach(unsigned int n);

#endif
