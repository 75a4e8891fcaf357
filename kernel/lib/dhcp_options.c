/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dhcp_options.c - what a DHCP server gives besides an address
 *
 * What the user has set himself stays. Nothing of what is read is trusted: domains, which end in a
 * file of lines, have no characters but those of domains.
 */
#include <sys/socket.h>

#include "bare/str.h"

#include "dhcp.h"

#define MTU_LEAST   576
#define SEARCH_ROOM 1024 /* of a list that is in several options, RFC 3396 */
#define POINTER	    0xc0 /* RFC 1035, 4.1.4: the rest of a name is elsewhere */
#define POINTERS    16   /* in one name */

/**
 * next() - Step through the options
 * @at:		0, or what the last call has left
 * @length:	result
 *
 * Return: the data of the next one of this kind, or NULL
 */
static const uint8_t *next(struct dhcp_options options, int option, size_t *at, size_t *length)
{
	const uint8_t *o = options.at;

	for (size_t i = *at; i + 1 < options.length && o[i] != O_END;) {
		size_t begin = i + 2;

		if (o[i] == O_PAD) {
			i++;
			continue;
		}
		*length = o[i + 1];
		if (begin + *length > options.length)
			break;
		if (o[i] == option) {
			*at = begin + *length;
			return o + begin;
		}
		i = begin + *length;
	}
	return NULL;
}

/**
 * dhcp_get() - Find an option
 * @least:	bytes it must have
 * @length:	result, or NULL
 */
const uint8_t *dhcp_get(struct dhcp_options options, int option, size_t least, size_t *length)
{
	size_t at = 0, n = 0;
	const uint8_t *data;

	do
		data = next(options, option, &at, &n);
	while (data && n < least);
	if (length)
		*length = n;
	return data;
}

/**
 * take_addresses() - Addresses of an option
 */
static void take_addresses(struct dhcp_options options, int option, struct net_address *list,
			   unsigned int *n, unsigned int max)
{
	size_t length, i;
	const uint8_t *data = dhcp_get(options, option, 4, &length);

	for (i = 0; data && i + 4 <= length && *n < max; i += 4) {
		list[*n] = (struct net_address){ .family = AF_INET };
		memcpy(list[(*n)++].bytes, data + i, 4);
	}
}

static bool is_of_domain(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
	       c == '_';
}

/**
 * add_label() - A part of a domain
 *
 * Return: false if it is none, or there is no room
 */
static bool add_label(struct text *to, const uint8_t *data, size_t length)
{
	if (!length || to->length + length + 1 >= to->room)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_of_domain((char)data[i]))
			return false;
	text_bytes(to, (const char *)data, length);
	return true;
}

/**
 * take_domain() - The domain of O_DOMAIN, a string
 */
static bool take_domain(struct text *to, const uint8_t *data, size_t length)
{
	size_t n;

	while (length && (!data[length - 1] || data[length - 1] == '.'))
		length--;
	for (;; data += n + 1, length -= n + 1) {
		for (n = 0; n < length && data[n] != '.';)
			n++;
		if (!add_label(to, data, n))
			return false;
		if (n == length)
			return true;
		text_byte(to, '.');
	}
}

/**
 * take_name() - One domain of a list
 * @at:	where it begins; gets where the next one does
 *
 * Return: false if it is none, or there is no room
 */
static bool take_name(struct text *to, const uint8_t *data, size_t length, size_t *at)
{
	unsigned int pointers = 0;
	bool first = true;

	for (size_t i = *at; i < length;) {
		size_t n = data[i++];

		if (n >= POINTER) {
			if (i == length || ++pointers > POINTERS)
				return false;
			if (pointers == 1)
				*at = i + 1;
			i = (n & ~(size_t)POINTER) << 8 | data[i];
			continue;
		}
		if (!pointers)
			*at = i + n;
		if (!n)
			return !first;
		if (i + n > length)
			return false;
		if (!first)
			text_byte(to, '.');
		if (!add_label(to, data + i, n))
			return false;
		first = false;
		i += n;
	}
	return false;
}

/**
 * take_search() - Domains to look for short names in
 * @search:	result: with blanks between, "" if there are none
 */
static void take_search(struct dhcp_options options, char *search, size_t room)
{
	uint8_t list[SEARCH_ROOM];
	size_t total = 0, at = 0, length;
	struct text text = { search, 0, room - 1 };
	const uint8_t *data;

	while ((data = next(options, O_SEARCH, &at, &length)) && total + length <= sizeof(list)) {
		memcpy(list + total, data, length);
		total += length;
	}
	for (at = 0; at < total;) {
		size_t good = text.length;

		if (good)
			text_byte(&text, ' ');
		if (!take_name(&text, list, total, &at)) {
			text.length = good;
			break;
		}
	}
	data = dhcp_get(options, O_DOMAIN, 1, &length);
	if (!text.length && data && !take_domain(&text, data, length))
		text.length = 0;
	search[text.length] = 0;
}

/**
 * dhcp_take() - What the server has given
 * @result:	has the address already, as the last one
 */
void dhcp_take(struct dhcp_options options, struct net_config *result)
{
	const uint8_t *mask = dhcp_get(options, O_MASK, 4, NULL);
	const uint8_t *mtu = dhcp_get(options, O_MTU, 2, NULL);
	struct net_address *a = &result->addresses[result->naddresses - 1];

	a->prefix = 24;
	if (mask)
		for (a->prefix = 0; a->prefix < 32; a->prefix++)
			if (!(mask[a->prefix / 8] & 0x80 >> a->prefix % 8))
				break;
	if (!result->ngateways)
		take_addresses(options, O_ROUTER, result->gateways, &result->ngateways, 1);
	if (!result->ndns)
		take_addresses(options, O_DNS, result->dns, &result->ndns, NET_ADDRESSES);
	if (mtu && !result->mtu && (mtu[0] << 8 | mtu[1]) >= MTU_LEAST)
		result->mtu = mtu[0] << 8 | mtu[1];
	take_search(options, result->search, sizeof(result->search));
}
