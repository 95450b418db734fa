/* SPDX-License-Identifier: MIT */
/*
 * A value of the input and the way to it, and the limits that need nothing but
 * the value. Nothing is built for input without faults; where there is one, its
 * place is found by walking up.
 *
 * Types and messages of faults are those of the API that the clients were written
 * for; it used Pydantic 2, so they are Pydantic's.
 */
#include <math.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "faults.h"
#include "json.h"
#include "shape.h"
#include "spot.h"
#include "text.h"

enum {
	LIST_MAX = 1000,	/* items of a list that has no limit of its own */
	ECHO_MAX = 200,		/* bytes of a wrong value in its fault */
	STEPS = 32		/* names and numbers from the root to a value */
};

struct spot
spot_below(const struct spot *up, const char *name, size_t index, const struct json *j)
{
	struct spot s = { .reader = up->reader, .up = up, .name = name, .index = index,
		.json = j, .present = j != NULL, .kind = json_kind(j) };

	if (s.kind == JSON_TEXT)
		s.text = json_text(j);
	return s;
}

/* The way to a spot as a JSON array (loc) and as people write it (path). */
static void
spot_way(const struct spot *s, struct buf *loc, struct buf *path)
{
	const struct spot *steps[STEPS];
	size_t n = 0;

	for (; s && n < STEPS; s = s->up)
		steps[n++] = s;
	for (size_t i = n; i-- > 0;) {
		buf_char(loc, i == n - 1 ? '[' : ',');
		/* The root is named only where nothing stands below it. */
		if (i + 2 < n)
			buf_char(path, '.');
		if (steps[i]->name) {
			json_write_text(loc, steps[i]->name);
			if (i + 1 < n || n == 1)
				buf_text(path, steps[i]->name);
		} else {
			buf_number(loc, (int64_t)steps[i]->index);
			buf_number(path, (int64_t)steps[i]->index);
		}
	}
	buf_char(loc, ']');
}

/*
 * The wrong value for its fault. A secret is never sent back, nor a list or an
 * object, because one may stand inside it.
 */
static const char *
spot_echo(const struct spot *s)
{
	struct buf out;

	if (!s->present || s->kind == JSON_LIST || s->kind == JSON_MAP)
		return "null";
	for (const struct spot *p = s; p; p = p->up)
		if (p->name && (strcasestr(p->name, "password") ||
		    strcasestr(p->name, "token") || strcasestr(p->name, "secret")))
			return "null";
	if (s->json)
		return json_dump(s->reader->arena, s->json, ECHO_MAX);
	if (strlen(s->text) > ECHO_MAX)
		return "\"...\"";
	out = buf_make(s->reader->arena, 60);
	json_write_text(&out, s->text);
	return out.bytes;
}

bool
spot_fault(const struct spot *s, const char *type, const char *msg, const char *ctx)
{
	struct arena *a = s->reader->arena;
	struct buf loc, path;

	if (faults_full(s->reader->faults))
		return false;
	loc = buf_make(a, 60);
	path = buf_make(a, 60);
	spot_way(s, &loc, &path);
	faults_add(s->reader->faults, &(struct fault){ .type = type, .loc = loc.bytes,
	    .path = path.bytes, .msg = msg, .input = spot_echo(s), .ctx = ctx });
	return false;
}

/* A limit as people write it: 5, 0.5. */
static const char *
limit_text(struct arena *a, double limit)
{
	return arena_print(a, "%.15g", limit);
}

bool
spot_length(const struct spot *s, const struct shape_field *f)
{
	struct arena *a = s->reader->arena;
	size_t n = f->limited ? text_points(s->text) : 0;
	const char *limit, *plural;
	bool is_short = f->limited && (double)n < f->min;

	if (!f->limited || (!is_short && (double)n <= f->max))
		return true;
	limit = limit_text(a, is_short ? f->min : f->max);
	plural = strcmp(limit, "1") == 0 ? "" : "s";
	if (is_short)
		return spot_fault(s, "string_too_short", arena_print(a,
		    "String should have at least %s character%s", limit, plural),
		    arena_print(a, "{\"min_length\":%s}", limit));
	return spot_fault(s, "string_too_long", arena_print(a,
	    "String should have at most %s character%s", limit, plural),
	    arena_print(a, "{\"max_length\":%s}", limit));
}

