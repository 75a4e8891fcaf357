/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netparse.c - RUMP_NET and rump run -n: networks, as words
 *
 *	network[ network...]
 *	network = kind[=name][,key[=value]...]
 *
 * A mistake is said in words that name it. Nothing is guessed.
 */
#include <sys/socket.h>

#include "bare/str.h"

#include "net.h"

#define MTU_MIN	  68
#define MTU_MAX	  65520
#define MULTICAST 1

static const struct {
	const char *name;
	enum rumpuser_ext_net_kind kind;
	bool wants_name;
} kinds[] = {
	{ "none", RUMPUSER_EXT_NET_NONE, false },   { "bus", RUMPUSER_EXT_NET_BUS, true },
	{ "passt", RUMPUSER_EXT_NET_PASST, false }, { "tap", RUMPUSER_EXT_NET_TAP, true },
	{ "vde", RUMPUSER_EXT_NET_VDE, true },      { "default", RUMPUSER_EXT_NET_PASST, false },
};

/**
 * net_next() - The next network of a list
 * @list:	the rest of it
 * @length:	result
 *
 * Return: where it begins, NULL if there is none any more
 */
const char *net_next(const char *list, size_t *length)
{
	while (*list == ' ' || *list == '\n' || *list == '\t')
		list++;
	for (*length = 0; list[*length] && list[*length] != ' ' && list[*length] != '\n' &&
			  list[*length] != '\t';)
		++*length;
	return *length ? list : NULL;
}

static bool is(const char *word, size_t length, const char *name)
{
	return str_starts(word, name) && str_length(name) == length;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A decimal number without a sign, up to @max, as all of a string. */
static bool number(const char *s, unsigned int max, unsigned int *value)
{
	*value = 0;
	do {
		if (*s < '0' || *s > '9')
			return false;
		*value = *value * 10 + (*s - '0');
		if (*value > max)
			return false;
	} while (*++s);
	return true;
}

/* A dotted quad. */
static bool parse4(const char *s, unsigned char *bytes)
{
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int value = 0, digits = 0;

		for (; *s >= '0' && *s <= '9' && digits < 3; digits++)
			value = value * 10 + (*s++ - '0');
		if (!digits || value > 255 || *s++ != (i < 3 ? '.' : 0))
			return false;
		bytes[i] = value;
	}
	return true;
}

/* Groups of hexadecimal digits, at most one "::" for zeroes. */
static bool parse6(const char *s, unsigned char *bytes)
{
	unsigned int n = 0, gap = 17;

	if (s[0] == ':' && s[1] != ':')
		return false;
	while (*s) {
		unsigned int value = 0, digits = 0;

		if (s[0] == ':' && s[1] == ':') {
			if (gap != 17)
				return false;
			gap = n;
			s += 2;
			if (*s == ':')
				return false;
			continue;
		}
		if (*s == ':')
			s++;
		for (; hex(*s) >= 0 && digits < 4; digits++)
			value = value << 4 | hex(*s++);
		if (!digits || n == 16 || (*s && *s != ':'))
			return false;
		bytes[n++] = value >> 8;
		bytes[n++] = value;
	}
	if (gap == 17)
		return n == 16;
	if (n > 14)
		return false;
	for (unsigned int i = 1; i <= n - gap; i++)
		bytes[16 - i] = bytes[n - i];
	memset(bytes + gap, 0, 16 - n);
	return true;
}

/**
 * net_parse_address() - Read an address
 * @slash:	with the length of its network's prefix
 */
bool net_parse_address(const char *value, bool slash, struct net_address *a)
{
	const char *end = str_find(value, '/');
	size_t length = end ? (size_t)(end - value) : str_length(value);
	unsigned int prefix;
	char text[64];

	if (length >= sizeof(text) || !end == slash)
		return false;
	memcpy(text, value, length);
	text[length] = 0;
	memset(a, 0, sizeof(*a));
	if (parse4(text, a->bytes))
		a->family = AF_INET;
	else if (memset(a->bytes, 0, sizeof(a->bytes)), parse6(text, a->bytes))
		a->family = AF_INET6;
	else
		return false;
	if (!slash)
		return true;
	if (!number(end + 1, a->family == AF_INET ? 32 : 128, &prefix))
		return false;
	a->prefix = prefix;
	return true;
}

