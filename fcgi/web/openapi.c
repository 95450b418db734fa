/* SPDX-License-Identifier: MIT */
/*
 * The table of routes as an OpenAPI 3.1 document. Rows of one path stand together,
 * in the order of the table; shapes become components in the order they are met.
 * The same program always writes the same bytes, so a test can compare them.
 */
#include <math.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "route.h"
#include "text.h"
#include "version.h"

enum { SHAPES = 400 };	/* different shapes in one table */

struct writer {
	struct buf *out;
	const struct route *routes;
	size_t n;
	const char *const *who_words;
	const struct shape **shapes;
	size_t n_shapes;
};

static void
put(struct writer *w, const char *text)
{
	buf_text(w->out, text);
}

static void
put_text(struct writer *w, const char *text)
{
	json_write_text(w->out, text);
}

/* "name":"value" after a comma, unless value is NULL. */
static void
put_pair(struct writer *w, const char *name, const char *value)
{
	if (!value)
		return;
	put(w, ",\"");
	put(w, name);
	put(w, "\":");
	put_text(w, value);
}

static void
put_ref(struct writer *w, const struct shape *shape)
{
	put(w, "{\"$ref\":\"#/components/schemas/");
	put(w, shape->name);
	put(w, "\"}");
}

/* Remember a shape for the components; one of each name. */
static void
meet(struct writer *w, const struct shape *shape)
{
	for (size_t i = 0; i < w->n_shapes; i++)
		if (strcmp(w->shapes[i]->name, shape->name) == 0)
			return;
	if (w->n_shapes < SHAPES)
		w->shapes[w->n_shapes++] = shape;
}

/* A limit, if it is one: "name":12 after a comma. */
static void
put_limit(struct writer *w, const char *name, double limit)
{
	if (isfinite(limit) && fabs(limit) < 1e15)
		buf_print(w->out, ",\"%s\":%.15g", name, limit);
}

static void
put_rule(struct writer *w, const struct shape_rule *rule)
{
	if (!rule)
		return;
	put_pair(w, "pattern", rule->pattern);
	if (!rule->choices)
		return;
	put(w, ",\"enum\":[");
	for (size_t i = 0; rule->choices[i]; i++) {
		put(w, i ? "," : "");
		put_text(w, rule->choices[i]);
	}
	put(w, "]");
}

/* The limits of a field in the words of its JSON type. */
static void
put_limits(struct writer *w, const struct shape_field *f)
{
	bool is_text = f->kind == SHAPE_TEXT;
	bool is_list = f->kind == SHAPE_TEXTS || f->kind == SHAPE_OBJECTS;

	if (!f->limited || f->kind == SHAPE_JSON)
		return;
	if ((is_text || is_list) && f->min > 0)
		put_limit(w, is_text ? "minLength" : "minItems", f->min);
	if (is_text || is_list) {
		put_limit(w, is_text ? "maxLength" : "maxItems", f->max);
		return;
	}
	put_limit(w, f->flags & SHAPE_ABOVE ? "exclusiveMinimum" : "minimum", f->min);
	put_limit(w, "maximum", f->max);
}

/* "type":"x", or "type":["x","null"] where null may stand. */
static void
put_type(struct writer *w, const char *type, bool maybe_null)
{
	buf_print(w->out, maybe_null ? "\"type\":[\"%s\",\"null\"]" : "\"type\":\"%s\"",
	    type);
}

static void
put_object(struct writer *w, const struct shape_field *f, bool maybe_null)
{
	meet(w, f->sub);
	if (maybe_null)
		put(w, "\"anyOf\":[");
	else
		put(w, "\"allOf\":[");
	put_ref(w, f->sub);
	put(w, maybe_null ? ",{\"type\":\"null\"}]" : "]");
}

static void
put_field(struct writer *w, const struct shape_field *f)
{
	bool maybe_null = (f->flags & SHAPE_OPTIONAL) &&
	    !(f->flags & (SHAPE_NOT_NULL | SHAPE_HIDDEN));

	put(w, "{");
	switch (f->kind) {
	case SHAPE_TEXT:
		put_type(w, "string", maybe_null);
		put_rule(w, f->rule);
		break;
	case SHAPE_INT:
		put_type(w, "integer", maybe_null);
		break;
	case SHAPE_REAL:
		put_type(w, "number", maybe_null);
		break;
	case SHAPE_BOOL:
		put_type(w, "boolean", maybe_null);
		break;
	case SHAPE_TIME:
		put_type(w, "string", maybe_null);
		put(w, ",\"format\":\"date-time\"");
		break;
	case SHAPE_OBJECT:
		put_object(w, f, maybe_null);
		break;
	case SHAPE_TEXTS:
		put(w, "\"type\":\"array\",\"items\":{\"type\":\"string\"");
		put_rule(w, f->rule);
		put(w, "}");
		break;
	case SHAPE_OBJECTS:
		meet(w, f->sub);
		put(w, "\"type\":\"array\",\"items\":");
		put_ref(w, f->sub);
		break;
	case SHAPE_JSON:
		put(w, "\"title\":");
		put_text(w, f->name);
		break;
	}
	put_limits(w, f);
	put_pair(w, "description", f->words);
	put(w, "}");
}

