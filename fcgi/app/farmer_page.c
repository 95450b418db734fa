/* SPDX-License-Identifier: MIT */
/*
 * Farmers in the browser: the list with its search, and one farmer's record. The list
 * goes on from the last row shown, not by counting rows, so that the thousandth page
 * costs as much as the first.
 */
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "fields.h"
#include "front.h"
#include "id.h"
#include "page.h"
#include "path.h"
#include "queries.h"
#include "seal.h"
#include "seen.h"
#include "templates.h"
#include "text.h"
#include "farmer.h"
#include "farmer_page.h"

enum { ROWS = 20 };

struct farmer_page_find { const char *search, *after, *before; };

static const struct shape_field farmer_page_find_fields[] = {
	FIELD(farmer_page_find, search, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, 200)),
	FIELD(farmer_page_find, after, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 40)),
	FIELD(farmer_page_find, before, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, 40)),
};
SHAPE(farmer_page_find, "FarmersPage", SHAPE_QUERY);

/* One page of the list while it is being put together. */
struct listing {
	struct req *r;
	const char *search;	/* trimmed; "" for all */
	const char *than;	/* the row to go on from */
	bool newer;		/* upwards from it */
	struct farmer_list_row *rows;
	size_t n;
};

/* Only an NRC has a slash; it is found by its keyed hash, so only as a whole. */
static enum err
ask_nrc(struct listing *l)
{
	struct arena *a = l->r->arena;

	return q_farmer_find(l->r->db, &(struct farmer_find_in){
	    SCOPE(front_viewer(l->r)), .nrc_hash = seal_hash(a, l->search, 0),
	    .other_hash = seal_hash(a, l->search, 1) }, &l->rows, &l->n);
}

static enum err
ask(struct listing *l)
{
	struct farmer_ask ask = { .than = l->than, .newer = l->newer,
		.limit = ROWS + 1 };

	if (strchr(l->search, '/'))
		return ask_nrc(l);
	if (*l->search)
		farmer_words(l->r->arena, l->search, &ask.words);
	return farmer_ask(l->r, &ask, &l->rows, &l->n);
}

static void
turn_round(struct listing *l)
{
	for (size_t i = 0; i < l->n / 2; i++) {
		struct farmer_list_row row = l->rows[i];

		l->rows[i] = l->rows[l->n - 1 - i];
		l->rows[l->n - 1 - i] = row;
	}
}

static const char *
address(const struct listing *l, const char *key, const char *than)
{
	struct buf b = buf_make(l->r->arena, 100);

	buf_text(&b, "/farmers?");
	if (*l->search) {
		buf_text(&b, "search=");
		path_encode(&b, l->search, "");
		buf_char(&b, '&');
	}
	buf_print(&b, "%s=%s", key, than);
	return b.bytes;
}

static struct farmers_row *
show_rows(const struct listing *l)
{
	struct arena *a = l->r->arena;
	struct farmers_row *out = arena_array(a, struct farmers_row, l->n + 1);

	for (size_t i = 0; i < l->n; i++) {
		const struct farmer_list_row *row = &l->rows[i];

		out[i] = (struct farmers_row){
			.farmer_id = row->farmer_id, .phone = row->phone_primary,
			.full_name = arena_print(a, "%s %s", row->first_name,
			    row->last_name),
			.place = arena_print(a, "%s, %s", row->village,
			    row->district_name),
			.registered = page_date(a, row->created_at),
			.status = row->is_active ? row->registration_status : "rejected",
			.status_words = row->is_active ?
			    page_status_words(row->registration_status) : "Switched off"
		};
	}
	return out;
}

/* Every id is before "g", as they are hexadecimal. Fewer newer ones than fill a page
 * means that this is the first page. */
static enum err
read_page(struct listing *l, const struct farmer_page_find *in)
{
	enum err e;

	l->newer = id_valid(in->before);
	l->than = l->newer ? in->before : id_valid(in->after) ? in->after : "g";
	e = ask(l);
	if (e || !l->newer || l->n >= ROWS)
		return e;
	l->newer = false;
	l->than = "g";
	return ask(l);
}

static enum err
note(const struct listing *l)
{
	const bool by_nrc = strchr(l->search, '/');

	return seen_rows(l->r, &(struct seen){ .module = "farmers",
	    .action = "list_result", .n = l->n,
	    .how = by_nrc ? "nrc" : *l->search ? "search" : NULL,
	    .subject = by_nrc && l->n == 1 ? l->rows->farmer_id : NULL });
}

enum err
farmer_page_list(struct req *r)
{
	const struct farmer_page_find *in = r->in;
	struct listing l = { .r = r,
		.search = text_trim(r->arena, in->search ? in->search : "") };
	struct farmers_page p = { .frame = page_frame_of(r, "Farmers", "/farmers"),
		.search = l.search };
	enum err e = read_page(&l, in);
	bool more = l.n > ROWS;

	l.n = more ? ROWS : l.n;
	if (!e)
		e = note(&l);
	if (e)
		return e;
	if (l.newer)
		turn_round(&l);
	if (l.n && (l.newer ? more : *l.than != 'g'))
		p.previous = address(&l, "before", l.rows[0].farmer_row_id);
	if (l.n && (more || l.newer))
		p.next = address(&l, "after", l.rows[l.n - 1].farmer_row_id);
	p.rows = show_rows(&l);
	p.n = l.n;
	page_farmers(page_begin(r, 200), &p);
	return page_end(r);
}

