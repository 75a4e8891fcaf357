// SPDX-License-Identifier: BSD-2-Clause
/* places.c - RUMPHIJACK: which paths and sockets are the rump kernel's
 *
 * The grammar is that of NetBSD's rumphijack(3):
 *
 *	RUMPHIJACK=word[,word...]
 *	path=/rump		/rump/x is the rump kernel's /x
 *	blanket=/a:/b...	/a/x is the rump kernel's /a/x
 *	socket=word[:word...]	all, none, a family, no and a family: "all:nolocal"
 *	vfs=, sysctl=, fdoff=	accepted: what they choose there is chosen by paths here, or needs no
 *				choice
 *
 * Unset means what the kernel is for that RUMP_SERVER names, else "path=/rump,socket=all:nolocal"; empty
 * means nothing. A mistake is a message and
 * exit status 2 before the program starts.
 */
#include <asm/stat.h>

#include "route.h"
#include "server.h"
#include "state.h"
#include "str.h"

#define DEFAULT	    "path=/rump,socket=all:nolocal"
#define PAGE_SIZE   4096ul

/* "/proc/" and "/dev/", as words */
#define PROC	  0x2f636f72702ful
#define PROC_MASK 0xfffffffffffful
#define DEV	  0x2f7665642ful
#define DEV_MASK  0xfffffffffful
/* "/etc/mta" */
#define ETC_MTAB  0x61746d2f6374652ful

typedef uint64_t __attribute__((may_alias, aligned(1))) anywhere_t;

struct places places_main;
__thread struct places *places_own;
bool places_on_host;
uint64_t places_families;

/* Address families that the rump kernel has, by the names of NetBSD and of Linux. */
static const struct {
	char name[10];
	uint8_t family;
} families[] = {
	{"local", 1}, {"unix", 1}, {"inet", 2}, {"inet6", 10}, {"netlink", 16}, {"route", 16},
	{"packet", 17}, {"link", 17},
};

#define NFAMILIES (sizeof(families) / sizeof(families[0]))

/**
 * mistake() - Say what is wrong with RUMPHIJACK, and exit
 */
static _Noreturn void mistake(const char *what, const char *where)
{
	hijack_say(what, where, 0);
	for (;;)
		raw1(__NR_exit_group, EXIT_CONFIG);
}

/**
 * cut() - Copy of a part of a string
 */
static char *cut(const char *from, size_t length)
{
	char *copy = config_alloc(length + 1);

	memcpy(copy, from, length);
	copy[length] = 0;
	return copy;
}

/**
 * has_odd_component() - Whether a path has //, . or .. in it
 */
static bool has_odd_component(const char *path)
{
	for (; *path; path++) {
		if (path[0] != '/')
			continue;
		if (path[1] == '/')
			return true;
		if (path[1] == '.' && (!path[2] || path[2] == '/' ||
				       (path[2] == '.' && (!path[3] || path[3] == '/'))))
			return true;
	}
	return false;
}

/**
 * set_head() - Note how a place's name begins
 */
static void set_head(struct place *place)
{
	place->head = place->mask = 0;
	for (uint32_t i = 0; i < place->length && i < sizeof(place->head); i++) {
		place->head |= (uint64_t)(unsigned char)place->name[i] << i * 8;
		place->mask |= 0xfful << i * 8;
	}
}

/**
 * add_place() - Take in a directory
 */
static void add_place(const char *word, size_t length, bool strip)
{
	struct place *place = &places_main.at[places_main.n];
	size_t given = length;
	const char *name;
	struct stat status;

	while (length && word[length - 1] == '/')
		length--;
	name = cut(word, length);
	if (name[0] != '/' || has_odd_component(name))
		mistake("RUMPHIJACK: not an absolute path of a directory below /:",
			cut(word, given));
	if (places_main.n == PLACES)
		mistake("RUMPHIJACK: too many paths:", cut(word, given));
	place->name = name;
	place->length = (uint32_t)length;
	place->strip = strip;
	set_head(place);
	if (!raw_failed(raw2(__NR_stat, name, &status))) {
		place->dev = status.st_dev;
		place->ino = status.st_ino;
		places_on_host = true;
	}
	places_main.n++;
}

/**
 * each_word() - Call a function for each part of a list
 */
static void each_word(const char *list, char separator, void (*fn)(const char *word, size_t length))
{
	const char *end;

	for (;; list = end + 1) {
		for (end = list; *end && *end != separator; end++)
			;
		if (end > list)
			fn(list, (size_t)(end - list));
		if (!*end)
			return;
	}
}

static void add_strip(const char *word, size_t length)
{
	add_place(word, length, true);
}

static void add_blanket(const char *word, size_t length)
{
	add_place(word, length, false);
}

/**
 * add_family() - Take in a word of socket=
 */
