/* SPDX-License-Identifier: MIT */
#ifndef APP_FIELDS_H
#define APP_FIELDS_H

#include <stddef.h>

#include "err.h"
#include "shape.h"

struct arena;
struct req;

/*
 * The words that tables of fields are written in, and below them the shapes and rules
 * that several nouns share.
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

/* "Stored, under this id": the reply of the plain uploads. */
struct upload_done { const char *message, *file_id; };

/* An account, or a farmer who signed in, as the API shows it. */
struct user_out {
	const char *id, *email, *full_name, *phone, *farmer_id;
	struct shape_texts roles;
	bool is_active, keeps_register;
	const int64_t *created_at, *updated_at, *last_login;
};

/* user_roles(a, row): "ADMIN", "OPERATOR", "FARMER", as far as they apply. */
struct account_by_email_row;
struct shape_texts user_roles(struct arena *a, const struct account_by_email_row *row);

/* user_fill(a, row, out): The reply for an account; row must outlive it. */
void user_fill(struct arena *a, const struct account_by_email_row *row,
    struct user_out *out);

/* "Done, to this account": what sign-in and the accounts answer. */
struct account_done { const char *message, *email; };

/* Rules that several nouns use (fields.c). */
extern const struct shape_rule plain_rule;	/* no control characters */
extern const struct shape_rule name_rule;	/* plain, at most 100 characters */
extern const struct shape_rule mail_rule;	/* an address that mail can go to */
extern const struct shape_rule format_rule;	/* json, or csv for a table */
extern const struct shape_rule note_rule;	/* the same, but line ends are fine */

/* A list of texts in one column of the database: U+001F ends each item, which the
 * rules above keep out of them. texts_split gives at most max items. */
const char *texts_join(struct arena *a, const struct shape_texts *list);
struct shape_texts texts_split(struct arena *a, const char *joined, size_t max);

/* texts_has(list, s): Is s one of them? */
bool texts_has(const struct shape_texts *list, const char *s);

#endif
