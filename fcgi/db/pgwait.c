/* SPDX-License-Identifier: MIT */
/*
 * Waiting on PostgreSQL for a NOTIFY. Each new connection begins to listen once and comes
 * back at once, as what was notified before it listened is unknown. Notifications that
 * came with the answers to other statements are kept by libpq, so none is missed. Behind
 * a pooler that gives connections away after each transaction none comes at all: then
 * the timeout decides.
 */
#include <poll.h>

#include "log.h"

#include "pgconn.h"

static bool
take_all(PGconn *conn)
{
	PGnotify *note;
	bool any = false;

	while ((note = PQnotifies(conn))) {
		PQfreemem(note);
		any = true;
	}
	return any;
}

void
pg_wait_notify(PGconn *conn, int64_t *listening, int timeout_ms)
{
	struct pollfd p = { .fd = PQsocket(conn), .events = POLLIN };

	if (*listening != PQbackendPID(conn)) {
		PGresult *result = PQexec(conn, "LISTEN cem_job");

		if (PQresultStatus(result) == PGRES_COMMAND_OK)
			*listening = PQbackendPID(conn);
		else
			log_write(LOG_WARN, "db: LISTEN failed");
		PQclear(result);
		return;
	}
	if (take_all(conn) || poll(&p, 1, timeout_ms) <= 0)
		return;
	(void)PQconsumeInput(conn); /* a lost connection shows with the next statement */
	(void)take_all(conn);
}
