/* SPDX-License-Identifier: MIT */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include <stdint.h>

#include "access.h"
#include "err.h"

struct arena;
struct db;

/* What sign-in hands out. */
struct session_tokens {
	const char *access, *refresh;
	int64_t expires_in;	/* of access, seconds */
};

/* session_start(db, arena, viewer, now, out): Make a session for viewer (account_id
 * or farmer_id, subject and roles are set) and its two tokens. */
enum err session_start(struct db *db, struct arena *arena,
    const struct viewer *viewer, int64_t now, struct session_tokens *out);

/* session_access(arena, viewer, now): A further access token for viewer's session.
 * It never outlives the session, as that is looked up at each request. */
const char *session_access(struct arena *arena, const struct viewer *viewer,
    int64_t now);

/* session_viewer(db, arena, ask, out, why): Who a token of type "access" or "refresh"
 * belongs to, read from the database. ERR_AUTH with *why: the token is not
 * valid ("Signature has expired."), or why NULL: its session or account is over.
 * While db_read_only is on it may be a guess: then session_confirm tells. */
struct session_ask { const char *token, *type; int64_t now; };
enum err session_viewer(struct db *db, struct arena *arena,
    const struct session_ask *ask, struct viewer *out, const char **why);

/* session_confirm(db): Is the viewer that session_viewer gave the one of the database? To
 * be asked before anything is shown or noted. OK; ERR_AUTH: he is not (any more), all
 * that was done for him must be forgotten, and session_viewer be asked again; or the
 * database did not answer. */
enum err session_confirm(struct db *db);

/* session_account(db, account_id, out): The viewer that an account is now, without a
 * session; its texts are where db's results go. ERR_AUTH if it is gone or off. */
enum err session_account(struct db *db, const char *account_id, struct viewer *out);

/* session_roles(arena, viewer): "ADMIN", "ADMIN,OPERATOR", "FARMER"; "OPERATOR" also for
 * those of an organisation that doesn't keep the register. */
const char *session_roles(struct arena *arena, const struct viewer *viewer);

#endif
