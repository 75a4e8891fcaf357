/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dl.c - finding the parts of a kernel that is made of shared objects
 *
 * Theory of operation
 *
 * A part announces itself by link sets, arrays of pointers that the linker
 * gathers in a section and frames by __start_ and __stop_ symbols: one of modules,
 * one of components. bootstrap walks the loaded objects, those that others need
 * first, and hands over what it finds, after one symbol table made of the dynamic
 * symbols of all of them, at the addresses they have here.
 *
 * The list of objects is taken at once, and the kernel is called with the
 * dynamic linker's lock free. A kernel linked statically, or any object without
 * a dynamic section, has nothing to be found and is passed over.
 */
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define SET_MODULES    "link_set_modules"
#define SET_COMPONENTS "link_set_rump_components"
#define OBJECT_PREFIX  "librump"

typedef ElfW(Sym) elf_sym;
typedef ElfW(Word) elf_word;
typedef ElfW(Addr) elf_addr;
typedef ElfW(Dyn) elf_dyn;
typedef ElfW(Phdr) elf_phdr;

struct dl_object {
	const char *name;
	uintptr_t base;
	const elf_sym *sym;
	const char *str;
	const uint32_t *gnu_hash; /* one of the two hash tables is there */
	const elf_word *sysv_hash;
	bool own; /* this library */
};

struct dl_objects {
	struct dl_object *object;
	size_t n;
	size_t room;
};

/* The parts of a DT_GNU_HASH section. */
struct dl_gnu_hash {
	uint32_t nbuckets;
	uint32_t first; /* symbol that is hashed */
	uint32_t nwords;
	uint32_t shift;
	const elf_addr *filter;
	const uint32_t *buckets;
	const uint32_t *chain; /* of symbol @first and on */
};

struct dl_set {
	const void *const *start;
	size_t n;
};

struct dl_tables {
	elf_sym *sym;
	char *str;
	size_t nsym;
	size_t strsize;
};

/**
 * object_address() - Find where a pointer of the dynamic section points
 * @obj:	object
 * @ptr:	d_ptr; some dynamic linkers have added the base and some have not
 *
 * Return: the address
 */
static const void *object_address(const struct dl_object *obj, elf_addr ptr)
{
	return (const void *)(ptr < obj->base ? obj->base + ptr : ptr);
}

/**
 * object_read_dynamic() - Learn where an object's symbols are
 * @obj:	object, its base known
 * @dyn:	its dynamic section
 *
 * Return: true if it has symbols and a hash table of them
 */
static bool object_read_dynamic(struct dl_object *obj, const elf_dyn *dyn)
{
	for (; dyn->d_tag != DT_NULL; dyn++) {
		const void *addr = object_address(obj, dyn->d_un.d_ptr);

		if (dyn->d_tag == DT_SYMTAB)
			obj->sym = addr;
		else if (dyn->d_tag == DT_STRTAB)
			obj->str = addr;
		else if (dyn->d_tag == DT_GNU_HASH)
			obj->gnu_hash = addr;
		else if (dyn->d_tag == DT_HASH)
			obj->sysv_hash = addr;
	}
	return obj->sym && obj->str && (obj->gnu_hash || obj->sysv_hash);
}

/**
 * objects_add() - Remember a loaded object
 * @info:	what the dynamic linker says of it
 * @size:	unused
 * @arg:	struct dl_objects
 *
 * Return: 0 to see more objects
 */
static int objects_add(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct dl_object obj = {.name = info->dlpi_name, .base = info->dlpi_addr};
	uintptr_t here = (uintptr_t)&ru_hyp;
	struct dl_objects *all = arg;
	const elf_dyn *dyn = NULL;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const elf_phdr *ph = &info->dlpi_phdr[i];
		uintptr_t start = obj.base + ph->p_vaddr;

		if (ph->p_type == PT_DYNAMIC)
			dyn = (const elf_dyn *)start;
		else if (ph->p_type == PT_LOAD && here >= start && here < start + ph->p_memsz)
			obj.own = true;
	}
	if (!dyn || !object_read_dynamic(&obj, dyn))
		return 0;
	if (all->n == all->room) {
		all->room = all->room ? 2 * all->room : 32;
		all->object = reallocarray(all->object, all->room, sizeof(obj));
		if (!all->object)
			ru_panic("no memory for a list of %zu objects", all->room);
	}
	all->object[all->n++] = obj;
	return 0;
}

