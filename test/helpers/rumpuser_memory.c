/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_memory.c - tests of host memory
 */
#include <stdint.h>
#include <sys/mman.h>

#include "rumpuser_test.h"

#define PAGE 4096UL

/** mapped() - Whether a page is mapped */
static bool mapped(void *page)
{
	return msync(page, PAGE, MS_ASYNC) == 0;
}

/** is_zero() - Whether all of some memory is zero */
static bool is_zero(const char *mem, size_t len)
{
	while (len > 0)
		if (mem[--len])
			return false;
	return true;
}

/** alignments() - Every power of two is honoured */
static void alignments(char **args)
{
	void *mem[22];

	(void)args;
	test_boot(true);
	for (int i = 0; i < 22; i++) {
		CHECK(rumpuser_malloc(100 + (size_t)i, 1 << i, &mem[i]) == 0);
		CHECK(((uintptr_t)mem[i] & ((1UL << i) - 1)) == 0);
		memset(mem[i], i, 100 + (size_t)i);
	}
	for (int i = 0; i < 22; i++) {
		CHECK(((char *)mem[i])[99 + i] == i);
		rumpuser_free(mem[i], 100 + (size_t)i);
	}
}

/** any_alignment() - Alignment 0 suits any type */
static void any_alignment(char **args)
{
	void *mem;

	(void)args;
	test_boot(true);
	for (size_t len = 0; len < 200; len++) {
		CHECK(rumpuser_malloc(len, 0, &mem) == 0);
		CHECK(mem && ((uintptr_t)mem & (_Alignof(max_align_t) - 1)) == 0);
		rumpuser_free(mem, len);
	}
}

/** bad_alignment() - What is no power of two is refused */
static void bad_alignment(char **args)
{
	void *mem = &mem;

	(void)args;
	test_boot(true);
	CHECK(rumpuser_malloc(100, 3, &mem) == EINVAL);
	CHECK(rumpuser_malloc(100, -8, &mem) == EINVAL);
	CHECK(mem == &mem);
}

/** exhausted() - More than there is gives ENOMEM */
static void exhausted(char **args)
{
	void *mem = &mem;

	(void)args;
	test_boot(true);
	CHECK(rumpuser_malloc(SIZE_MAX / 4, 16, &mem) == ENOMEM);
	CHECK(rumpuser_anonmmap(NULL, SIZE_MAX / 4, 0, 0, &mem) == ENOMEM);
	CHECK(rumpuser_anonmmap(NULL, SIZE_MAX / 4, 21, 0, &mem) == ENOMEM);
	CHECK(rumpuser_anonmmap(NULL, SIZE_MAX, 0, 0, &mem) == ENOMEM);
	CHECK(mem == &mem);
}

/** zeroed() - Mapped pages are zero and writable, also what the last page has over */
static void zeroed(char **args)
{
	void *mem;

	(void)args;
	test_boot(true);
	CHECK(rumpuser_anonmmap(NULL, 3 * PAGE + 1, 0, 0, &mem) == 0);
	CHECK(is_zero(mem, 4 * PAGE));
	memset(mem, 1, 4 * PAGE);
	rumpuser_unmap(mem, 3 * PAGE + 1);
	CHECK(!mapped(mem));
	CHECK(!mapped((char *)mem + 3 * PAGE));
}

/** aligned_pages() - A mapping is a multiple of 1 << alignbit and nothing else stays mapped */
static void aligned_pages(char **args)
{
	void *mem;

	(void)args;
	test_boot(true);
	for (int bit = 0; bit <= 30; bit++) {
		CHECK(rumpuser_anonmmap(NULL, 2 * PAGE, bit, 0, &mem) == 0);
		CHECK(((uintptr_t)mem & ((1UL << bit) - 1)) == 0);
		memset(mem, 1, 2 * PAGE);
		rumpuser_unmap(mem, 2 * PAGE);
	}
}

/** trimmed() - The address space an alignment costs is given back */
static void trimmed(char **args)
{
	struct {
		unsigned long size;
	} before, after;
	void *mem;
	FILE *f;

	(void)args;
	test_boot(true);
	f = fopen("/proc/self/statm", "r");
	CHECK(f && fscanf(f, "%lu", &before.size) == 1);
	fclose(f);
	CHECK(rumpuser_anonmmap(NULL, PAGE, 33, 0, &mem) == 0);
	f = fopen("/proc/self/statm", "r");
	CHECK(f && fscanf(f, "%lu", &after.size) == 1);
	fclose(f);
	CHECK(after.size - before.size < 1024);
	rumpuser_unmap(mem, PAGE);
}

/** preferred() - A free preferred address is used, a taken one is left alone */
static void preferred(char **args)
{
	void *first, *second;

	(void)args;
	test_boot(true);
	CHECK(rumpuser_anonmmap(NULL, 16 * PAGE, 0, 0, &first) == 0);
	rumpuser_unmap(first, 16 * PAGE);
	CHECK(rumpuser_anonmmap(first, 16 * PAGE, 0, 0, &second) == 0);
	CHECK(first == second);
	memset(first, 5, 16 * PAGE);
	CHECK(rumpuser_anonmmap(first, 16 * PAGE, 0, 0, &second) == 0);
	CHECK(first != second && *(char *)first == 5);
	rumpuser_unmap(first, 16 * PAGE);
	rumpuser_unmap(second, 16 * PAGE);
}

/** executable() - Code runs in an executable mapping */
static void executable(char **args)
{
#if defined(__x86_64__)
	static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};
#elif defined(__aarch64__)
	static const unsigned char code[] = {0x40, 5, 0x80, 0x52, 0xc0, 3, 0x5f, 0xd6};
#endif
	void *mem;

	(void)args;
	test_boot(true);
	CHECK(rumpuser_anonmmap(NULL, PAGE, 0, 1, &mem) == 0);
	memcpy(mem, code, sizeof(code));
	__builtin___clear_cache(mem, (char *)mem + sizeof(code));
	CHECK(((int (*)(void))mem)() == 42);
	rumpuser_unmap(mem, PAGE);
}

/** bad_mapping() - Impossible mappings are refused */
static void bad_mapping(char **args)
{
	void *mem = &mem;

	(void)args;
	test_boot(true);
	CHECK(rumpuser_anonmmap(NULL, 0, 0, 0, &mem) == EINVAL);
	CHECK(rumpuser_anonmmap(NULL, PAGE, -1, 0, &mem) == EINVAL);
	CHECK(rumpuser_anonmmap(NULL, PAGE, 64, 0, &mem) == EINVAL);
	CHECK(mem == &mem);
}

/** bad_unmap() - Unmap an address that is no page's */
static void bad_unmap(char **args)
{
	(void)args;
	test_boot(true);
	rumpuser_unmap((void *)17, PAGE);
}

static const struct test tests[] = {
	{"alignments", alignments},
	{"any_alignment", any_alignment},
	{"bad_alignment", bad_alignment},
	{"exhausted", exhausted},
	{"zeroed", zeroed},
	{"aligned_pages", aligned_pages},
	{"trimmed", trimmed},
	{"preferred", preferred},
	{"executable", executable},
	{"bad_mapping", bad_mapping},
	{"bad_unmap", bad_unmap},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
