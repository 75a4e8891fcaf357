// SPDX-License-Identifier: BSD-2-Clause
/* init.c - the first thing that runs in a hijacked process
 *
 * Theory of operation
 *
 * The library has one IRELATIVE relocation. ld.so resolves it while it relocates this library, by
 * calling start(): all libraries are mapped by then, those we might use are relocated, and no
 * constructor has run, nor .preinit_array, nor any resolver of the program. (A constructor, even
 * with -z initfirst, would be later than that of another library with the same flag.)
 *
 * libc is not initialised yet, and TLS that is written here is lost. Arguments, environment and
 * auxiliary vector are found by __libc_stack_end, the list of objects by _r_debug. Both are taken
 * from ld.so's own symbol table: a program that refers to them has a copy of its own, which is not
 * filled in yet.
 */
#include <asm/errno.h>
#include <elf.h>
#include <linux/auxvec.h>
#include <linux/prctl.h>

#include "kernel.h"
#include "raw.h"
#include "state.h"
#include "str.h"

#ifndef PR_GET_AUXV /* Linux 6.4 */
#define PR_GET_AUXV 0x41555856
#endif

#define AUXV_ROOM 64

/* The part of <link.h> that is public, which includes too much of libc to be included here. */
struct link_map {
	uint64_t l_addr;
	const char *l_name;
	const void *l_ld;
	struct link_map *l_next;
	struct link_map *l_prev;
};

struct r_debug {
	int r_version;
	struct link_map *r_map;
	uint64_t r_brk;
	int r_state;
	uint64_t r_ldbase;
};

struct auxv {
	uint64_t type;
	uint64_t value;
};

extern const struct r_debug _r_debug __attribute__((weak, visibility("default")));
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

uint64_t hijack_vdso[2];
uint64_t hijack_text[2];

/**
 * hijack_say() - A message on standard error
 * @object:	what it is about, or NULL
 * @error:	negated errno, or 0
 */
void hijack_say(const char *what, const char *object, long error)
{
	char line[512];
	struct text text = {line, 0, sizeof(line) - 1};

	text_string(&text, "rumphijack: ");
	text_string(&text, what);
	if (object) {
		text_byte(&text, ' ');
		text_string(&text, object);
	}
	if (error) {
		text_string(&text, ": error ");
		text_number(&text, (unsigned long)-error, 10);
	}
	line[text.length++] = '\n';
	raw3(__NR_write, 2, line, text.length);
}

/**
 * auxv_value() - Look up the auxiliary vector
 */
static uint64_t auxv_value(const struct auxv *auxv, uint64_t type)
{
	for (; auxv->type != AT_NULL; auxv++)
		if (auxv->type == type)
			return auxv->value;
	return 0;
}

/**
 * loader_base() - Where ld.so is, if its _r_debug cannot be asked
 */
static uint64_t loader_base(void)
{
	struct auxv auxv[AUXV_ROOM] = {0};
	long fd;

	if (raw_failed(raw3(__NR_prctl, PR_GET_AUXV, auxv, sizeof(auxv)))) {
		fd = raw4(__NR_openat, -100 /* AT_FDCWD */, "/proc/self/auxv", 0, 0);
		if (raw_failed(fd))
			return 0;
		raw3(__NR_read, fd, auxv, sizeof(auxv));
		raw1(__NR_close, fd);
	}
	auxv[AUXV_ROOM - 1].type = AT_NULL;
	return auxv_value(auxv, AT_BASE);
}

/**
 * find_text() - Where the code of an object is that has one executable segment
 * @start:	address of its ELF header, or 0
 * @text:	its start and end, or 0 twice
 */
static void find_text(uint64_t start, uint64_t text[2])
{
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)start;
	const Elf64_Phdr *phdr = (const Elf64_Phdr *)(start + (start ? ehdr->e_phoff : 0));

	for (int i = 0; start && i < ehdr->e_phnum; i++)
		if (phdr[i].p_type == PT_LOAD && (phdr[i].p_flags & PF_X)) {
			text[0] = start + phdr[i].p_vaddr;
			text[1] = text[0] + phdr[i].p_memsz;
		}
}

