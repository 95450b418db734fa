/* SPDX-License-Identifier: MIT */
/*
 * Sessions: a row for each sign-in, named by its tokens. The tokens only say which
 * row; roles, activity and districts are read anew at each request, so that a
 * sign-out, a new password or a switched-off account holds from that moment.
 *
 * What a row said the last time is kept, but only to guess what it says now: so what is
 * asked on behalf of its viewer can go to the server together with the question whether
 * he is still who he was (db_guess). Nothing follows from a guess that does not hold.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "db.h"
#include "id.h"
#include "log.h"
#include "queries.h"
#include "session.h"
#include "text.h"
#include "token.h"

enum { KNOWN_MAX = 256 };

/* A token from later than that was made by a clock that was ahead, and would outlive
 * all others. */
#define AHEAD CLOCK_DAY

/* What the row of a session said. */
struct known {
	char session_id[ID_TEXT];	/* "": nothing is known */
	struct db_kept kept;
};

static struct known all_known[KNOWN_MAX], *guessed;

/* The place of a session: its last digits are random. */
static struct known *
place_of(const char *session_id)
{
	unsigned at = 0;

	for (const char *p = session_id + ID_TEXT - 4; *p; p++)
		at = at * 16 + (unsigned)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
	return &all_known[at % KNOWN_MAX];
}

static const struct session_find_row *
row_of(const struct known *k)
{
	return (const void *)k->kept.room;
}

static void
remember(const char *session_id, const struct session_find_row *row)
{
	struct known *k = place_of(session_id);
	const bool fits = q_session_find_keep(row, &k->kept);

	memcpy(k->session_id, fits ? session_id : "", fits ? ID_TEXT : 1);
}

/* The row of a session: as it was, if that can be asked about later, else as it is. */
static enum err
find(struct db *db, struct arena *arena, const struct session_find_in *ask,
    struct session_find_row *row)
{
	struct known *k = place_of(ask->session_id);
	struct session_find_in *in = arena_take(arena, sizeof(*in));
	enum err e;

	*in = *ask;
	if (text_same(k->session_id, ask->session_id) &&
	    q_session_find_guess(db, in, row_of(k))) {
		guessed = k;
		*row = *row_of(k);
		return OK;
	}
	e = q_session_find(db, in, row);
	if (!e)
		remember(ask->session_id, row);
	return e;
}

enum err
session_confirm(struct db *db)
{
	const enum err e = db_confirm(db);

	if (e == ERR_AUTH && guessed) {
		guessed->session_id[0] = '\0';
		log_write(LOG_INFO, "session: changed, so all is asked again");
	}
	return e;
}

const char *
session_roles(struct arena *arena, const struct viewer *viewer)
{
	struct buf b = buf_make(arena, 24);

	if (viewer->is_admin)
		buf_text(&b, ",ADMIN");
	if (viewer->is_operator || (viewer->organisation_id && !viewer->keeps_register))
		buf_text(&b, ",OPERATOR");
	if (viewer->is_farmer)
		buf_text(&b, ",FARMER");
	return b.n ? b.bytes + 1 : "";
}

const char *
session_access(struct arena *arena, const struct viewer *viewer, int64_t now)
{
	struct token t = {
		.subject = viewer->subject, .type = "access",
		.roles = session_roles(arena, viewer), .session_id = viewer->session_id,
		.issued = now / CLOCK_SECOND,
		.expires = now / CLOCK_SECOND + conf.access_minutes * 60
	};

	return token_make(arena, &t);
}

