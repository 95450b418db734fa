/* SPDX-License-Identifier: MIT */
#ifndef DB_PGCONN_H
#define DB_PGCONN_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "err.h"

/* Connecting to PostgreSQL, and waiting on it; only pgsql.c includes this. */

/* Milliseconds a statement may take, and one of DB_EACH. */
#define PG_TIMEOUT "30000"
#define PG_EACH_TIMEOUT "600000"

/* pg_connect(url, out): A new connection with the settings told in pgconn.c. On failure
 * the cause is logged in our own words (the server's could show a value) and *out is
 * NULL: ERR_BROKEN if the URL itself is wrong, else ERR_DOWN. If that is because a file
 * was replaced that a sandbox has fixed, the process is retired (proc.h). */
enum err pg_connect(const char *url, PGconn **out);

/* pg_wait_notify(conn, listening, timeout_ms): Wait for a notification of cem_job.
 * *listening is 0 at first, and names the connection that listens (pgwait.c). */
void pg_wait_notify(PGconn *conn, int64_t *listening, int timeout_ms);

#endif
