/* SPDX-License-Identifier: MIT */
/* Conditions of a client on a file, and the times they are written with. */
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "condition.h"
#include "link.h"
#include "req.h"
#include "test.h"

static const char *fake[8];	/* names and values by turns, ended by NULL */

static const char *
fake_env(const struct link *link, const char *name)
{
	(void)link;
	for (int i = 0; fake[i]; i += 2)
		if (strcmp(fake[i], name) == 0)
			return fake[i + 1];
	return NULL;
}

static struct link l = { .env = fake_env };
static struct req r = { .link = &l };

static const struct condition file = { .etag = "ab",
	.changed_at = INT64_C(784111777500000) };
static const struct condition unknown = { .etag = NULL };

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define NEXT "Sun, 06 Nov 1994 08:49:38 GMT"

/* What one condition comes to. */
static int
one(const char *name, const char *value, const struct condition *c)
{
	fake[0] = name;
	fake[1] = value;
	fake[2] = NULL;
	return condition_check(&r, c);
}

static void
test_tags(void)
{
	fake[0] = NULL;
	ok(condition_check(&r, &file) == 200, "no condition");
	ok(one("HTTP_IF_NONE_MATCH", "\"ab\"", &file) == 304, "the client has it");
	ok(one("HTTP_IF_NONE_MATCH", "W/\"ab\"", &file) == 304, "or something as good");
	ok(one("HTTP_IF_NONE_MATCH", "\"a\", \"abc\",, \"ab\"", &file) == 304,
	    "in a list");
	ok(one("HTTP_IF_NONE_MATCH", "\"a\",\"abc\"", &file) == 200, "not this one");
	ok(one("HTTP_IF_NONE_MATCH", "ab", &file) == 200, "without quotes it is no tag");
	ok(one("HTTP_IF_NONE_MATCH", "\"ab", &file) == 200, "nor with one");
	ok(one("HTTP_IF_NONE_MATCH", "", &file) == 200, "nothing is no tag");
	ok(one("HTTP_IF_NONE_MATCH", "*", &unknown) == 304, "any will do");
	ok(one("HTTP_IF_NONE_MATCH", "\"ab\"", &unknown) == 200, "a file without a tag");
	ok(one("HTTP_IF_MATCH", "\"ab\"", &file) == 200, "the one that was meant");
	ok(one("HTTP_IF_MATCH", "W/\"ab\"", &file) == 412, "nearly is not enough");
	ok(one("HTTP_IF_MATCH", "\"x\"", &file) == 412, "another");
	ok(one("HTTP_IF_MATCH", "\"ab\"", &unknown) == 412, "none has no tag");
	ok(one("HTTP_IF_MATCH", "*", &unknown) == 200, "but it exists");
}

static void
test_times(void)
{
	ok(one("HTTP_IF_MODIFIED_SINCE", DATE, &file) == 304, "not since then");
	ok(one("HTTP_IF_MODIFIED_SINCE", "Sun Nov  6 08:49:36 1994", &file) == 200,
	    "a second before");
	ok(one("HTTP_IF_MODIFIED_SINCE", NEXT, &file) == 200,
	    "what the client has is of a later time, so something else");
	ok(one("HTTP_IF_MODIFIED_SINCE", "yesterday", &file) == 200, "no time");
	ok(one("HTTP_IF_MODIFIED_SINCE", DATE, &unknown) == 200, "nobody knows");
	ok(one("HTTP_IF_UNMODIFIED_SINCE", DATE, &file) == 200, "still the same");
	ok(one("HTTP_IF_UNMODIFIED_SINCE", "Sunday, 06-Nov-94 08:49:36 GMT",
	    &file) == 412, "changed since");
	ok(one("HTTP_IF_UNMODIFIED_SINCE", "then", &file) == 200, "no condition");
	fake[2] = "HTTP_IF_MATCH";
	fake[3] = "\"ab\"";
	fake[4] = NULL;
	fake[0] = "HTTP_IF_UNMODIFIED_SINCE";
	fake[1] = "Sun, 06 Nov 1994 08:49:36 GMT";
	ok(condition_check(&r, &file) == 200, "a tag that matches is above the time");
	fake[0] = "HTTP_IF_MODIFIED_SINCE";
	fake[1] = DATE;
	fake[2] = "HTTP_IF_NONE_MATCH";
	fake[3] = "\"x\"";
	ok(condition_check(&r, &file) == 200, "so is one that does not");
}

