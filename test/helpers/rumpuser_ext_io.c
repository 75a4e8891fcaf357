/* SPDX-License-Identifier: BSD-2-Clause */
/* rumpuser_ext_io.c - tests of the extension group: the image's memory, files */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <rump/rumpuser_ext.h>

#include "rumpuser_ext.h"

#define PAGE  4096UL
#define PAGES 16UL

/** blocks() - What a file takes of the host, in pages */
static unsigned long blocks(int fd)
{
	struct stat st;

	CHECK(fstat(fd, &st) == 0);
	return (unsigned long)st.st_blocks * 512 / PAGE;
}

/** reserve() - Address space */
static char *reserve(void)
{
	char *at = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);

	CHECK(at != MAP_FAILED);
	return at;
}

/** holds() - Whether a word is there, read anew: pages here are mapped twice */
static bool holds(const volatile char *at, const char *word)
{
	while (*word)
		if (*at++ != *word++)
			return false;
	return true;
}

/** readable() - Whether a page can be read, as the host finds */
static bool readable(const char *page)
{
	int ends[2];
	bool ok;

	CHECK(pipe(ends) == 0);
	ok = write(ends[1], page, 1) == 1;
	CHECK(ok || errno == EFAULT);
	close(ends[0]);
	close(ends[1]);
	return ok;
}

