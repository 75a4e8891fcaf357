// SPDX-License-Identifier: BSD-2-Clause
/* hijack_fuzz_words.c - libFuzzer: RUMPHIJACK, RUMP_MOUNT and RUMP_NET
 *
 * The first byte of an input says which, the rest is the value. It is refused, or what was read keeps the
 * rules that the rest of the shim relies on.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "../../kernel/lib/core.h"
#include "../../kernel/lib/net.h"
#include "mounts.h"
#include "route.h"
#include "server.h"
#include "state.h"

#define LONGEST 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct hijack_config hijack_config;
bool client_has_kernel, kernel_up;

static struct piece {
	struct piece *next;
	char bytes[] __attribute__((aligned(16)));
} *pieces;
static char value[LONGEST + 1];
static jmp_buf refused;

void *config_alloc(size_t size)
{
	struct piece *piece = malloc(sizeof(*piece) + size);

	if (!piece)
		abort();
	piece->next = pieces;
	pieces = piece;
	return piece->bytes;
}

const char *config_absolute(const char *prefix, const char *path)
{
	(void)prefix;
	return path;
}

void config_save(const char *name, const char *text)
{
	(void)name, (void)text;
}

const char *client_places(void)
{
	return NULL;
}

const char *rump__getenv(char *const *envp, const char *name)
{
	(void)envp, (void)name;
	return value;
}

/* What comes before the exit. */
void hijack_say(const char *what, const char *object, long error)
{
	(void)what, (void)object, (void)error;
	longjmp(refused, 1);
}

void rump__error(const char *format, ...)
{
	(void)format;
}

static void require(bool good)
{
	if (!good)
		__builtin_trap();
}

static void fuzz_places(void)
{
	places_main.n = 0;
	places_families = 0;
	if (setjmp(refused))
		return;
	places_read(NULL);
	require(places_main.n <= PLACES);
	for (unsigned int i = 0; i < places_main.n; i++) {
		const char *name = places_main.at[i].name;

		require(name[0] == '/' && name[1] && strlen(name) == places_main.at[i].length);
		require(name[places_main.at[i].length - 1] != '/');
		require(!strstr(name, "//") && !strstr(name, "/../") && !strstr(name, "/./"));
		require(places_of(name) && places_of(name)->length == places_main.at[i].length);
	}
}

static void fuzz_mounts(void)
{
	mounts_entries = NULL;
	mounts_directory = NULL;
	if (!mounts_read(value))
		return;
	for (const struct mount_entry *entry = mounts_entries; entry; entry = entry->next) {
		require(entry->source[0] && entry->directory[0] == '/');
		require(!entry->type || entry->type[0]);
		require(!entry->options || entry->options[0]);
	}
}

static void fuzz_networks(void)
{
	static struct net_config net;
	char why[NET_WHY] = "";
	const char *list = value;
	size_t length;

	while ((list = net_next(list, &length))) {
		if (!net_parse(&net, list, length, why)) {
			require(*why && memchr(why, 0, sizeof(why)));
			return;
		}
		require(memchr(net.name, 0, sizeof(net.name)) && net.nargs <= sizeof(net.args));
		require(!net.nargs || !net.args[net.nargs - 1]);
		require(net.queues <= RUMPUSER_EXT_NET_QUEUES && (!net.queues || net.kind == RUMPUSER_EXT_NET_TAP));
		require(net.naddresses <= NET_ADDRESSES && net.ndns <= NET_ADDRESSES && net.ngateways <= 2);
		for (unsigned int i = 0; i < net.naddresses; i++)
			require(net.addresses[i].prefix <= (net.addresses[i].family == 2 ? 32 : 128));
		list += length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[])(void) = {fuzz_places, fuzz_mounts, fuzz_networks};

	if (!size || size - 1 > LONGEST)
		return 0;
	memcpy(value, data + 1, size - 1);
	value[size - 1] = 0;
	targets[data[0] % 3]();
	while (pieces) {
		struct piece *next = pieces->next;

		free(pieces);
		pieces = next;
	}
	return 0;
}
