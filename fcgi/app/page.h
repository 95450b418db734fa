/* SPDX-License-Identifier: MIT */
#ifndef APP_PAGE_H
#define APP_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct arena;
struct buf;
struct req;
struct shape;
struct shape_texts;

/*
 * What each page shows: filled by a handler, written by the template of the same name
 * (templates/NAME.html, page_NAME(out, p)). Texts are ready to be read (dates, numbers
 * with units), UTF-8, unescaped; NULL or "" means there is nothing to show. The pages
 * keep no pointer, so everything may live in the request's arena.
 */

/* Around every page: head, navigation, foot. */
struct page_frame {
	const char *title;	/* of this page: "Farmers" */
	const char *issuer;	/* conf.issuer_name */
	const char *here;	/* path of its place in the navigation: "/farmers" */
	const char *csrf;	/* for the hidden field "csrf" of every form that posts */
	const char *notice;	/* what has just been done, or NULL: "Farmer saved." */
	const char *user_name;	/* who is signed in; NULL: a visitor */
	const char *user_role;	/* "Operator" */
	const char *own_farmer_id; /* of a farmer who is signed in; NULL for others */
	bool may_list;		/* sees the list of farmers */
	bool may_enrol;		/* registers farmers */
	bool docs;		/* /docs is served */
};

/* One input of a form: what it holds and what is wrong with it (NULL: nothing). */
struct page_field {
	const char *value, *error;
};

/* How an input looks; only templates make these. */
struct page_look {
	const char *type;	/* NULL: "text" */
	const char *hint;	/* a line below the label */
	const char *mode;	/* the keyboard of a phone: "numeric", "decimal", "tel" */
	const char *pattern;	/* what the browser accepts, a regular expression */
	const char *fill;	/* autocomplete; NULL: "off" */
	const char *list;	/* id of the datalist with proposals */
	int max;		/* characters; 0: no limit */
	bool required;
	bool both;		/* as wide as both columns */
};

struct page_choice {
	const char *value, *label;
};

/* Choices under one heading; label NULL: no heading. key: the value of the choice in
 * the select above that this group belongs to, for app.js. */
struct page_group {
	const char *label, *key;
	const struct page_choice *choices;
	size_t n;
};

struct page_select {
	const char *value, *error;
	const struct page_group *groups;
	size_t n_groups;
};

/* One line of the summary of faults on top of a form: a link to the input. */
struct page_fault {
	const char *name;	/* of the input: "phone_primary" */
	const char *words;	/* "Phone number: 10 digits are needed" */
};

struct home_page {
	const struct page_frame *frame;
};

/* POST /sign-in: csrf, next, email, password. */
struct sign_in_page {
	const struct page_frame *frame;
	const char *email;	/* as typed: e-mail address or NRC */
	const char *error;	/* why it failed, or NULL */
	const char *next;	/* where to go afterwards, or NULL */
};

struct farmers_row {
	const char *farmer_id, *full_name, *phone, *place, *registered;
	const char *status;	/* as stored: "verified"; chooses the colour */
	const char *status_words; /* "Verified" */
};

/* GET /farmers?search=: at most 20 rows. */
struct farmers_page {
	const struct page_frame *frame;
	const char *search;	/* as typed, or NULL */
	const struct farmers_row *rows;
	size_t n;
	const char *previous, *next; /* addresses, "/farmers?after=...", or NULL */
};

/* POST /farmers/new and POST /farmers/{farmer_id}/edit; the inputs have the names of
 * the fields. The province goes with the district. */
struct farmer_form_page {
	const struct page_frame *frame;
	const char *farmer_id;	/* NULL: a new one */
	const char *full_name;	/* as stored; NULL: a new one */
	const char *seen;	/* hidden: which state of the record is being edited */
	const struct page_fault *faults;
	size_t n_faults;
	struct page_field first_name, last_name, phone_primary, phone_secondary, email;
	struct page_field nrc, date_of_birth, ethnic_group;
	struct page_select gender;
	struct page_select district_code;	/* a group for each province */
	struct page_select chiefdom_code;	/* a group for each district, keyed */
	struct page_field village, street, gps_latitude, gps_longitude;
	struct page_field farm_size_hectares, years_farming;
	struct page_field crops_grown, livestock_types;	/* separated by commas */
	bool has_irrigation;	/* sent as has_irrigation=true */
	struct page_field household_size, number_of_dependents, primary_income_source;
	const char *const *ethnic_groups;	/* proposals */
	size_t n_ethnic_groups;
};

/* GET /farmers/{farmer_id}; its forms POST to .../photo (csrf, then file) and .../card
 * (csrf); GET .../photo and .../card give the files. */
struct farmer_page {
	const struct page_frame *frame;
	const char *farmer_id, *full_name, *status, *status_words;
	const char *review_notes;
	const char *photo;	/* file id of the photo, or NULL */
	const char *photo_error;
	const char *phone_primary, *phone_secondary, *email, *nrc, *date_of_birth;
	const char *gender, *ethnic_group;
	const char *province, *district, *chiefdom, *village, *street, *gps;
	const char *farm_size, *crops, *livestock, *irrigation, *years_farming;
	const char *household_size, *dependents, *income;
	const char *registered, *registered_by;
	const char *card_serial, *card_issued, *card_expires; /* serial NULL: no card */
	const char *card_error;	/* why no card could be made */
	bool switched_off;	/* is_active is false */
	bool may_edit, may_photo, may_card;
};