static const char *
number(struct arena *a, const int64_t *n, const char *unit)
{
	return n ? arena_print(a, "%lld%s", (long long)*n, unit) : NULL;
}

static const char *
birth_words(struct arena *a, const char *birth_date)
{
	int64_t day;

	return clock_read_date(birth_date, &day) ? page_date(a, day) : birth_date;
}

static void
fill_person(struct arena *a, const struct farmer_person *p, struct farmer_page *page)
{
	page->full_name = arena_print(a, "%s %s", p->first_name, p->last_name);
	page->phone_primary = p->phone_primary;
	page->phone_secondary = p->phone_secondary;
	page->email = p->email;
	page->nrc = p->nrc;
	page->date_of_birth = birth_words(a, p->date_of_birth);
	page->gender = p->gender;
	page->ethnic_group = p->ethnic_group;
}

static void
fill_rest(struct arena *a, const struct farmer_out *f, struct farmer_page *page)
{
	const struct farmer_address *at = f->address;
	const struct farmer_farm *farm = f->farm_info;
	const struct farmer_household *home = f->household_info;

	page->province = at->province_name;
	page->district = at->district_name;
	page->chiefdom = at->chiefdom_name;
	page->village = at->village;
	page->street = at->street;
	if (at->gps_latitude && at->gps_longitude)
		page->gps = arena_print(a, "%.7g, %.7g", *at->gps_latitude,
		    *at->gps_longitude);
	if (farm) {
		page->farm_size = arena_print(a, "%.10g ha", *farm->farm_size_hectares);
		page->crops = page_joined(a, &farm->crops_grown);
		page->livestock = page_joined(a, &farm->livestock_types);
		page->irrigation = farm->has_irrigation && *farm->has_irrigation ?
		    "Yes" : "No";
		page->years_farming = number(a, farm->years_farming, "");
	}
	if (home) {
		page->household_size = number(a, home->household_size, "");
		page->dependents = number(a, home->number_of_dependents, "");
		page->income = home->primary_income_source;
	}
}

static enum err
fill_card(struct req *r, struct farmer_page *page)
{
	struct card_current_row card;
	const char *s;
	enum err e = q_card_current(r->db, &(struct card_current_in){
	    .farmer_id = page->farmer_id, SCOPE(front_viewer(r)) }, &card);

	if (e)
		return e == ERR_MISSING ? OK : e;
	s = text_upper(r->arena, card.card_serial);
	page->card_serial = arena_print(r->arena, "%.4s %.4s %.4s %s", s, s + 4, s + 8,
	    s + 12);
	page->card_issued = page_date(r->arena, card.issued_at);
	page->card_expires = page_date(r->arena, card.expires_at);
	return OK;
}

/* page comes with the troubles of a form, if any. */
static enum err
show(struct req *r, int status, struct farmer_page *page)
{
	const char *farmer_id = req_param(r, "farmer_id");
	struct farmer_get_row row;
	struct farmer_out f;
	enum err e;

	farmer_fill_ahead(r, farmer_id);
	e = farmer_read(r, farmer_id, &row);
	if (!e)
		e = farmer_fill(r, &row, &f);
	if (e)
		return e;
	page->farmer_id = row.farmer_id;
	page->status = row.registration_status;
	page->status_words = page_status_words(row.registration_status);
	page->review_notes = row.review_notes;
	page->photo = row.photo_file_id;
	page->registered = page_date(r->arena, row.created_at);
	page->registered_by = row.created_by;
	page->switched_off = !row.is_active;
	page->may_edit = page->may_photo = page->may_card = true; /* who sees may */
	fill_person(r->arena, f.personal_info, page);
	fill_rest(r->arena, &f, page);
	e = fill_card(r, page);
	if (!e)
		e = seen_farmer(r, "get_success", page->farmer_id);
	if (e)
		return e;
	page->frame = page_frame_of(r, page->full_name,
	    front_viewer(r)->is_farmer ? "/farmers" : "");
	page_farmer(page_begin(r, status), page);
	return page_end(r);
}

enum err
farmer_page(struct req *r)
{
	struct farmer_page page = { .frame = NULL };

	/* The web server leads back here what it did not take (nginx.conf.in). */
	if (text_same(req_query(r, "failed"), "large"))
		page.photo_error = arena_print(r->arena, "The file is too large. At most "
		    "%lld MB are possible.", (long long)conf.max_upload_mb);
	return show(r, 200, &page);
}

enum err
farmer_page_again(struct req *r, enum err e, const char *photo_error,
    const char *card_error)
{
	struct farmer_page page = { .photo_error = photo_error,
		.card_error = card_error };

	front_undo(r);
	return show(r, reply_status(e), &page);
}
