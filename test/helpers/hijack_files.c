// SPDX-License-Identifier: BSD-2-Clause
/* hijack_files.c - operations on files, with a record of what each returned
 *
 *	hijack_files [-t|-s|-b] DIR HOST [SECTION...]
 *
 * Performs a long list of operations in DIR, some of them together with files in HOST, a directory of
 * another file system, and prints what each returned. Two kernels that agree print the same for
 * two directories of the same file system. DIR and HOST are absolute and empty; the
 * directory above DIR is not /.
 *
 *	-t	in a thread that is not the first
 *	-s	in a signal handler
 *	-b	while other threads make calls on files of both kernels that exist
 */
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "hijack_files.h"

#define OUT	 400 /* where the report goes, out of the way of what is tested */
#define ROOM	 (4 << 20)
#define NAMES	 16
#define NAME_LEN 4200

static const struct {
	const char *name;
	section_fn *fn;
} sections[] = {
#define SECTION(fn) {#fn, fn}
	SECTION(open_flags),	    SECTION(open_kinds),   SECTION(open_directories),
	SECTION(numbers_lowest),    SECTION(numbers_onto), SECTION(numbers_range),
	SECTION(numbers_limit),	    SECTION(numbers_closed), SECTION(numbers_cloexec),
	SECTION(names_change),	    SECTION(names_long),   SECTION(names_cwd),
	SECTION(names_links),	    SECTION(names_absolute), SECTION(names_proc),
	SECTION(names_walk),	    SECTION(names_at),	   SECTION(faults_paths), SECTION(faults_buffers),
	SECTION(faults_messages),   SECTION(taken),
	SECTION(io_vectors),	    SECTION(io_offsets),   SECTION(io_flags),
	SECTION(io_copies),	    SECTION(io_space),	   SECTION(io_limit),
	SECTION(io_devices),	    SECTION(status_modes), SECTION(status_times),
	SECTION(status_attributes), SECTION(status_locks), SECTION(status_ioctl),
	SECTION(map_private),	    SECTION(map_shared),   SECTION(map_calls),
	SECTION(map_ends),	    SECTION(map_places),
};

#define NSECTIONS (sizeof(sections) / sizeof(sections[0]))

static char text[ROOM];
static size_t length;
static const char *dir, *host;
static char top[NAME_LEN]; /* the directory above DIR */
static char **chosen;
static volatile bool stop;

/* Append to the report, with the directories by their roles. */
static void put(const char *string)
{
	const struct {
		const char *name, *role;
	} known[] = {{dir, "DIR"}, {host, "HOST"}, {top, "TOP"}};

	while (*string && length < ROOM - 8) {
		size_t i = 0;

		while (i < 3 && strncmp(string, known[i].name, strlen(known[i].name)))
			i++;
		if (i == 3) {
			text[length++] = *string++;
		} else {
			length += (size_t)(stpcpy(text + length, known[i].role) - (text + length));
			string += strlen(known[i].name);
		}
	}
}

static void flush(void)
{
	size_t done = 0;
	ssize_t n;

	while (done < length) {
		n = write(OUT, text + done, length - done);
		if (n <= 0)
			_exit(3);
		done += (size_t)n;
	}
	length = 0;
}

long record(const char *what, long result)
{
	int error = errno;
	char number[32];

	put("  ");
	put(what);
	if (result == -1) {
		put(" fails: ");
		put(error ? strerrorname_np(error) : "without errno");
	} else {
		snprintf(number, sizeof(number), " = %ld", result);
		put(number);
	}
	put("\n");
	errno = error;
	return result;
}

void note(const char *format, ...)
{
	static __thread char line[2 * NAME_LEN];
	va_list list;

	va_start(list, format);
	vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	put("  ");
	put(line);
	put("\n");
}

void note_bytes(const char *what, const void *bytes, long n)
{
	const unsigned char *at = bytes;
	char line[1024], *to = line;

	if (n < 0) {
		record(what, -1);
		return;
	}
	for (long i = 0; i < n && i < 200; i++)
		to += sprintf(to, at[i] >= ' ' && at[i] < 127 ? "%c" : "\\%o", at[i]);
	*to = 0;
	note("%s: %ld bytes: %s", what, n, line);
}