static void add_family(const char *word, size_t length)
{
	const char *name = cut(word, length);
	uint64_t all = 0;
	bool no = false;

	for (size_t i = 0; i < NFAMILIES; i++)
		all |= 1ul << families[i].family;
	if (str_equal(name, "all") || str_equal(name, "none")) {
		places_families = name[0] == 'a' ? all : 0;
		return;
	}
	if (str_starts(name, "no")) {
		no = true;
		name += 2;
	}
	for (size_t i = 0; i < NFAMILIES; i++) {
		if (!str_equal(name, families[i].name))
			continue;
		if (no)
			places_families &= ~(1ul << families[i].family);
		else
			places_families |= 1ul << families[i].family;
		return;
	}
	mistake("RUMPHIJACK: socket= has an unknown word:", cut(word, length));
}

/**
 * add_word() - Take in a word of RUMPHIJACK
 */
static void add_word(const char *word, size_t length)
{
	const char *copy = cut(word, length);

	if (str_starts(copy, "path="))
		each_word(copy + 5, ':', add_strip);
	else if (str_starts(copy, "blanket="))
		each_word(copy + 8, ':', add_blanket);
	else if (str_starts(copy, "socket="))
		each_word(copy + 7, ':', add_family);
	else if (!str_starts(copy, "vfs=") && !str_starts(copy, "sysctl=") &&
		 !str_starts(copy, "fdoff="))
		mistake("RUMPHIJACK has an unknown word:", copy);
}

/**
 * places_read() - Read RUMPHIJACK
 */
void places_read(char **envp)
{
	const char *value = rump__getenv(envp, "RUMPHIJACK");

	if (!value) {
		value = client_places();
		if (value && *value)
			config_save("RUMPHIJACK=", value);
		else
			value = DEFAULT;
	}
	each_word(value, ',', add_word);
}

/**
 * places_of() - The place that an absolute path without . and .. is in
 *
 * Return: NULL for the host's; the longest name wins
 */
const struct place *places_of(const char *path)
{
	const struct places *all = places_now();
	const struct place *best = NULL;

	for (unsigned int i = 0; i < all->n; i++) {
		const struct place *place = &all->at[i];
		uint32_t n = place->length != 0;

		while (n < place->length && path[n] == place->name[n])
			n++;
		if (n == place->length && (!path[n] || path[n] == '/') &&
		    (!best || best->length < n))
			best = place;
	}
	return best;
}

/**
 * places_far() - Whether a path is in no place, by a look at its first eight bytes
 * @path:	absolute, and readable; longer ones may seem to be in a place
 */
bool places_far(const char *path)
{
	const struct places *all = places_now();
	uint64_t head;

	/* What is in the same page can be read. */
	if (((uintptr_t)path & (PAGE_SIZE - 1)) > PAGE_SIZE - sizeof(head))
		return false;
	head = *(const anywhere_t *)path;
	for (unsigned int i = 0; i < all->n; i++)
		if (!((head ^ all->at[i].head) & all->at[i].mask))
			return false;
	/* Names of descriptors, and the table of mounts. */
	return !client_has_kernel || ((head ^ PROC) & PROC_MASK && head != ETC_MTAB &&
				      (!kernel_up || (head ^ DEV) & DEV_MASK));
}

/**
 * places_of_directory() - The place whose directory on the host this is
 */
const struct place *places_of_directory(uint64_t dev, uint64_t ino)
{
	const struct places *all = places_now();

	for (unsigned int i = 0; i < all->n; i++)
		if (all->at[i].dev && all->at[i].dev == dev && all->at[i].ino == ino)
			return &all->at[i];
	return NULL;
}

/**
 * places_all() - After a chroot(2) into the rump kernel: all names are its own
 */
void places_all(void)
{
	struct places *all = places_now();

	all->at[0] = (struct place){.name = "", .strip = true};
	all->n = 1;
	all->all = true;
}

/**
 * places_below() - After a chroot(2) on the host: names begin at the new root
 * @root:	its old name, or "" if that is not known: nothing of the kernel's is there then
 */
void places_below(const char *root)
{
	struct places *all = places_now();
	size_t length = str_length(root);
	unsigned int kept = 0;

	if (length == 1)
		return;
	for (unsigned int i = 0; i < all->n; i++) {
		struct place place = all->at[i];

		/* A blanket has one name in both kernels, which is no longer so. */
		if (!length || !place.strip || !str_starts(place.name, root) ||
		    place.name[length] != '/')
			continue;
		place.name += length;
		place.length -= (uint32_t)length;
		set_head(&place);
		all->at[kept++] = place;
	}
	all->n = kept;
}

/**
 * places_on_the_way() - Whether any place has this component in its name
 */
bool places_on_the_way(const char *component, size_t length)
{
	const struct places *all = places_now();

	for (unsigned int i = 0; i < all->n; i++) {
		const char *at = all->at[i].name;

		while (*at) {
			size_t n = 0;

			at++; /* the slash */
			while (at[n] && at[n] != '/')
				n++;
			if (n == length) {
				size_t same = 0;

				while (same < n && at[same] == component[same])
					same++;
				if (same == n)
					return true;
			}
			at += n;
		}
	}
	return false;
}
