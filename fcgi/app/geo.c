/* SPDX-License-Identifier: MIT */
/*
 * Provinces, districts and chiefdoms, for forms. Public and small. Codes are looked
 * up in upper case, as people type them in any.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "fields.h"
#include "front.h"
#include "queries.h"
#include "text.h"

struct province_out { const char *province_code, *province_name; };

static const struct shape_field province_out_fields[] = {
	FIELD(province_out, province_code, SHAPE_TEXT),
	FIELD(province_out, province_name, SHAPE_TEXT),
};
SHAPE(province_out, "Province", SHAPE_BODY);
const struct shape province_list_shape = {
	.name = "Provinces", .list_of = &province_out_shape
};

struct district_out { const char *district_code, *district_name, *province_code; };

static const struct shape_field district_out_fields[] = {
	FIELD(district_out, district_code, SHAPE_TEXT),
	FIELD(district_out, district_name, SHAPE_TEXT),
	FIELD(district_out, province_code, SHAPE_TEXT),
};
SHAPE(district_out, "District", SHAPE_BODY);
const struct shape district_list_shape = {
	.name = "Districts", .list_of = &district_out_shape
};

struct district_find { const char *province_code; };

static const struct shape_field district_find_fields[] = {
	FIELD(district_find, province_code, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, 10)),
};
SHAPE(district_find, "DistrictFind", SHAPE_QUERY);

struct chiefdom_out { const char *chiefdom_code, *chiefdom_name, *district_code; };

static const struct shape_field chiefdom_out_fields[] = {
	FIELD(chiefdom_out, chiefdom_code, SHAPE_TEXT),
	FIELD(chiefdom_out, chiefdom_name, SHAPE_TEXT),
	FIELD(chiefdom_out, district_code, SHAPE_TEXT),
};
SHAPE(chiefdom_out, "Chiefdom", SHAPE_BODY);
const struct shape chiefdom_list_shape = {
	.name = "Chiefdoms", .list_of = &chiefdom_out_shape
};

struct chiefdom_find { const char *district_code; };

static const struct shape_field chiefdom_find_fields[] = {
	FIELD(chiefdom_find, district_code, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, 10)),
};
SHAPE(chiefdom_find, "ChiefdomFind", SHAPE_QUERY);

enum err
geo_province_list(struct req *r)
{
	struct geo_provinces_row *rows;
	struct province_out *out;
	size_t n;
	enum err e = q_geo_provinces(r->db, &rows, &n);

	if (e)
		return e;
	out = arena_array(r->arena, struct province_out, n);
	for (size_t i = 0; i < n; i++)
		out[i] = (struct province_out){ rows[i].province_code,
		    rows[i].province_name };
	return reply_list(r, out, n);
}

enum err
geo_province_show(struct req *r)
{
	const char *code = req_param(r, "province_code");
	struct geo_province_row row;
	enum err e = q_geo_province(r->db, &(struct geo_province_in){
	    .province_code = text_upper(r->arena, code) }, &row);

	if (e == ERR_MISSING)
		return fail(r, e, "Province %s not found", code);
	if (e)
		return e;
	return reply(r, 200, &(struct province_out){ row.province_code,
	    row.province_name });
}

/* What a list is narrowed to: NULL for "all", also when the key is there but empty. */
static const char *
narrowed(struct req *r, const char *code)
{
	return text_empty(code) ? NULL : text_upper(r->arena, code);
}

enum err
geo_district_list(struct req *r)
{
	const struct district_find *in = r->in;
	struct geo_districts_row *rows;
	struct district_out *out;
	size_t n;
	enum err e = q_geo_districts(r->db, &(struct geo_districts_in){
	    .of_province = narrowed(r, in->province_code) }, &rows, &n);

	if (e)
		return e;
	out = arena_array(r->arena, struct district_out, n);
	for (size_t i = 0; i < n; i++)
		out[i] = (struct district_out){ rows[i].district_code,
		    rows[i].district_name, rows[i].province_code };
	return reply_list(r, out, n);
}

