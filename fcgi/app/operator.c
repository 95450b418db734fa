/* SPDX-License-Identifier: MIT */
/*
 * Operators: accounts with that role, with districts and regions. Administrators see
 * all of them, an operator only itself. An operator's figures are those of the farmers
 * in the assigned districts; without districts, of those he or she registered.
 */
#include <math.h>

#include "arena.h"
#include "clock.h"
#include "fields.h"
#include "front.h"
#include "log.h"
#include "login.h"
#include "operator.h"
#include "queries.h"
#include "seen.h"
#include "text.h"

enum { LIMIT_USUAL = 50, RECENT_DAYS = 30, PLACES_ALL = 1000000 };

static double
round_cents(double x)
{
	return round(x * 100) / 100;
}

struct figures { int64_t n, recent, farms, area_m2; };

static void
fill_figures(struct arena *a, const struct figures *f, struct operator_out *out)
{
	int64_t *n = arena_array(a, int64_t, 2);
	double *land = arena_array(a, double, 2), hectares = (double)f->area_m2 / 10000;

	n[0] = f->n;
	n[1] = f->recent;
	land[0] = round_cents(hectares);
	land[1] = f->farms ? round_cents(hectares / (double)f->farms) : 0;
	out->farmer_count = &n[0];
	out->recent_registrations_30d = &n[1];
	out->total_land_hectares = &land[0];
	out->avg_land_hectares = &land[1];
}

/* Add a place to the list that it belongs to, which has room for it. */
static void
add_place(struct operator_out *out, bool is_region, const char *place)
{
	struct shape_texts *list = is_region ? &out->assigned_regions :
	    &out->assigned_districts;

	list->items[list->n++] = place;
	if (!is_region && list->n == 1)
		out->assigned_district = place;
}

static void
make_room(struct arena *a, struct operator_out *out, size_t n)
{
	out->assigned_regions.items = arena_array(a, const char *, n);
	out->assigned_districts.items = arena_array(a, const char *, n);
}

/* One operator with places, if the viewer may see it. */
static enum err
read_one(struct req *r, const char *name, struct operator_out *out)
{
	struct operator_get_row row;
	struct operator_places_row *places;
	size_t n;
	enum err e = q_operator_get(r->db, &(struct operator_get_in){
	    .operator_id = name, .account_id = name,
	    .viewer_all = front_viewer(r)->all,
	    .viewer_account_id = front_viewer(r)->account_id }, &row);

	if (!e)
		e = q_operator_places(r->db, &(struct operator_places_in){
		    .account_id = row.account_id }, &places, &n);
	if (e)
		return e;
	*out = (struct operator_out){
		.operator_id = row.operator_id ? row.operator_id : row.account_id,
		.user_id = row.account_id, .email = row.email,
		.full_name = row.full_name ? row.full_name : row.email,
		.phone = row.phone, .is_active = row.is_active,
		.created_at = row.created_at, .updated_at = row.updated_at
	};
	make_room(r->arena, out, n);
	for (size_t i = 0; i < n; i++)
		add_place(out, places[i].is_region, places[i].place);
	return OK;
}

static enum err
read_figures(struct req *r, struct operator_out *out)
{
	struct operator_figures_row row;
	enum err e = q_operator_figures(r->db, &(struct operator_figures_in){
	    .account_id = out->user_id, .operator_id = out->operator_id,
	    .since_day = r->now / CLOCK_DAY - RECENT_DAYS }, &row);

	if (!e)
		fill_figures(r->arena, &(struct figures){ row.n_farmers, row.n_recent,
		    row.n_farms, row.area_m2 }, out);
	return e;
}

/* The operator that the path names. */
static enum err
find(struct req *r, struct operator_out *out)
{
	enum err e = read_one(r, req_param(r, "operator_id"), out);

	return e == ERR_MISSING ? fail(r, e, "Operator not found") : e;
}

static const char *
facts(struct req *r, const struct operator_out *operator)
{
	struct buf out = buf_make(r->arena, 300);

	shape_write(&operator_facts_shape, operator, &out);
	return out.bytes;
}

/* Is there a district of each name? Those that he had may stay: one who was taken over
 * may have districts of an older list, and whole forms come back. */
static enum err
check_districts(struct req *r, const struct shape_texts *names,
    const struct shape_texts *had)
{
	enum err e = OK;

	for (size_t i = 0; i < names->n && !e; i++) {
		if (had && texts_has(had, names->items[i]))
			continue;
		e = login_district_known(r->db, names->items[i]);
		if (e == ERR_MISSING)
			return fail_fault(r, arena_print(r->arena,
			    "body.assigned_districts.%zu", i), "value_error",
			    "Value error, there is no district of this name");
	}
	return e;
}

