/* SPDX-License-Identifier: MIT */
/*
 * Reading input by shape: a JSON object or a query string into a struct. Each
 * value is held in a spot (spot.h), which knows where it stands. Shapes stand
 * within shapes only as deep as our tables say (shape_check), so the functions may
 * call each other: the depth of the input does not matter.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "faults.h"
#include "json.h"
#include "path.h"
#include "shape.h"
#include "spot.h"
#include "text.h"

enum { JSON_MAX = 64 * 1024 };	/* bytes of a JSON value that has no limit */

static bool
read_text(const struct spot *s, const struct shape_field *f, const char **out)
{
	if (s->kind != JSON_TEXT)
		return spot_fault(s, "string_type", "Input should be a valid string",
		    NULL);
	if (!spot_length(s, f) || !spot_rule(s, f->rule))
		return false;
	*out = arena_text(s->reader->arena, s->text);
	return true;
}

/* 12, +12, 12.0 with blanks around it; not more. */
static bool
parse_int(struct arena *a, const char *s, int64_t *out)
{
	char *text, *point;

	if (strlen(s) > 40)
		return false;
	text = text_trim(a, s);
	point = strchr(text, '.');
	if (point && point > text && point[1] && !point[1 + strspn(point + 1, "0")])
		*point = '\0';
	if (text[0] == '+' && text[1] != '-')
		text++;
	return text_number(text, INT64_MIN, INT64_MAX, out);
}

/* Decimal digits with an optional point and exponent; no hex, nan or inf. */
static bool
parse_real(struct arena *a, const char *s, double *out)
{
	char *text, *end;

	if (strlen(s) > 40)
		return false;
	text = text_trim(a, s);
	if (!*text || strspn(text, "0123456789+-.eE") != strlen(text))
		return false;
	*out = strtod(text, &end);
	return !*end && isfinite(*out);
}

static bool
read_int(const struct spot *s, const struct shape_field *f, int64_t *out)
{
	double x;

	switch (s->kind) {
	case JSON_INT:
		*out = json_int(s->json);
		break;
	case JSON_DECIMAL:
		x = json_number(s->json);
		if (floor(x) < x)
			return spot_fault(s, "int_from_float",
			    "Input should be a valid integer, got a number with a "
			    "fractional part", NULL);
		if (fabs(x) >= 0x1p63)
			return spot_fault(s, "int_parsing_size",
			    "Unable to parse input string "
			    "as an integer, exceeded maximum size", NULL);
		*out = (int64_t)x;
		break;
	case JSON_TEXT:
		if (!parse_int(s->reader->arena, s->text, out))
			return spot_fault(s, "int_parsing",
			    "Input should be a valid integer, "
			    "unable to parse string as an integer", NULL);
		break;
	default:
		return spot_fault(s, "int_type", "Input should be a valid integer", NULL);
	}
	return spot_range(s, f, (double)*out);
}

static bool
read_real(const struct spot *s, const struct shape_field *f, double *out)
{
	switch (s->kind) {
	case JSON_INT:
	case JSON_DECIMAL:
		*out = json_number(s->json);
		break;
	case JSON_TEXT:
		if (!parse_real(s->reader->arena, s->text, out))
			return spot_fault(s, "float_parsing",
			    "Input should be a valid number, "
			    "unable to parse string as a number", NULL);
		break;
	default:
		return spot_fault(s, "float_type", "Input should be a valid number",
		    NULL);
	}
	return spot_range(s, f, *out);
}

/* 1 and 0 for the words that mean them, -1 for others. */
static int
parse_bool(const char *s)
{
	static const char *const words[] = {
		"0", "1", "false", "true", "no", "yes", "off", "on", "f", "t", "n", "y"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(s, words[i]) == 0)
			return (int)(i & 1);
	return -1;
}

static bool
read_bool(const struct spot *s, bool *out)
{
	double x;
	int truth;

	switch (s->kind) {
	case JSON_BOOL:
		*out = json_bool(s->json);
		return true;
	case JSON_INT:
	case JSON_DECIMAL:
		x = json_number(s->json);
		truth = x >= 1 && x <= 1 ? 1 : x >= 0 && x <= 0 ? 0 : -1;
		break;
	case JSON_TEXT:
		truth = parse_bool(s->text);
		break;
	default:
		return spot_fault(s, "bool_type", "Input should be a valid boolean",
		    NULL);
	}
	if (truth < 0)
		return spot_fault(s, "bool_parsing", "Input should be a valid boolean, "
		    "unable to interpret input", NULL);
	*out = truth;
	return true;
}

