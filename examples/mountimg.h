/* SPDX-License-Identifier: BSD-2-Clause */
/* mountimg.h - what the image examples share: boot, mount at /mnt, or say why not */
#ifndef EXAMPLES_MOUNTIMG_H
#define EXAMPLES_MOUNTIMG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rump/rump.h>

/* The kernel's last words on the matter, at most three lines. */
static inline void show_reason(void)
{
	static char log[1 << 16];
	char *line;
	int n = 0;

	if (rump_dmesg(log, sizeof(log)) <= 0)
		return;
	line = log + strlen(log);
	while (line > log && n <= 3)
		if (*--line == '\n')
			n++;
	fputs(*line == '\n' ? line + 1 : line, stderr);
}

static inline void mount_image(const char *image, unsigned long flags)
{
	int err;

	if (rump_init())
		exit(1);
	err = rump_vfs_mount(image, "/mnt", NULL, flags, NULL);
	if (err) {
		fprintf(stderr, "%s: cannot mount: %s\n", image, strerror(err));
		show_reason();
		exit(1);
	}
}

#endif