/* GET and POST /verify: csrf, qr. */
struct verify_page {
	const struct page_frame *frame;
	const char *qr;		/* as sent, or NULL */
	const char *verdict;	/* "This card is genuine", or NULL: nothing asked yet */
	const char *words;	/* why, in a sentence */
	bool good;
	const char *serial, *full_name, *farmer_id, *district, *status;
	const char *issued, *expires;
};

struct docs_field {
	const char *name, *kind, *rule, *words; /* "phone", "text", "10 digits" */
	bool required;
};

struct docs_route {
	const char *method, *path, *who, *words;
	const char *takes, *gives;	/* names of shapes, or NULL */
	const struct docs_field *takes_fields, *gives_fields;
	size_t n_takes, n_gives;
};

struct docs_group {
	const char *tag;
	const struct docs_route *routes;
	size_t n;
};

struct docs_page {
	const struct page_frame *frame;
	const struct docs_group *groups;
	size_t n;
	size_t n_routes;	/* of all groups */
};

/* One file of a share. */
struct share_page_file {
	const char *name, *size;
	const char *link;	/* NULL: it is gone */
};

/* GET /s/{token}; its form POSTs to /s/{token}/unlock (csrf, password). */
struct share_page {
	const struct page_frame *frame;
	const char *token;
	bool locked;		/* show nothing but the form */
	const char *error;	/* what was wrong with the password, or NULL */
	const char *until;	/* "2 Jan 2026" */
	const struct share_page_file *files;
	size_t n;
};

/* A page of words: an error, or something that needs nothing but a sentence. */
struct message_page {
	const struct page_frame *frame;
	int status;		/* of HTTP, shown small; 0: none */
	const char *heading, *words;
	const char *back, *back_words; /* address and text of the way back */
};

/*
 * What the handlers of pages share. At the door (page_door.c): who comes with the
 * cookie, and whether a form is ours. For the answer (page.c): frame, headers,
 * redirects, failures.
 */

/* page_wanted(r): Does the client prefer HTML to JSON (Accept, RFC 9110 section
 * 12.5.1)? Who takes anything gets JSON. */
bool page_wanted(const struct req *r);

/* page_recognise(r): Set r->who to whom the cookie's session belongs. ERR_AUTH: there is
 * none, or it is over. */
enum err page_recognise(struct req *r);

/* page_admit(r): Let a request for a page in, setting r->who, or answer it: without a
 * session by a redirect to the sign-in (OK, with r->status set). ERR_DENIED with the
 * reply made: wrong role, or a form that did not come from our own pages. */
enum err page_admit(struct req *r);

/* page_csrf(r): What forms carry to show that they are of this session; "" without. */
const char *page_csrf(const struct req *r);

/* page_is_local(path): A path of this site, fit to be redirected to. NULL is not. */
bool page_is_local(const char *path);

/* page_cookie_value(r, name): What the cookie of that name holds; NULL without one. */
const char *page_cookie_value(const struct req *r, const char *name);

/* page_cookie(r, token): Set the session's cookie; NULL: take it away. */
void page_cookie(struct req *r, const char *token);

/* page_frame_of(r, title, here): The frame around the page, in the arena. */
struct page_frame *page_frame_of(struct req *r, const char *title, const char *here);

/* page_begin(r, status): The headers of a page; what it returns takes the HTML. Ends
 * with page_end(r), which returns OK. */
struct buf *page_begin(struct req *r, int status);
enum err page_end(struct req *r);

/* page_private(r): The headers that keep a page, or a file shown in one, from being
 * stored by the browser or framed. page_begin sets them. */
void page_private(struct req *r);

/* page_go(r, path): After a form has been dealt with: see another page (303). OK. */
enum err page_go(struct req *r, const char *path);

/* page_fail(r, e): A failure as a page with a way back. OK. */
enum err page_fail(struct req *r, enum err e);

/* page_words(r, e): Why it failed, for people: what the handler said, or what can be
 * said without. */
const char *page_words(struct req *r, enum err e);

/* page_date(a, t): "2 Jan 2026". */
const char *page_date(struct arena *a, int64_t t);

/* page_joined(a, list): "maize, groundnuts". */
const char *page_joined(struct arena *a, const struct shape_texts *list);

/* page_status_words(status): "Under review" for "under_review"; unknown ones stay. */
const char *page_status_words(const char *status);

/* farmer_page_again(r, e, photo_error, card_error): The farmer's page once more, with
 * what did not work (farmer_page.c). What was begun is undone. */
enum err farmer_page_again(struct req *r, enum err e, const char *photo_error,
    const char *card_error);

/* What forms of nothing but a button take. */
extern const struct shape button_shape;

#endif
