/* SPDX-License-Identifier: MIT */
#ifndef DB_PGCOPY_H
#define DB_PGCOPY_H

#include <libpq-fe.h>

#include "db.h"
#include "pgfail.h"

/* pg_copy(db, conn, what, fate): Send rows by the COPY that the query is, on a connection
 * that nothing else is asked on; db_work is done meanwhile. What is left of the answer
 * must be read. Fails as pg_failed says, and with ERR_BROKEN for what is no number. */
struct pg_rows { const struct db_query *query; const struct db_rows *rows; };
enum err pg_copy(struct db *db, PGconn *conn, const struct pg_rows *what,
    enum fate *fate);

#endif
