/* SPDX-License-Identifier: MIT */
/*
 * Finding the row for a request. The table is short and its paths differ early, so
 * it is simply gone through. A literal segment beats a {name} in the same place,
 * whatever the order of the rows: /farmers/count is never taken for a farmer. A row
 * that ends in {name:path} takes everything behind its beginning, and comes after all
 * others that fit.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "path.h"
#include "route.h"

/* Is the segment of n bytes {name:path}? It takes the rest of the path. */
static bool
takes_rest(const char *segment, size_t n)
{
	return n > 7 && *segment == '{' && memcmp(segment + n - 6, ":path}", 6) == 0;
}

/*
 * How well the row's path fits: 0 not at all; else one bit a segment below a
 * leading one, set where the segment is literal, so that more is better.
 */
static unsigned
path_fit(const char *pattern, const char *path, bool plain)
{
	unsigned fit = 1;

	for (;;) {
		size_t n, m;

		pattern += *pattern == '/';
		path += *path == '/';
		n = strcspn(pattern, "/");
		m = strcspn(path, "/");
		if (takes_rest(pattern, n))
			return fit << 1;
		if (!n || !m)
			return n == m && plain ? fit : 0;
		if (*pattern == '{' && plain)
			fit = fit << 1;
		else if (n == m && memcmp(pattern, path, n) == 0)
			fit = fit << 1 | 1;
		else
			return 0;
		pattern += n;
		path += m;
	}
}

/* Keep what stands for the {names} of the row. */
static void
set_params(struct req *r, const char *pattern)
{
	const char *path = r->path;

	r->n_params = 0;
	for (;;) {
		size_t n, m;

		pattern += *pattern == '/';
		path += *path == '/';
		n = strcspn(pattern, "/");
		m = strcspn(path, "/");
		if (!n)
			return;
		if (takes_rest(pattern, n)) {
			r->params[r->n_params++] = (struct req_param){
				.name = arena_copy(r->arena, pattern + 1, n - 7),
				.value = path };
			return;
		}
		if (*pattern == '{' && n > 2 && r->n_params < REQ_PARAMS)
			r->params[r->n_params++] = (struct req_param){
				.name = arena_copy(r->arena, pattern + 1, n - 2),
				.value = arena_copy(r->arena, path, m) };
		pattern += n;
		path += m;
	}
}

/* Append a method to a list if it is not yet in it. */
static void
add_method(struct buf *list, const char *method)
{
	if (strstr(list->bytes, method))
		return; /* no method's name is part of another's */
	if (list->n)
		buf_text(list, ", ");
	buf_text(list, method);
	if (strcmp(method, "GET") == 0)
		buf_text(list, ", HEAD");
}

static const char *
allowed(const struct route *routes, size_t n, const struct req *r, bool plain)
{
	struct buf list = buf_make(r->arena, 60);

	for (size_t i = 0; i < n; i++)
		if (path_fit(routes[i].path, r->path, plain))
			add_method(&list, routes[i].method);
	if (!list.n)
		return NULL;
	add_method(&list, "OPTIONS");
	return list.bytes;
}

const struct route *
route_find(const struct route *routes, size_t n, struct req *r, const char **allow)
{
	const struct route *best = NULL;
	unsigned best_fit = 0;
	bool plain = path_plain(r->path);

	*allow = NULL;
	for (size_t i = 0; i < n; i++) {
		unsigned fit = path_fit(routes[i].path, r->path, plain);

		if (fit > best_fit && strcmp(routes[i].method, r->method) == 0) {
			best = &routes[i];
			best_fit = fit;
		}
	}
	if (best)
		set_params(r, best->path);
	else
		*allow = allowed(routes, n, r, plain);
	return best;
}
