/* SPDX-License-Identifier: MIT */
/*
 * The audit of farmers: what was done to one, and of a change which fields, from
 * what to what. Identity values never come near it.
 */
#include <string.h>

#include "arena.h"
#include "farmer.h"
#include "farmer_audit.h"
#include "fields.h"
#include "front.h"
#include "json.h"
#include "text.h"

enum kind { TEXT, LIST, REAL, INT, FLAG };

#define WRITTEN(column, k) { #column, offsetof(struct farmer_update_in, column), k }

static const struct written {
	const char *name;
	size_t offset;
	enum kind kind;		/* all of them pointers in the struct */
} written[] = {
	WRITTEN(registration_status, TEXT), WRITTEN(review_notes, TEXT),
	WRITTEN(first_name, TEXT), WRITTEN(last_name, TEXT),
	WRITTEN(phone_primary, TEXT), WRITTEN(phone_secondary, TEXT),
	{ "email", offsetof(struct farmer_update_in, contact_email), TEXT },
	WRITTEN(gender, TEXT), WRITTEN(ethnic_group, TEXT),
	WRITTEN(province_code, TEXT), WRITTEN(province_name, TEXT),
	WRITTEN(district_code, TEXT), WRITTEN(district_name, TEXT),
	WRITTEN(chiefdom_code, TEXT), WRITTEN(chiefdom_name, TEXT),
	WRITTEN(village, TEXT), WRITTEN(street, TEXT),
	WRITTEN(gps_latitude, REAL), WRITTEN(gps_longitude, REAL),
	WRITTEN(farm_size_hectares, REAL), WRITTEN(years_farming, INT),
	WRITTEN(crops_grown, LIST), WRITTEN(livestock_types, LIST),
	WRITTEN(has_irrigation, FLAG), WRITTEN(household_size, INT),
	WRITTEN(number_of_dependents, INT), WRITTEN(primary_income_source, TEXT),
};

enum { N_WRITTEN = sizeof(written) / sizeof(written[0]), ITEMS_MAX = 20 };

static const void *
value_of(const struct farmer_update_in *row, const struct written *w)
{
	const void *p;

	memcpy(&p, (const char *)row + w->offset, sizeof(p));
	return p;
}

static bool
same(enum kind kind, const void *a, const void *b)
{
	if (a == b || !a || !b)
		return a == b;
	switch (kind) {
	case REAL:	return memcmp(a, b, sizeof(double)) == 0;
	case INT:	return memcmp(a, b, sizeof(int64_t)) == 0;
	case FLAG:	return memcmp(a, b, sizeof(bool)) == 0;
	default:	return text_same(a, b);
	}
}

static void
write_list(struct buf *out, struct arena *a, const char *joined)
{
	struct shape_texts list = texts_split(a, joined, ITEMS_MAX);

	buf_char(out, '[');
	for (size_t i = 0; i < list.n; i++) {
		buf_text(out, i ? "," : "");
		json_write_text(out, list.items[i]);
	}
	buf_char(out, ']');
}

static void
write_value(struct buf *out, struct arena *a, enum kind kind, const void *p)
{
	if (!p)
		buf_text(out, "null");
	else if (kind == REAL)
		json_write_real(out, *(const double *)p);
	else if (kind == INT)
		buf_print(out, "%lld", (long long)*(const int64_t *)p);
	else if (kind == FLAG)
		buf_text(out, *(const bool *)p ? "true" : "false");
	else if (kind == LIST)
		write_list(out, a, p);
	else
		json_write_text(out, p);
}

/* Begin the next member of an object. */
static void
write_name(struct buf *out, const char *name)
{
	buf_char(out, out->n ? ',' : '{');
	json_write_text(out, name);
	buf_char(out, ':');
}

/* The object, or NULL if it has no members. */
static const char *
finish(struct buf *out)
{
	if (!out->n)
		return NULL;
	buf_char(out, '}');
	return out->bytes;
}

static void
write_hidden(struct buf *before, struct buf *after, const char *name)
{
	write_name(before, name);
	buf_text(before, "\"changed\"");
	write_name(after, name);
	buf_text(after, "\"changed\"");
}

enum err
farmer_event(struct req *r, const char *action, const char *farmer_id,
    const char *const *pairs)
{
	struct buf details = buf_make(r->arena, 128);

	for (; pairs && pairs[0]; pairs += 2) {
		write_name(&details, pairs[0]);
		json_write_text(&details, pairs[1]);
	}
	return front_audit(r, &(struct audit_event){ .module = "farmers",
	    .action = action, .subject = farmer_id, .details = finish(&details) });
}

struct audit_event
farmer_registered(struct arena *a, const struct farmer_draft *draft)
{
	struct buf details = buf_make(a, 128);

	write_name(&details, "registration_status");
	json_write_text(&details, draft->row.registration_status);
	write_name(&details, "district_name");
	json_write_text(&details, draft->row.district_name);
	return (struct audit_event){ .module = "farmers", .action = "create_success",
		.subject = draft->row.farmer_id, .details = finish(&details) };
}

enum err
farmer_event_change(struct req *r, const char *action, const struct farmer_draft *was,
    const struct farmer_draft *now)
{
	struct buf before = buf_make(r->arena, 256), after = buf_make(r->arena, 256);

	for (int i = 0; i < N_WRITTEN; i++) {
		const struct written *w = &written[i];
		const void *old = value_of(&was->row, w), *new = value_of(&now->row, w);

		if (same(w->kind, old, new))
			continue;
		write_name(&before, w->name);
		write_value(&before, r->arena, w->kind, old);
		write_name(&after, w->name);
		write_value(&after, r->arena, w->kind, new);
	}
	if (was->row.is_active != now->row.is_active) {
		write_name(&before, "is_active");
		write_value(&before, r->arena, FLAG, &was->row.is_active);
		write_name(&after, "is_active");
		write_value(&after, r->arena, FLAG, &now->row.is_active);
	}
	if (!text_same(was->nrc, now->nrc))
		write_hidden(&before, &after, "nrc");
	if (!text_same(was->birth_date, now->birth_date))
		write_hidden(&before, &after, "date_of_birth");
	return front_audit(r, &(struct audit_event){ .module = "farmers",
	    .action = action, .subject = now->row.farmer_id,
	    .before = finish(&before), .after = finish(&after) });
}
