// SPDX-License-Identifier: BSD-2-Clause
/* hijack_fsx.c - random operations on a file, compared with a model of it in memory
 *
 *	hijack_fsx FILE SEED OPERATIONS [SPOIL]
 *
 * After the file-system exerciser fsx, which Debian does not package. The model is an array with the bytes that
 * the file is to have, and zeros behind its end. Each operation changes both, or compares what it reads; the
 * size is compared after each, all of the file now and then. The same seed gives the same operations.
 *
 * Three ways lead to the file, and must agree: a descriptor, one with O_DIRECT, and a mapping of the greatest
 * size, which stays while the file shrinks and grows below it.
 *
 * What the file system does not have (EOPNOTSUPP) is left out from then on, and said at the end, as are the
 * numbers of operations. At operation SPOIL a byte of the file is changed and not that of the model, to show
 * that it is noticed.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST	(256 << 10) /* bytes of the file */
#define AT_ONCE (64 << 10)  /* of an operation */
#define BLOCK	4096
#define RECENT	32

static unsigned char model[MOST], *mapping;
static unsigned char buffer[MOST] __attribute__((aligned(BLOCK)));
static size_t size;
static const char *path;
static int fd = -1, direct = -1;
static uint64_t state;
static unsigned long number;
static char recent[RECENT][80]; /* what was done last */

/* splitmix64 */
static size_t random_below(size_t limit)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % limit;
}

static bool either(void)
{
	return random_below(2);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(recent[number % RECENT], sizeof(recent[0]), format, list);
	va_end(list);
}

__attribute__((format(printf, 1, 2))) static _Noreturn void wrong(const char *format, ...)
{
	va_list list;

	for (unsigned long i = number < RECENT ? 0 : number - RECENT + 1; i <= number; i++)
		printf("%lu: %s\n", i, recent[i % RECENT]);
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	putchar('\n');
	exit(1);
}

/* Whether a call that file systems need not have was done. */
static bool done(const char *what, long result)
{
	if (result && errno == EOPNOTSUPP)
		return false;
	if (result)
		wrong("%s: %s", what, strerror(errno));
	return true;
}

static void must(const char *what, bool good)
{
	if (!good)
		wrong("%s: %s", what, strerror(errno));
}

static void compare(const char *what, const unsigned char *got, size_t from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (got[i] != model[from + i])
			wrong("%s: byte %zu of %zu is %02x, not %02x", what, from + i, size, got[i],
			      model[from + i]);
}

/* Some bytes, which need not be in the file. */
static void some(size_t limit, size_t unit, size_t *from, size_t *length)
{
	*from = random_below(limit / unit) * unit;
	*length = (1 + random_below(least(AT_ONCE, limit - *from) / unit)) * unit;
}

static void fill(size_t length)
{
	for (size_t i = 0; i < length; i += 8)
		memcpy(buffer + i, &(uint64_t){random_below(UINT64_MAX)}, 8);
}

static void written(size_t from, size_t length)
{
	memcpy(model + from, buffer, length);
	size = from + length > size ? from + length : size;
}

/* To a new size. */
static void resized(size_t to)
{
	if (to < size)
		memset(model + to, 0, size - to);
	size = to;
}