/* Limits of the field are those of the list; its rule is that of each item. */
static bool
read_texts(const struct spot *s, const struct shape_field *f, struct shape_texts *out)
{
	struct shape_field item = { .rule = f->rule };
	size_t n = json_count(s->json);
	bool fine = true;

	if (s->kind != JSON_LIST)
		return spot_fault(s, "list_type", "Input should be a valid list", NULL);
	if (!spot_count(s, f, n))
		return false;
	out->items = arena_array(s->reader->arena, const char *, n + 1);
	for (size_t i = 0; i < n && !faults_full(s->reader->faults); i++) {
		struct spot below = spot_below(s, NULL, i, json_item(s->json, i));

		fine = read_text(&below, &item, &out->items[i]) && fine;
	}
	out->n = n;
	return fine;
}

static bool read_object(const struct spot *s, const struct shape *shape, void *out);

static bool
read_objects(const struct spot *s, const struct shape_field *f, struct shape_list *out)
{
	size_t n = json_count(s->json), size = f->sub->size;
	bool fine = true;
	char *items;

	if (s->kind != JSON_LIST)
		return spot_fault(s, "list_type", "Input should be a valid list", NULL);
	if (!spot_count(s, f, n))
		return false;
	items = arena_items(s->reader->arena, n + 1, size);
	for (size_t i = 0; i < n && !faults_full(s->reader->faults); i++) {
		struct spot below = spot_below(s, NULL, i, json_item(s->json, i));

		fine = read_object(&below, f->sub, items + i * size) && fine;
	}
	out->items = items;
	out->n = n;
	return fine;
}

static bool
read_json(const struct spot *s, const struct shape_field *f, const char **out)
{
	size_t max = f->limited && f->max < JSON_MAX ? (size_t)f->max : JSON_MAX;
	struct arena *a = s->reader->arena;

	if (s->kind == JSON_NONE)
		return spot_fault(s, "value_error", "Input should not be null", NULL);
	*out = json_dump(a, s->json, max);
	/* The stand-in for what is too long is a text of three dots. */
	if (strcmp(*out, "\"...\"") == 0 && !text_same(s->text, "..."))
		return spot_fault(s, "value_error",
		    arena_print(a, "Value should have at most %zu bytes", max), NULL);
	return true;
}

static bool
read_nested(const struct spot *s, const struct shape_field *f, void *out)
{
	void *p = arena_take(s->reader->arena, f->sub->size);
	bool fine = read_object(s, f->sub, p);

	memcpy(out, &p, sizeof(p));
	return fine;
}

/* A value that is there, into its place; an optional number behind a pointer. */
static bool
read_value(const struct spot *s, const struct shape_field *f, void *out)
{
	union { int64_t n; double x; bool is; } number = { 0 };
	void *p;
	bool fine;

	switch (f->kind) {
	case SHAPE_TEXT:	return read_text(s, f, out);
	case SHAPE_TEXTS:	return read_texts(s, f, out);
	case SHAPE_OBJECT:	return read_nested(s, f, out);
	case SHAPE_OBJECTS:	return read_objects(s, f, out);
	case SHAPE_JSON:	return read_json(s, f, out);
	case SHAPE_TIME:	return true; /* times are ours; clients don't set them */
	default:		break;
	}
	if (!(f->flags & SHAPE_OPTIONAL)) {
		p = out;
	} else {
		p = arena_take(s->reader->arena, sizeof(number));
		memcpy(out, &p, sizeof(p));
	}
	fine = f->kind == SHAPE_INT ? read_int(s, f, p) :
	    f->kind == SHAPE_REAL ? read_real(s, f, p) : read_bool(s, p);
	return fine;
}

static bool
read_field(const struct spot *s, const struct shape_field *f, void *out)
{
	if (!s->present)
		return !(f->flags & (SHAPE_REQUIRED | SHAPE_PRESENT)) ||
		    spot_fault(s, "missing", "Field required", NULL);
	if (s->kind == JSON_NONE && !(f->flags & (SHAPE_REQUIRED | SHAPE_NOT_NULL)))
		return true;
	return read_value(s, f, (char *)out + f->offset);
}

static bool
read_object(const struct spot *s, const struct shape *shape, void *out)
{
	bool fine = true;

	if (s->kind != JSON_MAP)
		return spot_fault(s, "model_attributes_type",
		    "Input should be a valid dictionary "
		    "or object to extract fields from", NULL);
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct shape_field *f = &shape->fields[i];
		const struct json *j = json_get(s->json, f->name);
		struct spot below;

		if (!j && f->alias)
			j = json_get(s->json, f->alias);
		below = spot_below(s, f->name, 0, j);
		fine = read_field(&below, f, out) && fine;
	}
	return fine;
}

