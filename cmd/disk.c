// SPDX-License-Identifier: BSD-2-Clause
/* disk.c - what is to be mounted: a type without a disk, an image file, a block device
 *
 * The shim does the mounting, when the program first needs the kernel. What can be seen to be wrong
 * before is said here, while it is clear to the user what he has done.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "rump.h"

/**
 * absolute() - A file's name from the root
 */
static char *absolute(const char *path)
{
	char here[4096];

	if (*path == '/')
		return compose("%s", path);
	if (!getcwd(here, sizeof(here)))
		die(STATUS_FAILED, "the working directory: %s", strerror(errno));
	return compose("%s/%s", strcmp(here, "/") ? here : "", path);
}

/**
 * lock_holder() - A process that holds a lock of flock(2) on a file, or 0
 */
static int lock_holder(const struct stat *st)
{
	unsigned long long inode;
	unsigned int major, minor;
	int pid, holder = 0;
	char line[256];
	FILE *locks;

	locks = fopen("/proc/locks", "re");
	if (!locks)
		return 0;
	while (!holder && fgets(line, sizeof(line), locks)) {
		if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%llu", &pid, &major, &minor,
			   &inode) == 4 &&
		    inode == st->st_ino && makedev(major, minor) == st->st_dev && pid > 0)
			holder = pid;
	}
	fclose(locks);
	return holder;
}

/**
 * check_lock() - Be sure that nobody has locked an image against what the kernel will do
 */
static void check_lock(const struct mount *mount, int fd, const struct stat *st, bool readonly)
{
	char comm[32] = "?", *file;
	FILE *stream;
	int pid;

	/* Not held: it goes when the descriptor is closed. */
	if (!flock(fd, (readonly ? LOCK_SH : LOCK_EX) | LOCK_NB) || errno != EWOULDBLOCK)
		return;
	pid = lock_holder(st);
	if (!pid)
		die(STATUS_FAILED, "%s is in use by another process", mount->source);
	file = compose("/proc/%d/comm", pid);
	stream = fopen(file, "re");
	if (stream && fgets(comm, sizeof(comm), stream))
		comm[strcspn(comm, "\n")] = 0;
	die(STATUS_FAILED, "%s is in use by process %d (%s)", mount->source, pid, comm);
}

/**
 * open_disk() - Open an image or a device, for writing if possible
 * @readonly:	reading is enough; set if there is no more
 */
static int open_disk(const struct mount *mount, const struct stat *st, bool *readonly)
{
	int fd = -1;

	if (S_ISDIR(st->st_mode))
		die(STATUS_FAILED, "%s is a directory; an image or a block device can be mounted",
		    mount->source);
	if (!S_ISREG(st->st_mode) && !S_ISBLK(st->st_mode))
		die(STATUS_FAILED, "%s is neither an image nor a block device", mount->source);
	if (!*readonly)
		fd = open(mount->source, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fd = open(mount->source, O_RDONLY | O_CLOEXEC);
	else
		return fd;
	if (fd < 0)
		die(STATUS_FAILED, "%s: %s", mount->source, strerror(errno));
	if (!*readonly)
		warn("%s cannot be written and is mounted read-only", mount->source);
	*readonly = true;
	return fd;
}

/**
 * size_option() - A number of bytes among the options
 * @options:	from which it is removed
 * @value:	unchanged if the option is not there
 */
static void size_option(const struct mount *mount, char **options, const char *name,
			uint64_t *value)
{
	char *text = option_value(*options, name);

	if (!text)
		return;
	if (!parse_size(text, value))
		die(STATUS_USAGE, "-m %s: '%s' is no number of bytes", mount->given, text);
	*options = option_remove(*options, name);
}

/**
 * is_readonly() - Whether the options say ro, and no rw behind it
 */
static bool is_readonly(const char *options)
{
	bool readonly = false;

	for (const char *at = options; *at; at += strcspn(at, ","), at += *at == ',') {
		size_t length = strcspn(at, ",");

		if (length == 2 && !strncmp(at, "ro", 2))
			readonly = true;
		if (length == 2 && !strncmp(at, "rw", 2))
			readonly = false;
	}
	return readonly;
}

static void join_entry(struct mount *mount, const char *source, const char *type, const char *place,
		       const char *options)
{
	char *all = compose("type=%s%s%s%s", type, place, *options ? "," : "", options);

	mount->entry =
		compose("%s:%s:%s", mount_quote(source), mount_quote(mount->dir), mount_quote(all));
}

/**
 * check_disk() - Look at a file or a device
 * @type:	what the user says it is, or NULL
 * @options:	without the type
 */
static void check_disk(struct mount *mount, const struct stat *st, const char *type,
		       const char *options)
{
	uint64_t offset = 0, size = 0;
	char *rest = compose("%s", options), *place = "";
	int fd;

	size_option(mount, &rest, "offset", &offset);
	size_option(mount, &rest, "sizelimit", &size);
	mount->begin = offset;
	mount->end = size && size < UINT64_MAX - offset ? offset + size : UINT64_MAX;
	mount->readonly = mount->readonly || is_readonly(rest);
	fd = open_disk(mount, st, &mount->readonly);
	type = type ? type_of_kernel(type) : probe_type(mount, fd, offset, size);
	if (!type_is_known(type))
		die(STATUS_FAILED, "%s: the rump kernel has no file system '%s'", mount->source,
		    type);
	mount->readonly = mount->readonly || type_is_readonly(type);
	check_lock(mount, fd, st, mount->readonly);
	close(fd);
	if (offset)
		place = compose(",offset=%ju", (uintmax_t)offset);
	if (size)
		place = compose("%s,sizelimit=%ju", place, (uintmax_t)size);
	if (mount->readonly && !is_readonly(rest))
		rest = compose("%s%sro", rest, *rest ? "," : "");
	join_entry(mount, absolute(mount->source), type, place, rest);
}

/**
 * make_entry() - Check what a -m wants mounted and write it as RUMP_MOUNT has it
 */
static void make_entry(struct mount *mount)
{
	const char *type = option_value(mount->options, "type");
	const char *options = option_remove(mount->options, "type");
	struct stat st;

	/* A directory is no image. */
	if (!type && type_is_nodev(mount->source) &&
	    (stat(mount->source, &st) < 0 ? errno == ENOENT : S_ISDIR(st.st_mode)))
		type = mount->source;
	if (type && type_is_nodev(type)) {
		join_entry(mount, mount->source, type, "", options);
		return;
	}
	if (stat(mount->source, &st) < 0)
		die(STATUS_FAILED, "%s: %s", mount->source, strerror(errno));
	mount->disk = true;
	mount->dev = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	mount->ino = S_ISBLK(st.st_mode) ? 0 : st.st_ino;
	check_disk(mount, &st, type, options);
}

/**
 * disk_entries() - Check all mounts and write them as RUMP_MOUNT has them
 */
void disk_entries(struct options *options)
{
	struct mount *mount, *other, *end = options->mounts + options->nmounts;

	for (mount = options->mounts; mount < end; mount++) {
		mount->readonly = options->readonly;
		make_entry(mount);
		/* What is written is written by one. */
		for (other = options->mounts; other < mount; other++)
			if (mount->disk && other->disk && mount->dev == other->dev &&
			    mount->ino == other->ino && !(mount->readonly && other->readonly) &&
			    mount->begin < other->end && other->begin < mount->end)
				die(STATUS_FAILED,
				    "%s can be mounted only once, or read-only each time, or in parts "
				    "with offset= and sizelimit= that do not overlap",
				    mount->source);
	}
}
