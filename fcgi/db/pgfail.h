/* SPDX-License-Identifier: MIT */
#ifndef DB_PGFAIL_H
#define DB_PGFAIL_H

#include <libpq-fe.h>

#include "err.h"

/* Failures of PostgreSQL; only pgsql.c and pgpipe.c include this. */

/* What became of a statement, beside its error. */
enum fate {
	FATE_DONE,		/* the server has answered */
	FATE_UNSEEN,		/* failed, and it surely was not run */
	FATE_MAYBE		/* the connection went; it may have been run */
};

/* pg_field(result, code): One field of an error, or "". */
const char *pg_field(const PGresult *result, int code);

/* pg_failed(conn, name, result, fate): Map and log a result that is not good, of the
 * statement name; result may be NULL when libpq itself has failed. */
enum err pg_failed(PGconn *conn, const char *name, const PGresult *result,
    enum fate *fate);

#endif
