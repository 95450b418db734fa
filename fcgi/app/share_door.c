/* SPDX-License-Identifier: MIT */
/*
 * Before a share: tokens, cookies, and uses. A token is too long to be guessed, and found
 * by its hash, so neither the database nor the time it takes tells anything of it. Who
 * comes with one that does not hold gets the same page as who made one up; why, only
 * its owners see.
 *
 * A use is a visit. The first download of a visitor counts one, and gives a cookie; with
 * it each file of the share can be taken once within a day, as it is then, and be gone on
 * with after a broken connection (Range), without a further use. Taking a file from its
 * beginning once more, or what was written over it, is a new visit. Without cookies every
 * download is one. Whether there is a use left is decided by a single UPDATE, so no race
 * gives away one too many.
 */
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "front.h"
#include "id.h"
#include "key.h"
#include "page.h"
#include "share.h"
#include "templates.h"
#include "text.h"

enum {
	TOKEN_BYTES = 24,
	REQUESTS = 1000,	/* of an address, in 15 minutes */
	REFUSALS = 200		/* of a share that are noted, in 15 minutes */
};

#define UNLOCK_TIME CLOCK_HOUR
#define VISIT_TIME CLOCK_DAY

static const char unlock_cookie[] = "__Secure-cem_unlock";
static const char visit_cookie[] = "__Secure-cem_visit";

/* What a cookie says: kind of share_id, for a time; of one for text. */
struct claim {
	const char *kind, *share_id, *text;
	int64_t until;		/* seconds */
	const char *bound;	/* must be the same, but is not in it */
};

const char *
share_token(struct arena *a)
{
	uint8_t bytes[TOKEN_BYTES];

	randombytes_buf(bytes, sizeof(bytes));
	return text_base64(a, bytes, sizeof(bytes));
}

const char *
share_hash(struct arena *a, const char *token)
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(hash, (const uint8_t *)token, strlen(token));
	return text_hex(a, hash, sizeof(hash));
}

const char *
share_state(const struct share_facts *f, int64_t now)
{
	if (f->revoked_at)
		return "revoked";
	if (f->expires_at <= now)
		return "expired";
	if (!f->is_held)
		return "suspended";
	if (f->max_uses && f->n_uses >= *f->max_uses)
		return "used_up";
	return "active";
}

/* No part holds a line end, so no two claims are one text. */
static const char *
seal(struct arena *a, const struct claim *c, int generation)
{
	return key_mac(a, KEY_SHARE, generation, arena_print(a, "%s\n%s\n%s\n%lld\n%s",
	    c->kind, c->share_id, c->text, (long long)c->until, c->bound));
}

/* Lax: who comes by the link in a letter comes from another site. */
static void
set_cookie(struct req *r, const struct share_door *d, const char *name,
    const struct claim *c)
{
	req_header(r, "Set-Cookie", arena_print(r->arena, "%s=%s.%lld.%s; Path=/s/%s; "
	    "Max-Age=%lld; HttpOnly; Secure; SameSite=Lax", name, c->text,
	    (long long)c->until, seal(r->arena, c, 0), d->token,
	    (long long)(c->until - r->now / CLOCK_SECOND)));
}

/* "text.until.mac" of the cookie, if it holds: its text, else NULL. */
static const char *
read_cookie(struct req *r, const char *name, struct claim *c)
{
	const char *value = page_cookie_value(r, name), *dot, *last, *made;

	dot = value ? strchr(value, '.') : NULL;
	last = dot ? strchr(dot + 1, '.') : NULL;
	if (!last || !text_number(arena_copy(r->arena, dot + 1,
	    (size_t)(last - dot - 1)), r->now / CLOCK_SECOND, INT64_MAX, &c->until))
		return NULL;
	c->text = arena_copy(r->arena, value, (size_t)(dot - value));
	for (int g = 0; (made = seal(r->arena, c, g)); g++)
		if (text_same_secret(made, last + 1))
			return c->text;
	return NULL;
}

static void
read_cookies(struct req *r, struct share_door *d)
{
	const char *hash = d->share.password_hash;
	struct claim visit = { .kind = "visit", .share_id = d->share.share_id,
		.bound = "" };
	struct claim unlock = { .kind = "unlock", .share_id = d->share.share_id,
		.bound = hash ? hash : "" };

	d->visit = read_cookie(r, visit_cookie, &visit);
	d->is_open = !hash || read_cookie(r, unlock_cookie, &unlock);
}

