/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_dl.c - tests of dl_bootstrap
 */
#include <dlfcn.h>
#include <elf.h>
#include <stdint.h>

#include "rumpuser_test.h"

struct modinfo {
	const char *name;
};

struct rump_component {
	const char *name;
};

static const Elf64_Sym *symbols;
static size_t nsymbols;
static const char *strings;
static int symload_result;

/** domodinit() - Log modules */
static void domodinit(const struct modinfo *const *mi, size_t n)
{
	CHECK_ON_CPU();
	note("%zu modules", n);
	for (size_t i = 0; i < n; i++)
		note("%s", mi[i]->name);
}

/** symload() - Check and keep a symbol table */
static int symload(void *symtab, uint64_t symsize, char *strtab, uint64_t strsize)
{
	CHECK_ON_CPU();
	CHECK(symsize % sizeof(Elf64_Sym) == 0);
	symbols = symtab;
	nsymbols = symsize / sizeof(Elf64_Sym);
	strings = strtab;
	CHECK(strtab[0] == '\0' && strtab[strsize - 1] == '\0');
	CHECK(symbols[0].st_name == 0 && symbols[0].st_value == 0);
	for (size_t i = 1; i < nsymbols; i++)
		CHECK(symbols[i].st_name > 0 && symbols[i].st_name < strsize);
	note("symbols");
	return symload_result;
}

/** compload() - Log a component */
static void compload(const struct rump_component *rc)
{
	CHECK_ON_CPU();
	note("%s", rc->name);
}

/** find() - Find a symbol in the kept table */
static const Elf64_Sym *find(const char *name)
{
	for (size_t i = 1; i < nsymbols; i++)
		if (strcmp(strings + symbols[i].st_name, name) == 0)
			return &symbols[i];
	return NULL;
}

/** order() - Log what bootstrap does */
static void order(char **args)
{
	(void)args;
	test_boot(true);
	rumpuser_dl_bootstrap(domodinit, symload, compload);
}

/** refused() - A kernel that wants no symbols still gets its modules */
static void refused(char **args)
{
	symload_result = EINVAL;
	order(args);
}

/** table() - The table has the kernel's symbols, where they are, and no one else's */
static void table(char **args)
{
	static const char *const wanted[] = {"low_function", "high_function", "low_variable",
					     "high_limits"};

	(void)args;
	test_boot(false);
	rumpuser_dl_bootstrap(domodinit, symload, compload);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const Elf64_Sym *sym = find(wanted[i]);

		CHECK(sym);
		CHECK(sym->st_value == (uintptr_t)dlsym(RTLD_DEFAULT, wanted[i]));
	}
	CHECK(find("low_variable")->st_size == sizeof(int));
	CHECK(ELF64_ST_TYPE(find("low_function")->st_info) == STT_FUNC);
	CHECK(!find("printf"));
	CHECK(!find("rumpuser_malloc"));
	CHECK(!find("main"));
}

static const struct test tests[] = {
	{"order", order},
	{"refused", refused},
	{"table", table},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	(void)argc;
	return test_main(tests, argv);
}
