/* SPDX-License-Identifier: MIT */
/*
 * Which network addresses a setting means. All are compared as IPv6; an IPv4 one in
 * its mapped form ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so each has one form.
 */
#include <arpa/inet.h>
#include <string.h>

#include "net.h"
#include "text.h"

enum { WORD = 64, BITS = 128, BITS_BEFORE_FOUR = 96 };

struct net {
	uint8_t bytes[BITS / 8];
	int bits;			/* leading ones that count */
};

/* One word of n bytes: an address, or with /bits a network. */
static bool
read_net(const char *word, size_t n, struct net *out)
{
	uint8_t *four = out->bytes + BITS_BEFORE_FOUR / 8;
	char text[WORD], *slash;
	bool is_four;
	int64_t bits;

	if (n >= sizeof(text))
		return false;
	memcpy(text, word, n);
	text[n] = '\0';
	slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	memset(out->bytes, 0, sizeof(out->bytes));
	is_four = inet_pton(AF_INET, text, four) == 1;
	if (is_four)
		four[-1] = four[-2] = 0xff;
	else if (inet_pton(AF_INET6, text, out->bytes) != 1)
		return false;
	out->bits = BITS;
	if (!slash)
		return true;
	if (!text_number(slash + 1, 0, is_four ? BITS - BITS_BEFORE_FOUR : BITS, &bits))
		return false;
	out->bits = (int)bits + (is_four ? BITS_BEFORE_FOUR : 0);
	return true;
}

static bool
net_has(const struct net *net, const uint8_t *bytes)
{
	int whole = net->bits / 8, rest = net->bits % 8;

	return memcmp(net->bytes, bytes, (size_t)whole) == 0 &&
	    (!rest || (net->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0);
}

/* The list's next word into *net. False: there is none, or (*good) a bad one. */
static bool
next(const char **list, struct net *net, bool *good)
{
	size_t n;

	*list += strspn(*list, " ");
	n = strcspn(*list, " ");
	if (!n)
		return false;
	*good = read_net(*list, n, net);
	*list += n;
	return *good;
}

bool
net_list_holds(const char *list)
{
	struct net net;
	bool good = true;

	while (next(&list, &net, &good))
		;
	return good;
}

bool
net_list_has(const char *list, const char *address)
{
	bool good = true, has = false;
	struct net net, asked;

	if (!read_net(address, strlen(address), &asked) || asked.bits != BITS ||
	    strchr(address, '/'))
		return false;
	while (next(&list, &net, &good))
		has = has || net_has(&net, asked.bytes);
	return good && has;
}
