/* SPDX-License-Identifier: MIT */
/*
 * Farmers: register, show, change. The viewer's scope is in every
 * statement; what is checked here besides is what a role may change.
 */
#include <string.h>

#include "arena.h"
#include "farmer.h"
#include "farmer_audit.h"
#include "farmer_tally.h"
#include "fields.h"
#include "front.h"
#include "id.h"
#include "log.h"
#include "seal.h"
#include "seen.h"
#include "text.h"

enum { NUMBER_TRIES = 10 };

static enum err
not_found(struct req *r, const char *farmer_id)
{
	return fail(r, ERR_MISSING, "Farmer %s not found", farmer_id);
}

/* The districts of an operator, as the refusal names them. */
static enum err
check_district(struct req *r, const char *district_name)
{
	const struct viewer *v = front_viewer(r);
	struct account_district_list_row *rows;
	struct buf names = buf_make(r->arena, 128);
	size_t n;
	enum err e;

	if (v->all)
		return OK;
	e = q_account_district_list(r->db, &(struct account_district_list_in){
	    .account_id = v->account_id }, &rows, &n);
	if (e)
		return e;
	for (size_t i = 0; i < n; i++) {
		if (text_same(rows[i].district_name, district_name))
			return OK;
		buf_print(&names, "%s%s", i ? ", " : "", rows[i].district_name);
	}
	if (!n)
		return fail(r, ERR_DENIED, "No district is assigned to you yet. "
		    "Ask an administrator.");
	return fail(r, ERR_DENIED, "Farmer must be registered in your assigned "
	    "district(s): %s", names.bytes);
}

static enum err
refuse_nrc(struct req *r, const char *nrc, const char *farmer_id)
{
	return fail(r, ERR_CONFLICT, "Farmer with NRC %s already exists "
	    "(Farmer ID: %s)", nrc, farmer_id);
}

enum err
farmer_by_nrc(struct req *r, const char *nrc, struct farmer_by_nrc_row **row)
{
	size_t n;
	enum err e = q_farmer_by_nrc(r->db, &(struct farmer_by_nrc_in){
	    .nrc_hash = seal_hash(r->arena, nrc, 0),
	    .other_hash = seal_hash(r->arena, nrc, 1) }, row, &n);

	if (e || !n)
		*row = NULL;
	return e;
}

/* The constraints decide races: nothing inserted means that the NRC or the number was
 * taken, and asking tells which. */
enum err
farmer_store(struct req *r, struct farmer_draft *draft, const char **taken)
{
	struct farmer_by_nrc_row *row;
	char number[11];
	enum err e = OK;

	*taken = NULL;
	for (int i = 0; i <= NUMBER_TRIES && !e; i++) {
		e = farmer_by_nrc(r, draft->nrc, &row);
		if (!e && row && text_same(row->farmer_row_id, draft->row.farmer_row_id))
			return OK;
		if (!e && row) {
			*taken = row->farmer_id;
			return ERR_CONFLICT;
		}
		id_number("ZM", number);
		draft->row.farmer_id = arena_text(r->arena, number);
		if (!e)
			e = farmer_draft_insert(r, draft);
	}
	if (e)
		return e;
	log_write(LOG_ERROR, "farmer: no free number in %d tries", NUMBER_TRIES);
	return ERR_BROKEN;
}

enum err
farmer_read(struct req *r, const char *farmer_id, struct farmer_get_row *row)
{
	const struct viewer *v = front_viewer(r);
	enum err e;

	if (v->is_farmer && !text_same(v->farmer_id, farmer_id))
		return fail(r, ERR_DENIED,
		    "You can only view your own farmer profile");
	e = q_farmer_get(r->db, &(struct farmer_get_in){
	    .farmer_id = farmer_id, SCOPE(v) }, row);
	return e == ERR_MISSING ? not_found(r, farmer_id) : e;
}

enum err
farmer_reply(struct req *r, int status, const char *farmer_id)
{
	struct farmer_get_row row;
	struct farmer_out out;
	enum err e;

	farmer_fill_ahead(r, farmer_id);
	e = farmer_read(r, farmer_id, &row);
	if (!e)
		e = farmer_fill(r, &row, &out);
	return e ? e : reply(r, status, &out);
}

