/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netports.c - ports that passt(1) forwards, as words of its -t and -u
 *
 *	all | none | [address[%interface]/]ports
 *	ports = [~]range | range:range
 *	range = port[-port]
 *
 * What passt would refuse is refused here, where it is known which option of whose is wrong. Its
 * commas are those of RUMP_NET; several ports are several options.
 */
#include "bare/str.h"

#include "net.h"

#define PORT_MAX	65535
#define INTERFACE_MAX	15 /* IFNAMSIZ */

/* Port numbers at *@s, which gets what follows. */
static bool range(const char **s, unsigned int *first, unsigned int *last)
{
	for (unsigned int *value = first;; value = last) {
		const char *begin = *s;

		for (*value = 0; **s >= '0' && **s <= '9' && *value <= PORT_MAX; ++*s)
			*value = *value * 10 + (**s - '0');
		if (*s == begin || !*value || *value > PORT_MAX)
			return false;
		if (value == last)
			return *first <= *last;
		if (**s != '-') {
			*last = *first;
			return true;
		}
		++*s;
	}
}

static bool ports(const char *s)
{
	unsigned int first, last, to_first, to_last;
	bool all_but = *s == '~';

	s += all_but;
	if (!range(&s, &first, &last))
		return false;
	if (*s != ':' || all_but)
		return !*s;
	s++;
	return range(&s, &to_first, &to_last) && !*s && to_last - to_first == last - first;
}

/* What stands before the slash. */
static bool place(const char *s, size_t length)
{
	struct net_address address;
	size_t n = 0, interface;
	char text[64];

	while (n < length && s[n] != '%')
		n++;
	interface = n < length ? length - n - 1 : 0;
	if (n >= sizeof(text) || interface > INTERFACE_MAX || (n < length && !interface))
		return false;
	memcpy(text, s, n);
	text[n] = 0;
	return net_parse_address(text, false, &address);
}

static bool is_word(const char *value)
{
	return str_equal(value, "all") || str_equal(value, "none");
}

/**
 * net_ports() - Whether passt takes this for its -t or -u
 * @args:	what it gets before it: an option, its value, and so on
 * @length:	bytes of @args
 * @why:	result, if not: what it is
 */
bool net_ports(const char *args, size_t length, const char *option, const char *value,
	       const char **why)
{
	const char *slash = str_find(value, '/');

	*why = "no port, or ports, as in 8080:80, 5000-5009, 127.0.0.1/22 or all";
	if (!is_word(value) && ((slash && !place(value, slash - value)) ||
				!ports(slash ? slash + 1 : value)))
		return false;
	*why = "all or nothing, and there are other ports";
	for (const char *arg = args; arg < args + length;) {
		const char *other = arg + str_length(arg) + 1;

		if (str_equal(arg, option) && (is_word(value) || is_word(other)))
			return false;
		arg = other + str_length(other) + 1;
	}
	return true;
}
