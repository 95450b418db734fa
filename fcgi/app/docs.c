/* SPDX-License-Identifier: MIT */
/*
 * The interface, told by its own tables: as OpenAPI, as a page, and as a list of who
 * may call what. All three read routes.def and the shapes, so none can be out of date.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "command.h"
#include "conf.h"
#include "fields.h"
#include "front.h"
#include "page.h"
#include "templates.h"
#include "text.h"

enum { ROOM = 64 * 1024, FIELDS_MAX = 100, DEPTH_MAX = 4 };

const struct shape json_file_shape = {
	.name = "OpenAPI", .place = SHAPE_FILE, .media = "application/json"
};

enum err
docs_openapi(struct req *r)
{
	const struct route *routes;
	size_t n;

	if (!conf.docs)
		return fail(r, ERR_MISSING, "Not Found");
	routes = routes_all(&n);
	r->body = buf_make(r->arena, ROOM);
	openapi_write(routes, n, routes_who, &r->body);
	return reply_bytes(r, "application/json", r->body.bytes, r->body.n);
}

int
command_openapi(struct command *c)
{
	struct buf b = buf_make(c->arena, ROOM);
	const struct route *routes;
	size_t n;

	if (c->argc)
		return command_usage("openapi");
	routes = routes_all(&n);
	openapi_write(routes, n, routes_who, &b);
	puts(b.bytes);
	return 0;
}

int
command_routes(struct command *c)
{
	const struct route *routes;
	size_t n;

	if (c->argc)
		return command_usage("routes");
	routes = routes_all(&n);
	for (size_t i = 0; i < n; i++)
		printf("%-7s %-45s %-28s %s\n", routes[i].method, routes[i].path,
		    routes_who[routes[i].who], routes[i].words);
	return 0;
}

/* The fields of a shape, those of sections with their way: "address.village". */
struct listing {
	struct arena *arena;
	struct docs_field *fields;
	size_t n;
};

static const char *
rule_words(struct arena *a, const struct shape_field *f)
{
	const char *unit = f->kind == SHAPE_TEXT ? " characters" :
	    f->kind == SHAPE_TEXTS || f->kind == SHAPE_OBJECTS ? " items" : "";
	struct buf b = buf_make(a, 64);

	if (f->rule && f->rule->choices) {
		for (const char *const *c = f->rule->choices; *c; c++)
			buf_print(&b, "%s%s", b.n ? ", " : "", *c);
		return b.bytes;
	}
	if (f->rule && f->rule->pattern)
		return f->rule->pattern;
	if (f->limited && isfinite(f->max))
		buf_print(&b, "%s%.10g to %.10g%s",
		    f->flags & SHAPE_ABOVE ? "more than " : "", f->min, f->max, unit);
	return b.bytes;
}

static void
list_fields(struct listing *l, const struct shape *shape, const char *way, int depth)
{
	static const char *const kinds[] = {
		[SHAPE_TEXT] = "text", [SHAPE_INT] = "whole number",
		[SHAPE_REAL] = "number", [SHAPE_BOOL] = "true or false",
		[SHAPE_TIME] = "time", [SHAPE_OBJECT] = "object",
		[SHAPE_TEXTS] = "list of texts", [SHAPE_OBJECTS] = "list of objects",
		[SHAPE_JSON] = "any JSON"
	};

	for (size_t i = 0; i < shape->n_fields && l->n < FIELDS_MAX; i++) {
		const struct shape_field *f = &shape->fields[i];
		const char *name = arena_print(l->arena, "%s%s", way, f->name);

		l->fields[l->n++] = (struct docs_field){
			.name = name, .kind = kinds[f->kind],
			.rule = rule_words(l->arena, f), .words = f->words,
			.required = f->flags & SHAPE_REQUIRED };
		if (f->sub && depth < DEPTH_MAX)
			list_fields(l, f->sub, arena_print(l->arena, "%s%s.", name,
			    f->kind == SHAPE_OBJECTS ? "[]" : ""), depth + 1);
	}
}

static const char *
list_shape(struct arena *a, const struct shape *shape, const struct docs_field **fields,
    size_t *n)
{
	struct listing l = { a, arena_array(a, struct docs_field, FIELDS_MAX), 0 };

	if (shape == &nothing_shape)
		return NULL;
	list_fields(&l, shape->list_of ? shape->list_of : shape, "", 0);
	*fields = l.fields;
	*n = l.n;
	return shape->place == SHAPE_FILE ? shape->media : shape->name;
}

/* The group a route belongs to: the word after /api/, or "site". */
static const char *
tag_of(struct arena *a, const struct route *route)
{
	const char *p = route->path;

	if (strncmp(p, "/api/", 5) != 0)
		return "site";
	return arena_copy(a, p + 5, strcspn(p + 5, "/"));
}

static struct docs_group *
group_of(struct docs_page *p, struct docs_group *groups, const char *tag)
{
	for (size_t i = 0; i < p->n; i++)
		if (text_same(groups[i].tag, tag))
			return &groups[i];
	groups[p->n].tag = tag;
	return &groups[p->n++];
}

static void
fill_page(struct arena *a, struct docs_page *p)
{
	const struct route *routes;
	struct docs_group *groups;
	size_t n;

	routes = routes_all(&n);
	groups = arena_array(a, struct docs_group, n);
	p->groups = groups;
	for (size_t i = 0; i < n; i++) {
		struct docs_group *g;
		struct docs_route *list, *out;

		if (routes[i].gives == &page_shape)
			continue;
		g = group_of(p, groups, tag_of(a, &routes[i]));
		list = (struct docs_route *)(uintptr_t)g->routes;
		if (!list)
			g->routes = list = arena_array(a, struct docs_route, n);
		p->n_routes++;
		out = &list[g->n++];
		*out = (struct docs_route){ .method = routes[i].method,
		    .path = routes[i].path, .words = routes[i].words,
		    .who = routes_who[routes[i].who] };
		out->takes = list_shape(a, routes[i].takes, &out->takes_fields,
		    &out->n_takes);
		out->gives = list_shape(a, routes[i].gives, &out->gives_fields,
		    &out->n_gives);
	}
}

enum err
docs_page(struct req *r)
{
	struct docs_page page = { .frame = page_frame_of(r, "API", "/docs") };

	if (!conf.docs)
		return fail(r, ERR_MISSING, "Not Found");
	fill_page(r->arena, &page);
	page_docs(page_begin(r, 200), &page);
	return page_end(r);
}