static void
put_schema(struct writer *w, const struct shape *shape)
{
	const char *before = ",\"required\":[";

	put_text(w, shape->name);
	put(w, ":{\"type\":\"object\"");
	for (size_t i = 0; i < shape->n_fields; i++) {
		put(w, i ? "," : ",\"properties\":{");
		put_text(w, shape->fields[i].name);
		put(w, ":");
		put_field(w, &shape->fields[i]);
	}
	put(w, shape->n_fields ? "}" : "");
	for (size_t i = 0; i < shape->n_fields; i++) {
		if (!(shape->fields[i].flags & (SHAPE_REQUIRED | SHAPE_PRESENT)))
			continue;
		put(w, before);
		put_text(w, shape->fields[i].name);
		before = ",";
	}
	put(w, before[1] ? "}" : "]}");
}

/* The {names} of the path; returns what stands before the next parameter. */
static const char *
put_path_parameters(struct writer *w, const struct route *route)
{
	const char *before = ",\"parameters\":[", *p = route->path;

	while ((p = strchr(p, '{'))) {
		size_t n = strcspn(++p, ":}");

		put(w, before);
		put(w, "{\"name\":\"");
		buf_add(w->out, p, n);
		put(w, "\",\"in\":\"path\",\"required\":true,"
		    "\"schema\":{\"type\":\"string\"}}");
		before = ",";
	}
	return before;
}

static void
put_parameters(struct writer *w, const struct route *route)
{
	const char *before = put_path_parameters(w, route);
	const struct shape *takes = route->takes;
	bool is_query = takes && (takes->place == SHAPE_QUERY ||
	    takes->place == SHAPE_UPLOAD);

	for (size_t i = 0; is_query && i < takes->n_fields; i++) {
		const struct shape_field *f = &takes->fields[i];
		struct shape_field plain = *f;

		plain.flags |= SHAPE_NOT_NULL; /* a query has no null */
		plain.words = NULL;
		put(w, before);
		before = ",";
		put(w, "{\"name\":");
		put_text(w, f->name);
		put(w, ",\"in\":\"query\"");
		put(w, f->flags & SHAPE_REQUIRED ? ",\"required\":true" : "");
		put_pair(w, "description", f->words);
		put(w, ",\"schema\":");
		put_field(w, &plain);
		put(w, "}");
	}
	put(w, before[1] ? "" : "]");
}

/* The part of a multipart body that holds a file, or a list of files. */
static void
put_upload(struct writer *w, const struct shape_upload *upload)
{
	const char *part = upload ? upload->part : "file";
	bool many = upload && upload->max_files > 1;

	put(w, ",\"requestBody\":{\"required\":true,\"content\":"
	    "{\"multipart/form-data\":{\"schema\":{\"type\":\"object\","
	    "\"properties\":{");
	put_text(w, part);
	put(w, many ? ":{\"type\":\"array\",\"items\":" : ":");
	put(w, "{\"type\":\"string\",\"contentMediaType\":\"application/octet-stream\"}");
	put(w, many ? "}" : "");
	put(w, "},\"required\":[");
	put_text(w, part);
	put(w, "]}}}}");
}

static void
put_request(struct writer *w, const struct shape *takes)
{
	if (takes && takes->place == SHAPE_BODY) {
		meet(w, takes);
		put(w, ",\"requestBody\":{\"required\":true,\"content\":"
		    "{\"application/json\":{\"schema\":");
		put_ref(w, takes);
		put(w, "}}}");
	}
	if (takes && takes->place == SHAPE_LIST) {
		put(w, ",\"requestBody\":{\"required\":true,\"content\":"
		    "{\"application/json\":{\"schema\":");
		put_field(w, takes->fields);
		put(w, "}}}");
	}
	if (takes && takes->place == SHAPE_UPLOAD)
		put_upload(w, takes->upload);
}

/* What a successful reply holds. */
static void
put_gives(struct writer *w, const struct shape *gives)
{
	if (!gives || gives->place == SHAPE_NOTHING)
		return;
	put(w, ",\"content\":{");
	if (gives->place == SHAPE_FILE) {
		put_text(w, gives->media);
		put(w, ":{}}");
		return;
	}
	put(w, "\"application/json\":{\"schema\":");
	if (gives->list_of) {
		meet(w, gives->list_of);
		put(w, "{\"type\":\"array\",\"items\":");
		put_ref(w, gives->list_of);
		put(w, "}");
	} else {
		meet(w, gives);
		put_ref(w, gives);
	}
	put(w, "}");
	if (gives->media) {
		put(w, ",");
		put_text(w, gives->media);
		put(w, ":{}");
	}
	put(w, "}");
}

/* The handler's name; where it serves several rows, numbered from the second. */
static void
put_name(struct writer *w, const struct route *route)
{
	int number = 1;

	for (const struct route *other = w->routes; other < route; other++)
		number += strcmp(other->name, route->name) == 0;
	buf_print(w->out, number > 1 ? "\"%s_%d\"" : "\"%s\"", route->name, number);
}