/** image() - Parts of the image are mapped where they are wanted, and stay one memory */
static void image(char **args)
{
	int fd = memfd_create("image", MFD_CLOEXEC), err;
	char *at = reserve(), back[4];
	unsigned long addr = (unsigned long)at;

	(void)args;
	test_boot(true);
	CHECK(fd >= 0 && ftruncate(fd, PAGES * PAGE) == 0);
	QUIET(err = rumpuser_ext_map(addr, 0, PAGE, PROT_READ));
	CHECK(err == -EBADF);
	CHECK(!readable(at));
	QUIET(rumpuser_ext_setimage(fd));

	QUIET(err = rumpuser_ext_map(addr + 2 * PAGE, 5 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE));
	CHECK(err == 0);
	CHECK(!readable(at + PAGE) && readable(at + 2 * PAGE) && !readable(at + 4 * PAGE));
	memcpy(at + 3 * PAGE, "here", 4);
	CHECK(pread(fd, back, 4, 6 * PAGE) == 4 && memcmp(back, "here", 4) == 0);
	QUIET(err = rumpuser_ext_map(addr + 8 * PAGE, 6 * PAGE, PAGE, PROT_READ));
	CHECK(err == 0 && holds(at + 8 * PAGE, "here"));
	memcpy(at + 3 * PAGE, "too!", 4);
	CHECK(holds(at + 8 * PAGE, "too!"));

	QUIET(err = rumpuser_ext_unmap(addr + 3 * PAGE, PAGE));
	CHECK(err == 0);
	CHECK(readable(at + 2 * PAGE) && !readable(at + 3 * PAGE) && readable(at + 8 * PAGE));
	/* It is still reserved. */
	CHECK(mmap(at + 3 * PAGE, PAGE, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED &&
	      errno == EEXIST);

	QUIET(err = rumpuser_ext_map(addr + 1, 0, PAGE, PROT_READ));
	CHECK(err == -EINVAL);
	QUIET(err = rumpuser_ext_map(addr, 1, PAGE, PROT_READ));
	CHECK(err == -EINVAL);
	QUIET(err = rumpuser_ext_map(addr, 0, 0, PROT_READ));
	CHECK(err == -EINVAL);
	QUIET(err = rumpuser_ext_unmap(addr + 1, PAGE));
	CHECK(err == -EINVAL);
}

/** image_pages() - Host pages come at once when asked for, and go */
static void image_pages(char **args)
{
	int fd = memfd_create("image", MFD_CLOEXEC), err;
	char *at = reserve();
	unsigned long addr = (unsigned long)at;

	(void)args;
	test_boot(true);
	CHECK(fd >= 0 && ftruncate(fd, PAGES * PAGE) == 0);
	QUIET(rumpuser_ext_setimage(fd));
	QUIET(err = rumpuser_ext_map(addr, 0, PAGES * PAGE, PROT_READ | PROT_WRITE));
	CHECK(err == 0 && blocks(fd) == 0);

	errno = 0;
	madvise(at, 0, 23 /* MADV_POPULATE_WRITE */);
	if (errno == EINVAL) { /* Linux < 5.14 */
		QUIET(err = rumpuser_ext_populate(addr, 8 * PAGE));
		CHECK(err == -EINVAL);
		memset(at, 0, 8 * PAGE);
	} else {
		QUIET(err = rumpuser_ext_populate(addr, 8 * PAGE));
		CHECK(err == 0);
	}
	CHECK(blocks(fd) == 8);
	memset(at, 'x', 8 * PAGE);

	QUIET(err = rumpuser_ext_discard(addr + 2 * PAGE, 3 * PAGE));
	CHECK(err == 0 && blocks(fd) == 5);
	for (unsigned long i = 0; i < 8; i++)
		CHECK(at[i * PAGE] == (i >= 2 && i < 5 ? '\0' : 'x'));

	QUIET(err = rumpuser_ext_populate(addr + 1, PAGE));
	CHECK(err == -EINVAL);
	QUIET(err = rumpuser_ext_discard(addr + 1, PAGE));
	CHECK(err == -EINVAL);
	QUIET(err = rumpuser_ext_unmap(addr, PAGES * PAGE));
	CHECK(err == 0);
	QUIET(err = rumpuser_ext_populate(addr, PAGE));
	CHECK(err < 0);
	QUIET(err = rumpuser_ext_discard(addr, PAGE));
	CHECK(err < 0);
}

/** all_are() - Whether a part of a file has one value */
static bool all_are(int fd, off_t off, size_t len, char value)
{
	static char data[PAGES * PAGE];

	CHECK(pread(fd, data, len, off) == (ssize_t)len);
	while (len > 0)
		if (data[--len] != value)
			return false;
	return true;
}

/** io() - Transfers, flushes, holes and zeroes, as the host does them */
static void io(char **args)
{
	char a[] = "abc", b[] = "defgh", c[8], d[8];
	struct iovec out[2] = {{a, 3}, {b, 5}}, in[2] = {{c, 6}, {d, 8}};
	static char page[PAGE];
	struct iovec whole = {page, PAGE};
	int fd = open(args[0], O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];
	long n;

	test_boot(true);
	CHECK(fd >= 0 && pipe(ends) == 0);
	QUIET(n = rumpuser_ext_io(fd, RUMPUSER_EXT_WRITE, out, 2, 3, 0));
	CHECK(n == 8);
	QUIET(n = rumpuser_ext_io(fd, RUMPUSER_EXT_READ, in, 2, 1, 0));
	CHECK(n == 10 && memcmp(c, "\0\0abcd", 6) == 0 && memcmp(d, "efgh", 4) == 0);
	QUIET(n = rumpuser_ext_io(fd, RUMPUSER_EXT_READ, in, 2, 11, 0));
	CHECK(n == 0);
	QUIET(n = rumpuser_ext_io(fd, RUMPUSER_EXT_READ, in, 2, 1ULL << 62, 0));
	CHECK(n == 0);

	memset(page, 'x', PAGE);
	for (unsigned long i = 0; i < PAGES; i++) {
		QUIET(n = rumpuser_ext_io(fd, RUMPUSER_EXT_WRITE, &whole, 1, i * PAGE, 0));
		CHECK(n == (long)PAGE);
	}
	QUIET(n = rumpuser_ext_io(fd, RUMPUSER_EXT_START, NULL, 0, 0, PAGES * PAGE));
	CHECK(n == 0);
	QUIET(n = rumpuser_ext_io(fd, RUMPUSER_EXT_FLUSH, NULL, 0, 0, 0));
	CHECK(n == 0);
	CHECK(blocks(fd) >= PAGES);

	QUIET(n = rumpuser_ext_io(fd, RUMPUSER_EXT_DISCARD, NULL, 0, 4 * PAGE, 4 * PAGE));
	if (n == -EOPNOTSUPP)
		note("no holes");
	else
		CHECK(n == 0 && all_are(fd, 4 * PAGE, 4 * PAGE, '\0') && blocks(fd) < PAGES);
	QUIET(n = rumpuser_ext_io(fd, RUMPUSER_EXT_ZERO, NULL, 0, 10 * PAGE, PAGE));
	if (n == -EOPNOTSUPP)
		note("no zeroes");
	else
		CHECK(n == 0 && all_are(fd, 10 * PAGE, PAGE, '\0'));
	CHECK(all_are(fd, 0, 4 * PAGE, 'x') && all_are(fd, 8 * PAGE, 2 * PAGE, 'x') &&
	      all_are(fd, 11 * PAGE, 5 * PAGE, 'x'));
	/* Behind the end nothing grows. */
	QUIET(n = rumpuser_ext_io(fd, RUMPUSER_EXT_DISCARD, NULL, 0, PAGES * PAGE, PAGE));
	CHECK(n == 0 || n == -EOPNOTSUPP);
	CHECK(lseek(fd, 0, SEEK_END) == (off_t)(PAGES * PAGE));

	QUIET(n = rumpuser_ext_io(fd, RUMPUSER_EXT_START + 1, &whole, 1, 0, 0));
	CHECK(n == -EINVAL);
	QUIET(n = rumpuser_ext_io(ends[0], RUMPUSER_EXT_READ, &whole, 1, 0, 0));
	CHECK(n == -ESPIPE);
	QUIET(n = rumpuser_ext_io(ends[0], RUMPUSER_EXT_FLUSH, NULL, 0, 0, 0));
	CHECK(n == -EINVAL);
	for (int op = RUMPUSER_EXT_READ; op <= RUMPUSER_EXT_START; op++) {
		QUIET(n = rumpuser_ext_io(-1, op, &whole, 1, 0, PAGE));
		CHECK(n == -EBADF);
	}
	fd = open(args[0], O_RDONLY);
	QUIET(n = rumpuser_ext_io(fd, RUMPUSER_EXT_WRITE, &whole, 1, 0, 0));
	CHECK(n == -EBADF);
	whole.iov_base = NULL;
	QUIET(n = rumpuser_ext_io(fd, RUMPUSER_EXT_READ, &whole, 1, 0, 0));
	CHECK(n == -EFAULT);
}

/** io_nowait() - What the host has at hand is read, and nothing is waited for */
static void io_nowait(char **args)
{
	static char data[PAGES * PAGE], back[PAGES * PAGE];
	struct iovec iov[2] = {{back, 100}, {back + 100, PAGES * PAGE - 100}};
	int fd = open(args[0], O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];
	unsigned char resident[PAGES];
	char *map;
	long n;

	test_boot(true);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7 + i / PAGE);
	CHECK(fd >= 0 && pipe(ends) == 0);
	CHECK(pwrite(fd, data, sizeof(data), 0) == sizeof(data) && fdatasync(fd) == 0);
	QUIET(n = rumpuser_ext_io_nowait(fd, iov, 2, 0));
	CHECK(n == sizeof(data) && memcmp(data, back, sizeof(data)) == 0);
	QUIET(n = rumpuser_ext_io_nowait(fd, iov, 2, sizeof(data) - 7));
	CHECK(n == 7 && memcmp(data + sizeof(data) - 7, back, 7) == 0);
	QUIET(n = rumpuser_ext_io_nowait(fd, iov, 2, sizeof(data)));
	CHECK(n == 0);

	map = mmap(NULL, sizeof(data), PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	CHECK(posix_fadvise(fd, 0, sizeof(data), POSIX_FADV_DONTNEED) == 0);
	CHECK(mincore(map, sizeof(data), resident) == 0);
	if (!(resident[0] & 1)) {
		QUIET(n = rumpuser_ext_io_nowait(fd, iov, 2, 0));
		CHECK(n == -EAGAIN);
	} else {
		note("the host keeps all");
	}

	QUIET(n = rumpuser_ext_io_nowait(ends[0], iov, 2, 0));
	CHECK(n == -ESPIPE);
	QUIET(n = rumpuser_ext_io_nowait(-1, iov, 2, 0));
	CHECK(n == -EBADF);
}

static const struct test tests[] = {
	{"image", image}, {"image_pages", image_pages}, {"io", io}, {"io_nowait", io_nowait},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
