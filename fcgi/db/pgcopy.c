/* SPDX-License-Identifier: MIT */
/*
 * Many rows at once, in the text format of COPY (PostgreSQL manual, COPY, "Text
 * Format"): a line each, a tab between two values, \\N for SQL NULL, and a backslash
 * before what would be taken for one of these.
 */
#include <math.h>
#include <poll.h>
#include <string.h>

#include "log.h"

#include "engine.h"
#include "pgcopy.h"
#include "pgrow.h"

enum {
	CHUNK = 32768,
	PIECES = 8	/* of work before we look at the connection again */
};

/* What is not sent yet. */
struct chunk {
	struct db *db;
	PGconn *conn;
	char bytes[CHUNK];
	size_t n;
	bool failed;
};

/* The server is not ready: do something else, or wait. */
static void
pass_time(struct chunk *c, short wanted)
{
	struct pollfd p = { .fd = PQsocket(c->conn), .events = wanted };
	bool busy = true;

	for (int i = 0; i < PIECES && busy; i++)
		busy = db_work(c->db);
	(void)poll(&p, 1, busy ? 0 : -1);
	if (p.revents && !PQconsumeInput(c->conn))
		c->failed = true;
}

/* Hand over what libpq has. */
static void
push(struct chunk *c)
{
	int left = 1;

	while (!c->failed && left) {
		left = PQflush(c->conn);
		if (left < 0)
			c->failed = true;
		else if (left)
			pass_time(c, POLLIN | POLLOUT);
	}
}

static void
flush(struct chunk *c)
{
	int put = 0;

	while (c->n && !c->failed && !put) {
		put = PQputCopyData(c->conn, c->bytes, (int)c->n);
		if (put < 0)
			c->failed = true;
		push(c);
	}
	c->n = 0;
}

static void
add(struct chunk *c, const char *p, size_t n)
{
	while (n) {
		const size_t room = sizeof(c->bytes) - c->n, part = n < room ? n : room;

		memcpy(c->bytes + c->n, p, part);
		c->n += part;
		p += part;
		n -= part;
		if (c->n == sizeof(c->bytes))
			flush(c);
	}
}

static void
add_text(struct chunk *c, const char *p)
{
	static const char special[] = "\\\t\n\r", letters[] = "\\tnr";
	size_t n;

	for (; *p; p++) {
		n = strcspn(p, special);
		add(c, p, n);
		p += n;
		if (!*p)
			return;
		add(c, "\\", 1);
		add(c, &letters[strchr(special, *p) - special], 1);
	}
}

/* False: it is a number that only one of the databases would store. */
static bool
add_value(struct chunk *c, const struct db_field *f, const void *row)
{
	const void *value = (const char *)row + f->offset;
	char number[PG_NUMBER_TEXT];
	const char *text;

	if (f->type == DB_TEXT || f->optional)
		memcpy(&value, value, sizeof(value));
	if (value && f->type == DB_REAL && !isfinite(*(const double *)value))
		return false;
	text = pg_param_text(number, f->type, value);
	if (!text)
		add(c, "\\N", 2);
	else if (f->type == DB_TEXT)
		add_text(c, text);
	else
		add(c, text, strlen(text));
	return true;
}

static enum err
put_rows(struct chunk *c, const struct db_query *query, const struct db_rows *rows)
{
	for (size_t i = 0; i < rows->n && !c->failed; i++) {
		const char *row = (const char *)rows->rows + i * query->row_size;

		for (int k = 0; k < query->n_params; k++) {
			if (add_value(c, &query->params[k], row)) {
				add(c, k + 1 < query->n_params ? "\t" : "\n", 1);
				continue;
			}
			log_write(LOG_ERROR, "db: %s has a value that is not a number",
			    query->name);
			return ERR_BROKEN;
		}
	}
	flush(c);
	return OK;
}

/* All rows and the end of them; true if the answer is there. */
static bool
give(struct chunk *c, const struct db_query *query, const struct db_rows *rows,
    enum err *e)
{
	int put = 0;

	*e = put_rows(c, query, rows);
	while (!c->failed && !put) {
		put = PQputCopyEnd(c->conn, *e ? "given up" : NULL);
		if (put < 0)
			c->failed = true;
		push(c);
	}
	while (!c->failed && PQisBusy(c->conn))
		pass_time(c, POLLIN);
	return !c->failed;
}

enum err
pg_copy(struct db *db, PGconn *conn, const struct pg_rows *what, enum fate *fate)
{
	struct chunk c = { .db = db, .conn = conn };
	const char *name = what->query->name;
	PGresult *result = NULL;
	enum err e = OK;
	bool good;

	if (PQsendQuery(conn, what->query->pgsql))
		result = PQgetResult(conn);
	good = PQresultStatus(result) == PGRES_COPY_IN && !PQsetnonblocking(conn, 1);
	if (good) {
		PQclear(result);
		good = give(&c, what->query, what->rows, &e);
		result = good ? PQgetResult(conn) : NULL;
		good = PQresultStatus(result) == PGRES_COMMAND_OK;
		if (PQsetnonblocking(conn, 0))
			good = false;
	}
	if (!good && !e)
		e = pg_failed(conn, name, result, fate);
	PQclear(result);
	return e;
}