enum err
session_start(struct db *db, struct arena *arena, const struct viewer *viewer,
    int64_t now, struct session_tokens *out)
{
	char *id = arena_take(arena, ID_TEXT);
	struct viewer v = *viewer;
	struct token refresh = {
		.subject = viewer->subject, .type = "refresh", .session_id = id,
		.issued = now / CLOCK_SECOND,
		.expires = now / CLOCK_SECOND + conf.refresh_days * 24 * 3600
	};

	id_make(id);
	v.session_id = id;
	*out = (struct session_tokens){
		.access = session_access(arena, &v, now),
		.refresh = token_make(arena, &refresh),
		.expires_in = conf.access_minutes * 60
	};
	return q_session_insert(db, &(struct session_insert_in){
	    .session_id = id, .account_id = viewer->account_id,
	    .farmer_id = viewer->farmer_id, .now = now,
	    .expires_at = now + conf.refresh_days * CLOCK_DAY }, NULL);
}

/* The roles are those in the register: an account of another organisation has none of
 * them, whatever its row says, and so no farmers, districts or places either. */
static void
viewer_of_account(const struct session_find_row *row, struct viewer *out)
{
	out->keeps_register = row->keeper_id &&
	    text_same(row->organisation_id, row->keeper_id);
	out->is_admin = *row->is_admin && out->keeps_register;
	out->is_operator = *row->is_operator && out->keeps_register;
	out->is_farmer = *row->is_farmer && out->keeps_register && !out->is_admin &&
	    !out->is_operator;
	out->all = out->is_admin;
	out->organisation_id = *row->is_admin || *row->is_operator ?
	    row->organisation_id : NULL;
	out->account_id = row->account_id;
	out->name = row->account_name;
	out->subject = row->email;
	out->mark = row->operator_id && !out->is_admin ? row->operator_id : row->email;
}

static void
viewer_of_farmer(struct arena *arena, const struct session_find_row *row,
    struct viewer *out)
{
	out->is_farmer = out->keeps_register = true;
	out->farmer_id = row->farmer_id;
	out->name = arena_print(arena, "%s %s", row->first_name, row->last_name);
	out->subject = out->mark = row->farmer_id;
}

enum err
session_viewer(struct db *db, struct arena *arena, const struct session_ask *ask,
    struct viewer *out, const char **why)
{
	struct session_find_row row;
	struct token token;
	enum err e;

	*out = (struct viewer){ 0 };
	e = token_read(arena, ask->token, ask->now / CLOCK_SECOND, &token, why);
	if (e)
		return e;
	*why = text_same(ask->type, "refresh") ?
	    "Invalid token type. Must be a refresh token." : "Invalid token type";
	if (!text_same(token.type, ask->type))
		return ERR_AUTH;
	*why = NULL;
	if (!id_valid(token.session_id) ||
	    token.issued > (ask->now + AHEAD) / CLOCK_SECOND)
		return ERR_AUTH;
	e = find(db, arena, &(struct session_find_in){
	    .session_id = token.session_id, .now = ask->now }, &row);
	if (e)
		return e == ERR_MISSING ? ERR_AUTH : e;
	if (row.account_id && row.account_active && *row.account_active)
		viewer_of_account(&row, out);
	else if (row.farmer_id && row.farmer_active && *row.farmer_active)
		viewer_of_farmer(arena, &row, out);
	else
		return ERR_AUTH;
	out->session_id = token.session_id;
	return text_same(out->subject, token.subject) ? OK : ERR_AUTH;
}

enum err
session_account(struct db *db, const char *account_id, struct viewer *out)
{
	struct account_by_email_row row;
	enum err e = q_account_get(db, &(struct account_get_in){
	    .account_id = account_id, .email = account_id }, &row);

	*out = (struct viewer){ 0 };
	if (e == ERR_MISSING || (!e && !row.is_active))
		return ERR_AUTH;
	if (!e)
		viewer_of_account(&(struct session_find_row){
		    .account_id = row.account_id, .email = row.email,
		    .is_admin = &row.is_admin, .is_operator = &row.is_operator,
		    .is_farmer = &row.is_farmer, .account_name = row.full_name,
		    .operator_id = row.operator_id,
		    .organisation_id = row.organisation_id,
		    .keeper_id = row.keeps_register ? row.organisation_id : NULL }, out);
	return e;
}
