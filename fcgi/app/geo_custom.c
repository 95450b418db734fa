/* SPDX-License-Identifier: MIT */
/*
 * Places that offices add. A place whose name its parent has already is not added
 * again; the caller gets the code of the first. Codes follow the scheme of the first
 * places, and the constraints of the tables decide who gets one: what was taken at the
 * same moment is looked at again. Who added what is in the audit.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "fields.h"
#include "front.h"
#include "json.h"
#include "queries.h"
#include "text.h"

/* The public lists and the tree show every place, so there is an end to them. */
enum { PROVINCES_MAX = 100, DISTRICTS_MAX = 1000, CHIEFDOMS_MAX = 4000, TRIES = 20 };

struct province_form { const char *province_name; };

static const struct shape_field province_form_fields[] = {
	FIELD(province_form, province_name, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    LIMIT(2, 100), .rule = &plain_rule, .alias = "name"),
};
SHAPE(province_form, "ProvinceForm", SHAPE_BODY);

struct district_form { const char *district_name, *province_code; };

static const struct shape_field district_form_fields[] = {
	FIELD(district_form, district_name, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    LIMIT(2, 100), .rule = &plain_rule, .alias = "name"),
	FIELD(district_form, province_code, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    LIMIT(2, 10), .rule = &plain_rule),
};
SHAPE(district_form, "DistrictForm", SHAPE_BODY);

struct chiefdom_form { const char *chiefdom_name, *district_code; };

static const struct shape_field chiefdom_form_fields[] = {
	FIELD(chiefdom_form, chiefdom_name, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    LIMIT(2, 100), .rule = &plain_rule, .alias = "name"),
	FIELD(chiefdom_form, district_code, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    LIMIT(2, 10), .rule = &plain_rule),
};
SHAPE(chiefdom_form, "ChiefdomForm", SHAPE_BODY);

/* A reply; the three differ in the names of its keys. */
struct place_done { const char *message, *code, *name; };

static const struct shape_field province_done_fields[] = {
	FIELD(place_done, message, SHAPE_TEXT),
	NAMED("province_code", place_done, code, SHAPE_TEXT),
	NAMED("province_name", place_done, name, SHAPE_TEXT),
};
static const struct shape_field district_done_fields[] = {
	FIELD(place_done, message, SHAPE_TEXT),
	NAMED("district_code", place_done, code, SHAPE_TEXT),
	NAMED("district_name", place_done, name, SHAPE_TEXT),
};
static const struct shape_field chiefdom_done_fields[] = {
	FIELD(place_done, message, SHAPE_TEXT),
	NAMED("chiefdom_code", place_done, code, SHAPE_TEXT),
	NAMED("chiefdom_name", place_done, name, SHAPE_TEXT),
};
#define DONE(symbol, words, table) \
	const struct shape symbol = { .name = (words), .place = SHAPE_BODY, \
		.fields = table, .n_fields = sizeof(table) / sizeof(table[0]), \
		.size = sizeof(struct place_done) }
DONE(province_done_shape, "ProvinceDone", province_done_fields);
DONE(district_done_shape, "DistrictDone", district_done_fields);
DONE(chiefdom_done_shape, "ChiefdomDone", chiefdom_done_fields);

struct place { const char *code, *name; };
struct places { struct place *items; size_t n; };

/* What is to be added: its name, the same folded, and the code of what it lies in. */
struct wish { const char *name, *key, *parent; };

/* What the three kinds of places do differently. */
struct kind {
	const char *word, *field;	/* "Province", "body.province_name" */
	const char *action;		/* in the audit */
	/* The places of the same parent. */
	enum err (*siblings)(struct req *r, const char *parent, struct places *out);
	/* The code that it gets if nobody has that; n: how many siblings there are. */
	const char *(*code)(struct arena *a, const struct wish *w, size_t n);
	/* Try to put it in; *n is 0 if its code or its name is taken. */
	enum err (*insert)(struct req *r, const struct wish *w, const char *code,
	    int64_t *n);
	/* Is there room for one more? */
	bool (*has_room)(const struct geo_totals_row *t);
};