enum err
geo_district_show(struct req *r)
{
	const char *code = req_param(r, "district_code");
	struct geo_district_row row;
	enum err e = q_geo_district(r->db, &(struct geo_district_in){
	    .district_code = text_upper(r->arena, code) }, &row);

	if (e == ERR_MISSING)
		return fail(r, e, "District %s not found", code);
	if (e)
		return e;
	return reply(r, 200, &(struct district_out){ row.district_code,
	    row.district_name, row.province_code });
}

enum err
geo_chiefdom_list(struct req *r)
{
	const struct chiefdom_find *in = r->in;
	struct geo_chiefdoms_row *rows;
	struct chiefdom_out *out;
	size_t n;
	enum err e = q_geo_chiefdoms(r->db, &(struct geo_chiefdoms_in){
	    .of_district = narrowed(r, in->district_code) }, &rows, &n);

	if (e)
		return e;
	out = arena_array(r->arena, struct chiefdom_out, n);
	for (size_t i = 0; i < n; i++)
		out[i] = (struct chiefdom_out){ rows[i].chiefdom_code,
		    rows[i].chiefdom_name, rows[i].district_code };
	return reply_list(r, out, n);
}

enum err
geo_chiefdom_show(struct req *r)
{
	const char *code = req_param(r, "chiefdom_code");
	struct geo_chiefdom_row row;
	enum err e = q_geo_chiefdom(r->db, &(struct geo_chiefdom_in){
	    .chiefdom_code = text_upper(r->arena, code) }, &row);

	if (e == ERR_MISSING)
		return fail(r, e, "Chiefdom %s not found", code);
	if (e)
		return e;
	return reply(r, 200, &(struct chiefdom_out){ row.chiefdom_code,
	    row.chiefdom_name, row.district_code });
}

/*
 * The tree. Each row keeps the names of what it lies in, as the existing clients
 * expect. Three lists are read once; children are put under their parents by code, the
 * many chiefdoms by a search in their sorted list.
 */
struct chiefdom_node {
	const char *title, *ethnic_group, *district_name, *province_code,
	    *district_code, *chiefdom_code, *chiefdom_name;
};