/* Write the lists that were given; an empty one takes all away. */
static enum err
set_places(struct req *r, const char *account_id, const struct shape_texts *districts,
    const struct shape_texts *regions)
{
	enum err e = OK;

	if (districts->items)
		e = login_set_districts(r->db, &(struct login_places){ account_id,
		    districts->items, districts->n });
	if (e == ERR_BAD)
		return fail(r, e, "Districts are for operators of the organisation that "
		    "keeps the register");
	if (!e && regions->items)
		e = login_set_regions(r->db, &(struct login_places){ account_id,
		    regions->items, regions->n });
	return e;
}

static enum err
reply_made(struct req *r, const char *account_id)
{
	struct operator_out out;
	enum err e = read_one(r, account_id, &out);

	if (!e)
		e = read_figures(r, &out);
	if (!e)
		e = front_audit(r, &(struct audit_event){ .module = "operators",
		    .action = "create_success", .subject = out.operator_id,
		    .after = facts(r, &out) });
	if (e)
		return e;
	log_write(LOG_INFO, "operator made operator=%s who=%s", out.operator_id,
	    front_viewer(r)->mark);
	return reply(r, 201, &(struct operator_made){ "Operator created", &out });
}

enum err
operator_create(struct req *r)
{
	const struct operator_form *in = r->in;
	const char *account_id;
	enum err e = check_districts(r, &in->assigned_districts, NULL);

	if (!e)
		e = login_make(r->db, r->arena, &(struct login_new){
		    .email = login_email(r->arena, in->email), .password = in->password,
		    .full_name = in->full_name,
		    .phone = text_empty(in->phone) ? NULL : in->phone,
		    .created_by = front_viewer(r)->mark, .is_operator = true,
		    .now = r->now }, &account_id);
	if (e == ERR_CONFLICT)
		return fail(r, e, "Email already registered");
	if (!e)
		e = set_places(r, account_id, &in->assigned_districts,
		    &in->assigned_regions);
	return e ? e : reply_made(r, account_id);
}

/* Hand the places of a page to its operators; both come in no common order. */
static void
share_places(struct arena *a, struct operator_out *out, size_t n,
    const struct operator_page_places_row *places, size_t n_places)
{
	for (size_t i = 0; i < n; i++) {
		size_t first = 0, end;

		while (first < n_places &&
		    !text_same(places[first].account_id, out[i].user_id))
			first++;
		for (end = first; end < n_places &&
		    text_same(places[end].account_id, out[i].user_id); end++)
			;
		make_room(a, &out[i], end - first + 1);
		for (size_t k = first; k < end; k++)
			add_place(&out[i], places[k].is_region, places[k].place);
	}
}

static struct operator_out *
fill_page(struct arena *a, const struct operator_page_row *rows, size_t n)
{
	struct operator_out *out = arena_array(a, struct operator_out, n);

	for (size_t i = 0; i < n; i++) {
		const struct operator_page_row *row = &rows[i];

		out[i] = (struct operator_out){
			.operator_id = row->operator_id ? row->operator_id :
			    row->account_id,
			.user_id = row->account_id, .email = row->email,
			.full_name = row->full_name ? row->full_name : row->email,
			.phone = row->phone, .is_active = row->is_active,
			.created_at = row->created_at, .updated_at = row->updated_at
		};
		fill_figures(a, &(struct figures){ row->n_farmers, row->n_recent,
		    row->n_farms, row->area_m2 }, &out[i]);
	}
	return out;
}

enum err
operator_index(struct req *r)
{
	const struct operator_find *in = r->in;
	const char *region = text_empty(in->region) ? NULL : in->region;
	int64_t limit = in->limit ? *in->limit : LIMIT_USUAL;
	int64_t skip = in->skip ? *in->skip : 0;
	struct operator_page_row *rows;
	struct operator_page_places_row *places;
	struct operator_count_row count;
	struct operator_out *out;
	size_t n, n_places;
	enum err e;

	e = q_operator_page(r->db, &(struct operator_page_in){ .region = region,
	    .active = in->is_active, .limit = limit, .skip = skip,
	    .since_day = r->now / CLOCK_DAY - RECENT_DAYS }, &rows, &n);
	if (!e)
		e = q_operator_page_places(r->db, &(struct operator_page_places_in){
		    .region = region, .active = in->is_active, .limit = limit,
		    .skip = skip, .most = PLACES_ALL }, &places, &n_places);
	if (!e)
		e = q_operator_count(r->db, &(struct operator_count_in){
		    .region = region, .active = in->is_active }, &count);
	if (!e)
		e = seen_rows(r, &(struct seen){ .module = "operators",
		    .action = "list_result", .skip = skip, .n = n });
	if (e)
		return e;
	out = fill_page(r->arena, rows, n);
	share_places(r->arena, out, n, places, n_places);
	return reply(r, 200, &(struct operator_items){ (int64_t)n, count.n,
	    { out, n } });
}