/* {"name":"value"} */
static const char *
ctx_text(struct arena *a, const char *name, const char *value)
{
	struct buf out = buf_make(a, 100);

	buf_char(&out, '{');
	json_write_text(&out, name);
	buf_char(&out, ':');
	json_write_text(&out, value);
	buf_char(&out, '}');
	return out.bytes;
}

/* 'a', 'b' or 'c' */
static const char *
choices_text(struct arena *a, const char *const *choices)
{
	struct buf out = buf_make(a, 200);

	for (size_t i = 0; choices[i]; i++)
		buf_print(&out, "%s'%s'", !i ? "" : choices[i + 1] ? ", " : " or ",
		    choices[i]);
	return out.bytes;
}

static bool
add_rule(const struct spot *s, const struct shape_rule *rule)
{
	struct arena *a = s->reader->arena;
	const char *expected, *reason;

	if (rule->choices) {
		expected = choices_text(a, rule->choices);
		return spot_fault(s, rule->type ? rule->type : "literal_error",
		    rule->msg ? rule->msg :
		    arena_print(a, "Input should be %s", expected),
		    ctx_text(a, "expected", expected));
	}
	if (rule->pattern)
		return spot_fault(s, rule->type, rule->msg,
		    ctx_text(a, "pattern", rule->pattern));
	reason = strstr(rule->msg, ": ");
	return spot_fault(s, rule->type, rule->msg,
	    ctx_text(a, "reason", reason ? reason + 2 : rule->msg));
}

bool
spot_rule(const struct spot *s, const struct shape_rule *rule)
{
	bool chosen = !rule || !rule->choices;

	for (size_t i = 0; !chosen && rule->choices[i]; i++)
		chosen = strcmp(s->text, rule->choices[i]) == 0;
	if (chosen && (!rule || !rule->holds || rule->holds(s->text)))
		return true;
	return add_rule(s, rule);
}

bool
spot_range(const struct spot *s, const struct shape_field *f, double x)
{
	struct arena *a = s->reader->arena;
	const char *limit;

	if (!f->limited)
		return true;
	if (x > f->max) {
		limit = limit_text(a, f->max);
		return spot_fault(s, "less_than_equal",
		    arena_print(a, "Input should be less than or equal to %s", limit),
		    arena_print(a, "{\"le\":%s}", limit));
	}
	if (x > f->min || (x >= f->min && !(f->flags & SHAPE_ABOVE)))
		return true;
	limit = limit_text(a, f->min);
	if (f->flags & SHAPE_ABOVE)
		return spot_fault(s, "greater_than",
		    arena_print(a, "Input should be greater than %s", limit),
		    arena_print(a, "{\"gt\":%s}", limit));
	return spot_fault(s, "greater_than_equal",
	    arena_print(a, "Input should be greater than or equal to %s", limit),
	    arena_print(a, "{\"ge\":%s}", limit));
}

bool
spot_count(const struct spot *s, const struct shape_field *f, size_t n)
{
	struct arena *a = s->reader->arena;
	double max = f->limited && isfinite(f->max) ? f->max : LIST_MAX;
	const char *limit;

	if ((double)n > max) {
		limit = limit_text(a, max);
		return spot_fault(s, "too_long", arena_print(a,
		    "List should have at most %s item%s after validation, not %zu",
		    limit, strcmp(limit, "1") == 0 ? "" : "s", n), arena_print(a,
		    "{\"field_type\":\"List\",\"max_length\":%s,\"actual_length\":%zu}",
		    limit, n));
	}
	if (f->limited && (double)n < f->min) {
		limit = limit_text(a, f->min);
		return spot_fault(s, "too_short", arena_print(a,
		    "List should have at least %s item%s after validation, not %zu",
		    limit, strcmp(limit, "1") == 0 ? "" : "s", n), arena_print(a,
		    "{\"field_type\":\"List\",\"min_length\":%s,\"actual_length\":%zu}",
		    limit, n));
	}
	return true;
}
