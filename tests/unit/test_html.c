/* SPDX-License-Identifier: MIT */
/* The escapers of fcgi/web/html.c: each place, the empty, the long, the hostile. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "html.h"
#include "test.h"

static struct arena *arena;

/* What write makes of s. */
static const char *
made(void (*write)(struct buf *b, const char *s), const char *s)
{
	struct buf b = buf_make(arena, 0);

	write(&b, s);
	return b.bytes;
}

static bool
makes(void (*write)(struct buf *b, const char *s), const char *s, const char *want)
{
	return strcmp(made(write, s), want) == 0;
}

static void
test_text(void)
{
	ok(makes(html_text, NULL, ""), "no text writes nothing");
	ok(makes(html_text, "", ""), "an empty text writes nothing");
	ok(makes(html_text, "Mary Banda", "Mary Banda"), "plain text passes");
	ok(makes(html_text, "<script>", "&lt;script&gt;"), "tags are shown, not made");
	ok(makes(html_text, "a & b &amp; c", "a &amp; b &amp;amp; c"),
	    "& is escaped once");
	ok(makes(html_text, "\"Ng'andu\"", "\"Ng'andu\""), "quotes are harmless in text");
	ok(makes(html_text, "Ŋoma Ŵanda", "Ŋoma Ŵanda"), "other letters pass");
	ok(makes(html_text, "&&<>", "&amp;&amp;&lt;&gt;"), "neighbours are all escaped");
}

static void
test_attr(void)
{
	ok(makes(html_attr, NULL, ""), "no attribute text writes nothing");
	ok(makes(html_attr, "\" onclick=\"x", "&quot; onclick=&quot;x"),
	    "a double quote can't end the attribute");
	ok(makes(html_attr, "' autofocus '", "&#39; autofocus &#39;"),
	    "a single quote can't end the attribute");
	ok(makes(html_attr, "<&>", "&lt;&amp;&gt;"),
	    "the characters of text are escaped too");
}

static void
test_url(void)
{
	ok(makes(html_url, NULL, ""), "no part writes nothing");
	ok(makes(html_url, "ZM1A2B3C4D", "ZM1A2B3C4D"), "a plain part passes");
	ok(makes(html_url, "a-b._~Z9", "a-b._~Z9"), "unreserved characters pass");
	ok(makes(html_url, "a b&c=d/e?f#g%h+i", "a%20b%26c%3Dd%2Fe%3Ff%23g%25h%2Bi"),
	    "characters with a meaning are encoded");
	ok(makes(html_url, "ŋ", "%C5%8B"), "UTF-8 is encoded byte by byte");
	ok(makes(html_url, "\"'<>\n\x7f", "%22%27%3C%3E%0A%7F"),
	    "quotes and controls too");
	ok(makes(html_url, "javascript:x", "javascript%3Ax"), "a part is never a scheme");
}

static void
test_href(void)
{
	ok(makes(html_href, NULL, ""), "no address writes nothing");
	ok(makes(html_href, "", "#"), "an empty address is #");
	ok(makes(html_href, "/", "/"), "the root passes");
	ok(makes(html_href, "/farmers?a=1&b=2", "/farmers?a=1&amp;b=2"),
	    "a path passes, escaped for the attribute");
	ok(makes(html_href, "https://example.org/x", "https://example.org/x"),
	    "https passes");
	ok(makes(html_href, "http://example.org", "http://example.org"), "http passes");
	ok(makes(html_href, "https://", "#"), "https without a host is #");
	ok(makes(html_href, "javascript:alert(1)", "#"), "javascript: is #");
	ok(makes(html_href, "JavaScript:alert(1)", "#"), "in any case");
	ok(makes(html_href, "java\nscript:alert(1)", "#"), "also with a line end inside");
	ok(makes(html_href, " https://example.org", "#"), "a blank in front is #");
	ok(makes(html_href, "data:text/html,x", "#"), "data: is #");
	ok(makes(html_href, "//example.org", "#"), "another host without a scheme is #");
	ok(makes(html_href, "/\\example.org", "#"), "also with a backslash");
	ok(makes(html_href, "/\t/example.org", "#"), "also with a tab between");
	ok(makes(html_href, "farmers", "#"), "a path from nowhere is #");
	ok(makes(html_href, "/\"><b>", "/&quot;&gt;&lt;b&gt;"), "quotes can't end it");
}

static void
test_number(void)
{
	struct buf b = buf_make(arena, 0);
	short small = -3;
	size_t many = 20;

	html_value(&b, INT64_MIN, html_text);
	buf_char(&b, ' ');
	html_value(&b, UINT64_MAX, html_text);
	buf_char(&b, ' ');
	html_value(&b, many, html_attr);
	buf_char(&b, ' ');
	html_value(&b, small, html_url);
	buf_char(&b, ' ');
	html_value(&b, 0, html_text);
	ok(strcmp(b.bytes, "-9223372036854775808 18446744073709551615 20 -3 0") == 0,
	    "whole numbers of all types are written in decimal");
}

static void
test_value(void)
{
	struct buf b = buf_make(arena, 0);
	char name[8] = "A<B";

	html_value(&b, name, html_text);
	html_value(&b, (const char *)" \"", html_attr);
	html_value(&b, " ", html_url);
	html_raw(&b, "<hr>");
	html_raw(&b, NULL);
	ok(strcmp(b.bytes, "A&lt;B &quot;%20<hr>") == 0, "texts go to the named escaper");
}

static void
test_long(void)
{
	enum { LONG = 100000 };
	char *s = arena_take(arena, LONG + 1);
	const char *got;

	memset(s, '"', LONG);
	got = made(html_attr, s);
	ok(strlen(got) == 6 * (size_t)LONG, "a long hostile text is escaped whole");
	ok(strspn(got, "&quot;") == 6 * (size_t)LONG, "and nothing else is in it");
}

int
main(void)
{
	arena = arena_make(16 << 20, NULL);
	test_text();
	test_attr();
	test_url();
	test_href();
	test_number();
	test_value();
	test_long();
	arena_end(arena);
	return test_end();
}
