/* SPDX-License-Identifier: MIT */
#ifndef APP_FIELDS_H
#define APP_FIELDS_H

#include <stddef.h>

#include "shape.h"

/*
 * The words that tables of fields are written in:
 *
 *     static const struct shape_field login_fields[] = {
 *             FIELD(login_form, email, SHAPE_TEXT, LIMIT(1, 254)),
 *             ...
 *     };
 *     SHAPE(login_form, "LoginForm", SHAPE_BODY);
 *
 * FIELD names the struct, the member (which is also the JSON name) and the kind;
 * NAMED gives another JSON name. SHAPE makes NAME_shape of struct NAME.
 */
#define NAMED(json, type, member, k, ...) \
	{ .name = json, .offset = offsetof(struct type, member), .kind = k, __VA_ARGS__ }
#define FIELD(type, member, k, ...) NAMED(#member, type, member, k, __VA_ARGS__)
#define LIMIT(least, most) .limited = true, .min = (least), .max = (most)
#define SHAPE(type, words, where) \
	const struct shape type##_shape = { \
		.name = (words), .place = (where), .fields = type##_fields, \
		.n_fields = sizeof(type##_fields) / sizeof(type##_fields[0]), \
		.size = sizeof(struct type) }

/* "Done, to this farmer": the reply of photo and card. */
struct farmer_done { const char *message, *farmer_id; };

/* Rules that several nouns use (fields.c). */
extern const struct shape_rule plain_rule;	/* no control characters */
extern const struct shape_rule note_rule;	/* the same, but line ends are fine */

#endif
