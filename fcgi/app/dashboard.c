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

enum err
dashboard_stats(struct req *r)
{
	struct dashboard_stats_row *rows;
	struct dashboard_farmer *recent;
	struct dashboard_farmers farmers;
	size_t n, n_recent = 0;
	enum err e = q_dashboard_stats(r->db, &(struct dashboard_stats_in){
	    SCOPE(front_viewer(r)) }, &rows, &n);

	if (e)
		return e;
	if (!n)
		return ERR_BROKEN; /* there is a row of figures in any case */
	recent = arena_array(r->arena, struct dashboard_farmer, n);
	for (size_t i = 0; i < n && rows[i].farmer_id; i++)
		recent[n_recent++] = (struct dashboard_farmer){
			.farmer_id = rows[i].farmer_id,
			.name = arena_print(r->arena, "%s %s", rows[i].first_name,
			    rows[i].last_name),
			.district = rows[i].district_name,
			.created_at = *rows[i].created_at };
	e = seen_rows(r, &(struct seen){ .module = "dashboard", .action = "get_stats",
	    .n = n_recent });
	if (e)
		return e;
	farmers = (struct dashboard_farmers){ .total = rows->total,
		.active = rows->active, .rejected = rows->rejected,
		.pending = rows->total - rows->active - rows->rejected,
		.recent = { recent, n_recent } };
	return reply(r, 200, &(struct dashboard_out){ .farmers = &farmers,
	    .users = rows->n_users, .operators = rows->n_operators,
	    .generated_at = r->now });
}
