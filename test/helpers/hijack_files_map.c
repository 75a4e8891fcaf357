// SPDX-License-Identifier: BSD-2-Clause
/* hijack_files_map.c - files in memory */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "hijack_files.h"

#define PAGE  4096
#define PAGES 8

static sigjmp_buf jump;
static volatile int signal_seen, signal_code;
static void *volatile signal_address;

static void caught(int signal, siginfo_t *info, void *context)
{
	(void)context;
	signal_seen = signal;
	signal_code = info->si_code;
	signal_address = info->si_addr;
	siglongjmp(jump, 1);
}

static void catch(void)
{
	struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}

static void uncatch(void)
{
	signal(SIGBUS, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
}

/* Record what reading a byte, or writing one, does. */
static void touch(const char *what, volatile char *at, bool write)
{
	if (sigsetjmp(jump, 1)) {
		note("%s: %s code %d, of the address %d", what, strsignal(signal_seen), signal_code,
		     signal_address == at);
		return;
	}
	if (write)
		*at = 'w';
	note("%s: %d", what, *at);
}

/* A file of PAGES pages, each filled with a letter. */
static int lettered(const char *path)
{
	char page[PAGE];
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	for (int i = 0; i < PAGES; i++) {
		memset(page, 'a' + i, PAGE);
		if (write(fd, page, PAGE) != PAGE)
			note("cannot write %s", path);
	}
	return fd;
}

static char *map(size_t size, int protection, int flags, int fd, off_t offset)
{
	char *at = mmap(NULL, size, protection, flags, fd, offset);

	if (at == MAP_FAILED)
		record("mmap", -1);
	return at;
}

static char byte_at(int fd, off_t offset)
{
	char byte = '?';

	if (pread(fd, &byte, 1, offset) != 1)
		note("pread fails");
	return byte;
}

void map_private(void)
{
	int fd = lettered(d("f"));
	char *at = map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0), *other;

	for (int i = 0; i < PAGES; i++)
		T(at[i * PAGE + i]);
	at[PAGE] = 'X';
	T(byte_at(fd, PAGE));
	T(pwrite(fd, "YZ", 2, 2 * PAGE));
	T(at[2 * PAGE]);
	T(pwrite(fd, "Y", 1, PAGE));
	T(at[PAGE]);
	other = map(2 * PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
	T(other[0]);
	T(other[PAGE]);
	T(munmap(other, 2 * PAGE));
	T(close(fd));
	T(at[7 * PAGE]);
	T(unlink(d("f")));
	T(at[6 * PAGE]);
	T(munmap(at, PAGES * PAGE));
}

void map_shared(void)
{
	int fd = lettered(d("f")), again = open(d("f"), O_RDWR), ro = open(d("f"), O_RDONLY);
	char *at = map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *other;
	int i;

	other = map(PAGES * PAGE, PROT_READ, MAP_SHARED, ro, 0);
	at[10] = '1';
	T(byte_at(fd, 10));
	T(byte_at(again, 10));
	T(other[10]);
	T(pwrite(again, "2", 1, 11));
	T(at[11]);
	T(other[11]);
	for (i = 0; i < 1000; i++) {
		at[3 * PAGE + i] = (char)i;
		if (byte_at(ro, 3 * PAGE + i) != (char)i)
			T(i);
		char next = (char)(i + 1);

		if (pwrite(fd, &next, 1, 4 * PAGE + i) != 1 || at[4 * PAGE + i] != next ||
		    other[4 * PAGE + i] != next)
			T(i);
	}
	T(msync(at, PAGES * PAGE, MS_SYNC));
	T(msync(at + PAGE, PAGE, MS_ASYNC));
	T(msync(at, PAGE, MS_ASYNC | MS_SYNC));
	T(msync(at + 1, PAGE, MS_SYNC));
	at[20] = '3';
	T(fsync(fd));
	T(byte_at(again, 20));
	T(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0) == MAP_FAILED ? -1 : 0);
	T(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0) == MAP_FAILED ? -1 : 0);
	T(mprotect(other, PAGE, PROT_READ | PROT_WRITE));
	T(munmap(at, PAGES * PAGE));
	T(other[20]);
	T(munmap(other, PAGES * PAGE));
	T(byte_at(fd, 20));
	note_file(d("f"));
}

