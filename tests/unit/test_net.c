/* SPDX-License-Identifier: MIT */
/*
 * Lists of addresses and networks: what holds, and who is in it.
 */
#include <stddef.h>

#include "net.h"
#include "test.h"

static const struct { const char *list; bool holds; } lists[] = {
	{ "", true }, { "   ", true }, { "127.0.0.1", true }, { "::1", true },
	{ " 127.0.0.1  ::1 10.0.0.0/8 fd00::/8 ", true }, { "0.0.0.0/0", true },
	{ "::/0", true }, { "10.0.0.0/32", true }, { "fd00::1/128", true },
	{ "10.0.0.0/33", false }, { "fd00::/129", false }, { "10.0.0.0/", false },
	{ "10.0.0.0/-1", false }, { "10.0.0.0/8/8", false }, { "10.0.0", false },
	{ "10.0.0.256", false }, { "localhost", false }, { "all", false },
	{ "127.0.0.1,::1", false }, { "127.0.0.1;", false }, { "::1 x", false },
	{ "[::1]", false }, { "/8", false }, { "fe80::1%eth0", false },
	{ "0000000000000000000000000000000000000000000000000000000000000000127.0.0.1",
	    false },
};

static const struct { const char *list, *address; bool has; } pairs[] = {
	{ "127.0.0.1 ::1", "127.0.0.1", true }, { "127.0.0.1 ::1", "::1", true },
	{ "127.0.0.1 ::1", "127.0.0.2", false }, { "127.0.0.1 ::1", "::2", false },
	{ "127.0.0.1", "::ffff:127.0.0.1", true }, { "::1", "0:0:0:0:0:0:0:1", true },
	{ "10.0.0.0/8", "10.255.255.255", true }, { "10.0.0.0/8", "11.0.0.0", false },
	{ "10.1.2.3/8", "10.9.9.9", true }, { "192.0.2.128/25", "192.0.2.128", true },
	{ "192.0.2.128/25", "192.0.2.127", false }, { "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "fd00::1", false }, { "::/0", "203.0.113.9", true },
	{ "fd00::/9", "fd7f::1", true }, { "fd00::/9", "fd80::1", false },
	{ "192.0.2.1/31", "192.0.2.0", true }, { "192.0.2.1/32", "192.0.2.0", false },
	{ "", "127.0.0.1", false }, { "127.0.0.1", "", false },
	{ "127.0.0.1", "unix:", false }, { "10.0.0.0/8", "10.0.0.0/8", false },
	{ "10.0.0.0/8", "10.1.1.1/32", false }, { "127.0.0.1", "127.0.0.1 ", false },
	{ "127.0.0.1", "127.0.0.1, 203.0.113.9", false },
	{ "127.0.0.1 nonsense", "127.0.0.1", false },
};

static const struct { const char *text; int family, port; } places[] = {
	{ "unix:/run/clamd", AF_UNIX, 0 }, { "tcp:127.0.0.1:3310", AF_INET, 3310 },
	{ "tcp:[::1]:65535", AF_INET6, 65535 }, { "", 0, 0 }, { "unix:", 0, 0 },
	{ "unix:run/clamd", 0, 0 }, { "tcp:", 0, 0 }, { "tcp:127.0.0.1", 0, 0 },
	{ "tcp:127.0.0.1:0", 0, 0 }, { "tcp:127.0.0.1:65536", 0, 0 },
	{ "tcp:127.0.0.1:x", 0, 0 }, { "tcp:localhost:3310", 0, 0 },
	{ "tcp:::1:3310", 0, 0 }, { "tcp:[::1:3310", 0, 0 }, { "tcp:[::1]", 0, 0 },
	{ "tcp:[]:1", 0, 0 }, { "tcp:[:1", 0, 0 }, { "tcp::1", 0, 0 },
	{ "127.0.0.1:3310", 0, 0 }, { "udp:127.0.0.1:3310", 0, 0 },
	{ "unix:/0123456789012345678901234567890123456789012345678901234567890123456789"
	    "01234567890123456789012345678901234567", 0, 0 },
};

static void
test_places(void)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct net_place place;
		bool good = net_place_read(places[i].text, &place);

		ok(good == (places[i].family != 0) && (!good ||
		    (place.address.ss_family == places[i].family &&
		    place.port == places[i].port)), places[i].text);
	}
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		ok(net_list_holds(lists[i].list) == lists[i].holds, lists[i].list);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		ok(net_list_has(pairs[i].list, pairs[i].address) == pairs[i].has,
		    pairs[i].address);
	test_places();
	return test_end();
}
