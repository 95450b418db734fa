/* SPDX-License-Identifier: MIT */
#ifndef APP_PAGE_H
#define APP_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	bool card_revoked;
	bool card_waits;	/* is being made: look again soon */
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

/* A page of words: an error, or something that needs nothing but a sentence. */
struct message_page {
	const struct page_frame *frame;
	int status;		/* of HTTP, shown small; 0: none */
	const char *heading, *words;
	const char *back, *back_words; /* address and text of the way back */
};

#endif