enum err
operator_me(struct req *r)
{
	struct operator_out out;
	enum err e = read_one(r, front_viewer(r)->account_id, &out);

	if (e == ERR_MISSING)
		return fail(r, e, "Operator profile not found");
	return e ? e : reply(r, 200, &out);
}

/* One operator with figures: whole, or the figures alone, as the route's shape says. */
static enum err
show_figures(struct req *r)
{
	struct operator_out out;
	enum err e = find(r, &out);

	if (!e)
		e = read_figures(r, &out);
	if (!e)
		e = front_read(r, &(struct audit_event){ .module = "operators",
		    .action = "get_success", .subject = out.operator_id });
	return e ? e : reply(r, 200, &out);
}

enum err
operator_show(struct req *r)
{
	return show_figures(r);
}

enum err
operator_stats(struct req *r)
{
	return show_figures(r);
}

static bool
says_nothing(const struct operator_change *in)
{
	return !in->email && !in->full_name && !in->phone && !in->password &&
	    !in->is_active && !in->assigned_districts.items &&
	    !in->assigned_regions.items;
}

static enum err
check_change(struct req *r, const struct operator_out *was,
    const struct operator_change *in, const char *email)
{
	struct account_by_email_row other;
	enum err e = check_districts(r, &in->assigned_districts,
	    &was->assigned_districts);

	if (e || !email || text_same(email, was->email))
		return e;
	e = q_account_by_email(r->db, &(struct account_by_email_in){ .email = email },
	    &other);
	if (e)
		return e == ERR_MISSING ? OK : e;
	return fail(r, ERR_CONFLICT, "Email already registered");
}

/* The account's own part of a change. */
static enum err
amend(struct req *r, const struct operator_out *was, const struct operator_change *in,
    const char *email)
{
	struct account_by_email_row row;
	enum err e = login_get(r->db, was->user_id, &row);

	if (!e)
		e = login_amend(r->db, r->arena, &row, &(struct login_change){
		    .email = email, .password = in->password,
		    .full_name = in->full_name, .phone = in->phone,
		    .is_active = in->is_active, .now = r->now });
	if (e == ERR_DENIED)
		return fail(r, ERR_BAD,
		    "Cannot deactivate the last active admin account");
	if (!e && in->is_active && !*in->is_active &&
	    text_same(was->user_id, front_viewer(r)->account_id))
		return fail(r, ERR_BAD, "Cannot deactivate your own account");
	return e;
}

static enum err
change(struct req *r, const struct operator_change *in, const char *action)
{
	struct operator_out was, now;
	const char *email = in->email ? login_email(r->arena, in->email) : NULL;
	enum err e = find(r, &was);

	if (!e)
		e = check_change(r, &was, in, email);
	if (!e)
		e = amend(r, &was, in, email);
	if (!e)
		e = set_places(r, was.user_id, &in->assigned_districts,
		    &in->assigned_regions);
	if (!e)
		e = read_one(r, was.user_id, &now);
	if (!e)
		e = front_audit(r, &(struct audit_event){ .module = "operators",
		    .action = action, .subject = was.operator_id,
		    .before = facts(r, &was), .after = facts(r, &now),
		    .details = in->password ? "{\"password_changed\":true}" : NULL });
	return e ? e : reply(r, 200, &now);
}

enum err
operator_edit(struct req *r)
{
	const struct operator_change *in = r->in;

	if (says_nothing(in))
		return fail(r, ERR_BAD, "No fields to update");
	return change(r, in, "update_success");
}

enum err
operator_switch(struct req *r)
{
	const struct operator_status *in = r->in;

	return change(r, &(struct operator_change){ .is_active = &in->is_active },
	    "update_status");
}

enum err
operator_delete(struct req *r)
{
	struct operator_out was;
	struct account_by_email_row row;
	int64_t n = 0;
	enum err e = find(r, &was);

	if (!e)
		e = login_registered(r->db, was.operator_id, &n);
	if (!e && n)
		return fail(r, ERR_BAD, "Cannot delete operator with %lld assigned "
		    "farmers", (long long)n);
	if (!e)
		e = login_get(r->db, was.user_id, &row);
	if (!e)
		e = login_end(r->db, &row);
	if (e == ERR_DENIED)
		return fail(r, ERR_BAD, "Cannot delete the last active admin account");
	if (!e && text_same(was.user_id, front_viewer(r)->account_id))
		return fail(r, ERR_BAD, "Cannot delete your own account");
	if (!e)
		e = front_audit(r, &(struct audit_event){ .module = "operators",
		    .action = "delete_success", .subject = was.operator_id,
		    .before = facts(r, &was) });
	if (e)
		return e;
	log_write(LOG_INFO, "operator deleted operator=%s who=%s", was.operator_id,
	    front_viewer(r)->mark);
	return reply(r, 200, &(struct operator_done){ "Operator deleted",
	    was.operator_id });
}
