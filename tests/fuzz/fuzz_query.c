/* SPDX-License-Identifier: MIT */
/*
 * A request target: split, decoded, looked up in a table of routes, and its query
 * read by a shape. A path that is accepted must mean one thing only, but behind a route
 * that takes the rest of it.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "path.h"
#include "route.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct find {
	const char *word;
	const int64_t *n;
	const double *x;
	bool is;
	struct shape_texts texts;
};

static const struct shape_field fields[] = {
	{ .name = "w", .kind = SHAPE_TEXT, .offset = offsetof(struct find, word),
	    .limited = true, .min = 1, .max = 5 },
	{ .name = "n", .kind = SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    .offset = offsetof(struct find, n), .limited = true, .min = 1, .max = 9 },
	{ .name = "x", .kind = SHAPE_REAL, .flags = SHAPE_OPTIONAL,
	    .offset = offsetof(struct find, x) },
	{ .name = "b", .kind = SHAPE_BOOL, .offset = offsetof(struct find, is) },
	{ .name = "l", .kind = SHAPE_TEXTS, .offset = offsetof(struct find, texts),
	    .limited = true, .max = 3 },
};
static const struct shape find = { .name = "Find", .place = SHAPE_QUERY,
	.fields = fields, .n_fields = 5, .size = sizeof(struct find) };
static const struct route routes[] = {
	{ .method = "GET", .path = "/" },
	{ .method = "GET", .path = "/a/{b}/c" },
	{ .method = "POST", .path = "/a/b/{c}" },
	{ .method = "GET", .path = "/{a}/{b}" },
	{ .method = "GET", .path = "/f/{d:path}" },
};
enum { N_ROUTES = sizeof(routes) / sizeof(routes[0]) };
static const struct route *const takes_rest = &routes[N_ROUTES - 1];

static void
check_path(struct arena *arena, const char *path)
{
	struct req r = { .arena = arena, .method = "GET", .path = path };
	struct buf out = buf_make(arena, 100);
	const struct route *route;
	const char *allow, *again;

	if (path[0] != '/' || !text_utf8(path, strlen(path)))
		abort();
	if (path_plain(path) && (strstr(path, "//") || strstr(path, "/../") ||
	    strpbrk(path, "\r\n")))
		abort();
	path_encode(&out, path, "/");
	again = path_decode(arena, out.bytes, out.n, false);
	if (!again || strcmp(again, path) != 0)
		abort();
	route = route_find(routes, N_ROUTES, &r, &allow);
	if (route && (allow || (route != takes_rest && !path_plain(path))))
		abort();
	for (int i = 0; i < r.n_params && route != takes_rest; i++)
		if (!*r.params[i].value || strchr(r.params[i].value, '/'))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *arena;
	struct faults faults;
	struct find in;
	const char *query;
	char *path;

	if (!arena)
		arena = arena_make(8 << 20, NULL);
	if (path_read(arena, arena_copy(arena, data, size), &path, &query)) {
		check_path(arena, path);
		faults = (struct faults){ .arena = arena };
		if (!shape_read_query(&find, query, arena, &in, &faults) && !faults.n)
			abort();
		if (in.word && strlen(in.word) > 20)
			abort();
	}
	arena_reset(arena);
	return 0;
}
