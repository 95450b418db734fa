/* SPDX-License-Identifier: MIT */
/*
 * Rules for texts, lists in a column, and a reply, that several nouns share. Names and
 * notes go to cards, lists and logs: a control character in them is never meant.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "fields.h"
#include "front.h"
#include "login.h"
#include "queries.h"
#include "text.h"

static const struct shape_field farmer_done_fields[] = {
	FIELD(farmer_done, message, SHAPE_TEXT),
	FIELD(farmer_done, farmer_id, SHAPE_TEXT),
};
SHAPE(farmer_done, "FarmerDone", SHAPE_BODY);

static const struct shape_field upload_done_fields[] = {
	FIELD(upload_done, message, SHAPE_TEXT),
	FIELD(upload_done, file_id, SHAPE_TEXT),
};
SHAPE(upload_done, "UploadDone", SHAPE_BODY);

struct shape_texts
user_roles(struct arena *a, const struct account_by_email_row *row)
{
	struct shape_texts list = { arena_array(a, const char *, 3), 0 };

	if (row->is_admin)
		list.items[list.n++] = "ADMIN";
	if (row->is_operator)
		list.items[list.n++] = "OPERATOR";
	if (row->is_farmer)
		list.items[list.n++] = "FARMER";
	return list;
}

void
user_fill(struct arena *a, const struct account_by_email_row *row,
    struct user_out *out)
{
	*out = (struct user_out){
		.id = row->account_id, .email = row->email,
		.roles = user_roles(a, row), .is_active = row->is_active,
		.keeps_register = row->keeps_register,
		.created_at = &row->created_at, .updated_at = &row->updated_at,
		.last_login = row->last_login_at,
		.full_name = row->full_name, .phone = row->phone
	};
}

static bool
has_control(const char *s, bool lines)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (lines && (c == '\n' || c == '\r' || c == '\t'))
			continue;
		if (c < 0x20 || c == 0x7f)
			return true;
	}
	return false;
}

static bool
plain_holds(const char *s)
{
	return !has_control(s, false);
}

static bool
note_holds(const char *s)
{
	return !has_control(s, true);
}

const struct shape_rule plain_rule = {
	.type = "value_error", .holds = plain_holds,
	.msg = "Value error, control characters are not allowed"
};

const struct shape_rule note_rule = {
	.type = "value_error", .holds = note_holds,
	.msg = "Value error, control characters are not allowed"
};

static const char terminator = '\x1f';

const char *
texts_join(struct arena *a, const struct shape_texts *list)
{
	struct buf b = buf_make(a, 64);

	for (size_t i = 0; i < list->n; i++) {
		buf_text(&b, list->items[i]);
		buf_char(&b, terminator);
	}
	return b.bytes;
}

struct shape_texts
texts_split(struct arena *a, const char *joined, size_t max)
{
	struct shape_texts list = { arena_array(a, const char *, max), 0 };
	char *p = arena_text(a, joined ? joined : ""), *end;

	while ((end = strchr(p, terminator)) && list.n < max) {
		*end++ = '\0';
		list.items[list.n++] = p;
		p = end;
	}
	return list;
}

bool
texts_has(const struct shape_texts *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (text_same(list->items[i], s))
			return true;
	return false;
}

static bool
name_holds(const char *s)
{
	return text_points(s) <= 100 && plain_holds(s);
}

const struct shape_rule name_rule = {
	.type = "value_error", .holds = name_holds,
	.msg = "Value error, at most 100 plain characters are allowed"
};

const struct shape_rule mail_rule = {
	.type = "value_error", .holds = login_email_holds,
	.msg = "value is not a valid email address: It must have an @-sign and the name "
	    "of a domain that can receive mail."
};

static const char *const formats[] = { "json", "csv", NULL };

const struct shape_rule format_rule = {
	.type = "literal_error", .choices = formats,
	.msg = "Input should be 'json' or 'csv'"
};
