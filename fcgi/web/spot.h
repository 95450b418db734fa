/* SPDX-License-Identifier: MIT */
#ifndef WEB_SPOT_H
#define WEB_SPOT_H

#include <stdbool.h>
#include <stddef.h>

#include "json.h"

struct arena;
struct faults;
struct shape_field;
struct shape_rule;

/* Only for shape_read.c: a value of the input and the way from the root to it. */

struct reader {
	struct arena *arena;
	struct faults *faults;
};

struct spot {
	const struct reader *reader;
	const struct spot *up;	/* NULL: the root, whose name is body or query */
	const char *name;	/* NULL: item number index */
	size_t index;
	bool present;
	enum json_kind kind;
	const char *text;	/* for JSON_TEXT */
	const struct json *json;/* NULL in a query, where all values are texts */
};

/* spot_below(up, name, index, j): The spot of j below up: the member name, or item
 * index if name is NULL. j may be NULL: not there. */
struct spot spot_below(const struct spot *up, const char *name, size_t index,
    const struct json *j);

/* spot_fault(s, type, msg, ctx): Keep a fault of s. Always false, so that a caller
 * can return it; so are the others where there is a fault. */
bool spot_fault(const struct spot *s, const char *type, const char *msg,
    const char *ctx);

/* spot_length(s, f): The text's code points are within the field's limits. */
bool spot_length(const struct spot *s, const struct shape_field *f);

/* spot_rule(s, rule): The text keeps the rule; NULL is none. */
bool spot_rule(const struct spot *s, const struct shape_rule *rule);

/* spot_range(s, f, x): The number is within the field's limits. */
bool spot_range(const struct spot *s, const struct shape_field *f, double x);

/* spot_count(s, f, n): A list of n items is within the field's limits. */
bool spot_count(const struct spot *s, const struct shape_field *f, size_t n);

#endif