static enum err
province_siblings(struct req *r, const char *parent, struct places *out)
{
	struct geo_provinces_row *rows;
	enum err e = q_geo_provinces(r->db, &rows, &out->n);

	(void)parent;
	if (e)
		return e;
	out->items = arena_array(r->arena, struct place, out->n);
	for (size_t i = 0; i < out->n; i++)
		out->items[i] = (struct place){ rows[i].province_code,
		    rows[i].province_name };
	return OK;
}

static enum err
district_siblings(struct req *r, const char *parent, struct places *out)
{
	struct geo_districts_row *rows;
	enum err e = q_geo_districts(r->db, &(struct geo_districts_in){
	    .of_province = parent }, &rows, &out->n);

	if (e)
		return e;
	out->items = arena_array(r->arena, struct place, out->n);
	for (size_t i = 0; i < out->n; i++)
		out->items[i] = (struct place){ rows[i].district_code,
		    rows[i].district_name };
	return OK;
}

static enum err
chiefdom_siblings(struct req *r, const char *parent, struct places *out)
{
	struct geo_chiefdoms_row *rows;
	enum err e = q_geo_chiefdoms(r->db, &(struct geo_chiefdoms_in){
	    .of_district = parent }, &rows, &out->n);

	if (e)
		return e;
	out->items = arena_array(r->arena, struct place, out->n);
	for (size_t i = 0; i < out->n; i++)
		out->items[i] = (struct place){ rows[i].chiefdom_code,
		    rows[i].chiefdom_name };
	return OK;
}

/* The first letters of the first two words; X for what is not there or is no letter
 * of a code. */
static const char *
province_code(struct arena *a, const struct wish *w, size_t n_siblings)
{
	char *code = arena_text(a, "XX");
	size_t n = 0, len;

	(void)n_siblings;
	for (const char *p = w->name; *p && n < 2; p += len) {
		const char *word;

		p += strspn(p, " ");
		len = strcspn(p, " ");
		word = text_upper(a, text_fold(a, arena_copy(a, p, len)));
		if (*word)
			code[n++] = *word > 0 ? *word : 'X';
	}
	return code;
}

static const char *
district_code(struct arena *a, const struct wish *w, size_t n)
{
	return arena_print(a, "%s%02zu", w->parent, n + 1);
}

static const char *
chiefdom_code(struct arena *a, const struct wish *w, size_t n)
{
	return arena_print(a, "%s-%03zu", w->parent, n + 1);
}

static enum err
province_insert(struct req *r, const struct wish *w, const char *code, int64_t *n)
{
	return q_geo_province_add(r->db, &(struct geo_province_add_in){
	    .province_code = code, .province_name = w->name, .place_key = w->key }, n);
}

static enum err
district_insert(struct req *r, const struct wish *w, const char *code, int64_t *n)
{
	return q_geo_district_add(r->db, &(struct geo_district_add_in){
	    .district_code = code, .district_name = w->name,
	    .province_code = w->parent, .place_key = w->key }, n);
}

static enum err
chiefdom_insert(struct req *r, const struct wish *w, const char *code, int64_t *n)
{
	return q_geo_chiefdom_add(r->db, &(struct geo_chiefdom_add_in){
	    .chiefdom_code = code, .chiefdom_name = w->name,
	    .district_code = w->parent, .place_key = w->key }, n);
}

static bool
province_room(const struct geo_totals_row *t)
{
	return t->n_provinces < PROVINCES_MAX;
}

static bool
district_room(const struct geo_totals_row *t)
{
	return t->n_districts < DISTRICTS_MAX;
}

static bool
chiefdom_room(const struct geo_totals_row *t)
{
	return t->n_chiefdoms < CHIEFDOMS_MAX;
}

static const struct kind province_kind = { "Province", "body.province_name",
	"add_province", province_siblings, province_code, province_insert,
	province_room };
static const struct kind district_kind = { "District", "body.district_name",
	"add_district", district_siblings, district_code, district_insert,
	district_room };
static const struct kind chiefdom_kind = { "Chiefdom", "body.chiefdom_name",
	"add_chiefdom", chiefdom_siblings, chiefdom_code, chiefdom_insert,
	chiefdom_room };

static const struct place *
find_named(struct arena *a, const struct places *list, const char *key)
{
	for (size_t i = 0; i < list->n; i++)
		if (text_same(text_fold(a, list->items[i].name), key))
			return &list->items[i];
	return NULL;
}

