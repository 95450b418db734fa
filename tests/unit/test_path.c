/* SPDX-License-Identifier: MIT */
/* Request targets, query strings and the search in the table of routes. */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "path.h"
#include "route.h"
#include "test.h"

static struct arena *arena;

static bool
decodes(const char *s, bool plus, const char *to)
{
	const char *out = path_decode(arena, s, strlen(s), plus);

	return to ? out && strcmp(out, to) == 0 : !out;
}

static void
test_decode(void)
{
	ok(decodes("a%20b%2Fc%c3%A9", false, "a b/c\xc3\xa9"), "escapes in both cases");
	ok(decodes("a+b", false, "a+b"), "a plus in a path is a plus");
	ok(decodes("a+b%2B", true, "a b+"), "a plus in a query is a blank");
	ok(decodes("%2541", false, "%41"), "decoded once only");
	ok(decodes("", true, ""), "nothing");
	ok(decodes("%", false, NULL) && decodes("%4", false, NULL) &&
	    decodes("%4g", false, NULL) && decodes("%-1", false, NULL), "broken escapes");
	ok(decodes("a%00", false, NULL), "NUL is refused");
	ok(decodes("%ff", false, NULL) && decodes("\xc3", false, NULL) &&
	    decodes("%c0%af", false, NULL), "malformed UTF-8 is refused");
}

static bool
reads(const char *target, const char *path, const char *query)
{
	const char *got_query;
	char *got_path;

	if (!path_read(arena, target, &got_path, &got_query))
		return !path;
	if (!path_plain(got_path))
		return !path;
	return path && strcmp(got_path, path) == 0 && strcmp(got_query, query) == 0;
}

static void
test_read(void)
{
	char longest[PATH_TARGET + 2];

	ok(reads("/", "/", ""), "the root");
	ok(reads("/api/users/a@b+c/status?x=%20&y", "/api/users/a@b+c/status", "x=%20&y"),
	    "a path with signs, a query as sent");
	ok(reads("/api/farmers/", "/api/farmers/", ""), "a slash at the end");
	ok(reads("/a?b?c", "/a", "b?c"), "a second question mark is the query's");
	ok(reads("/a/...", "/a/...", ""), "three dots are a name");
	ok(reads(NULL, NULL, NULL) && reads("", NULL, NULL) && reads("*", NULL, NULL) &&
	    reads("http://x/", NULL, NULL), "what is no path is refused");
	ok(reads("//api", NULL, NULL) && reads("/api//x", NULL, NULL), "empty segments");
	ok(reads("/../x", NULL, NULL) && reads("/a/..", NULL, NULL) &&
	    reads("/a/%2e%2E/b", NULL, NULL) && reads("/a%2f../b", NULL, NULL) &&
	    reads("/./a", NULL, NULL), "dot segments, also escaped");
	ok(reads("/a%0d%0aX: y", NULL, NULL) && reads("/a\x7f", NULL, NULL), "controls");
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[PATH_TARGET] = '\0';
	ok(reads(longest, longest, ""), "the longest target");
	longest[PATH_TARGET] = 'a';
	longest[PATH_TARGET + 1] = '\0';
	ok(reads(longest, NULL, NULL), "one byte longer");
}

static void
test_pairs(void)
{
	struct path_pair pairs[PATH_PAIRS];
	char many[3 * (PATH_PAIRS + 1) + 1] = "";
	size_t n = path_pairs(arena, "a=1&&b=x+y%26&c&d=&a=2&%zz=3&e=%zz&=q&f=1=2",
	    pairs);

	ok(n == 8, "keys that decode are kept");
	ok(strcmp(pairs[0].name, "a") == 0 && strcmp(pairs[0].value, "1") == 0, "first");
	ok(strcmp(pairs[1].value, "x y&") == 0, "decoded value");
	ok(strcmp(pairs[2].value, "") == 0 && strcmp(pairs[3].value, "") == 0,
	    "no value");
	ok(strcmp(pairs[4].value, "2") == 0, "a key again");
	ok(strcmp(pairs[5].name, "e") == 0 && !pairs[5].value, "a value that is broken");
	ok(strcmp(pairs[7].value, "1=2") == 0, "a second equals sign is the value's");
	ok(path_pairs(arena, "", pairs) == 0, "no query");
	for (size_t i = 0; i < PATH_PAIRS; i++)
		memcpy(many + 3 * i, "a=&", 4);
	ok(path_pairs(arena, many, pairs) == PATH_PAIRS, "as many as fit");
	memcpy(many + sizeof(many) - 4, "a=&", 4);
	ok(path_pairs(arena, many, pairs) == PATH_PAIRS + 1, "one more is told");
}

static void
test_encode(void)
{
	struct buf out = buf_make(arena, 1);

	path_encode(&out, "a/b c?d%\xc5\x8b~\r\n", "/");
	ok(strcmp(out.bytes, "a/b%20c%3Fd%25%C5%8B~%0D%0A") == 0, "encoding");
}