static void open_file(int flags)
{
	fd = open(path, O_RDWR | flags, 0600);
	must("open", fd >= 0);
	direct = open(path, O_RDWR | O_DIRECT);
	must("open with O_DIRECT", direct >= 0);
	mapping = mmap(NULL, MOST, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must("mmap", mapping != MAP_FAILED);
}

static void close_file(void)
{
	must("munmap", !munmap(mapping, MOST));
	must("close", !close(fd) && !close(direct));
}

static void compare_all(void)
{
	must("pread of all", pread(fd, buffer, MOST, 0) == (ssize_t)size);
	compare("all by pread", buffer, 0, size);
	compare("all by the mapping", mapping, 0, size);
}

static bool op_read(void)
{
	size_t from, length, expected;
	bool seek = either();
	ssize_t got;

	some(MOST, 1, &from, &length);
	expected = from < size ? least(length, size - from) : 0;
	note("read %zu at %zu", length, from);
	if (seek)
		must("lseek", lseek(fd, (off_t)from, SEEK_SET) == (off_t)from);
	got = seek ? read(fd, buffer, length) : pread(fd, buffer, length, (off_t)from);
	must("read", got >= 0);
	if ((size_t)got != expected)
		wrong("read gave %zd bytes, not %zu", got, expected);
	compare("read", buffer, from, expected);
	return true;
}

static bool op_write(void)
{
	size_t from, length;
	bool seek = either();
	ssize_t put;

	some(MOST, 1, &from, &length);
	note("write %zu at %zu", length, from);
	fill(length);
	if (seek)
		must("lseek", lseek(fd, (off_t)from, SEEK_SET) == (off_t)from);
	put = seek ? write(fd, buffer, length) : pwrite(fd, buffer, length, (off_t)from);
	must("write", put == (ssize_t)length);
	written(from, length);
	return true;
}

static bool op_direct_read(void)
{
	size_t from, length, expected;
	ssize_t got;

	some(MOST, BLOCK, &from, &length);
	expected = from < size ? least(length, size - from) : 0;
	note("direct read %zu at %zu", length, from);
	got = pread(direct, buffer, length, (off_t)from);
	must("direct read", got >= 0);
	if ((size_t)got != expected)
		wrong("direct read gave %zd bytes, not %zu", got, expected);
	compare("direct read", buffer, from, expected);
	return true;
}

static bool op_direct_write(void)
{
	size_t from, length;

	some(MOST, BLOCK, &from, &length);
	note("direct write %zu at %zu", length, from);
	fill(length);
	must("direct write", pwrite(direct, buffer, length, (off_t)from) == (ssize_t)length);
	written(from, length);
	return true;
}

/* A mapping that has byte FROM: the one that stays, or one of its own, which is unmapped by unmap(). */
static unsigned char *map(size_t from, size_t length, int protection)
{
	size_t before = from % BLOCK;
	unsigned char *at = mapping + from - before;

	if (either()) {
		at = mmap(NULL, before + length, protection, MAP_SHARED, fd, (off_t)(from - before));
		must("mmap", at != MAP_FAILED);
	}
	return at + before;
}

static void unmap(unsigned char *at, size_t from, size_t length)
{
	if (at != mapping + from)
		must("munmap", !munmap(at - from % BLOCK, from % BLOCK + length));
}

static bool op_map_read(void)
{
	size_t from, length, tail;
	unsigned char *at;

	if (!size)
		return true;
	some(size, 1, &from, &length);
	note("read %zu at %zu of a mapping", length, from);
	at = map(from, length, PROT_READ);
	compare("mapping", at, from, length);
	/* The last page is filled up with zeros. */
	tail = -size % BLOCK;
	if ((from + length - 1) / BLOCK == size / BLOCK)
		compare("behind the end", at + size - from, size, tail);
	unmap(at, from, length);
	return true;
}

static bool op_map_write(void)
{
	size_t from, length;
	unsigned char *at;

	some(MOST, 1, &from, &length);
	note("write %zu at %zu of a mapping", length, from);
	if (from + length > size)
		must("ftruncate", !ftruncate(fd, (off_t)(from + length)));
	fill(length);
	at = map(from, length, PROT_READ | PROT_WRITE);
	memcpy(at, buffer, length);
	unmap(at, from, length);
	written(from, length);
	return true;
}

static bool op_truncate(void)
{
	size_t to = random_below(MOST + 1);

	note("truncate from %zu to %zu", size, to);
	must("truncate", either() ? !ftruncate(fd, (off_t)to) : !truncate(path, (off_t)to));
	resized(to);
	return true;
}

/* fallocate(2) of any bytes: what is in the file of them becomes zero, or stays. */
static bool allocate(const char *what, int mode, bool zero)
{
	size_t from, length;

	some(MOST, 1, &from, &length);
	note("%s %zu at %zu%s", what, length, from, mode & FALLOC_FL_KEEP_SIZE ? "" : ", grow");
	if (!done(what, fallocate(fd, mode, (off_t)from, (off_t)length)))
		return false;
	if (!(mode & FALLOC_FL_KEEP_SIZE) && from + length > size)
		size = from + length;
	if (zero && from < size)
		memset(model + from, 0, least(length, size - from));
	return true;
}

static bool op_allocate(void)
{
	return allocate("allocate", either() ? FALLOC_FL_KEEP_SIZE : 0, false);
}

static bool op_punch(void)
{
	return allocate("punch", FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, true);
}

static bool op_zero(void)
{
	return allocate("zero", FALLOC_FL_ZERO_RANGE | (either() ? FALLOC_FL_KEEP_SIZE : 0), true);
}

static bool op_collapse(void)
{
	size_t from, length;

	if (size <= 2 * BLOCK)
		return true;
	some((size - 1) / BLOCK * BLOCK, BLOCK, &from, &length);
	note("collapse %zu at %zu", length, from);
	if (!done("collapse", fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, (off_t)from, (off_t)length)))
		return false;
	memmove(model + from, model + from + length, size - from - length);
	resized(size - length);
	return true;
}