/**
 * gnu_hash_open() - Take a DT_GNU_HASH section apart
 * @words:	the section
 *
 * Return: its parts
 */
static struct dl_gnu_hash gnu_hash_open(const uint32_t *words)
{
	struct dl_gnu_hash h = {
		.nbuckets = words[0],
		.first = words[1],
		.nwords = words[2],
		.shift = words[3],
		.filter = (const elf_addr *)(words + 4),
	};

	h.buckets = (const uint32_t *)(h.filter + h.nwords);
	h.chain = h.buckets + h.nbuckets;
	return h;
}

/**
 * gnu_hash_of() - Hash a symbol's name
 * @name:	the name
 *
 * Return: the hash DT_GNU_HASH uses
 */
static uint32_t gnu_hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = 33 * hash + (unsigned char)*name;
	return hash;
}

/**
 * gnu_find() - Find a symbol by DT_GNU_HASH
 * @obj:	object
 * @name:	the symbol's name
 *
 * Return: the symbol, or NULL if the object does not define it
 */
static const elf_sym *gnu_find(const struct dl_object *obj, const char *name)
{
	const unsigned int bits = 8 * sizeof(elf_addr);
	struct dl_gnu_hash h = gnu_hash_open(obj->gnu_hash);
	uint32_t hash = gnu_hash_of(name);
	elf_addr word = h.filter[(hash / bits) % h.nwords];
	uint32_t i;

	if (!(word >> (hash % bits) & word >> ((hash >> h.shift) % bits) & 1))
		return NULL;
	i = h.buckets[hash % h.nbuckets];
	if (i < h.first)
		return NULL;
	for (;; i++) {
		uint32_t entry = h.chain[i - h.first];

		if ((entry | 1) == (hash | 1) && strcmp(obj->str + obj->sym[i].st_name, name) == 0)
			return &obj->sym[i];
		if (entry & 1)
			return NULL;
	}
}

/**
 * gnu_count() - Count the symbols of an object by DT_GNU_HASH
 * @obj:	object
 *
 * Return: one more than the index of the last
 */
static size_t gnu_count(const struct dl_object *obj)
{
	struct dl_gnu_hash h = gnu_hash_open(obj->gnu_hash);
	uint32_t last = 0;

	for (uint32_t i = 0; i < h.nbuckets; i++)
		if (h.buckets[i] > last)
			last = h.buckets[i];
	if (last < h.first)
		return h.first;
	while (!(h.chain[last - h.first] & 1))
		last++;
	return last + 1;
}

/**
 * object_nsym() - Count the dynamic symbols of an object
 * @obj:	object
 *
 * Return: the number
 */
static size_t object_nsym(const struct dl_object *obj)
{
	/* nchain, the second word, is the number of symbols: gABI, "Hash Table". */
	return obj->sysv_hash ? obj->sysv_hash[1] : gnu_count(obj);
}

/**
 * object_find() - Find a symbol an object defines
 * @obj:	object
 * @name:	the symbol's name
 *
 * Return: the address it names, or NULL
 */
static const void *object_find(const struct dl_object *obj, const char *name)
{
	const elf_sym *sym = NULL;

	if (obj->gnu_hash)
		sym = gnu_find(obj, name);
	else
		for (size_t i = 1, n = object_nsym(obj); i < n && !sym; i++)
			if (strcmp(obj->str + obj->sym[i].st_name, name) == 0)
				sym = &obj->sym[i];
	if (!sym || sym->st_shndx == SHN_UNDEF)
		return NULL;
	return (const void *)(obj->base + sym->st_value);
}

/**
 * object_set() - Find a link set of an object
 * @obj:	object
 * @start:	name of the symbol before it
 * @stop:	name of the symbol behind it
 *
 * Return: the set, empty if the object has none
 */
static struct dl_set object_set(const struct dl_object *obj, const char *start, const char *stop)
{
	const char *from = object_find(obj, start), *to = object_find(obj, stop);
	struct dl_set set = {0};

	if (from && to && to > from) {
		set.start = (const void *const *)from;
		set.n = (size_t)(to - from) / sizeof(void *);
	}
	return set;
}

/**
 * object_modules() - Find the modules of an object
 * @obj:	object
 *
 * Return: pointers to struct modinfo
 */