static const struct route routes[] = {
	{ .method = "GET", .path = "/" },
	{ .method = "GET", .path = "/api/farmers" },
	{ .method = "POST", .path = "/api/farmers" },
	{ .method = "GET", .path = "/api/farmers/{farmer_id}" },
	{ .method = "DELETE", .path = "/api/farmers/{farmer_id}" },
	{ .method = "GET", .path = "/api/farmers/count" },
	{ .method = "GET", .path = "/api/farmers/{farmer_id}/documents/{type}" },
	{ .method = "GET", .path = "/api/{any}/count" },
	{ .method = "GET", .path = "/api/logs/" },
	{ .method = "GET", .path = "/files/{file_path:path}" },
	{ .method = "GET", .path = "/files/download/{file_path:path}" },
	{ .method = "GET", .path = "/files/{id}/info" },
	{ .method = "GET", .path = "/at/{id}/{file_path:path}" },
};

/* The row for a request, or -1; *allow as route_find sets it. */
static int
finds(const char *method, const char *path, struct req *r, const char **allow)
{
	const struct route *found;

	*r = (struct req){ .arena = arena, .method = method, .path = path };
	found = route_find(routes, sizeof(routes) / sizeof(routes[0]), r, allow);
	return found ? (int)(found - routes) : -1;
}

static void
test_route(void)
{
	const char *allow;
	struct req r;

	ok(finds("GET", "/", &r, &allow) == 0, "the root");
	ok(finds("POST", "/api/farmers", &r, &allow) == 2, "by method");
	ok(finds("GET", "/api/farmers/", &r, &allow) == 1, "with a slash more");
	ok(finds("GET", "/api/logs", &r, &allow) == 8, "with a slash less");
	ok(finds("GET", "/api/farmers/ZM1", &r, &allow) == 3 && r.n_params == 1 &&
	    strcmp(req_param(&r, "farmer_id"), "ZM1") == 0, "with a name in the path");
	ok(strcmp(req_param(&r, "other"), "") == 0, "a name that is not there is empty");
	ok(finds("GET", "/api/farmers/count", &r, &allow) == 5 && r.n_params == 0,
	    "a literal segment beats a name above it");
	ok(finds("GET", "/api/x/count", &r, &allow) == 7, "a name before a literal");
	ok(finds("DELETE", "/api/farmers/count", &r, &allow) == 4,
	    "the literal row counts for its methods only");
	ok(finds("GET", "/api/farmers/a/documents/b c", &r, &allow) == 6 &&
	    strcmp(req_param(&r, "type"), "b c") == 0 && r.n_params == 2, "two names");
	ok(finds("GET", "/api/none", &r, &allow) == -1 && !allow, "an unknown path");
	ok(finds("GET", "/api/farmers/a/documents", &r, &allow) == -1 && !allow,
	    "a path that is only the beginning of one");
	ok(finds("PUT", "/api/farmers", &r, &allow) == -1 && allow &&
	    strcmp(allow, "GET, HEAD, POST, OPTIONS") == 0,
	    "another method, with what is");
	ok(finds("PUT", "/api/farmers/count", &r, &allow) == -1 && allow &&
	    strcmp(allow, "GET, HEAD, DELETE, OPTIONS") == 0, "each method once");
}

/* Is the rest of the path taken by row 10 or 9 as it was decoded? */
static bool
rest(const char *path, const char *value)
{
	const char *allow;
	struct req r;
	int row = finds("GET", path, &r, &allow);

	return (row == 10 || row == 9) && r.n_params == 1 &&
	    strcmp(req_param(&r, "file_path"), value) == 0;
}

static void
test_rest(void)
{
	const char *allow;
	struct req r;

	ok(rest("/files/download/a/b c/d.txt", "a/b c/d.txt"), "all that is left");
	ok(rest("/files/download/a", "a") && rest("/files/download/", "") &&
	    rest("/files/download", ""), "one segment, or nothing");
	ok(rest("/files/download//a//b/", "/a//b/"), "empty segments as they are");
	ok(rest("/files/download/../a", "../a") && rest("/files/download/a/.", "a/.") &&
	    rest("/files/download/a\nb", "a\nb"), "the handler judges what is not plain");
	ok(rest("/files/downloads/x", "downloads/x"), "whole segments only");
	ok(finds("GET", "/files/a/info", &r, &allow) == 11,
	    "a row that names more comes first");
	ok(finds("GET", "/files/../info", &r, &allow) == 9,
	    "but what is not plain is for no {name}");
	ok(finds("GET", "/at/../x", &r, &allow) == -1 && !allow &&
	    finds("GET", "/at//x", &r, &allow) == -1 &&
	    finds("GET", "/at/a/..", &r, &allow) == -1,
	    "not even for one before the rest");
	ok(finds("GET", "/at/a/b/c", &r, &allow) == 12 && r.n_params == 2 &&
	    strcmp(req_param(&r, "id"), "a") == 0 &&
	    strcmp(req_param(&r, "file_path"), "b/c") == 0, "a name, then the rest");
	ok(finds("GET", "//files/download/a", &r, &allow) == -1 && !allow &&
	    finds("GET", "/./files/download/a", &r, &allow) == -1 &&
	    finds("GET", "/api/../files/download/a", &r, &allow) == -1 &&
	    finds("GET", "/api//farmers", &r, &allow) == -1,
	    "nor does anything else match it");
	ok(finds("PUT", "/files/download/../x", &r, &allow) == -1 && allow &&
	    strcmp(allow, "GET, HEAD, OPTIONS") == 0, "by method");
}

int
main(void)
{
	arena = arena_make(1 << 20, NULL);
	test_decode();
	test_read();
	test_pairs();
	test_encode();
	test_route();
	test_rest();
	arena_end(arena);
	return test_end();
}