void note_stat(const char *what, int result, const struct stat *status)
{
	if (result)
		record(what, result);
	else
		note("%s: mode %o links %lu owner %u:%u size %lu rdev %lx blksize %ld", what,
		     status->st_mode, (unsigned long)status->st_nlink, status->st_uid,
		     status->st_gid, (unsigned long)status->st_size,
		     (unsigned long)status->st_rdev, (long)status->st_blksize);
}

void note_file(const char *path)
{
	struct stat status;

	note_stat(path, lstat(path, &status), &status);
}

static const char *name_in(const char *where, const char *name)
{
	static char names[NAMES][NAME_LEN];
	static unsigned int next;
	char *to = names[next++ % NAMES];

	snprintf(to, NAME_LEN, "%s%s%s", where, *name ? "/" : "", name);
	return to;
}

const char *d(const char *name)
{
	return name_in(dir, name);
}

const char *h(const char *name)
{
	return name_in(host, name);
}

void make(const char *path, const char *contents)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, contents, strlen(contents)) != (ssize_t)strlen(contents))
		note("make %s fails: %s", path, strerrorname_np(errno));
	close(fd);
}

void note_contents(const char *path)
{
	char bytes[4096];
	int fd = open(path, O_RDONLY);

	note_bytes(path, bytes, fd < 0 ? -1 : read(fd, bytes, sizeof(bytes)));
	if (fd >= 0)
		close(fd);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status;
	(void)type;
	if (at->level && remove(path))
		note("remove %s fails: %s", path, strerrorname_np(errno));
	return 0;
}

static bool is_chosen(const char *name)
{
	if (!*chosen)
		return true;
	for (char **at = chosen; *at; at++)
		if (!strcmp(*at, name))
			return true;
	return false;
}

/* Each section begins with empty directories, the same mask, descriptors 0 to 2, and / as its cwd. */
static void run_sections(void)
{
	for (size_t i = 0; i < NSECTIONS; i++) {
		if (!is_chosen(sections[i].name))
			continue;
		put(sections[i].name);
		put("\n");
		umask(022);
		sections[i].fn();
		if (chdir("/"))
			note("chdir / fails");
		nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
		nftw(host, remove_one, 16, FTW_DEPTH | FTW_PHYS);
		if (syscall(SYS_close_range, 3, OUT - 1, 0))
			note("close_range fails");
		flush();
	}
}

static void *in_thread(void *nothing)
{
	run_sections();
	return nothing;
}

static void in_handler(int signal)
{
	(void)signal;
	run_sections();
}

/* Calls that take no descriptor number. */
static void *keep_busy(void *path)
{
	struct stat status;
	char target[64];

	while (!stop) {
		if (stat(path, &status) || readlink(path, target, sizeof(target)) != -1)
			_exit(4);
		usleep(200);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread, busy[2];
	char how = 0;

	if (argc > 1 && argv[1][0] == '-')
		how = (++argv)[0][1];
	if (argc < 3 + !!how || dup3(1, OUT, O_CLOEXEC) != OUT) {
		fprintf(stderr, "usage: hijack_files [-t|-s|-b] DIR HOST [SECTION...]\n");
		return 2;
	}
	dir = argv[1];
	host = argv[2];
	chosen = argv + 3;
	snprintf(top, sizeof(top), "%.*s", (int)(strrchr(dir, '/') - dir), dir);
	syscall(SYS_close_range, 3, OUT - 1, 0);
	switch (how) {
	case 't':
		pthread_create(&thread, NULL, in_thread, NULL);
		pthread_join(thread, NULL);
		break;
	case 's':
		signal(SIGUSR1, in_handler);
		raise(SIGUSR1);
		break;
	case 'b':
		pthread_create(&busy[0], NULL, keep_busy, (void *)dir);
		pthread_create(&busy[1], NULL, keep_busy, (void *)host);
		run_sections();
		stop = true;
		pthread_join(busy[0], NULL);
		pthread_join(busy[1], NULL);
		break;
	default:
		run_sections();
	}
	return 0;
}
