/* SPDX-License-Identifier: MIT */
/*
 * JSON in and out. Reading is jansson's work; before it starts, one pass over the
 * bytes measures the depth, because jansson descends by calling itself. A struct
 * json is a json_t under another name, so that no other file depends on jansson.
 * Writing is ours: texts by runs, and numbers in the shortest form that reads back.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <jansson.h>

#include "arena.h"
#include "buf.h"
#include "json.h"

static const json_t *
tree(const struct json *j)
{
	return (const json_t *)j;
}

/*
 * The first byte that opens a level beyond JSON_DEPTH, or n. Brackets inside
 * strings don't count; malformed input is the parser's business.
 */
static size_t
too_deep(const char *p, size_t n)
{
	int depth = 0;
	bool in_text = false;

	for (size_t i = 0; i < n; i++) {
		char c = p[i];

		if (in_text) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_text = false;
		} else if (c == '"') {
			in_text = true;
		} else if (c == '[' || c == '{') {
			if (++depth > JSON_DEPTH)
				return i;
		} else if (c == ']' || c == '}') {
			depth--;
		}
	}
	return n;
}

/* jansson seeds its hash from /dev/urandom, which a locked worker can't open, and
 * then falls back to the time, which a sender of colliding keys could guess. */
static void
seed_once(void)
{
	static bool done;
	size_t seed = 0;

	if (done)
		return;
	done = true;
	if (getrandom(&seed, sizeof(seed), 0) == (ssize_t)sizeof(seed) && seed)
		json_object_seed(seed);
}

const struct json *
json_read(struct arena *arena, const char *p, size_t n, const char **why, size_t *at)
{
	json_error_t error;
	json_t *root;

	*at = too_deep(p, n);
	if (*at < n) {
		*why = "Nested too deeply";
		return NULL;
	}
	seed_once();
	root = json_loadb(p, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!root) {
		*why = arena_text(arena, error.text);
		*at = error.position < 0 ? 0 : (size_t)error.position;
		if (*at > n)
			*at = n;
	}
	return (const struct json *)root;
}

void
json_free(const struct json *j)
{
	json_decref((json_t *)j);
}

enum json_kind
json_kind(const struct json *j)
{
	if (!j)
		return JSON_NONE;
	switch (json_typeof(tree(j))) {
	case JSON_OBJECT:	return JSON_MAP;
	case JSON_ARRAY:	return JSON_LIST;
	case JSON_STRING:	return JSON_TEXT;
	case JSON_INTEGER:	return JSON_INT;
	case JSON_REAL:		return JSON_DECIMAL;
	case JSON_TRUE:
	case JSON_FALSE:	return JSON_BOOL;
	default:		return JSON_NONE;
	}
}

bool
json_bool(const struct json *j)
{
	return json_is_true(tree(j));
}

int64_t
json_int(const struct json *j)
{
	return json_integer_value(tree(j));
}

double
json_number(const struct json *j)
{
	return json_number_value(tree(j));
}

const char *
json_text(const struct json *j)
{
	return json_string_value(tree(j));
}

size_t
json_count(const struct json *j)
{
	return json_array_size(tree(j));
}

const struct json *
json_item(const struct json *j, size_t i)
{
	return (const struct json *)json_array_get(tree(j), i);
}

const struct json *
json_get(const struct json *j, const char *key)
{
	return (const struct json *)json_object_get(tree(j), key);
}

bool
json_put_text(const struct json *j, const char *key, const char *s)
{
	return json_object_set_new((json_t *)j, key, json_string(s)) == 0;
}

/* A list or a map that json_dump is in the middle of. */
struct frame {
	json_t *of;
	size_t next;	/* of a list */
	void *place;	/* of a map */
	bool begun;
};

static void
write_scalar(struct buf *out, const json_t *t)
{
	switch (json_typeof(t)) {
	case JSON_STRING:
		json_write_text(out, json_string_value(t));
		break;
	case JSON_INTEGER:
		buf_number(out, json_integer_value(t));
		break;
	case JSON_REAL:
		json_write_real(out, json_real_value(t));
		break;
	default:
		buf_text(out, json_is_true(t) ? "true" : json_is_false(t) ? "false" :
		    "null");
	}
}

/* The next value in f, its comma and key written; NULL at the end. */
static json_t *
frame_next(struct frame *f, struct buf *out)
{
	json_t *value;

	if (json_is_array(f->of)) {
		value = json_array_get(f->of, f->next++);
		if (value && f->begun)
			buf_char(out, ',');
	} else {
		f->place = f->begun ? json_object_iter_next(f->of, f->place) :
		    json_object_iter(f->of);
		value = json_object_iter_value(f->place);
		if (value && f->begun)
			buf_char(out, ',');
		if (value) {
			json_write_text(out, json_object_iter_key(f->place));
			buf_char(out, ':');
		}
	}
	f->begun = true;
	return value;
}

const char *
json_dump(struct arena *arena, const struct json *j, size_t max)
{
	struct frame frames[JSON_DEPTH];
	struct buf out = buf_make(arena, 60);
	json_t *t = (json_t *)j;
	int depth = 0;

	while (out.n <= max) {
		if (json_string_length(t) > max)
			return "\"...\"";
		if (t && (json_is_array(t) || json_is_object(t))) {
			buf_char(&out, json_is_array(t) ? '[' : '{');
			frames[depth++] = (struct frame){ .of = t };
		} else if (t) {
			write_scalar(&out, t);
		} else if (depth) {
			depth--; /* not inside: jansson's macros look twice */
			buf_char(&out, json_is_array(frames[depth].of) ? ']' : '}');
		} else {
			buf_text(&out, "null"); /* j itself was NULL */
		}
		if (!depth)
			break;
		t = frame_next(&frames[depth - 1], &out);
	}
	return out.n > max ? "\"...\"" : out.bytes;
}

void
json_write_text(struct buf *out, const char *s)
{
	static const char hex[] = "0123456789abcdef";
	const char *run = s;

	if (!s) {
		buf_text(out, "null");
		return;
	}
	buf_char(out, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		char wide[] = "\\u0000", *escape = wide;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(out, run, (size_t)(s - run));
		run = s + 1;
		if (c == '"' || c == '\\' || c == '\n') {
			wide[4] = '\\';
			wide[5] = c == '\n' ? 'n' : (char)c;
			escape = wide + 4;
		} else {
			wide[4] = hex[c >> 4];
			wide[5] = hex[c & 15];
		}
		buf_text(out, escape);
	}
	buf_add(out, run, (size_t)(s - run));
	buf_char(out, '"');
}

void
json_write_real(struct buf *out, double x)
{
	char text[40];
	/* Fifteen digits always suffice for what a person typed; below the normal
	 * range a double holds fewer, so the search starts at one. */
	int digits = fpclassify(x) == FP_SUBNORMAL ? 1 : 15;

	if (!isfinite(x)) {
		buf_text(out, "null");
		return;
	}
	do {
		(void)snprintf(text, sizeof(text), "%.*g", digits, x);
	} while (strtod(text, NULL) != x && digits++ < 17);
	buf_text(out, text);
	if (!strpbrk(text, ".e"))
		buf_text(out, ".0");
}
