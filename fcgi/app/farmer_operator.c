/* SPDX-License-Identifier: MIT */
/*
 * The farmers that one operator registered. An operator may ask for its own only, and
 * sees of these what its districts still let it see.
 */
#include "arena.h"
#include "farmer.h"
#include "fields.h"
#include "front.h"
#include "seen.h"

enum { LIMIT_USUAL = 50, LIMIT_MAX = 200 };

struct farmer_skip_find { const int64_t *skip, *limit; };

static const struct shape_field farmer_skip_find_fields[] = {
	FIELD(farmer_skip_find, skip, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(0, 1e9)),
	FIELD(farmer_skip_find, limit, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, LIMIT_MAX), .words = "50 unless told"),
};
SHAPE(farmer_skip_find, "FarmerSkipFind", SHAPE_QUERY);

struct farmer_results { int64_t count, total; struct shape_list results; };

static const struct shape_field farmer_results_fields[] = {
	FIELD(farmer_results, count, SHAPE_INT, .words = "of farmers here"),
	FIELD(farmer_results, total, SHAPE_INT, .words = "of farmers in all"),
	FIELD(farmer_results, results, SHAPE_OBJECTS, .sub = &farmer_out_shape),
};
SHAPE(farmer_results, "FarmerResults", SHAPE_BODY);

static enum err
fill(struct req *r, const struct farmer_get_row *rows, size_t n,
    struct farmer_results *out)
{
	struct farmer_out *items = arena_array(r->arena, struct farmer_out, n);
	enum err e = OK;

	for (size_t i = 0; i < n && !e; i++) {
		e = front_room(r, i ? i : n / 4);
		if (!e)
			e = farmer_fill(r, &rows[i], &items[i]);
	}
	out->count = (int64_t)n;
	out->results = (struct shape_list){ items, n };
	return e;
}

/* The farmers of the operator whose number is created_by. */
static enum err
list(struct req *r, const char *created_by, struct farmer_results *out)
{
	const struct viewer *v = front_viewer(r);
	const struct farmer_skip_find *in = r->in;
	struct operator_enrolled_row count;
	struct farmer_get_row *rows;
	size_t n;
	enum err e;

	e = q_operator_farmers(r->db, &(struct operator_farmers_in){
	    .created_by = created_by, .viewer_all = v->all,
	    .viewer_account_id = v->account_id,
	    .limit = in->limit ? *in->limit : LIMIT_USUAL,
	    .skip = in->skip ? *in->skip : 0 }, &rows, &n);
	if (!e)
		e = q_operator_enrolled(r->db, &(struct operator_enrolled_in){
		    .created_by = created_by, .viewer_all = v->all,
		    .viewer_account_id = v->account_id }, &count);
	if (e)
		return e;
	out->total = count.n;
	e = seen_rows(r, &(struct seen){ .module = "farmers", .action = "list_result",
	    .how = "operator", .subject = created_by, .skip = in->skip ? *in->skip : 0,
	    .n = n });
	return e ? e : fill(r, rows, n, out);
}

enum err
farmer_of_operator(struct req *r)
{
	const struct viewer *v = front_viewer(r);
	const char *name = req_param(r, "operator_id");
	struct operator_get_row operator;
	struct farmer_results out = { .count = 0 };
	enum err e = q_operator_get(r->db, &(struct operator_get_in){
	    .operator_id = name, .account_id = name, .viewer_all = v->all,
	    .viewer_account_id = v->account_id }, &operator);

	if (e == ERR_MISSING && !v->all)
		return fail(r, e, "Operator not found");
	if (e && e != ERR_MISSING)
		return e;
	if (!e && operator.operator_id) {
		e = list(r, operator.operator_id, &out);
		if (e)
			return e;
	}
	front_body(r);
	return reply(r, 200, &out);
}