enum err
farmer_prepare(struct req *r, const struct farmer_form *form, struct farmer_draft *draft)
{
	char *id = arena_take(r->arena, ID_TEXT);
	enum err e;

	id_make(id);
	*draft = (struct farmer_draft){ .created_by = front_viewer(r)->mark,
		.created_at = r->now, .row = { .farmer_row_id = id,
		    .registration_status = "pending", .is_active = true,
		    .now = r->now } };
	farmer_draft_apply(r, form, draft);
	e = farmer_draft_check(r, draft, NULL);
	return e ? e : check_district(r, draft->row.district_name);
}

enum err
farmer_complete(struct req *r, const struct farmer_draft *draft,
    struct farmer_tally *tally)
{
	const struct farmer_counted counted = farmer_draft_counted(draft);
	const struct audit_event event = farmer_registered(r->arena, draft);
	enum err e = farmer_draft_terms(r, draft);

	farmer_tally_note(tally, NULL, &counted);
	return e ? e : front_audit(r, &event);
}

enum err
farmer_register_noted(struct req *r, const struct farmer_form *form,
    struct farmer_tally *tally, const char **farmer_id)
{
	struct farmer_draft draft;
	enum err e = farmer_prepare(r, form, &draft);

	if (e)
		return e;
	farmer_draft_seal(r, &draft);
	e = farmer_store(r, &draft, farmer_id);
	if (e && *farmer_id)
		return refuse_nrc(r, draft.nrc, *farmer_id);
	if (!e)
		e = farmer_complete(r, &draft, tally);
	if (e)
		return e;
	*farmer_id = draft.row.farmer_id;
	log_write(LOG_INFO, "farmer registered farmer=%s who=%s", *farmer_id,
	    draft.created_by);
	return OK;
}

enum err
farmer_register(struct req *r, const struct farmer_form *form, const char **farmer_id)
{
	struct farmer_tally *tally = farmer_tally_begin(r->arena);
	enum err e = farmer_register_noted(r, form, tally, farmer_id);

	return e ? e : farmer_tally_write(tally, r->db);
}

enum err
farmer_enrol(struct req *r)
{
	const char *farmer_id;
	enum err e = farmer_register(r, r->in, &farmer_id);

	return e ? e : farmer_reply(r, 201, farmer_id);
}

enum err
farmer_show(struct req *r)
{
	const char *farmer_id = req_param(r, "farmer_id");
	enum err e = farmer_reply(r, 200, farmer_id);

	return e ? e : seen_farmer(r, "get_success", farmer_id);
}

/* Left out and left empty are the same: clients send either for what nobody knows. */
static bool
same_or_none(const char *a, const char *b)
{
	return text_same(a, b) || (text_empty(a) && text_empty(b));
}

/* What is printed and signed on a card. */
static bool
same_identity(const struct farmer_draft *a, const struct farmer_draft *b)
{
	return text_same(a->nrc, b->nrc) && text_same(a->birth_date, b->birth_date) &&
	    text_same(a->row.first_name, b->row.first_name) &&
	    text_same(a->row.last_name, b->row.last_name) &&
	    text_same(a->row.gender, b->row.gender) &&
	    text_same(a->row.province_code, b->row.province_code) &&
	    text_same(a->row.province_name, b->row.province_name) &&
	    text_same(a->row.district_code, b->row.district_code) &&
	    text_same(a->row.district_name, b->row.district_name) &&
	    same_or_none(a->row.chiefdom_code, b->row.chiefdom_code) &&
	    same_or_none(a->row.chiefdom_name, b->row.chiefdom_name);
}

/* A farmer may correct contact and farm; who he is and his standing are the
 * office's. Whole forms come back, so values that stay the same are fine. */
static enum err
check_farmer_may(struct req *r, const struct farmer_draft *was,
    const struct farmer_draft *now)
{
	if (!front_viewer(r)->is_farmer)
		return OK;
	if (same_identity(was, now) &&
	    text_same(was->row.registration_status, now->row.registration_status) &&
	    text_same(was->row.review_notes, now->row.review_notes) &&
	    was->row.is_active == now->row.is_active)
		return OK;
	return fail(r, ERR_DENIED, "Name, gender, NRC, date of birth, district and "
	    "status can only be changed at a registration office");
}

/* Nobody else may have the new NRC. */
static enum err
check_nrc_free(struct req *r, const struct farmer_draft *was,
    const struct farmer_draft *now)
{
	struct farmer_by_nrc_row *taken;
	enum err e;

	if (text_same(was->nrc, now->nrc))
		return OK;
	e = farmer_by_nrc(r, now->nrc, &taken);
	if (!e && taken && !text_same(taken->farmer_id, now->row.farmer_id))
		return refuse_nrc(r, now->nrc, taken->farmer_id);
	return e;
}

