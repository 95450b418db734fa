/* SPDX-License-Identifier: MIT */
/*
 * The answers of pages: the frame with the navigation of who is signed in, headers
 * that keep people's data out of caches and frames, redirects after forms, and
 * failures in words with a way back. HTML is written by the templates alone.
 */
#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "front_handler.h"
#include "log.h"
#include "page.h"
#include "path.h"
#include "templates.h"
#include "text.h"

enum { PAGE_ROOM = 32 * 1024 };

const struct shape button_shape = { .name = "Button", .place = SHAPE_FORM };

/* Nothing but scripts and styles of our own files; nobody may frame us or make our
 * forms post elsewhere (Content Security Policy Level 3). */
static const char policy[] = "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/* What has just been done: the words for ?done=, so that an address can't put words
 * of its own on our pages. */
static const char *
notice(const struct req *r)
{
	static const struct { const char *done, *words; } table[] = {
		{ "registered", "The farmer is registered. Next: a photo and the card." },
		{ "saved", "The changes are saved." },
		{ "photo", "The photo is saved." },
		{ "card", "The card is ready." },
		{ "out", "You have signed out." },
		{ "ended", "Your session has ended. Please sign in again." }
	};
	const char *done = req_query(r, "done");

	if (!done || !text_same(r->method, "GET"))
		return NULL;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (text_same(table[i].done, done))
			return table[i].words;
	return NULL;
}

struct page_frame *
page_frame_of(struct req *r, const char *title, const char *here)
{
	const struct viewer *v = front_viewer(r);
	struct page_frame *f = arena_take(r->arena, sizeof(*f));
	bool is_staff = v->is_admin || v->is_operator;

	*f = (struct page_frame){
		.title = title, .issuer = conf.issuer_name, .here = here,
		.csrf = page_csrf(r), .notice = notice(r), .docs = conf.docs,
		.may_list = is_staff, .may_enrol = is_staff,
		.own_farmer_id = v->farmer_id
	};
	if (!r->who)
		return f;
	f->user_name = text_empty(v->name) ? v->subject : v->name;
	f->user_role = v->is_admin ? "Administrator" : v->organisation_id ? "Operator" :
	    "Farmer";
	return f;
}

void
page_private(struct req *r)
{
	req_header(r, "Cache-Control", "no-store");
	req_header(r, "Referrer-Policy", "same-origin");
	req_header(r, "Content-Security-Policy", policy);
}

struct buf *
page_begin(struct req *r, int status)
{
	page_private(r);
	r->status = status;
	r->body = buf_make(r->arena, PAGE_ROOM);
	return &r->body;
}

enum err
page_end(struct req *r)
{
	return reply_bytes(r, "text/html; charset=utf-8", r->body.bytes, r->body.n);
}

enum err
page_go(struct req *r, const char *path)
{
	page_private(r);
	req_header(r, "Location", path);
	r->status = 303;
	return reply_bytes(r, "text/plain", "", 0);
}

static const char *
heading(enum err e)
{
	switch (e) {
	case ERR_BAD:		return "This can't be done";
	case ERR_DENIED:	return "Not allowed";
	case ERR_MISSING:	return "Not found";
	case ERR_METHOD:	return "Nothing to see here";
	case ERR_CONFLICT:	return "Somebody was faster";
	case ERR_BIG:		return "Too large";
	case ERR_INVALID:	return "Something is missing";
	case ERR_BUSY:		return "Too many attempts";
	case ERR_DOWN:		return "Not available at this moment";
	default:		return "Something went wrong";
	}
}

/* The wait that Retry-After names, in whole minutes. */
static const char *
wait_words(const struct req *r)
{
	int64_t wait = 15 * 60;

	for (int i = 0; i < r->n_headers; i++)
		if (text_same(r->headers[i].name, "Retry-After"))
			(void)text_number(r->headers[i].value, 0, wait, &wait);
	if (wait < 60)
		return "Too many attempts. Please try again in a minute.";
	return arena_print(r->arena, "Too many attempts. Please try again in %lld "
	    "minutes.", (long long)(wait + 59) / 60);
}

