/* SPDX-License-Identifier: MIT */
/*
 * Which network addresses a setting means. All are compared as IPv6; an IPv4 one in
 * its mapped form ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so each has one form.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

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

static bool
read_path(const char *path, struct net_place *place)
{
	struct sockaddr_un *to = (struct sockaddr_un *)&place->address;
	size_t n = strlen(path);

	if (*path != '/' || n >= sizeof(to->sun_path))
		return false;
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, path, n + 1);
	place->size = sizeof(*to);
	return true;
}

/* ADDRESS:PORT, an IPv6 address in square brackets. */
static bool
read_port(const char *text, struct net_place *place)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&place->address;
	struct sockaddr_in *four = (struct sockaddr_in *)&place->address;
	const char *colon = strrchr(text, ':');
	bool is_six = *text == '[';
	char word[WORD];
	int64_t port;
	size_t n;

	if (!colon || !text_number(colon + 1, 1, UINT16_MAX, &port))
		return false;
	n = (size_t)(colon - text);
	if (is_six && (n < 2 || colon[-1] != ']'))
		return false;
	text += is_six;
	n -= is_six ? 2 : 0;
	if (n >= sizeof(word))
		return false;
	memcpy(word, text, n);
	word[n] = '\0';
	place->port = (int)port;
	place->size = is_six ? sizeof(*six) : sizeof(*four);
	if (is_six) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, word, &six->sin6_addr) == 1;
	}
	four->sin_family = AF_INET;
	four->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, word, &four->sin_addr) == 1;
}

bool
net_place_read(const char *text, struct net_place *place)
{
	*place = (struct net_place){ .port = 0 };
	if (strncmp(text, "unix:", 5) == 0)
		return read_path(text + 5, place);
	return strncmp(text, "tcp:", 4) == 0 && read_port(text + 4, place);
}
