// SPDX-License-Identifier: BSD-2-Clause
/* environment.c - the environment that makes librumphijack.so do what the options say
 *
 * What the user has set himself stays: an option replaces the variable of the same meaning, mounts
 * are added to those of RUMP_MOUNT, and their directories to the blankets of RUMPHIJACK.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rump.h"

#define SHIM	    "lib/librumphijack.so"
#define ALL_NOLOCAL "all:nolocal"
/* Where programs look that ask about the network, or set it up. */
#define NET_BLANKETS "/proc/net:/proc/sys/net:/sys/class/net"
#define RESOLV_CONF "/etc/resolv.conf"

/**
 * installed() - A file of this installation, or of the build
 * @name:	from the directory above that of this program
 */
char *installed(const char *name)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (length < 0)
		die(STATUS_FAILED, "/proc/self/exe: %s", strerror(errno));
	path[length] = 0;
	for (int i = 0; i < 2; i++)
		*strrchr(path, '/') = 0;
	return compose("%s/%s", path, name);
}

static void set(const char *name, const char *value)
{
	if (value && setenv(name, value, true) < 0)
		die(STATUS_FAILED, "out of memory");
}

/**
 * append() - A list with one more part
 * @list:	NULL or empty for none
 */
static const char *append(const char *list, const char *separator, const char *part)
{
	return list && *list ? compose("%s%s%s", list, separator, part) : part;
}

static const char *mounts_variable(const struct options *options)
{
	const char *list = getenv("RUMP_MOUNT");

	for (size_t i = 0; i < options->nmounts; i++)
		list = append(list, ";", options->mounts[i].entry);
	return list;
}

/**
 * default_sockets() - Which sockets go to the rump kernel, if -s does not say so
 */
static const char *default_sockets(const struct options *options)
{
	return options->net ? ALL_NOLOCAL : "none";
}

/**
 * hijack_variable() - RUMPHIJACK: the user's, with the blankets and the sockets of the options
 */
const char *hijack_variable(const struct options *options)
{
	const char *given = getenv("RUMPHIJACK"), *result = NULL, *blanket = NULL;
	const char *sockets = options->sockets;

	if (!sockets && (!given || options->net))
		sockets = default_sockets(options);
	for (const char *at = given ? given : ""; *at; at += *at == ',') {
		const char *item = compose("%.*s", (int)strcspn(at, ","), at);

		at += strlen(item);
		if (!strncmp(item, "blanket=", 8))
			blanket = append(blanket, ":", item + 8);
		else if (!sockets || strncmp(item, "socket=", 7))
			result = append(result, ",", item);
	}
	for (size_t i = 0; i < options->nmounts; i++)
		blanket = append(blanket, ":", options->mounts[i].dir);
	if (options->net)
		blanket = append(blanket, ":", NET_BLANKETS);
	/* A DHCP client must not write the host's. */
	if (net_has_device(options->net))
		blanket = append(blanket, ":", RESOLV_CONF);
	if (blanket)
		result = append(result, ",", compose("blanket=%s", blanket));
	if (sockets)
		result = append(result, ",", compose("socket=%s", sockets));
	return result ? result : "";
}

/**
 * preload_variable() - LD_PRELOAD with the shim in front
 */
static const char *preload_variable(void)
{
	const char *given = getenv("LD_PRELOAD");
	char *shim = installed(SHIM);
	size_t length = strlen(shim);

	if (access(shim, R_OK) < 0)
		die(STATUS_FAILED, "%s: %s", shim, strerror(errno));
	if (strpbrk(shim, " :"))
		die(STATUS_FAILED,
		    "%s: a file with a blank or a colon in its name cannot be preloaded", shim);
	if (!given || !*given)
		return shim;
	if (!strncmp(given, shim, length) && (!given[length] || strchr(" :", given[length])))
		return given;
	return compose("%s:%s", shim, given);
}

/**
 * environment_set() - Change the environment of this process, which the command will inherit
 */
void environment_set(const struct options *options)
{
	const char *slash = options->name ? strrchr(options->name, '/') : NULL;

	set("RUMP_MOUNT", mounts_variable(options));
	set("RUMPHIJACK", hijack_variable(options));
	set("RUMP_NET", options->net);
	set("RUMP_HOSTNAME", slash ? slash + 1 : options->name);
	set("RUMP_MEMLIMIT", options->mem);
	set("RUMP_NCPU", options->ncpu);
	set("RUMP_VERBOSE", options->verbose ? "1" : NULL);
	set("RUMPHIJACK_TRACE", options->trace);
	set("RUMPHIJACK_REPORT", options->report ? "1" : NULL);
	set("LD_PRELOAD", preload_variable());
	set("RUMP", options->name ? options->name : "rump");
}