static bool parse_mac(const char *s, unsigned char *mac)
{
	for (unsigned int i = 0; i < 6; i++, s += 3) {
		if (hex(s[0]) < 0 || hex(s[1]) < 0 || s[2] != (i < 5 ? ':' : 0))
			return false;
		mac[i] = hex(s[0]) << 4 | hex(s[1]);
	}
	return !(mac[0] & MULTICAST) &&
	       (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}

static bool wrong(char *why, const char *what, const char *value)
{
	str_printf(why, NET_WHY, "'%s' is %s", value, what);
	return false;
}

static bool address_key(struct net_address *list, unsigned int *n, unsigned int max,
			const char *value, bool slash, char *why)
{
	if (*n == max)
		return wrong(why, "one address too many", value);
	if (!net_parse_address(value, slash, &list[*n]))
		return wrong(why, slash ? "no address with the length of its prefix, as in "
					  "10.0.0.2/24 or fd00::2/64" :
					  "no address", value);
	++*n;
	return true;
}

/* A port forward of passt(1): its -t or -u. */
static bool forward(struct net_config *net, const char *option, const char *value, char *why)
{
	size_t length = str_length(value);
	const char *what;

	if (!net_ports(net->args, net->nargs, option, value, &what))
		return wrong(why, what, value);
	if (net->nargs + 3 + length + 2 > NET_ARGS)
		return wrong(why, "one port too many", value);
	memcpy(net->args + net->nargs, option, 3);
	memcpy(net->args + net->nargs + 3, value, length + 1);
	net->nargs += 3 + length + 1;
	return true;
}

_Static_assert(RUMPUSER_EXT_NET_QUEUES == 16, "in the message below");

static const char *name_of(enum rumpuser_ext_net_kind kind)
{
	unsigned int i = 0;

	while (kinds[i].kind != kind)
		i++;
	return kinds[i].name;
}

/* A number is one that some kernel could have; whether this one does, net_fits() says. */
static bool queues(struct net_config *net, const char *value, char *why)
{
	if (net->kind != RUMPUSER_EXT_NET_TAP) {
		str_printf(why, NET_WHY, "'queues' is an option of 'tap', not of '%s'",
			   name_of(net->kind));
		return false;
	}
	if (number(value, RUMPUSER_EXT_NET_QUEUES, &net->queues) && net->queues)
		return true;
	return wrong(why, "no number of queues from 1 to 16", value);
}

static bool key(struct net_config *net, const char *name, size_t length, const char *value,
		char *why)
{
	bool passt = net->kind == RUMPUSER_EXT_NET_PASST;

	if (is(name, length, "dhcp") && !value) {
		net->dhcp = true;
		return true;
	}
	if (value && is(name, length, "addr"))
		return address_key(net->addresses, &net->naddresses, NET_ADDRESSES, value, true, why);
	if (value && is(name, length, "gw"))
		return address_key(net->gateways, &net->ngateways, 2, value, false, why);
	if (value && is(name, length, "dns"))
		return address_key(net->dns, &net->ndns, NET_ADDRESSES, value, false, why);
	if (value && is(name, length, "mtu")) {
		if (number(value, MTU_MAX, &net->mtu) && net->mtu >= MTU_MIN)
			return true;
		return wrong(why, "no size from 68 to 65520", value);
	}
	if (value && is(name, length, "mac")) {
		net->has_mac = parse_mac(value, net->mac);
		return net->has_mac ||
		       wrong(why, "no address of one device, as in 02:00:00:00:00:01", value);
	}
	if (value && is(name, length, "queues"))
		return queues(net, value, why);
	if (value && passt && is(name, length, "tcp"))
		return forward(net, "-t", value, why);
	if (value && passt && is(name, length, "udp"))
		return forward(net, "-u", value, why);
	str_printf(why, NET_WHY, "there is no option '%.*s'%s", (int)length, name,
		   value ? "" : " without a value");
	return false;
}

static bool kind(struct net_config *net, const char *name, size_t length, const char *value,
		 char *why)
{
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!is(name, length, kinds[i].name))
			continue;
		net->kind = kinds[i].kind;
		if (kinds[i].wants_name != (value && *value)) {
			str_printf(why, NET_WHY, kinds[i].wants_name ?
				   "'%s' needs a name, as in %s=NAME" : "'%s' takes no name",
				   kinds[i].name, kinds[i].name);
			return false;
		}
		if (value && str_length(value) >= NET_NAME)
			return wrong(why, "too long", value);
		if (value)
			str_copy(net->name, value);
		return true;
	}
	str_printf(why, NET_WHY,
		   "there is no such network; "
		   "there are 'passt', which is 'default', 'tap', 'vde', 'bus', 'none'");
	return false;
}

/**
 * net_parse() - Read the description of a network
 * @text:	begins with it
 * @length:	its length
 * @why:	result: what is wrong
 *
 * Return: false if there is a mistake
 */
bool net_parse(struct net_config *net, const char *text, size_t length, char why[NET_WHY])
{
	char word[NET_NAME + 32], *value;
	bool first = true;

	memset(net, 0, sizeof(*net));
	net->text = text;
	net->length = length;
	for (;;) {
		size_t n = 0, name;

		while (n < length && text[n] != ',')
			n++;
		if (n >= sizeof(word)) {
			str_printf(why, NET_WHY, "a part of it is too long");
			return false;
		}
		memcpy(word, text, n);
		word[n] = 0;
		value = (char *)str_find(word, '=');
		name = value ? (size_t)(value - word) : n;
		if (value)
			value++;
		if (!(first ? kind : key)(net, word, name, value, why))
			return false;
		if (!first && net->kind == RUMPUSER_EXT_NET_NONE) {
			str_printf(why, NET_WHY, "'none' has no options");
			return false;
		}
		first = false;
		if (n == length)
			break;
		text += n + 1;
		length -= n + 1;
	}
	if (net->kind == RUMPUSER_EXT_NET_PASST && !net->naddresses)
		net->dhcp = true;
	return true;
}

/**
 * net_fits() - Whether a kernel can have a network
 * @ncpu:	its virtual CPUs
 * @why:	result: why not
 */
bool net_fits(const struct net_config *net, unsigned int ncpu, char why[NET_WHY])
{
	if (net->queues <= ncpu)
		return true;
	str_printf(why, NET_WHY, "%u queues want as many virtual CPUs, and RUMP_NCPU is %u",
		   net->queues, ncpu);
	return false;
}
