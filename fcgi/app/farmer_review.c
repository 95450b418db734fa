/* SPDX-License-Identifier: MIT */
/*
 * The office's view of farmers: their standing, and how many have which. A farmer
 * never changes the own standing; who does is in the row and every change is in the
 * audit.
 */
#include "arena.h"
#include "farmer.h"
#include "farmer_audit.h"
#include "farmer_tally.h"
#include "fields.h"
#include "front.h"
#include "log.h"

struct review_form { const char *new_status, *review_notes; };
struct status_form { const char *new_status; };

static const struct shape_field review_form_fields[] = {
	FIELD(review_form, new_status, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    .rule = &farmer_status_rule),
	FIELD(review_form, review_notes, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, 2000), .rule = &note_rule, .words = "none if left out"),
};
SHAPE(review_form, "ReviewForm", SHAPE_QUERY);

static const struct shape_field status_form_fields[] = {
	FIELD(status_form, new_status, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    .rule = &farmer_status_rule),
};
SHAPE(status_form, "StatusForm", SHAPE_QUERY);

static enum err
write_review(struct req *r, const struct farmer_get_row *row,
    const struct farmer_draft *now)
{
	const struct viewer *v = front_viewer(r);
	int64_t n;
	enum err e = q_farmer_review(r->db, &(struct farmer_review_in){
	    .farmer_id = row->farmer_id, .seen_at = row->updated_at,
	    .now = r->now > row->updated_at ? r->now : row->updated_at + 1,
	    .registration_status = now->row.registration_status,
	    .review_notes = now->row.review_notes, .reviewed_by = v->subject,
	    SCOPE(v) }, &n);

	if (!e && !n)
		return fail(r, ERR_CONFLICT, "Somebody else changed this farmer at the "
		    "same moment. Look again and repeat your change.");
	return e;
}

/* Give the farmer of the path another status; notes are kept if keep_notes. */
static enum err
change_status(struct req *r, const char *action, const struct review_form *in,
    bool keep_notes)
{
	struct farmer_get_row row;
	struct farmer_draft was, now;
	struct farmer_counted old, new;
	enum err e = farmer_read(r, req_param(r, "farmer_id"), &row);

	if (!e)
		e = farmer_draft_from(r, &row, &was);
	if (e)
		return e;
	now = was;
	now.row.registration_status = farmer_status(in->new_status);
	if (!keep_notes)
		now.row.review_notes = in->review_notes;
	old = farmer_draft_counted(&was);
	new = farmer_draft_counted(&now);
	e = write_review(r, &row, &now);
	if (!e)
		e = farmer_tally_one(r->arena, r->db, &old, &new);
	if (!e)
		e = farmer_event_change(r, action, &was, &now);
	if (e)
		return e;
	log_write(LOG_INFO, "farmer status farmer=%s from=%s to=%s who=%s",
	    row.farmer_id, was.row.registration_status, now.row.registration_status,
	    front_viewer(r)->mark);
	return farmer_reply(r, 200, row.farmer_id);
}

enum err
farmer_review(struct req *r)
{
	return change_status(r, "review", r->in, false);
}

enum err
farmer_set_status(struct req *r)
{
	const struct status_form *in = r->in;

	return change_status(r, "status", &(struct review_form){ in->new_status, NULL },
	    true);
}

/* Figures. */

struct district_total { const char *district; int64_t count; };

struct overview_out {
	int64_t total_farmers, pending, approved, rejected;
	struct shape_list by_district;
};

static const struct shape_field district_total_fields[] = {
	FIELD(district_total, district, SHAPE_TEXT),
	FIELD(district_total, count, SHAPE_INT),
};
static SHAPE(district_total, "DistrictTotal", SHAPE_BODY);

static const struct shape_field overview_out_fields[] = {
	FIELD(overview_out, total_farmers, SHAPE_INT),
	FIELD(overview_out, pending, SHAPE_INT,
	    .words = "all that are neither approved nor rejected"),
	FIELD(overview_out, approved, SHAPE_INT, .words = "approved or verified"),
	FIELD(overview_out, rejected, SHAPE_INT),
	FIELD(overview_out, by_district, SHAPE_OBJECTS, .sub = &district_total_shape,
	    .words = "the ten largest"),
};
SHAPE(overview_out, "FarmerOverview", SHAPE_BODY);

enum err
farmer_overview(struct req *r)
{
	struct farmer_overview_row *rows;
	struct district_total *districts;
	struct overview_out out = { 0 };
	size_t n;
	enum err e = q_farmer_overview(r->db, &(struct farmer_overview_in){
	    .viewer_all = front_viewer(r)->all,
	    .viewer_account_id = front_viewer(r)->account_id }, &rows, &n);

	if (e)
		return e;
	districts = arena_array(r->arena, struct district_total, n);
	for (size_t i = 0; i < n; i++)
		districts[i] = (struct district_total){
			rows[i].district_name, rows[i].n };
	if (n)
		out = (struct overview_out){
			.total_farmers = rows->total, .approved = rows->approved,
			.rejected = rows->rejected,
			.pending = rows->total - rows->approved - rows->rejected };
	out.by_district = (struct shape_list){ districts, n };
	return reply(r, 200, &out);
}
