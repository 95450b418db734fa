/* SPDX-License-Identifier: MIT */
/*
 * What PostgreSQL's failures mean. They are logged by SQLSTATE and the names of
 * constraint, table and column. The server's own words are not: they show values.
 */
#include <stdbool.h>
#include <string.h>

#include "log.h"

#include "pgfail.h"

static bool
state_is(const char *state, const char *const *list)
{
	for (; *list; list++)
		if (strncmp(state, *list, strlen(*list)) == 0)
			return true;
	return false;
}

/* The error of an SQLSTATE (PostgreSQL manual, appendix A). */
static enum err
state_err(const char *state)
{
	static const char *const conflict[] = { "23", NULL };
	static const char *const down[] = {
		"08", "53", "57P0", "57014", "40001", "40P01", "25006", "55P03", "58",
		NULL
	};

	if (state_is(state, conflict))
		return ERR_CONFLICT;
	return state_is(state, down) ? ERR_DOWN : ERR_BROKEN;
}

const char *
pg_field(const PGresult *result, int code)
{
	const char *s = result ? PQresultErrorField(result, code) : NULL;

	return s ? s : "";
}

static void
log_failure(const char *name, const PGresult *result, enum err e)
{
	log_write(e == ERR_CONFLICT ? LOG_INFO : LOG_ERROR,
	    "db: %s: %s: SQLSTATE %s, constraint '%s', table '%s', column '%s', at '%s'",
	    name, err_name(e), pg_field(result, PG_DIAG_SQLSTATE),
	    pg_field(result, PG_DIAG_CONSTRAINT_NAME),
	    pg_field(result, PG_DIAG_TABLE_NAME), pg_field(result, PG_DIAG_COLUMN_NAME),
	    pg_field(result, PG_DIAG_STATEMENT_POSITION));
}

/*
 * Map a result that is not good. 26000 and 0A000 say that a prepared statement is no
 * longer there or no longer fits, 25006 that this server has become a standby: all
 * three before anything was run.
 */
enum err
pg_failed(PGconn *conn, const char *name, const PGresult *result, enum fate *fate)
{
	static const char *const unseen[] = { "26000", "0A000", "25006", NULL };
	static const char *const ended[] = { "08", "57P0", NULL };
	static const char *const last[] = { "FATAL", "PANIC", NULL };
	const char *state = pg_field(result, PG_DIAG_SQLSTATE);
	enum err e;

	*fate = FATE_DONE;
	/* The server's last words may be here before the end of the connection is. */
	if (PQstatus(conn) != CONNECTION_OK || state_is(state, ended) ||
	    state_is(pg_field(result, PG_DIAG_SEVERITY_NONLOCALIZED), last)) {
		*fate = FATE_MAYBE;
		log_write(LOG_ERROR, "db: %s: the connection was lost, SQLSTATE '%s'",
		    name, state);
		return ERR_DOWN;
	}
	e = *state ? state_err(state) : ERR_BROKEN;
	if (state_is(state, unseen)) {
		*fate = FATE_UNSEEN;
		e = ERR_DOWN;
	}
	log_failure(name, result, e);
	return e;
}
