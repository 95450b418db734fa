/* SPDX-License-Identifier: MIT */
/* E-mail addresses: what is one, and the form it is stored in. */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "login.h"
#include "test.h"
#include "text.h"

static struct arena *a;

static void
good(const char *typed, const char *stored)
{
	const char *got = login_email(a, typed);

	ok(login_email_holds(typed), "it is an address");
	ok(text_same(got, stored), arena_print(a, "and is stored as %s", stored));
}

static void
bad(const char *typed)
{
	ok(!login_email_holds(typed), arena_print(a, "\"%s\" is refused", typed));
	ok(!login_email(a, typed), "and has no form to store");
}

static const char *
repeat(char c, size_t n)
{
	char *s = arena_take(a, n + 1);

	memset(s, c, n);
	return s;
}

static void
test_forms(void)
{
	good("op@cem.example", "op@cem.example");
	good("Op@CEM.Example", "op@cem.example");
	good(" \t op@cem.example\r\n", "op@cem.example");
	good("Op One <op@cem.example>", "op@cem.example");
	good("\"One, Op\" <Op@cem.example> ", "op@cem.example");
	good("o'neil+zm.2@a-b.co.zm", "o'neil+zm.2@a-b.co.zm");
	good("1@2.zm", "1@2.zm");
	bad("");
	bad(" ");
	bad("op");
	bad("@cem.example");
	bad("op@");
	bad("op@cem");
	bad("op@@cem.example");
	bad("op@one@cem.example");
	bad("o p@cem.example");
	bad("op@cem .example");
	bad(".op@cem.example");
	bad("op.@cem.example");
	bad("o..p@cem.example");
	bad("op@.cem.example");
	bad("op@cem.example.");
	bad("op@cem..example");
	bad("op@-cem.example");
	bad("op@cem-.example");
	bad("op@c_m.example");
	bad("op@10.0.0.1");
	bad("op@[10.0.0.1]");
	bad("\"op\"@cem.example");
	bad("op\x01@cem.example");
	bad("\xc3\xb6p@cem.example");
	bad("<op@cem.example");
	bad("op@cem.example>");
	bad("Op <>");
	bad("<>");
}

static void
test_reserved(void)
{
	bad("op@cem.test");
	bad("op@cem.TEST");
	bad("op@cem.local");
	bad("op@cem.localhost");
	bad("op@cem.invalid");
	bad("op@cem.onion");
	bad("op@1.0.10.in-addr.arpa");
	good("op@test.cem.example", "op@test.cem.example");
	good("op@localhost.zm", "op@localhost.zm");
	good("op@cem.tests", "op@cem.tests");
}

static void
test_lengths(void)
{
	const char *label = repeat('d', 63), *tail;

	good(arena_print(a, "%s@cem.zm", repeat('x', 64)),
	    arena_print(a, "%s@cem.zm", repeat('x', 64)));
	bad(arena_print(a, "%s@cem.zm", repeat('x', 65)));
	good(arena_print(a, "x@%s.zm", label), arena_print(a, "x@%s.zm", label));
	bad(arena_print(a, "x@%sd.zm", label));
	tail = arena_print(a, "%s.%s.%s", label, label, label);
	good(arena_print(a, "%s@%s.zm", repeat('x', 59), tail),
	    arena_print(a, "%s@%s.zm", repeat('x', 59), tail));
	bad(arena_print(a, "%s@%s.zm", repeat('x', 60), tail));
	bad(arena_print(a, "x@%s.%s.zm", tail, label));
}

int
main(void)
{
	a = arena_make(1 << 20, NULL);
	test_forms();
	test_reserved();
	test_lengths();
	arena_end(a);
	return test_end();
}
