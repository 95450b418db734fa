/* SPDX-License-Identifier: MIT */
/*
 * Files of mongoexport: one object a line, or all of them in a list. A record is cut out
 * by its braces before it is parsed, so that no more than one is ever in memory and a
 * broken one costs no other: reading goes on with the line after the one where it
 * began. Values may be in Extended JSON v2, canonical or relaxed, or as version 1
 * wrote them.
 */
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "import_dump.h"
#include "json.h"
#include "path.h"
#include "shape.h"
#include "text.h"

enum { RECORD_MAX = 1024 * 1024 };

void
import_records_open(struct import_records *f, const char *bytes, size_t size)
{
	static const char mark[] = "\xef\xbb\xbf";

	*f = (struct import_records){ .bytes = bytes, .size = size };
	if (size >= 3 && memcmp(bytes, mark, 3) == 0)
		f->at = 3;
}

/* Behind the brace that closes the one at p; NULL: there is none in reach. */
static const char *
find_end(const char *p, const char *end)
{
	const char *most = (size_t)(end - p) > RECORD_MAX ? p + RECORD_MAX : end;
	bool in_text = false;
	int depth = 0;

	for (; p < most; p++) {
		if (in_text && *p == '\\' && p + 1 < most)
			p++;
		else if (*p == '"')
			in_text = !in_text;
		else if (!in_text && *p == '{')
			depth++;
		else if (!in_text && *p == '}' && --depth == 0)
			return p + 1;
	}
	return NULL;
}

/* The beginning of the next record, over blanks and what stands between the items of a
 * list. */
static const char *
skip(const struct import_records *f)
{
	const char *p = f->bytes + f->at, *end = f->bytes + f->size;

	while (p < end && strchr(" \t\r\n,[]", *p) && *p)
		p++;
	return p;
}

bool
import_records_next(struct import_records *f, struct arena *a,
    struct import_record *record)
{
	const char *end = f->bytes + f->size, *p = skip(f), *stop, *why;
	size_t at;

	if (p == end)
		return false;
	*record = (struct import_record){ .number = ++f->number };
	stop = *p == '{' ? find_end(p, end) : NULL;
	if (stop)
		record->json = json_read(a, p, (size_t)(stop - p), &why, &at);
	if (!record->json) {
		record->why = "is no JSON object, or larger than 1 MB";
		stop = memchr(p, '\n', (size_t)(end - p));
		stop = stop ? stop + 1 : end;
	}
	f->at = (size_t)(stop - f->bytes);
	return true;
}

/* What a value is wrapped in, such as {"$oid": "..."}. */
static const struct json *
unwrap(const struct json *j)
{
	static const char *const names[] = {
		"$oid", "$numberInt", "$numberLong", "$numberDouble", "$numberDecimal"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_kind(j) == JSON_MAP && json_get(j, names[i]))
			return json_get(j, names[i]);
	return j;
}

const char *
import_value(struct arena *a, const struct json *json)
{
	const struct json *j = unwrap(json);

	switch (json_kind(j)) {
	case JSON_TEXT:		return json_text(j);
	case JSON_BOOL:		return json_bool(j) ? "true" : "false";
	case JSON_INT:
	case JSON_DECIMAL:	return json_dump(a, j, 40);
	default:		return NULL;
	}
}

bool
import_time(const struct json *json, int64_t *t)
{
	const struct json *j = json_kind(json) == JSON_MAP ? json_get(json, "$date") :
	    json;
	int64_t ms;

	j = unwrap(j);
	if (json_kind(j) == JSON_INT)
		ms = json_int(j);
	else if (json_kind(j) != JSON_TEXT)
		return false;
	else if (!text_number(json_text(j), INT64_MIN / 1000, INT64_MAX / 1000, &ms))
		return clock_read(json_text(j), t);
	if (ms < 0 || ms > INT64_C(253402300799000)) /* the year 9999 */
		return false;
	*t = ms * 1000;
	return true;
}

static void
add(struct import_pairs *p, const char *name, const char *value)
{
	if (value && p->n < IMPORT_PAIRS)
		p->items[p->n++] = (struct path_pair){ name, value };
}

void
import_pairs_of(struct arena *a, const struct shape *shape, const struct json *json,
    struct import_pairs *p)
{
	*p = (struct import_pairs){
		.items = arena_array(a, struct path_pair, IMPORT_PAIRS) };
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct shape_field *f = &shape->fields[i];
		const struct json *j = json_get(json, f->name);
		const char *value;

		if (f->kind == SHAPE_TEXTS) {
			for (size_t k = 0; k < json_count(j); k++)
				add(p, f->name, import_value(a, json_item(j, k)));
			continue;
		}
		value = import_value(a, j);
		/* An empty text was as good as none, where none is needed. */
		if (value && (*value || (f->flags & SHAPE_REQUIRED)))
			add(p, f->name, value);
	}
}

void
import_pairs_set(struct import_pairs *p, const char *name, const char *value)
{
	for (size_t i = 0; i < p->n; i++)
		if (text_same(p->items[i].name, name)) {
			p->items[i].value = value;
			return;
		}
	if (*value)
		add(p, name, value);
}

const char *
import_pairs_get(const struct import_pairs *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (text_same(p->items[i].name, name))
			return p->items[i].value;
	return "";
}
