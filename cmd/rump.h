/* SPDX-License-Identifier: BSD-2-Clause */
/* rump.h - what the files of the rump command know of each other */
#ifndef CMD_RUMP_H
#define CMD_RUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Exit statuses, those of the command apart: env(1), nohup(1) and shells use the last two. */
enum {
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
};

/* ---- main.c ---- */

_Noreturn void die(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *compose(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool parse_size(const char *text, uint64_t *value);

/* ---- options.c ---- */

/**
 * struct mount - One -m
 * @given:	its argument, for messages
 * @source:	image, device or name, without quotes
 * @dir:	where to mount it: absolute, in the shortest form
 * @options:	what the user wants, or ""
 * @entry:	for RUMP_MOUNT; this and what follows is made by disk_entries()
 * @disk:	whether there is a file or a device, of which are @dev and @ino, from @begin to @end
 */
struct mount {
	const char *given;
	const char *source;
	const char *dir;
	const char *options;
	const char *entry;
	bool disk;
	bool readonly;
	dev_t dev;
	ino_t ino;
	uint64_t begin;
	uint64_t end;
};

/**
 * struct options - What the command line says; NULL or 0 where it says nothing
 * @command:	what follows the options
 */
struct options {
	struct mount *mounts;
	size_t nmounts;
	const char *net;
	const char *sockets;
	const char *name;
	const char *mem;
	const char *ncpu;
	const char *trace;
	bool readonly;
	bool verbose;
	bool report;
	char **command;
};

void options_parse(struct options *options, int argc, char **argv, const char *help);

/* ---- net.c ---- */

void net_add(struct options *options, const char *argument);
bool net_has_device(const char *list);

/* ---- mounts.c ---- */

void mount_parse(struct mount *mount, const char *argument);
char *mount_quote(const char *text);
char *option_value(const char *options, const char *name);
char *option_remove(const char *options, const char *name);

/* ---- types.c ---- */

bool type_is_nodev(const char *name);
bool type_is_known(const char *name);
bool type_is_readonly(const char *name);
const char *type_of_kernel(const char *blkid_name);

/* ---- disk.c ---- */

void disk_entries(struct options *options);

/* ---- probe.c ---- */

const char *probe_type(const struct mount *mount, int fd, uint64_t offset, uint64_t size);

/* ---- environment.c ---- */

const char *hijack_variable(const struct options *options);
void environment_set(const struct options *options);
char *installed(const char *name);

/* ---- server.c ---- */

void server_start(const char *name, const char *command);
int server_keep(const char *name, bool foreground);

/* ---- names.c ---- */

int name_connect(const char *name);
int64_t name_ask(int server, uint32_t type, uint64_t argument, void *answer, size_t size);
int name_listen(const char *name, char **path);
void names_each(void (*fn)(const char *name, int server));

/* ---- kernels.c ---- */

int kernel_main(int argc, char **argv);
int attach_main(int argc, char **argv);
int list_main(int argc, char **argv);
int halt_main(int argc, char **argv);
int dmesg_main(int argc, char **argv);

extern const char server_help[], attach_help[], list_help[], halt_help[], dmesg_help[];

/* ---- check.c ---- */

void renounce(const char *places);
char *check_command(const struct options *options, const char *name);

/* ---- run.c, shell.c ---- */

_Noreturn void start(struct options *options, char **command);
_Noreturn void start_attached(const char *places, char **command);
int run_main(int argc, char **argv);
int shell_main(int argc, char **argv);

extern const char run_help[], shell_help[];

#endif
