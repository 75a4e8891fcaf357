// SPDX-License-Identifier: BSD-2-Clause
/* net.c - rump run -n: networks, checked here as the kernel's server will check them */
#include <string.h>

#include "../kernel/lib/net.h"
#include "rump.h"

/**
 * net_add() - Take in one -n
 */
void net_add(struct options *options, const char *argument)
{
	static struct net_config net;
	static unsigned int count;
	char why[NET_WHY];
	size_t length = 0;

	if (*argument && (net_next(argument, &length) != argument || argument[length]))
		die(STATUS_USAGE, "-n '%s': a network has no blanks in it", argument);
	if (!net_parse(&net, argument, length, why))
		die(STATUS_USAGE, "-n %s: %s", argument, why);
	if (net.kind != RUMPUSER_EXT_NET_NONE && ++count > RUMPUSER_EXT_NET_PORTS)
		die(STATUS_USAGE, "-n %s: there are more than %d networks", argument,
		    RUMPUSER_EXT_NET_PORTS);
	options->net = options->net ? compose("%s %s", options->net, argument) : argument;
}

/**
 * net_has_device() - Whether one of the networks is one
 * @list:	as in RUMP_NET, NULL for none
 */
bool net_has_device(const char *list)
{
	static struct net_config net;
	char why[NET_WHY];
	size_t length;

	for (; list && (list = net_next(list, &length)); list += length)
		if (net_parse(&net, list, length, why) && net.kind != RUMPUSER_EXT_NET_NONE)
			return true;
	return false;
}
