/* SPDX-License-Identifier: MIT */
#ifndef TEST_POSTGRES_H
#define TEST_POSTGRES_H

#include <libpq-fe.h>

#include "test.h"

/* empty_server(url): Take all out of a database of PostgreSQL, to begin with an empty
 * one. */
static void
empty_server(const char *url)
{
	PGconn *conn = PQconnectdb(url);
	PGresult *result = PQexec(conn, "SET client_min_messages = warning;"
	    "DROP SCHEMA public CASCADE; CREATE SCHEMA public");

	ok(PQresultStatus(result) == PGRES_COMMAND_OK, "the server is emptied");
	PQclear(result);
	PQfinish(conn);
}

#endif