static struct dl_set object_modules(const struct dl_object *obj)
{
	return object_set(obj, "__start_" SET_MODULES, "__stop_" SET_MODULES);
}

/**
 * object_components() - Find the components of an object
 * @obj:	object
 *
 * Return: pointers to struct rump_component
 */
static struct dl_set object_components(const struct dl_object *obj)
{
	return object_set(obj, "__start_" SET_COMPONENTS, "__stop_" SET_COMPONENTS);
}

/**
 * object_is_kernel() - Decide whether an object is a part of the kernel
 * @obj:	object
 *
 * Return: true if it announces itself by link sets, or by its name
 */
static bool object_is_kernel(const struct dl_object *obj)
{
	const char *base = strrchr(obj->name, '/');

	if (obj->own)
		return false;
	base = base ? base + 1 : obj->name;
	return strncmp(base, OBJECT_PREFIX, strlen(OBJECT_PREFIX)) == 0 ||
	       object_modules(obj).n > 0 || object_components(obj).n > 0;
}

/**
 * symbol_is_wanted() - Decide whether the kernel should know a symbol
 * @sym:	symbol
 *
 * Return: true if it is defined and names an address
 */
static bool symbol_is_wanted(const elf_sym *sym)
{
	unsigned int type = ELF64_ST_TYPE(sym->st_info);

	return sym->st_shndx != SHN_UNDEF && sym->st_name != 0 &&
	       (type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE ||
		type == STT_GNU_IFUNC);
}

/**
 * tables_add() - Add an object's symbols to the tables, or only their size
 * @t:		tables, with room enough or none yet
 * @obj:	object
 */
static void tables_add(struct dl_tables *t, const struct dl_object *obj)
{
	size_t n = object_nsym(obj);

	for (size_t i = 1; i < n; i++) {
		const elf_sym *sym = &obj->sym[i];
		const char *name = obj->str + sym->st_name;
		size_t size = strlen(name) + 1;

		if (!symbol_is_wanted(sym))
			continue;
		if (t->sym) {
			t->sym[t->nsym] = *sym;
			t->sym[t->nsym].st_name = (elf_word)t->strsize;
			if (sym->st_shndx != SHN_ABS)
				t->sym[t->nsym].st_value += obj->base;
			t->sym[t->nsym].st_shndx = SHN_ABS;
			memcpy(t->str + t->strsize, name, size);
		}
		t->nsym++;
		t->strsize += size;
	}
}

/**
 * tables_fill() - Add the symbols of all parts of the kernel, or only their size
 * @t:		tables, with room enough or none yet
 * @all:	loaded objects
 */
static void tables_fill(struct dl_tables *t, const struct dl_objects *all)
{
	/* The first symbol and the first string are empty: gABI. */
	t->nsym = t->strsize = 1;
	for (size_t i = 0; i < all->n; i++)
		if (object_is_kernel(&all->object[i]))
			tables_add(t, &all->object[i]);
}

/**
 * load_symbols() - Give the kernel its symbol table
 * @all:	loaded objects
 * @symload:	the kernel's function for that
 */
static void load_symbols(const struct dl_objects *all, rump_symload_fn symload)
{
	struct dl_tables t = {0};

	tables_fill(&t, all);
	if (t.nsym == 1)
		return;
	t.sym = calloc(t.nsym, sizeof(*t.sym));
	t.str = calloc(t.strsize, 1);
	if (t.sym && t.str) {
		tables_fill(&t, all);
		if (symload(t.sym, t.nsym * sizeof(*t.sym), t.str, t.strsize) == 0)
			return;
	}
	free(t.sym);
	free(t.str);
}

void rumpuser_dl_bootstrap(rump_modinit_fn domodinit, rump_symload_fn symload,
			   rump_compload_fn compload)
{
	struct dl_objects all = {0};
	struct dl_set set;

	dl_iterate_phdr(objects_add, &all);
	load_symbols(&all, symload);
	/* The list begins with the program and has what is needed after who needs it. */
	for (size_t i = all.n; i-- > 0;) {
		if (all.object[i].own)
			continue;
		set = object_modules(&all.object[i]);
		if (set.n)
			domodinit((const struct modinfo *const *)set.start, set.n);
		set = object_components(&all.object[i]);
		for (size_t c = 0; c < set.n; c++)
			compload(set.start[c]);
	}
	free(all.object);
}
