/* SPDX-License-Identifier: MIT */
#ifndef APP_SHARE_H
#define APP_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "queries.h"

struct arena;
struct req;

/*
 * A share: a link to files of an organisation's space, for people without an account.
 * Who has its token may open it, until it expires, is revoked, or is used up; it holds
 * only as long as who made it may see the files.
 */
enum { SHARE_FILES = 100, SHARE_TOKEN = 32 };	/* characters of a token */

/* share_token(a): A new token: 192 random bits as base64url, in a. */
const char *share_token(struct arena *a);

/* share_hash(a, token): What is stored of it: SHA-256 as hex, in a. */
const char *share_hash(struct arena *a, const char *token);

/* What decides whether one holds; a row of share_get or share_find has it all. */
struct share_facts {
	const int64_t *revoked_at, *max_uses;
	int64_t expires_at, n_uses;
	bool is_held;
};
#define SHARE_FACTS(row) &(struct share_facts){ .revoked_at = (row)->revoked_at, \
	.max_uses = (row)->max_uses, .expires_at = (row)->expires_at, \
	.n_uses = (row)->n_uses, .is_held = (row)->is_held }

/* share_state(f, now): "active", or why not: "revoked", "expired", "suspended" (who made
 * it has no account any more that may see the files), "used_up". */
const char *share_state(const struct share_facts *f, int64_t now);

/* A visitor before a share. */
struct share_door {
	struct share_find_row share;
	const char *token;
	const char *visit;	/* id of the visit that the cookie names, or NULL */
	bool is_open;		/* asks for no password, or it was given */
};

/* share_enter(r, d): Find the share of the token in r's path, and what the cookies say.
 * OK with r->status set: it holds for this visitor no more, or there is none, which was
 * answered with one page for all cases. ERR_BUSY: too many requests of this address. */
enum err share_enter(struct req *r, struct share_door *d);

/* share_nowhere(r): That page. OK. */
enum err share_nowhere(struct req *r);

/* share_words(r, status, heading, words): A page of words without a way back. OK. */
enum err share_words(struct req *r, int status, const char *heading, const char *words);

/* share_note(r, d, outcome, number): Write into the share's log what was done, or
 * refused, with its file of that number (0: none). After many refusals in a short time
 * those that follow are not noted. */
enum err share_note(struct req *r, const struct share_door *d, const char *outcome,
    int64_t number);

/* What a visitor is to be given: the file of a number, as it is now. */
struct share_taken {
	int64_t number;
	const char *object_id;
	bool is_later;		/* no more than a later part of it (deliver_later) */
};

/* share_use(r, d, taken): Count a use before a file is given, unless this visitor's visit
 * has paid for it. OK with r->status set: none was left, which was answered. */
enum err share_use(struct req *r, const struct share_door *d,
    const struct share_taken *taken);

/* share_unlocked(r, d): The password was given: have the browser say so for an hour. */
void share_unlocked(struct req *r, const struct share_door *d);

#endif