const char *
page_words(struct req *r, enum err e)
{
	switch (e) {
	case ERR_INVALID:
		return "Some of what was sent can't be used. Go back, correct it, and "
		    "send it again.";
	case ERR_BUSY:
		return wait_words(r);
	case ERR_DOWN:
		return "A part of the register does not answer. Please try again in a "
		    "moment.";
	case ERR_METHOD:
		return "This address only takes what a form sends.";
	case ERR_BROKEN:
		return arena_print(r->arena, "The fault is on our side and has been "
		    "noted under the number %s. Please try again later.", r->id);
	case ERR_MISSING:
		if (!r->detail || text_same(r->detail, "Not Found"))
			return "There is nothing at this address. It may have been "
			    "mistyped.";
		return r->detail;
	default:
		return r->detail ? r->detail : "The register can't do this.";
	}
}

/* The page of the farmer that the path names, with a query. */
static const char *
farmer_address(const struct req *r, const char *query)
{
	struct buf b = buf_make(r->arena, 60);

	buf_text(&b, "/farmers/");
	path_encode(&b, req_param(r, "farmer_id"), "");
	buf_text(&b, query);
	return b.bytes;
}

/* The way back: to the farmer whose page did not work, or to where everybody may be. */
static void
way_back(const struct req *r, enum err e, struct message_page *p)
{
	const struct viewer *v = front_viewer(r);

	p->back = "/";
	p->back_words = "Back to the start";
	if (v->is_admin || v->is_operator) {
		p->back = "/farmers";
		p->back_words = "Back to the farmers";
	}
	if (r->who && *req_param(r, "farmer_id") && e != ERR_MISSING &&
	    e != ERR_DENIED) {
		p->back = farmer_address(r, "");
		p->back_words = "Back to the farmer";
	}
}

enum err
page_fail(struct req *r, enum err e)
{
	struct message_page p = { .status = reply_status(e), .heading = heading(e),
		.words = page_words(r, e) };
	struct page_frame *frame;

	if (e == ERR_BROKEN && r->detail)
		log_write(LOG_ERROR, "%s", r->detail);
	reply_drop(r);
	if (e == ERR_BIG && r->n_params && r->route->takes->place == SHAPE_UPLOAD)
		return page_go(r, farmer_address(r, "?failed=large"));
	if (!r->route)
		(void)page_recognise(r); /* a visitor's page will do as well */
	frame = page_frame_of(r, p.heading, "");
	frame->notice = NULL;
	p.frame = frame;
	way_back(r, e, &p);
	page_message(page_begin(r, p.status), &p);
	return page_end(r);
}

const char *
page_date(struct arena *a, int64_t t)
{
	static const char months[12][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
		"Nov", "Dec"
	};
	char text[CLOCK_TEXT];
	int64_t month, day;

	(void)clock_date(t, text);
	if (!text_number(arena_copy(a, text + 5, 2), 1, 12, &month) ||
	    !text_number(text + 8, 1, 31, &day))
		return arena_text(a, text);
	return arena_print(a, "%lld %s %.4s", (long long)day, months[month - 1], text);
}

const char *
page_joined(struct arena *a, const struct shape_texts *list)
{
	struct buf b = buf_make(a, 64);

	for (size_t i = 0; i < list->n; i++)
		buf_print(&b, "%s%s", i ? ", " : "", list->items[i]);
	return b.bytes;
}

const char *
page_status_words(const char *status)
{
	static const struct { const char *status, *words; } table[] = {
		{ "pending", "Pending" }, { "registered", "Registered" },
		{ "under_review", "Under review" }, { "verified", "Verified" },
		{ "rejected", "Rejected" }, { "approved", "Approved" },
		{ "pending_documents", "Documents missing" }
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (text_same(table[i].status, status))
			return table[i].words;
	return status;
}
