/* SPDX-License-Identifier: MIT */
/*
 * The first figures that people in the office see: an administrator's of the whole
 * register, an operator's of his districts.
 */
#include "arena.h"
#include "fields.h"
#include "front.h"
#include "queries.h"
#include "seen.h"

enum { NEWEST = 5 };

struct dashboard_farmer {
	const char *farmer_id, *name, *district;
	int64_t created_at;
};

static const struct shape_field dashboard_farmer_fields[] = {
	FIELD(dashboard_farmer, farmer_id, SHAPE_TEXT),
	FIELD(dashboard_farmer, name, SHAPE_TEXT),
	FIELD(dashboard_farmer, district, SHAPE_TEXT),
	FIELD(dashboard_farmer, created_at, SHAPE_TIME),
};
static SHAPE(dashboard_farmer, "DashboardFarmer", SHAPE_BODY);

struct dashboard_farmers {
	int64_t total, active, pending, rejected;
	struct shape_list recent;
};

static const struct shape_field dashboard_farmers_fields[] = {
	FIELD(dashboard_farmers, total, SHAPE_INT),
	FIELD(dashboard_farmers, active, SHAPE_INT, .words = "approved or verified"),
	FIELD(dashboard_farmers, pending, SHAPE_INT, .words = "all others"),
	FIELD(dashboard_farmers, rejected, SHAPE_INT),
	FIELD(dashboard_farmers, recent, SHAPE_OBJECTS, .sub = &dashboard_farmer_shape),
};
static SHAPE(dashboard_farmers, "DashboardFarmers", SHAPE_BODY);

struct dashboard_out {
	const struct dashboard_farmers *farmers;
	int64_t users, operators, generated_at;
};

static const struct shape_field dashboard_out_fields[] = {
	FIELD(dashboard_out, farmers, SHAPE_OBJECT, .sub = &dashboard_farmers_shape),
	FIELD(dashboard_out, users, SHAPE_INT),
	FIELD(dashboard_out, operators, SHAPE_INT),
	FIELD(dashboard_out, generated_at, SHAPE_TIME),
};
SHAPE(dashboard_out, "Dashboard", SHAPE_BODY);

/* The newest in scope. Whoever has few districts has them from each, the others from
 * the row of all. */
static enum err
read_newest(struct req *r, struct farmer_list_row **rows, size_t *n)
{
	const struct viewer *v = front_viewer(r);

	if (v->all)
		return q_farmer_list(r->db, &(struct farmer_list_in){ .than = "g",
		    .viewer_all = true, .limit = NEWEST }, rows, n);
	return q_farmer_place_list(r->db, &(struct farmer_place_list_in){ .than = "g",
	    .viewer_account_id = v->account_id, .limit = NEWEST, .upto = NEWEST },
	    rows, n);
}

enum err
dashboard_stats(struct req *r)
{
	const struct viewer *v = front_viewer(r);
	struct dashboard_stats_row row;
	struct farmer_list_row *rows;
	struct dashboard_farmer *recent;
	struct dashboard_farmers farmers;
	size_t n;
	enum err e = q_dashboard_stats(r->db, &(struct dashboard_stats_in){
	    .viewer_all = v->all, .viewer_account_id = v->account_id }, &row);

	if (!e)
		e = read_newest(r, &rows, &n);
	if (e)
		return e;
	recent = arena_array(r->arena, struct dashboard_farmer, n);
	for (size_t i = 0; i < n; i++)
		recent[i] = (struct dashboard_farmer){
			.farmer_id = rows[i].farmer_id,
			.name = arena_print(r->arena, "%s %s", rows[i].first_name,
			    rows[i].last_name),
			.district = rows[i].district_name,
			.created_at = rows[i].created_at };
	e = seen_rows(r, &(struct seen){ .module = "dashboard", .action = "get_stats",
	    .n = n });
	if (e)
		return e;
	farmers = (struct dashboard_farmers){ .total = row.total,
		.active = row.active, .rejected = row.rejected,
		.pending = row.total - row.active - row.rejected,
		.recent = { recent, n } };
	return reply(r, 200, &(struct dashboard_out){ .farmers = &farmers,
	    .users = row.n_users, .operators = row.n_operators,
	    .generated_at = r->now });
}