static void
put_operation(struct writer *w, const struct route *route)
{
	const struct shape *takes = route->takes;
	bool is_checked = takes && takes->place != SHAPE_NOTHING;

	put(w, "\"");
	buf_text(w->out, text_lower(w->out->arena, route->method));
	put(w, "\":{\"operationId\":");
	put_name(w, route);
	put_pair(w, "summary", route->words);
	put_pair(w, "x-who", w->who_words[route->who]);
	put_parameters(w, route);
	put_request(w, takes);
	put(w, ",\"responses\":{\"2XX\":{\"description\":\"Success\"");
	put_gives(w, route->gives);
	put(w, "}");
	if (is_checked)
		buf_print(w->out, ",\"422\":{"
		    "\"description\":\"The input breaks a rule\",\"content\":"
		    "{\"application/json\":{\"schema\":"
		    "{\"$ref\":\"#/components/schemas/%s\"}}}}",
		    strncmp(route->path, "/files/", 7) == 0 ? "HTTPValidationError" :
		    "ValidationError");
	put(w, ",\"default\":{\"description\":\"Failure\",\"content\":"
	    "{\"application/json\":{\"schema\":"
	    "{\"$ref\":\"#/components/schemas/Error\"}}}}}}");
}

/* The path with {name} for {name:path}, which OpenAPI does not know. */
static void
put_path(struct writer *w, const char *path, size_t n)
{
	const char *rest = memmem(path, n, ":path}", 6);

	buf_add(w->out, path, rest ? (size_t)(rest - path) : n);
	put(w, rest ? "}" : "");
}

/* A path without the slash at its end, which makes no difference. */
static size_t
path_size(const char *path)
{
	size_t n = strlen(path);

	return n > 1 && path[n - 1] == '/' ? n - 1 : n;
}

static bool
same_path(const struct route *a, const struct route *b)
{
	size_t n = path_size(a->path);

	return n == path_size(b->path) && memcmp(a->path, b->path, n) == 0;
}

static bool
path_is_new(const struct writer *w, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (same_path(&w->routes[k], &w->routes[i]))
			return false;
	return true;
}

static void
put_paths(struct writer *w)
{
	for (size_t i = 0; i < w->n; i++) {
		const char *before = "";

		if (!path_is_new(w, i))
			continue;
		put(w, i ? ",\"" : "\"");
		put_path(w, w->routes[i].path, path_size(w->routes[i].path));
		put(w, "\":{");
		for (size_t k = i; k < w->n; k++) {
			if (!same_path(&w->routes[i], &w->routes[k]))
				continue;
			put(w, before);
			put_operation(w, &w->routes[k]);
			before = ",";
		}
		put(w, "}");
	}
}

static void
put_components(struct writer *w)
{
	put(w, "},\"components\":{\"securitySchemes\":{\"bearer\":{\"type\":\"http\","
	    "\"scheme\":\"bearer\"}},\"schemas\":{"
	    "\"Error\":{\"type\":\"object\",\"properties\":{"
	    "\"detail\":{\"type\":\"string\"}},\"required\":[\"detail\"]},"
	    "\"Fault\":{\"type\":\"object\","
	    "\"properties\":{\"type\":{\"type\":\"string\"},"
	    "\"loc\":{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"integer\"]}},"
	    "\"msg\":{\"type\":\"string\"},\"input\":{},\"ctx\":{\"type\":\"object\"}},"
	    "\"required\":[\"type\",\"loc\",\"msg\",\"input\"]},"
	    "\"ValidationError\":{\"type\":\"object\",\"properties\":{"
	    "\"detail\":{\"type\":\"string\"},"
	    "\"errors\":{\"type\":\"array\",\"items\":"
	    "{\"$ref\":\"#/components/schemas/Fault\"}},"
	    "\"request_id\":{\"type\":\"string\"}},"
	    "\"required\":[\"detail\",\"errors\",\"request_id\"]},"
	    "\"HTTPValidationError\":{\"type\":\"object\",\"properties\":{"
	    "\"detail\":{\"type\":\"array\",\"items\":"
	    "{\"$ref\":\"#/components/schemas/Fault\"}}},"
	    "\"required\":[\"detail\"]}");
	/* Writing one may make us meet others. */
	for (size_t i = 0; i < w->n_shapes; i++) {
		put(w, ",");
		put_schema(w, w->shapes[i]);
	}
	put(w, "}},\"security\":[{\"bearer\":[]},{}]}");
}

void
openapi_write(const struct route *routes, size_t n, const char *const *who_words,
    struct buf *out)
{
	struct route *rows = arena_array(out->arena, struct route, n + 1);
	struct writer w = { .out = out, .routes = rows, .who_words = who_words };

	for (size_t i = 0; i < n; i++) /* pages are not for programs */
		if (!routes[i].gives || routes[i].gives->place != SHAPE_PAGE)
			rows[w.n++] = routes[i];
	w.shapes = arena_array(out->arena, const struct shape *, SHAPES);
	put(&w, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"cem\",\"version\":");
	put_text(&w, CEM_VERSION);
	put(&w, "},\"paths\":{");
	put_paths(&w);
	put_components(&w);
}
