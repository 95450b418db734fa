/* SPDX-License-Identifier: MIT */
/*
 * Conditional requests for files. Our ETags are strong: an object never changes. So a
 * weak one of a client never matches where the strong comparison is asked for
 * (RFC 9110 section 8.8.3.2).
 */
#include <stdbool.h>
#include <string.h>

#include "clock.h"
#include "condition.h"
#include "req.h"

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

/* Was the file changed after the time in value? *said: that is one, and ours known. */
static bool
changed_since(const char *value, const struct condition *c, bool *said)
{
	int64_t t;

	*said = c->changed_at && clock_read_http(value, &t);
	return *said && c->changed_at / CLOCK_SECOND > t / CLOCK_SECOND;
}

int
condition_check(const struct req *r, const struct condition *c)
{
	const char *match = req_env(r, "HTTP_IF_MATCH");
	const char *none = req_env(r, "HTTP_IF_NONE_MATCH");
	const char *since = req_env(r, "HTTP_IF_MODIFIED_SINCE");
	const char *before = req_env(r, "HTTP_IF_UNMODIFIED_SINCE");
	bool said;

	if (match && !holds(match, c->etag, false))
		return 412;
	if (!match && before && changed_since(before, c, &said))
		return 412;
	if (none)
		return holds(none, c->etag, true) ? 304 : 200;
	return since && !changed_since(since, c, &said) && said ? 304 : 200;
}

const char *
condition_range(const struct req *r, const struct condition *c)
{
	const char *range = req_env(r, "HTTP_RANGE"), *only = req_env(r, "HTTP_IF_RANGE");
	int64_t t;

	if (!range || strlen(range) > RANGE_MAX || strncmp(range, "bytes=", 6) != 0 ||
	    strchr(range, ','))
		return NULL;
	if (!only)
		return range;
	if (*only == '"' || strncmp(only, "W/", 2) == 0)
		return holds(only, c->etag, false) ? range : NULL;
	return c->changed_at && clock_read_http(only, &t) &&
	    t / CLOCK_SECOND == c->changed_at / CLOCK_SECOND ? range : NULL;
}