void
share_unlocked(struct req *r, const struct share_door *d)
{
	set_cookie(r, d, unlock_cookie, &(struct claim){ .kind = "unlock", .text = "1",
	    .share_id = d->share.share_id, .bound = d->share.password_hash,
	    .until = (r->now + UNLOCK_TIME) / CLOCK_SECOND });
}

enum err
share_words(struct req *r, int status, const char *heading, const char *words)
{
	struct page_frame *frame = page_frame_of(r, heading, "");
	struct message_page p = { .frame = frame, .status = status, .heading = heading,
		.words = words };

	frame->notice = NULL;
	page_message(page_begin(r, status), &p);
	req_header(r, "Referrer-Policy", "no-referrer");
	return page_end(r);
}

enum err
share_nowhere(struct req *r)
{
	return share_words(r, 404, "This link opens nothing",
	    "It may have expired or been withdrawn, or a part of it is missing. Please "
	    "ask who sent it to you for a new one.");
}

static enum err
insert(struct req *r, const struct share_use_insert_in *in, int64_t *n)
{
	struct share_use_insert_in whole = *in;
	char *id = arena_take(r->arena, ID_TEXT);

	if (!whole.use_id) {
		id_make(id);
		whole.use_id = id;
	}
	whole.now = r->now;
	whole.address = r->address;
	return q_share_use_insert(r->db, &whole, n);
}

enum err
share_note(struct req *r, const struct share_door *d, const char *outcome, int64_t number)
{
	const struct throttle refusals = { .db = r->db, .arena = r->arena,
		.kind = "share refusals", .subject = d->share.share_id,
		.limit = REFUSALS, .now = r->now };
	int64_t wait;
	enum err e = throttle_hit(&refusals, &wait);

	if (e)
		return e == ERR_BUSY ? OK : e;
	return insert(r, &(struct share_use_insert_in){ .share_id = d->share.share_id,
	    .use_outcome = outcome, .file_number = number ? &number : NULL }, NULL);
}

enum err
share_enter(struct req *r, struct share_door *d)
{
	const char *state;
	enum err e;

	*d = (struct share_door){ .token = req_param(r, "token") };
	front_write(r);
	e = front_throttle(r, &(struct throttle){ .kind = "share address",
	    .subject = throttle_network(r->arena, r->address), .limit = REQUESTS });
	if (e)
		return e;
	if (strlen(d->token) != SHARE_TOKEN)
		return share_nowhere(r);
	e = q_share_find(r->db, &(struct share_find_in){
	    .token_hash = share_hash(r->arena, d->token) }, &d->share);
	if (e)
		return e == ERR_MISSING ? share_nowhere(r) : e;
	read_cookies(r, d);
	state = share_state(SHARE_FACTS(&d->share), r->now);
	if (text_same(state, "active") || (d->visit && text_same(state, "used_up")))
		return OK;
	e = share_note(r, d, state, 0);
	return e ? e : share_nowhere(r);
}

/* Has the visit of the cookie paid for this, or can it? */
static enum err
visit(struct req *r, const struct share_door *d, const struct share_taken *taken,
    int64_t *n)
{
	enum err e = OK;

	*n = 0;
	if (d->visit && taken->is_later)
		e = q_share_use_part(r->db, &(struct share_use_part_in){
		    .visit_id = d->visit, .file_number = &taken->number,
		    .object_id = taken->object_id, .share_id = d->share.share_id,
		    .now = r->now }, n);
	if (d->visit && !e && !*n)
		e = insert(r, &(struct share_use_insert_in){
		    .share_id = d->share.share_id, .use_outcome = "downloaded",
		    .file_number = &taken->number, .object_id = taken->object_id,
		    .visit_id = d->visit }, n);
	return e;
}

enum err
share_use(struct req *r, const struct share_door *d, const struct share_taken *taken)
{
	char *id = arena_take(r->arena, ID_TEXT);
	int64_t n;
	enum err e = visit(r, d, taken, &n);

	if (e || n)
		return e;
	e = q_share_take(r->db, &(struct share_take_in){
	    .share_id = d->share.share_id, .now = r->now }, &n);
	if (e)
		return e;
	if (!n) {
		e = share_note(r, d, "used_up", taken->number);
		return e ? e : share_nowhere(r);
	}
	id_make(id);
	set_cookie(r, d, visit_cookie, &(struct claim){ .kind = "visit", .text = id,
	    .share_id = d->share.share_id, .bound = "",
	    .until = (r->now + VISIT_TIME) / CLOCK_SECOND });
	return insert(r, &(struct share_use_insert_in){ .use_id = id, .visit_id = id,
	    .share_id = d->share.share_id, .use_outcome = "downloaded",
	    .file_number = &taken->number, .object_id = taken->object_id }, NULL);
}