static bool op_insert(void)
{
	size_t from, length, room = (MOST - size) / BLOCK;

	if (!room || size < BLOCK)
		return true;
	from = random_below((size - 1) / BLOCK + 1) * BLOCK;
	length = (1 + random_below(least(room, AT_ONCE / BLOCK))) * BLOCK;
	note("insert %zu at %zu", length, from);
	if (!done("insert", fallocate(fd, FALLOC_FL_INSERT_RANGE, (off_t)from, (off_t)length)))
		return false;
	memmove(model + from + length, model + from, size - from);
	memset(model + from, 0, length);
	size += length;
	return true;
}

static bool op_copy(void)
{
	off_t in, out;
	size_t from, length, to;

	if (!size)
		return true;
	some(size, 1, &from, &length);
	to = random_below(MOST - length + 1);
	if (to < from + length && from < to + length)
		return true;
	note("copy %zu at %zu to %zu", length, from, to);
	memcpy(buffer, model + from, length);
	in = (off_t)from;
	out = (off_t)to;
	for (size_t left = length; left;) {
		ssize_t copied = copy_file_range(fd, &in, fd, &out, left, 0);

		must("copy_file_range", copied > 0);
		left -= (size_t)copied;
	}
	written(to, length);
	return true;
}

static bool op_sync(void)
{
	static const char *const how[] = {"fsync", "fdatasync", "msync"};
	size_t which = random_below(3);

	note("%s", how[which]);
	must(how[which], !(which == 0 ? fsync(fd) : which == 1 ? fdatasync(fd) :
			   msync(mapping, MOST, MS_SYNC)));
	return true;
}

/* What is read next comes from the disk. */
static bool op_drop(void)
{
	note("drop");
	must("fsync", !fsync(fd));
	errno = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	must("posix_fadvise", !errno);
	return true;
}

static bool op_reopen(void)
{
	note("close and open");
	close_file();
	open_file(0);
	compare_all();
	return true;
}

static struct op {
	const char *name;
	bool (*fn)(void); /* false: the file system does not have it */
	bool missing;
	unsigned long count;
} ops[] = {
	{"read", op_read, false, 0},
	{"write", op_write, false, 0},
	{"direct-read", op_direct_read, false, 0},
	{"direct-write", op_direct_write, false, 0},
	{"map-read", op_map_read, false, 0},
	{"map-write", op_map_write, false, 0},
	{"truncate", op_truncate, false, 0},
	{"allocate", op_allocate, false, 0},
	{"punch", op_punch, false, 0},
	{"zero", op_zero, false, 0},
	{"collapse", op_collapse, false, 0},
	{"insert", op_insert, false, 0},
	{"copy", op_copy, false, 0},
	{"sync", op_sync, false, 0},
	{"drop", op_drop, false, 0},
	{"reopen", op_reopen, false, 0},
};

#define OPS (sizeof(ops) / sizeof(ops[0]))

static void compare_size(void)
{
	struct stat status;

	must("fstat", !fstat(fd, &status));
	if ((size_t)status.st_size != size)
		wrong("the size is %jd, not %zu", (intmax_t)status.st_size, size);
}

/* Something that the model does not know of. */
static void spoil(void)
{
	size_t at = size / 2;

	must("spoil", size && pwrite(fd, &(unsigned char){~model[at]}, 1, (off_t)at) == 1);
}

int main(int argc, char **argv)
{
	unsigned long last, spoiled;

	if (argc < 4)
		errx(2, "usage: hijack_fsx FILE SEED OPERATIONS [SPOIL]");
	path = argv[1];
	state = strtoul(argv[2], NULL, 0);
	last = strtoul(argv[3], NULL, 0);
	spoiled = argc > 4 ? strtoul(argv[4], NULL, 0) : last;
	open_file(O_CREAT | O_TRUNC);
	for (; number < last; number++) {
		struct op *op = &ops[random_below(OPS)];

		note("%s", op->name);
		if (!op->missing)
			op->missing = !op->fn();
		op->count += !op->missing;
		compare_size();
		if (number == spoiled)
			spoil();
	}
	note("end");
	compare_all();
	close_file();
	for (struct op *op = ops; op < ops + OPS; op++)
		if (op->missing)
			printf("%s: not supported\n", op->name);
		else if (op->count < last / OPS / 2)
			errx(1, "only %lu times %s", op->count, op->name);
	return 0;
}