static void
apply_change(struct req *r, const struct farmer_change *in, struct farmer_draft *now)
{
	if (in->is_whole)
		farmer_draft_bare(now);
	farmer_draft_apply(r, &in->form, now);
	if (in->registration_status)
		now->row.registration_status = farmer_status(in->registration_status);
	if (in->review_notes)
		now->row.review_notes = in->review_notes;
	if (in->is_active)
		now->row.is_active = *in->is_active;
}

static enum err
check_change(struct req *r, const struct farmer_draft *was,
    const struct farmer_draft *now)
{
	enum err e = check_farmer_may(r, was, now);

	if (!e)
		e = farmer_draft_check(r, now, was);
	if (!e && !front_viewer(r)->is_farmer)
		e = check_district(r, now->row.district_name);
	if (!e)
		e = check_nrc_free(r, was, now);
	return e;
}

/* NRC and birth date are a farmer's way in: when they change, or he is switched off,
 * whoever is signed in with the old ones is out. */
static enum err
write_change(struct req *r, const struct farmer_draft *was, struct farmer_draft *now,
    struct farmer_tally *tally)
{
	bool out = !now->row.is_active || !text_same(was->nrc, now->nrc) ||
	    !text_same(was->birth_date, now->birth_date);
	const struct farmer_counted old = farmer_draft_counted(was),
	    new = farmer_draft_counted(now);
	int64_t n;
	enum err e;

	farmer_draft_seal(r, now);
	e = q_farmer_update(r->db, &now->row, &n);
	if (e == ERR_CONFLICT)
		return fail(r, e, "Farmer with NRC %s already exists", now->nrc);
	if (!e && !n)
		return fail(r, ERR_CONFLICT, "Somebody else changed this farmer at the "
		    "same moment. Look again and repeat your change.");
	if (!e && !text_same(was->row.district_name, now->row.district_name))
		e = q_farmer_move_set(r->db, &(struct farmer_move_set_in){
		    .farmer_row_id = now->row.farmer_row_id,
		    .district_name = was->row.district_name,
		    .farmer_id = now->row.farmer_id, .now = now->row.now }, NULL);
	if (!e)
		e = farmer_draft_terms_again(r, now);
	farmer_tally_note(tally, &old, &new);
	if (!e && out)
		e = q_session_end_farmer(r->db, &(struct session_end_farmer_in){
		    .farmer_id = now->row.farmer_id }, NULL);
	return e;
}

enum err
farmer_amend_noted(struct req *r, const char *farmer_id, const struct farmer_change *in,
    struct farmer_tally *tally)
{
	const struct viewer *v = front_viewer(r);
	struct farmer_get_row row;
	struct farmer_draft was, now;
	enum err e;

	if (v->is_farmer && !text_same(v->farmer_id, farmer_id))
		return fail(r, ERR_DENIED, "You do not have permission to update this "
		    "farmer profile.");
	e = q_farmer_get(r->db, &(struct farmer_get_in){
	    .farmer_id = farmer_id, SCOPE(v) }, &row);
	if (e == ERR_MISSING)
		return not_found(r, farmer_id);
	if (!e)
		e = farmer_draft_from(r, &row, &was);
	if (e)
		return e;
	now = was;
	now.row.now = r->now > row.updated_at ? r->now : row.updated_at + 1;
	now.row.seen_at = row.updated_at;
	now.row.viewer_all = v->all;
	now.row.viewer_farmer_id = v->farmer_id;
	now.row.viewer_account_id = v->account_id;
	apply_change(r, in, &now);
	e = check_change(r, &was, &now);
	if (!e)
		e = write_change(r, &was, &now, tally);
	if (!e)
		e = farmer_event_change(r, "update_success", &was, &now);
	if (!e)
		log_write(LOG_INFO, "farmer changed farmer=%s who=%s", farmer_id,
		    v->mark);
	return e;
}

enum err
farmer_amend(struct req *r, const char *farmer_id, const struct farmer_change *in)
{
	struct farmer_tally *tally = farmer_tally_begin(r->arena);
	enum err e = farmer_amend_noted(r, farmer_id, in, tally);

	return e ? e : farmer_tally_write(tally, r->db);
}

enum err
farmer_edit(struct req *r)
{
	const char *farmer_id = req_param(r, "farmer_id");
	enum err e = farmer_amend(r, farmer_id, r->in);

	return e ? e : farmer_reply(r, 200, farmer_id);
}