static bool
has_code(const struct places *list, const char *code)
{
	for (size_t i = 0; i < list->n; i++)
		if (text_same(list->items[i].code, code))
			return true;
	return false;
}

/* base if it is free, or the first free one with 1, 2, ... behind it; a code that
 * somebody else proved to be taken counts as well. */
static const char *
free_code(struct arena *a, const struct places *list, const char *base, int tries)
{
	const char *code = tries ? arena_print(a, "%s%d", base, tries) : base;

	for (int i = tries + 1; has_code(list, code); i++)
		code = arena_print(a, "%s%d", base, i);
	return code;
}

static enum err
record(struct req *r, const struct kind *kind, const struct wish *w, const char *code)
{
	struct buf after = buf_make(r->arena, 100);

	buf_text(&after, "{\"code\":");
	json_write_text(&after, code);
	buf_text(&after, ",\"name\":");
	json_write_text(&after, w->name);
	buf_text(&after, ",\"parent\":");
	json_write_text(&after, w->parent);
	buf_char(&after, '}');
	return front_audit(r, &(struct audit_event){ .module = "geo_custom",
	    .action = kind->action, .subject = code, .after = after.bytes });
}

static enum err
done(struct req *r, const struct kind *kind, const struct place *place, bool is_new)
{
	return reply(r, 201, &(struct place_done){ .code = place->code,
	    .name = place->name, .message = arena_print(r->arena, "%s %s", kind->word,
	    is_new ? "added successfully" : "already exists") });
}

static enum err
check_room(struct req *r, const struct kind *kind)
{
	struct geo_totals_row totals;
	enum err e = q_geo_totals(r->db, &totals);

	if (!e && !kind->has_room(&totals))
		return fail(r, ERR_CONFLICT, "There is no room for one more %s",
		    text_lower(r->arena, kind->word));
	return e;
}

/* Find the name or put it in; when somebody else took the code or the name at the same
 * moment, look again. */
static enum err
add(struct req *r, const struct kind *kind, const struct wish *w)
{
	const struct place *there;
	struct places list;
	int64_t n = 0;
	enum err e;

	for (int tries = 0; tries < TRIES; tries++) {
		struct place place = { NULL, w->name };

		e = kind->siblings(r, w->parent, &list);
		there = e ? NULL : find_named(r->arena, &list, w->key);
		if (there)
			return done(r, kind, there, false);
		if (!e && !tries)
			e = check_room(r, kind);
		if (e)
			return e;
		place.code = free_code(r->arena, &list,
		    kind->code(r->arena, w, list.n), tries);
		e = kind->insert(r, w, place.code, &n);
		if (!e && n)
			e = record(r, kind, w, place.code);
		if (e || n)
			return e ? e : done(r, kind, &place, true);
	}
	return fail(r, ERR_CONFLICT, "No code is free for this name. Try again.");
}

/* Add what is named, after the parent has been found (or is NULL). */
static enum err
add_named(struct req *r, const struct kind *kind, const char *name, const char *parent)
{
	const struct wish w = { text_trim(r->arena, name), text_fold(r->arena, name),
		parent };

	if (!*w.key)
		return fail_fault(r, kind->field, "value_error",
		    "Value error, a name has a letter or a digit");
	return add(r, kind, &w);
}

enum err
geo_province_create(struct req *r)
{
	const struct province_form *in = r->in;

	return add_named(r, &province_kind, in->province_name, NULL);
}

enum err
geo_district_create(struct req *r)
{
	const struct district_form *in = r->in;
	struct geo_province_row province;
	enum err e = q_geo_province(r->db, &(struct geo_province_in){
	    .province_code = text_upper(r->arena, in->province_code) }, &province);

	if (e == ERR_MISSING)
		return fail(r, e, "Province %s not found", in->province_code);
	return e ? e : add_named(r, &district_kind, in->district_name,
	    province.province_code);
}

enum err
geo_chiefdom_create(struct req *r)
{
	const struct chiefdom_form *in = r->in;
	struct geo_district_row district;
	enum err e = q_geo_district(r->db, &(struct geo_district_in){
	    .district_code = text_upper(r->arena, in->district_code) }, &district);

	if (e == ERR_MISSING)
		return fail(r, e, "District %s not found", in->district_code);
	return e ? e : add_named(r, &chiefdom_kind, in->chiefdom_name,
	    district.district_code);
}