static const struct shape_field chiefdom_node_fields[] = {
	FIELD(chiefdom_node, title, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(chiefdom_node, ethnic_group, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(chiefdom_node, district_name, SHAPE_TEXT),
	FIELD(chiefdom_node, province_code, SHAPE_TEXT),
	FIELD(chiefdom_node, district_code, SHAPE_TEXT),
	FIELD(chiefdom_node, chiefdom_code, SHAPE_TEXT),
	FIELD(chiefdom_node, chiefdom_name, SHAPE_TEXT),
};
static SHAPE(chiefdom_node, "ChiefdomNode", SHAPE_BODY);

struct district_node {
	const char *district_name, *province_name, *province_code, *district_code;
	struct shape_list chiefdoms;
};

static const struct shape_field district_node_fields[] = {
	FIELD(district_node, district_name, SHAPE_TEXT),
	FIELD(district_node, province_name, SHAPE_TEXT),
	FIELD(district_node, province_code, SHAPE_TEXT),
	FIELD(district_node, district_code, SHAPE_TEXT),
	FIELD(district_node, chiefdoms, SHAPE_OBJECTS, .sub = &chiefdom_node_shape),
};
static SHAPE(district_node, "DistrictNode", SHAPE_BODY);

struct province_node {
	const char *province_name, *capital, *province_code;
	int64_t total_districts;
	struct shape_list districts;
};

static const struct shape_field province_node_fields[] = {
	FIELD(province_node, province_name, SHAPE_TEXT),
	FIELD(province_node, capital, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(province_node, total_districts, SHAPE_INT),
	FIELD(province_node, province_code, SHAPE_TEXT),
	FIELD(province_node, districts, SHAPE_OBJECTS, .sub = &district_node_shape),
};
static SHAPE(province_node, "ProvinceNode", SHAPE_BODY);

struct hierarchy_out { struct shape_list provinces; };

static const struct shape_field hierarchy_out_fields[] = {
	FIELD(hierarchy_out, provinces, SHAPE_OBJECTS, .sub = &province_node_shape),
};
SHAPE(hierarchy_out, "Hierarchy", SHAPE_BODY);

struct tree {
	struct geo_provinces_row *provinces;
	struct geo_districts_row *districts;
	struct geo_chiefdoms_row *chiefdoms;
	size_t n_provinces, n_districts, n_chiefdoms;
};

/* By district, and there as the list was. */
static int
compare_chiefdoms(const void *a, const void *b)
{
	const struct geo_chiefdoms_row *x = a, *y = b;
	int by = strcmp(x->district_code, y->district_code);

	if (!by)
		by = strcmp(x->chiefdom_name, y->chiefdom_name);
	return by ? by : strcmp(x->chiefdom_code, y->chiefdom_code);
}

/* The first chiefdom of a district, or of the one after it, in the sorted list. */
static size_t
chiefdoms_start(const struct tree *t, const char *district_code)
{
	size_t low = 0, high = t->n_chiefdoms;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(t->chiefdoms[middle].district_code, district_code) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
add_chiefdoms(struct arena *a, const struct tree *t, struct district_node *d)
{
	const size_t start = chiefdoms_start(t, d->district_code);
	struct chiefdom_node *nodes;
	size_t end = start;

	while (end < t->n_chiefdoms &&
	    text_same(t->chiefdoms[end].district_code, d->district_code))
		end++;
	nodes = arena_array(a, struct chiefdom_node, end - start);
	d->chiefdoms = (struct shape_list){ nodes, end - start };
	for (size_t i = start; i < end; i++) {
		const struct geo_chiefdoms_row *c = &t->chiefdoms[i];

		nodes[i - start] = (struct chiefdom_node){
			c->title, c->ethnic_group, d->district_name,
			d->province_code, d->district_code, c->chiefdom_code,
			c->chiefdom_name };
	}
}

static void
add_districts(struct arena *a, const struct tree *t, struct province_node *p)
{
	struct district_node *nodes;
	size_t n = 0;

	for (size_t i = 0; i < t->n_districts; i++)
		n += text_same(t->districts[i].province_code, p->province_code);
	nodes = arena_array(a, struct district_node, n);
	p->districts.items = nodes;
	for (size_t i = 0; i < t->n_districts; i++) {
		const struct geo_districts_row *d = &t->districts[i];
		struct district_node *node;

		if (!text_same(d->province_code, p->province_code))
			continue;
		node = &nodes[p->districts.n++];
		*node = (struct district_node){ d->district_name, p->province_name,
		    p->province_code, d->district_code, { NULL, 0 } };
		add_chiefdoms(a, t, node);
	}
	p->total_districts = (int64_t)p->districts.n;
}

enum err
geo_hierarchy(struct req *r)
{
	struct province_node *nodes;
	struct hierarchy_out out;
	struct tree t;
	enum err e = q_geo_provinces(r->db, &t.provinces, &t.n_provinces);

	if (!e)
		e = q_geo_districts(r->db, &(struct geo_districts_in){ NULL },
		    &t.districts, &t.n_districts);
	if (!e)
		e = q_geo_chiefdoms(r->db, &(struct geo_chiefdoms_in){ NULL },
		    &t.chiefdoms, &t.n_chiefdoms);
	if (e)
		return e;
	if (t.n_chiefdoms)
		qsort(t.chiefdoms, t.n_chiefdoms, sizeof(*t.chiefdoms),
		    compare_chiefdoms);
	nodes = arena_array(r->arena, struct province_node, t.n_provinces);
	for (size_t i = 0; i < t.n_provinces; i++) {
		nodes[i].province_code = t.provinces[i].province_code;
		nodes[i].province_name = t.provinces[i].province_name;
		nodes[i].capital = t.provinces[i].capital;
		add_districts(r->arena, &t, &nodes[i]);
	}
	out.provinces = (struct shape_list){ nodes, t.n_provinces };
	return reply(r, 200, &out);
}
