/* SPDX-License-Identifier: MIT */
/*
 * Checking a card in the browser: the text of its code is pasted, or read from a photo
 * by the script. Older cards say who they are in JSON; both go the way of the API.
 */
#include <string.h>

#include "arena.h"
#include "fields.h"
#include "front.h"
#include "json.h"
#include "page.h"
#include "templates.h"
#include "text.h"
#include "verify.h"

struct verify_text { const char *qr; };

static const struct shape_field verify_text_fields[] = {
	FIELD(verify_text, qr, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 8192)),
};
SHAPE(verify_text, "VerifyText", SHAPE_FORM);

/* The code's text as it was on the card: blanks belong to it, line ends don't. */
static char *
one_line(struct arena *a, const char *sent)
{
	char *copy = arena_text(a, sent ? sent : ""), *to = copy;

	for (const char *p = copy; *p; p++)
		if (*p != '\r' && *p != '\n')
			*to++ = *p;
	*to = '\0';
	return copy;
}

/* {"farmer_id": ..., "timestamp": ..., "signature": ...} of an older card. */
static bool
read_triple(struct req *r, const char *text, struct verify_form *form)
{
	const struct json *j;
	const char *why;
	size_t at;
	bool good;

	j = json_read(r->arena, text, strlen(text), &why, &at);
	good = j && shape_read(&verify_form_shape, j, r->arena, form, &r->faults);
	json_free(j);
	form->qr = NULL;
	return good;
}

static const char *
good_words(const struct verify_out *out)
{
	return text_same(out->card_status, "unnumbered") ?
	    "It is of the older kind, without a serial number. Its signature is ours." :
	    "Its signature is ours, and it is in force.";
}

/* Ours, but not good any more: why. */
static const char *
bad_words(const struct verify_out *out)
{
	if (text_same(out->card_status, "revoked"))
		return "We issued it, but it has been revoked: a newer card took its "
		    "place, or it was lost.";
	if (text_same(out->card_status, "expired"))
		return "We issued it, but its time has run out.";
	return "We issued it, but the farmer is switched off in the register.";
}

static void
fill(struct arena *a, const struct verify_out *out, struct verify_page *p)
{
	const char *s = out->card_serial ? text_upper(a, out->card_serial) : NULL;

	p->good = out->verified;
	p->verdict = p->good ? "This card is genuine" : "This card does not hold";
	p->words = p->good ? good_words(out) : bad_words(out);
	p->full_name = out->name;
	p->farmer_id = out->farmer_id;
	p->district = out->district;
	p->status = page_status_words(out->registration_status);
	if (s && strlen(s) == 16)
		p->serial = arena_print(a, "%.4s %.4s %.4s %.4s", s, s + 4, s + 8,
		    s + 12);
	if (out->issued_at)
		p->issued = page_date(a, *out->issued_at);
	if (out->expires_at)
		p->expires = page_date(a, *out->expires_at);
}

static enum err
show(struct req *r, int status, struct verify_page *p)
{
	p->frame = page_frame_of(r, "Verify a card", "/verify");
	page_verify(page_begin(r, status), p);
	return page_end(r);
}

enum err
verify_page(struct req *r)
{
	struct verify_page p = { .qr = NULL };

	return show(r, 200, &p);
}

enum err
verify_page_check(struct req *r)
{
	const struct verify_text *in = r->in;
	const char *text = one_line(r->arena, in->qr);
	struct verify_form form = { .qr = text };
	struct verify_page p = { .qr = text };
	struct verify_out out;
	enum err e = ERR_BAD;

	if (!*text)
		return show(r, 200, &p);
	if (text[strspn(text, " ")] != '{' || read_triple(r, text, &form))
		e = verify_card(r, &form, &out);
	if (e && e != ERR_BAD && e != ERR_MISSING)
		return e;
	if (!e) {
		fill(r->arena, &out, &p);
	} else {
		p.verdict = "This card is not genuine";
		p.words = e == ERR_MISSING ? "Its signature is ours, but the register "
		    "has no such card any more." : "The text has no signature of ours. "
		    "Perhaps not all of it was copied: try once more.";
	}
	return show(r, 200, &p);
}
