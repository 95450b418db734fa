/* SPDX-License-Identifier: MIT */
#ifndef DB_PGSEND_H
#define DB_PGSEND_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "db.h"
#include "pgfail.h"
#include "pgrow.h"

enum { PG_SENT_MAX = 128 };	/* so many answers always fit into the socket's buffers */

/* A connection, and what was done on it. */
struct link {
	PGconn *conn;		/* NULL: must be made */
	bool *kept;		/* prepared on conn, by the number of the statement */
	int n_kept;
	bool lost;		/* the connection went in a transaction */
	const char **values;	/* of the parameters, and room for their numbers */
	char (*numbers)[PG_NUMBER_TEXT];
	Oid *types;
	int n_values;
	const struct db_query *sent[PG_SENT_MAX]; /* whose answers were not waited for */
	int n_sent;		/* above 0 conn is in pipeline mode */
};

/* pg_is_prepared(l, query): Can it be sent as it is? */
bool pg_is_prepared(const struct link *l, const struct db_query *query);

/* pg_prepare(l, query, fate): Prepare it on l's connection, unless it is. Not within a
 * pipeline. Fails as pg_failed says. */
enum err pg_prepare(struct link *l, const struct db_query *query, enum fate *fate);

/* pg_send(l, query, call, fate): Hand the prepared statement to libpq; its rows come by
 * PQgetResult. Fails as pg_failed says. */
enum err pg_send(struct link *l, const struct db_query *query,
    const struct db_call *call, enum fate *fate);

#endif