/**
 * main_header() - Where the program's ELF header is
 * @phdr:	AT_PHDR
 * @count:	AT_PHNUM
 *
 * Return: 0 if it is not loaded
 */
static uint64_t main_header(const Elf64_Phdr *phdr, uint64_t count, uint64_t bias)
{
	for (uint64_t i = 0; i < count; i++)
		if (phdr[i].p_type == PT_LOAD && phdr[i].p_offset == 0)
			return bias + phdr[i].p_vaddr;
	return 0;
}

/**
 * rewrite_loaded() - Rewrite every object of the process but this one and the vdso
 * @program:	argv[0], which an explicit ld.so has set to the program's path
 */
static void rewrite_loaded(const struct r_debug *debug, const struct auxv *auxv, uint64_t vdso,
			   const char *program)
{
	const Elf64_Phdr *phdr = (const Elf64_Phdr *)auxv_value(auxv, AT_PHDR);

	for (const struct link_map *map = debug->r_map; map; map = map->l_next) {
		struct loaded object = {.name = map->l_name};
		uint64_t header = map->l_addr;

		if (header == (uint64_t)__ehdr_start || (header && header == vdso))
			continue;
		if (map == debug->r_map) {
			/* Under an explicit ld.so, AT_PHDR is ld.so's. */
			object.name = program;
			if (auxv_value(auxv, AT_BASE)) {
				object.name = "/proc/self/exe";
				header = main_header(phdr, auxv_value(auxv, AT_PHNUM), header);
			}
		}
		if (!header || !elf_from_memory(&object, header, map->l_addr)) {
			region_totals.failed++;
			continue;
		}
		regions_install(&object, -1, 0, UINT64_MAX);
	}
}

/**
 * own_name() - The name that ld.so has for this library
 */
static const char *own_name(const struct r_debug *debug)
{
	for (const struct link_map *map = debug->r_map; map; map = map->l_next)
		if (map->l_addr == (uint64_t)__ehdr_start)
			return map->l_name;
	return "librumphijack.so";
}

/**
 * start() - Initialise the shim
 */
static void start(void)
{
	const struct r_debug *debug = &_r_debug;
	uint64_t *const *stack_end = NULL;
	uint64_t *stack, argc, vdso;
	const struct auxv *auxv;
	char **argv, **envp, **end;

	if (!debug || !debug->r_map)
		debug = elf_symbol(loader_base(), "_r_debug");
	if (debug && debug->r_map)
		stack_end = elf_symbol(debug->r_ldbase, "__libc_stack_end");
	if (!stack_end || !*stack_end) {
		hijack_say("this dynamic loader is not known; nothing is hijacked", NULL, 0);
		return;
	}
	stack = *stack_end;
	argc = stack[0];
	argv = (char **)(stack + 1);
	envp = argv + argc + 1;
	for (end = envp; *end; end++)
		;
	auxv = (const struct auxv *)(end + 1);

	vdso = auxv_value(auxv, AT_SYSINFO_EHDR);
	find_text(vdso, hijack_vdso);
	find_text((uint64_t)__ehdr_start, hijack_text);
	config_read(envp, own_name(debug), auxv_value(auxv, AT_EUID) == 0);
	kernel_configure();
	report_start();
	rewrite_loaded(debug, auxv, vdso, argc ? argv[0] : "");
	hijack_on_start(argv, envp);
	hijack_watched = hijack_config.trace || hijack_config.report || hijack_config.boot ? WATCH_CALLS : 0;
	guest_owner();
	sud_start();
}

/**
 * nothing() - What the relocation resolves to
 */
static void nothing(void)
{
}

/**
 * resolve() - The resolver, called by ld.so
 */
static void (*resolve(void))(void)
{
	start();
	return nothing;
}

static void started(void) __attribute__((ifunc("resolve")));

/* The reference makes the relocation. */
__attribute__((used)) static void (*volatile const reference)(void) = started;