void map_calls(void)
{
	int fd = lettered(d("f")), ends[2], host = open(h("f"), O_RDWR | O_CREAT, 0600), plain;
	char *at = map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *copy = map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0), *path;
	struct iovec iov[2] = {{at + 5 * PAGE, 3}, {copy + 6 * PAGE, 3}};
	unsigned char vector[PAGES];
	struct stat *status;
	char bytes[16];

	/* To the host and from it, from pages that were not touched yet. */
	T(pipe(ends));
	T(write(ends[1], at + PAGE, 3));
	note_bytes("pipe", bytes, read(ends[0], bytes, sizeof(bytes)));
	T(write(ends[1], copy + 2 * PAGE, 3));
	note_bytes("pipe", bytes, read(ends[0], bytes, sizeof(bytes)));
	T(writev(ends[1], iov, 2));
	note_bytes("pipe", bytes, read(ends[0], bytes, sizeof(bytes)));
	T(write(ends[1], "into", 4));
	T(read(ends[0], at + 3 * PAGE, 4));
	note_bytes("read", at + 3 * PAGE, 6);
	T(byte_at(fd, 3 * PAGE));
	T(write(ends[1], "into", 4));
	T(read(ends[0], copy + 4 * PAGE - 2, 4));
	note_bytes("read", copy + 4 * PAGE - 2, 6);
	T(byte_at(fd, 4 * PAGE));
	T(pwrite(host, at + 7 * PAGE - 5, 10, 0));
	note_contents(h("f"));
	T(pread(host, at + 4 * PAGE, 4, 0));
	note_bytes("read", at + 4 * PAGE, 6);
	/* A name and a structure in it, for both kernels. */
	path = map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 6 * PAGE);
	strcpy(path, h("f"));
	T(munmap(path, PAGE));
	path = map(PAGE, PROT_READ, MAP_SHARED, fd, 6 * PAGE);
	T(access(path, F_OK));
	status = (void *)map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	T(stat(path, status));
	T(status->st_size);
	status = (void *)map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	T(stat(d("f"), status));
	T(status->st_size);
	/* The file's own pages for a call on the file. */
	T(pwrite(fd, at, 10, PAGE));
	T(pread(fd, at + 2 * PAGE, 10, 0));
	T(pwrite(fd, at + 5 * PAGE, 3 * PAGE, 5 * PAGE));
	/* What else can be done with the range. */
	T(madvise(copy, PAGE, MADV_DONTNEED));
	T(madvise(at, PAGES * PAGE, MADV_WILLNEED));
	T(mincore(at, PAGES * PAGE, vector));
	T(vector[0] & 1);
	T(mlock(at, PAGE));
	T(munlock(at, PAGE));
	T(mprotect(at, PAGE, PROT_READ));
	catch();
	touch("write to what cannot be written", at, true);
	T(mprotect(at, PAGE, PROT_NONE));
	touch("read what cannot be read", at, false);
	T(mprotect(at, PAGE, PROT_READ | PROT_WRITE));
	touch("write", at, true);
	uncatch();
	plain = open(d("plain"), O_RDWR | O_CREAT, 0600);
	T(write(plain, "x", 1));
	T(read(ends[0], BAD, 0));
}

void map_ends(void)
{
	int fd = lettered(d("f"));
	char *at = map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *moved;
	char *copy = map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	catch();
	T(at[7 * PAGE]);
	copy[7 * PAGE] = 'C';
	T(ftruncate(fd, 5 * PAGE + 100));
	touch("before the end", at + 5 * PAGE + 99, false);
	touch("behind the end, in its page", at + 5 * PAGE + 100, false);
	touch("in the page behind", at + 6 * PAGE, false);
	touch("in the page behind", at + 7 * PAGE, true);
	touch("in a private copy", copy + 7 * PAGE, false);
	T(write(open(h("x"), O_RDWR | O_CREAT, 0600), at + 7 * PAGE, 10));
	T(pwrite(fd, at + 7 * PAGE, 10, 0));
	T(ftruncate(fd, PAGES * PAGE));
	touch("again", at + 7 * PAGE, false);
	at[7 * PAGE] = 'N';
	T(byte_at(fd, 7 * PAGE));
	moved = mremap(at, PAGES * PAGE, 2 * PAGE, 0);
	T(moved == at);
	touch("shrunk", at + 2 * PAGE, false);
	moved = mremap(at, 2 * PAGE, PAGES * PAGE, MREMAP_MAYMOVE);
	T(moved == MAP_FAILED ? -1 : moved[7 * PAGE]);
	T(munmap(moved + 2 * PAGE, PAGE));
	touch("a hole", moved + 2 * PAGE, false);
	touch("behind it", moved + 3 * PAGE, false);
	T(munmap(moved, PAGES * PAGE));
	touch("unmapped", moved, false);
	T(munmap(copy, PAGES * PAGE));
	uncatch();
	T(mmap(NULL, 0, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
	T(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 1) == MAP_FAILED ? -1 : 0);
	T(mmap(NULL, PAGE, PROT_READ, 0, fd, 0) == MAP_FAILED ? -1 : 0);
	T(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, open(d("f"), O_WRONLY), 0) == MAP_FAILED ? -1 : 0);
	T(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, open(d(""), O_RDONLY), 0) == MAP_FAILED ? -1 : 0);
	T(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, open(d("f"), O_PATH), 0) == MAP_FAILED ? -1 : 0);
}

void map_places(void)
{
	int fd = lettered(d("f"));
	char *reserved = map(16 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *at;

	at = mmap(reserved + PAGE, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd,
		  2 * PAGE);
	T(at == reserved + PAGE);
	T(at[0]);
	T(at[3 * PAGE]);
	at[0] = 'X';
	T(byte_at(fd, 2 * PAGE));
	catch();
	touch("before", reserved, false);
	touch("behind", reserved + 5 * PAGE, false);
	/* As ld.so places the parts of a library: over its own first mapping. */
	at = map(6 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	T(mmap(at + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 5 * PAGE) ==
	  at + 2 * PAGE);
	T(mmap(at + 4 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == at + 4 * PAGE);
	for (int i = 0; i < 6; i++)
		T(at[i * PAGE]);
	at[2 * PAGE] = 'Y';
	at[4 * PAGE] = 'Z';
	T(mprotect(at, 2 * PAGE, PROT_NONE));
	touch("protected", at, false);
	touch("not protected", at + 2 * PAGE, false);
	T(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0) == MAP_FAILED ? -1
											     : 0);
	T(munmap(at, 6 * PAGE));
	touch("gone", at + 4 * PAGE, false);
	T(munmap(reserved, 16 * PAGE));
	touch("gone", reserved + PAGE, false);
	uncatch();
}
