/* SPDX-License-Identifier: MIT */
/*
 * Conditional requests for files. Our ETags are strong: an object never changes. So a
 * weak one of a client never matches where the strong comparison is asked for
 * (RFC 9110 section 8.8.3.2).
 */
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "condition.h"
#include "req.h"
#include "text.h"

enum { RANGE_MAX = 200 };

/* Does the list of entity tags in value hold etag? "*" is any. */
static bool
holds(const char *value, const char *etag, bool weak_too)
{
	const char *p = value + strspn(value, " \t,");
	size_t n = etag ? strlen(etag) : 0;

	if (*p == '*')
		return true;
	while (*p) {
		bool weak = strncmp(p, "W/", 2) == 0;
		const char *open = p + (weak ? 2 : 0), *close;

		close = *open == '"' ? strchr(open + 1, '"') : NULL;
		if (!close)
			return false;
		if (etag && (!weak || weak_too) && (size_t)(close - open - 1) == n &&
		    memcmp(open + 1, etag, n) == 0)
			return true;
		p = close + 1;
		p += strspn(p, " \t,");
	}
	return false;
}

/* The whole seconds from the time in value to the file's change. False if either is not
 * known. */
static bool
seconds_since(const char *value, const struct condition *c, int64_t *n)
{
	int64_t t;

	if (!value || !c->changed_at || !clock_read_http(value, &t))
		return false;
	*n = c->changed_at / CLOCK_SECOND - t / CLOCK_SECOND;
	return true;
}

int
condition_check(const struct req *r, const struct condition *c)
{
	const char *match = req_env(r, "HTTP_IF_MATCH");
	const char *none = req_env(r, "HTTP_IF_NONE_MATCH");
	const char *since = req_env(r, "HTTP_IF_MODIFIED_SINCE");
	const char *before = req_env(r, "HTTP_IF_UNMODIFIED_SINCE");
	int64_t n;

	if (match && !holds(match, c->etag, false))
		return 412;
	if (!match && seconds_since(before, c, &n) && n > 0)
		return 412;
	if (none)
		return holds(none, c->etag, true) ? 304 : 200;
	/* An older file may have taken the place of the one that the client has: only
	 * the same time is surely that of the same bytes. */
	return seconds_since(since, c, &n) && n == 0 ? 304 : 200;
}

/* Is p first-last, first- or -last (RFC 9110 section 14.1.2)? *first is 0 of the last. */
static bool
read_piece(struct arena *a, const char *p, int64_t *first)
{
	const char *dash = strchr(p, '-');
	int64_t last;

	*first = 0;
	if (!dash)
		return false;
	if (dash > p && !text_number(arena_copy(a, p, (size_t)(dash - p)), 0, INT64_MAX,
	    first))
		return false;
	return (dash > p && !dash[1]) || text_number(dash + 1, *first, INT64_MAX, &last);
}

/* The Range, if it holds; what it begins with in *first. What could be understood in two
 * ways is none: who sends the file may not understand it as we did. */
static const char *
read_range(const struct req *r, const struct condition *c, int64_t *first)
{
	const char *range = req_env(r, "HTTP_RANGE"), *only = req_env(r, "HTTP_IF_RANGE");
	char date[CLOCK_TEXT] = "";

	if (!range || strlen(range) > RANGE_MAX || strncmp(range, "bytes=", 6) != 0 ||
	    !read_piece(r->arena, range + 6, first))
		return NULL;
	if (!only)
		return range;
	if (c->changed_at)
		(void)clock_http(c->changed_at, date);
	return (c->etag && text_same(only, arena_print(r->arena, "\"%s\"", c->etag))) ||
	    (*date && text_same(only, date)) ? range : NULL;
}

const char *
condition_range(const struct req *r, const struct condition *c)
{
	int64_t first;

	return read_range(r, c, &first);
}

bool
condition_later(const struct req *r, const struct condition *c)
{
	int64_t first;

	return read_range(r, c, &first) && first > 0;
}