/* A range, with an If-Range or NULL. */
static const char *
range(const char *value, const char *only)
{
	fake[0] = "HTTP_RANGE";
	fake[1] = value;
	fake[2] = only ? "HTTP_IF_RANGE" : NULL;
	fake[3] = only;
	fake[4] = NULL;
	return condition_range(&r, &file);
}

static void
test_ranges(void)
{
	fake[0] = NULL;
	ok(!condition_range(&r, &file), "no range");
	ok(range("bytes=0-9", NULL), "a range");
	ok(range("bytes=-9", "\"ab\""), "of this file");
	ok(range("bytes=9-", DATE), "of this time");
	ok(!range("bytes=0-9", "W/\"ab\""), "not of one as good");
	ok(!range("bytes=0-9", "\"x\""), "nor of another");
	ok(!range("bytes=0-9", NEXT), "nor of another time");
	ok(!range("bytes=0-9", "ab"), "nor of what nobody understands");
	ok(!range("bytes=0-9", "\"x\", \"ab\""), "nor of one of several");
	ok(!range("bytes=9-", "Sunday, 06-Nov-94 08:49:37 GMT"), "nor in other words");
	ok(!range("bytes=0-1,3-4", NULL), "two come as the whole");
	ok(!range("bytes=5-2", NULL) && !range("bytes=1", NULL) &&
	    !range("bytes=", NULL) && !range("bytes=-", NULL) &&
	    !range("bytes=1x-", NULL) &&
	    !range("bytes=1- ", NULL) && !range("bytes= 1-", NULL) &&
	    !range("BYTES=1-", NULL) && !range("bytes=9999999999999999999-", NULL),
	    "so does what is no piece");
	ok(!range("lines=0-9", NULL), "lines are not counted");
}

/* Does what is sent begin behind the first byte? */
static bool
later(const char *value, const char *only)
{
	(void)range(value, only);
	return condition_later(&r, &file);
}

static void
test_later(void)
{
	ok(later("bytes=1-", NULL) && later("bytes=01-9", "\"ab\""), "a later piece");
	ok(!later("bytes=0-", NULL) && !later("bytes=00-9", NULL), "the first is none");
	ok(!later("bytes=-9", NULL), "nor is what may be the whole");
	ok(!later("bytes=1-", "\"x\"") && !later("bytes=1-", NEXT), "or is");
	ok(!later("BYTES=1-", NULL) && !later("bytes=1-,0-", NULL), "whatever it says");
}

static void
test_clock(void)
{
	char out[CLOCK_TEXT];
	int64_t t = 0;

	ok(clock_http(file.changed_at, out) == 29 && strcmp(out, DATE) == 0,
	    "a time is written (RFC 9110 section 5.6.7)");
	(void)clock_http(-1, out);
	ok(strcmp(out, "Wed, 31 Dec 1969 23:59:59 GMT") == 0, "one before 1970");
	(void)clock_http(INT64_C(951782400000000), out);
	ok(strcmp(out, "Tue, 29 Feb 2000 00:00:00 GMT") == 0, "a leap day");
	ok(clock_read_http(DATE, &t) && t == INT64_C(784111777000000), "and read");
	ok(clock_read_http("Sunday, 06-Nov-94 08:49:37 GMT", &t) &&
	    t == INT64_C(784111777000000), "in the form of RFC 850");
	ok(clock_read_http("Sun Nov  6 08:49:37 1994", &t) &&
	    t == INT64_C(784111777000000), "and of asctime");
	ok(!clock_read_http(NULL, &t) && !clock_read_http("", &t) &&
	    !clock_read_http("1994-11-06", &t) && !clock_read_http(DATE "x", &t) &&
	    !clock_read_http("Sun, 06 Nov 99999 08:49:37 GMT", &t), "nothing else is");
}

int
main(void)
{
	test_tags();
	test_times();
	r.arena = arena_make(64 * 1024, NULL);
	test_ranges();
	test_later();
	arena_end(r.arena);
	test_clock();
	return test_end();
}