bool
shape_read(const struct shape *shape, const struct json *json, struct arena *arena,
    void *out, struct faults *faults)
{
	struct reader reader = { .arena = arena, .faults = faults };
	struct spot root = { .reader = &reader, .name = "body", .present = json != NULL,
		.kind = json_kind(json), .json = json };

	memset(out, 0, shape->size);
	if (root.kind == JSON_TEXT)
		root.text = json_text(json);
	if (!json)
		return spot_fault(&root, "missing", "Field required", NULL);
	if (shape->place == SHAPE_LIST)
		return read_value(&root, shape->fields,
		    (char *)out + shape->fields->offset);
	return read_object(&root, shape, out);
}

static bool
pair_is(const struct path_pair *pair, const struct shape_field *f)
{
	return strcmp(pair->name, f->name) == 0 ||
	    (f->alias && strcmp(pair->name, f->alias) == 0);
}

/* The spot of a query value; one that could not be decoded is a fault already. */
static bool
spot_query(struct spot *s, const struct path_pair *pair)
{
	s->present = true;
	s->kind = JSON_TEXT;
	s->text = pair->value ? pair->value : "";
	if (pair->value)
		return true;
	return spot_fault(s, "string_unicode",
	    "Input should be a valid string, unable to parse "
	    "raw data as a unicode string", NULL);
}

static bool
read_query_texts(const struct spot *s, const struct shape_field *f,
    const struct shape_pairs *pairs, struct shape_texts *out)
{
	struct shape_field item = { .rule = f->rule };
	bool fine = true;

	out->items = arena_array(s->reader->arena, const char *, pairs->n + 1);
	for (size_t i = 0; i < pairs->n; i++) {
		struct spot below = { .reader = s->reader, .up = s, .index = out->n };

		if (!pair_is(&pairs->items[i], f))
			continue;
		fine = spot_query(&below, &pairs->items[i]) &&
		    read_text(&below, &item, &out->items[out->n]) && fine;
		out->n++;
	}
	if (!out->n)
		out->items = NULL; /* not said */
	if (!out->n && (f->flags & SHAPE_REQUIRED))
		return spot_fault(s, "missing", "Field required", NULL);
	return (!out->n || spot_count(s, f, out->n)) && fine;
}

static bool
read_query_field(const struct spot *root, const struct shape_field *f,
    const struct shape_pairs *pairs, void *out)
{
	struct spot s = { .reader = root->reader, .up = root, .name = f->name };

	if (f->kind == SHAPE_TEXTS)
		return read_query_texts(&s, f, pairs,
		    (struct shape_texts *)(void *)((char *)out + f->offset));
	for (size_t i = pairs->n; i-- > 0;) /* of several, the last counts */
		if (pair_is(&pairs->items[i], f))
			return spot_query(&s, &pairs->items[i]) && read_field(&s, f, out);
	return read_field(&s, f, out);
}

bool
shape_read_query(const struct shape *shape, const char *query, struct arena *arena,
    void *out, struct faults *faults)
{
	struct path_pair items[PATH_PAIRS];
	struct reader reader = { .arena = arena, .faults = faults };
	struct spot root = { .reader = &reader,
		.name = shape->place == SHAPE_FORM ? "body" : "query" };
	struct shape_pairs pairs = { .items = items };
	bool fine = true;

	memset(out, 0, shape->size);
	pairs.n = path_pairs(arena, query, items);
	if (pairs.n > PATH_PAIRS)
		return spot_fault(&root, "too_long", "Query should have at most 64 keys",
		    NULL);
	for (size_t i = 0; i < shape->n_fields; i++)
		fine = read_query_field(&root, &shape->fields[i], &pairs, out) && fine;
	return fine;
}

bool
shape_read_pairs(const struct shape *shape, const struct shape_pairs *pairs,
    struct arena *arena, void *out, struct faults *faults)
{
	struct reader reader = { .arena = arena, .faults = faults };
	struct spot body = { .reader = &reader, .name = "body" };
	struct spot root = { .reader = &reader, .up = &body, .name = pairs->section };
	bool fine = true;

	memset(out, 0, shape->size);
	for (size_t i = 0; i < shape->n_fields; i++)
		fine = read_query_field(&root, &shape->fields[i], pairs, out) && fine;
	return fine;
}
