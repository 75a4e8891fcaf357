// SPDX-License-Identifier: BSD-2-Clause
/* librump_fuzz_dhcp.c - libFuzzer: the options that a DHCP server sends
 *
 * Whatever they are, what is taken of them keeps the rules that its users rely on; the domains,
 * which become a line of resolv.conf, are names with one blank between.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../../kernel/lib/dhcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
	if (!good)
		__builtin_trap();
}

static void check_search(const char *search)
{
	char before = ' ';

	size_t length = strlen(search);

	require(length < NET_SEARCH && (!length || !strchr(". ", search[length - 1])));
	for (; *search; before = *search++)
		require(isalnum((unsigned char)*search) || *search == '-' || *search == '_' ||
			(strchr(". ", *search) && !strchr(". ", before)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Exactly as long as it is. */
	uint8_t *options = malloc(size + !size);
	struct net_config config = {.naddresses = 1};

	memcpy(options, data, size);
	dhcp_take((struct dhcp_options){options, size}, &config);
	require(config.addresses[0].prefix <= 32);
	require(config.naddresses == 1 && config.ngateways <= 1 && config.ndns <= NET_ADDRESSES);
	require(!config.mtu || (config.mtu >= 576 && config.mtu <= 65535));
	check_search(config.search);
	free(options);
	return 0;
}
