/* SPDX-License-Identifier: MIT */
/*
 * PostgreSQL: one connection, every statement prepared once on it with the types of
 * its parameters. When the connection is lost, what may be done again depends on what
 * the server can have seen:
 *   - a statement of a transaction: nothing; the transaction is gone (ERR_DOWN)
 *   - a read, or anything that surely was not run: once, on a new connection
 *   - a write that was sent: never, it may have happened (ERR_DOWN)
 * What is of the kind DB_SEND goes out in libpq's pipeline mode: nobody waits for its
 * answer until the next statement that has one (PostgreSQL manual, section 34.5). So do
 * reads that were announced: they need no journey of their own (ahead.c).
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "log.h"

#include "engine.h"
#include "pgconn.h"
#include "pgcopy.h"
#include "pgfail.h"
#include "pgrow.h"
#include "pgsend.h"

enum {
	DRAIN_ROWS = 10000,
	DOWN_MS = 1000	/* to wait for a server that is not there */
};

static void
disconnect(struct link *l)
{
	PQfinish(l->conn);
	l->conn = NULL;
	l->n_sent = 0;
	if (l->kept)
		memset(l->kept, 0, (size_t)l->n_kept * sizeof(*l->kept));
}

static enum err
connect_server(struct db *db)
{
	struct link *l = db->link;

	disconnect(l);
	db->watched = 0; /* the new one does not listen yet */
	return pg_connect(db->address, &l->conn);
}

static enum err
pg_open(struct db *db)
{
	struct link *l = calloc(1, sizeof(*l));

	db->link = l;
	if (!l)
		return ERR_DOWN;
	l->n_kept = db_queries_count();
	l->kept = calloc((size_t)l->n_kept + 1, sizeof(*l->kept));
	return l->kept ? connect_server(db) : ERR_DOWN;
}

static void
pg_close(struct db *db)
{
	struct link *l = db->link;

	disconnect(l);
	free(l->kept);
	free(l->values);
	free(l->numbers);
	free(l->types);
	free(l);
}

/*
 * Be connected, outside a transaction. A server that ended the connection while we were
 * idle has left its farewell in the socket: reading it now tells before a write is
 * sent into nothing.
 */
static enum err
look(struct db *db)
{
	struct link *l = db->link;
	struct pollfd p = { .events = POLLIN };

	if (l->conn) {
		p.fd = PQsocket(l->conn);
		for (int i = 0; i < 3 && PQstatus(l->conn) == CONNECTION_OK &&
		    poll(&p, 1, 0) > 0; i++)
			(void)PQconsumeInput(l->conn); /* told by PQstatus */
		if (PQstatus(l->conn) == CONNECTION_OK)
			return OK;
		log_write(LOG_WARN, "db: the server closed the connection");
	}
	return connect_server(db);
}

/*
 * Read what is left, so that the connection is free. A few thousand rows are cheaper
 * than a new connection; many are not. After a pipeline its end is there to be read.
 */
static void
drain(struct link *l)
{
	PGresult *result;
	int i = 0;

	while (i < DRAIN_ROWS && (result = PQgetResult(l->conn))) {
		PQclear(result);
		i++;
	}
	if (i < DRAIN_ROWS && PQpipelineStatus(l->conn) != PQ_PIPELINE_OFF) {
		PQclear(PQgetResult(l->conn)); /* PGRES_PIPELINE_SYNC */
		if (!PQexitPipelineMode(l->conn))
			i = DRAIN_ROWS;
	}
	if (i == DRAIN_ROWS)
		disconnect(l);
}

/* The answers to all that was sent; the first failure is told, as the server does
 * nothing more after it. */
static enum err
take_sent(struct link *l, enum fate *fate)
{
	PGresult *result;
	enum err e = OK;

	if (l->n_sent && !PQpipelineSync(l->conn))
		e = pg_failed(l->conn, "pipeline", NULL, fate);
	for (int i = 0; i < l->n_sent; i++) {
		result = PQgetResult(l->conn);
		if (!e && PQresultStatus(result) != PGRES_COMMAND_OK)
			e = pg_failed(l->conn, l->sent[i]->name, result, fate);
		PQclear(result);
		PQclear(PQgetResult(l->conn)); /* the NULL after it */
	}
	l->n_sent = 0;
	return e;
}

/* Wait for them, with nothing more to ask. */
static enum err
settle(struct link *l, enum fate *fate)
{
	enum err e;

	if (!l->n_sent)
		return OK;
	e = take_sent(l, fate);
	PQclear(PQgetResult(l->conn)); /* PGRES_PIPELINE_SYNC */
	if (!PQexitPipelineMode(l->conn))
		disconnect(l);
	return e;
}

/* Run a command without parameters or rows. */
static enum err
simple(struct link *l, const char *sql, enum fate *fate)
{
	PGresult *result;
	enum err e;

	*fate = FATE_DONE;
	if (!PQsendQueryParams(l->conn, sql, 0, NULL, NULL, NULL, NULL, 0))
		return pg_failed(l->conn, sql, NULL, fate);
	e = take_sent(l, fate);
	result = PQgetResult(l->conn);
	if (!e && PQresultStatus(result) != PGRES_COMMAND_OK)
		e = pg_failed(l->conn, sql, result, fate);
	else if (!e && strcmp(sql, "COMMIT") == 0 &&
	    strcmp(PQcmdStatus(result), "COMMIT") != 0)
		e = ERR_BROKEN; /* the server had to roll back */
	PQclear(result);
	drain(l);
	return e;
}

static enum err
pg_commit(struct db *db)
{
	struct link *l = db->link;
	enum fate fate;

	return l->lost ? ERR_DOWN : simple(l, "COMMIT", &fate);
}

static void
pg_rollback(struct db *db)
{
	struct link *l = db->link;
	enum fate fate;

	if (l->conn)
		(void)settle(l, &fate); /* it is undone, whatever became of it */
	if (l->conn && PQstatus(l->conn) == CONNECTION_OK && !l->lost &&
	    PQtransactionStatus(l->conn) == PQTRANS_IDLE)
		return; /* a failed COMMIT has ended it */
	if (!l->conn || l->lost || simple(l, "ROLLBACK", &fate) != OK)
		disconnect(l);
	l->lost = false;
}

/* Be able to send it. */
static enum err
ready(struct link *l, const struct db_query *query, enum fate *fate)
{
	enum err e = OK;

	if (!pg_is_prepared(l, query))
		e = settle(l, fate); /* preparing can't stand in a pipeline */
	return e ? e : pg_prepare(l, query, fate);
}

/* Row by row. Once a row was given to the caller *fate is FATE_DONE, also when the
 * connection goes: no row may come twice. */
static enum err
take_each(struct db *db, const struct db_query *query, const struct db_call *call,
    enum fate *fate)
{
	struct link *l = db->link;
	struct db_fill f = { db, query, NULL, NULL };
	bool first = true;
	PGresult *result;
	enum err e = OK;

	f.row = arena_take(db->arena, query->row_size);
	f.spare = arena_array(db->arena, union db_number, (size_t)query->n_columns);
	while (!e && (result = PQgetResult(l->conn))) {
		if (PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
			e = first ? pg_check_columns(query, result) : OK;
			first = false;
			if (!e)
				e = pg_fill_row(&f, result, 0);
			if (!e)
				e = db_call_each(db, call, f.row);
		} else if (PQresultStatus(result) != PGRES_TUPLES_OK) {
			e = pg_failed(l->conn, query->name, result, fate);
		}
		PQclear(result);
	}
	if (!first)
		*fate = FATE_DONE;
	return e;
}

/* An export may take longer than the other statements, and may wait for its reader. */
static enum err
each(struct db *db, const struct db_query *query, const struct db_call *call,
    enum fate *fate)
{
	struct link *l = db->link;
	enum err e;

	e = simple(l, "SET statement_timeout = " PG_EACH_TIMEOUT, fate);
	if (!e)
		e = pg_send(l, query, call, fate);
	if (e)
		return e;
	(void)PQsetSingleRowMode(l->conn); /* fails only if nothing was sent */
	e = take_each(db, query, call, fate);
	drain(l);
	/* In a failed transaction its end takes the setting back. */
	if (l->conn && PQtransactionStatus(l->conn) != PQTRANS_INERROR) {
		enum fate ignored;
		enum err after = simple(l, "SET statement_timeout = " PG_TIMEOUT,
		    &ignored);

		e = e ? e : after;
	}
	return e;
}

static enum err
take(struct db *db, const struct db_query *query, const struct db_call *call,
    enum fate *fate)
{
	struct link *l = db->link;
	PGresult *result = PQgetResult(l->conn);
	const ExecStatusType status = PQresultStatus(result);
	enum err e;

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		e = pg_take(db, query, call, result);
	else
		e = pg_failed(l->conn, query->name, result, fate);
	PQclear(result);
	return e;
}

static enum err
answer(struct db *db, const struct db_query *query, const struct db_call *call,
    enum fate *fate)
{
	struct link *l = db->link;
	enum err e = pg_send(l, query, call, fate);

	if (e)
		return e;
	e = take_sent(l, fate);
	if (!e)
		e = take(db, query, call, fate);
	drain(l);
	return e;
}

/* The answers to what went ahead. Nothing is taken for one's own that belongs to a
 * wrong guess. */
static enum err
take_ahead(struct db *db, enum fate *fate)
{
	struct link *l = db->link;
	enum err e = OK;

	for (int i = 0; i < db->n_ahead && !e; i++) {
		struct db_ahead *a = &db->ahead[i];

		if (a->here)
			continue;
		e = a->e = take(db, a->query, &a->call, fate);
		e = e == ERR_MISSING ? OK : e;
		PQclear(PQgetResult(l->conn)); /* the NULL after it */
	}
	if (!e)
		db_ahead_here(db);
	return e;
}

/* A read, and in front of it what was announced, in one journey. */
static enum err
fly(struct db *db, const struct db_query *query, const struct db_call *call,
    enum fate *fate)
{
	struct link *l = db->link;
	enum err e = OK;

	if (!PQenterPipelineMode(l->conn))
		e = pg_failed(l->conn, query->name, NULL, fate);
	for (int i = 0; i < db->n_ahead && !e; i++)
		if (!db->ahead[i].here)
			e = pg_send(l, db->ahead[i].query, &db->ahead[i].call, fate);
	if (!e)
		e = pg_send(l, query, call, fate);
	if (!e && !PQpipelineSync(l->conn))
		e = pg_failed(l->conn, query->name, NULL, fate);
	if (e) {
		disconnect(l); /* what of it was sent is not known */
		return e;
	}
	e = take_ahead(db, fate);
	if (!e && db->guess != GUESS_WRONG)
		e = take(db, query, call, fate);
	drain(l);
	return e;
}

/* Send and go on: the answer is taken with those of the next statement that waits. */
static enum err
post(struct link *l, const struct db_query *query, const struct db_call *call,
    enum fate *fate)
{
	enum err e = OK;

	if (l->n_sent == PG_SENT_MAX)
		e = settle(l, fate);
	if (!e && l->n_sent == 0 && !PQenterPipelineMode(l->conn))
		e = pg_failed(l->conn, query->name, NULL, fate);
	if (!e)
		e = pg_send(l, query, call, fate);
	if (e)
		disconnect(l); /* whether it is in pipeline mode is not known */
	else
		l->sent[l->n_sent++] = query;
	return e;
}

/* As many rows as there are, all or none. */
static enum err
copy(struct db *db, const struct db_query *query, const struct db_call *call,
    enum fate *fate)
{
	struct link *l = db->link;
	enum fate after;
	enum err e = OK, undone;

	*fate = FATE_DONE;
	if (db->in_transaction)
		e = simple(l, "SAVEPOINT copied", fate);
	if (e) /* of what was sent before */
		return e == ERR_CONFLICT ? ERR_BROKEN : e;
	e = pg_copy(db, l->conn, &(struct pg_rows){ query, call->in }, fate);
	drain(l);
	if (!db->in_transaction || (e && e != ERR_CONFLICT))
		return e;
	undone = simple(l, e ? "ROLLBACK TO SAVEPOINT copied" :
	    "RELEASE SAVEPOINT copied", &after);
	if (!undone)
		return e;
	*fate = after;
	return undone == ERR_CONFLICT ? ERR_BROKEN : undone;
}

static enum err
try(struct db *db, const struct db_query *query, const struct db_call *call,
    enum fate *fate)
{
	struct link *l = db->link;
	enum err e;

	*fate = FATE_DONE;
	if (query->kind == DB_COPY)
		return copy(db, query, call, fate);
	e = ready(l, query, fate);
	for (int i = 0; i < db->n_ahead && !e; i++)
		e = ready(l, db->ahead[i].query, fate);
	if (e)
		return e;
	if (query->kind == DB_EACH)
		return each(db, query, call, fate);
	if (db->n_ahead && query->reads && !db->in_transaction)
		return fly(db, query, call, fate);
	return query->kind == DB_SEND && db->in_transaction ?
	    post(l, query, call, fate) : answer(db, query, call, fate);
}

/* A BEGIN has no effect, so nobody waits for its answer, and it can be done again. */
static enum err
pg_begin(struct db *db)
{
	static const struct db_query begin = {
		.name = "BEGIN", .pgsql = "BEGIN", .kind = DB_SEND, .number = -1
	};
	const struct db_call call = { .in = NULL };
	struct link *l = db->link;
	enum fate fate;
	enum err e = look(db);

	l->lost = false;
	if (e || post(l, &begin, &call, &fate) == OK)
		return e;
	e = connect_server(db);
	return e ? e : post(l, &begin, &call, &fate);
}

/* A transaction that has lost its connection, or runs on one that must not be used
 * again, can only be rolled back. */
static enum err
within(struct db *db, enum err e, enum fate fate)
{
	struct link *l = db->link;

	if (!l->conn || PQstatus(l->conn) != CONNECTION_OK || fate != FATE_DONE)
		l->lost = true;
	return e;
}

static enum err
pg_run(struct db *db, const struct db_query *query, const struct db_call *call)
{
	struct link *l = db->link;
	enum fate fate;
	enum err e;

	if (db->in_transaction) {
		if (l->lost)
			return ERR_DOWN;
		e = try(db, query, call, &fate);
		return within(db, e, fate);
	}
	e = look(db);
	if (e)
		return e;
	e = try(db, query, call, &fate);
	if (fate == FATE_DONE || (fate == FATE_MAYBE && !query->reads))
		return e;
	log_write(LOG_WARN, "db: %s: once more on a new connection", query->name);
	e = connect_server(db);
	return e ? e : try(db, query, call, &fate);
}

static enum err
pg_ready(struct db *db, const struct db_query *query)
{
	struct link *l = db->link;
	enum fate fate = FATE_DONE;
	enum err e = OK;

	if (!db->in_transaction)
		e = look(db);
	if (!e)
		e = ready(l, query, &fate);
	return db->in_transaction ? within(db, e, fate) : e;
}

/* The line of a script where the server saw its fault; 0 if it does not say. */
static int
fault_line(const char *sql, const PGresult *result)
{
	const long at = strtol(pg_field(result, PG_DIAG_STATEMENT_POSITION), NULL, 10);
	int line = at > 0;

	/* Counted in characters; the bytes after a first one are 10xxxxxx. */
	for (long seen = 0; *sql && seen < at; sql++) {
		seen += (*sql & 0xc0) != 0x80;
		line += *sql == '\n';
	}
	return line;
}

static enum err
pg_script(struct db *db, const char *name, const char *sql)
{
	struct link *l = db->link;
	enum fate fate = FATE_DONE;
	ExecStatusType status;
	PGresult *result;
	enum err e = OK;

	if (db->in_transaction && l->lost)
		return ERR_DOWN;
	if (!db->in_transaction)
		e = look(db);
	if (!e)
		e = settle(l, &fate);
	if (e)
		return db->in_transaction ? within(db, e, fate) : e;
	result = PQexec(l->conn, sql);
	status = PQresultStatus(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		e = pg_failed(l->conn, name, result, &fate);
		log_write(LOG_ERROR, "db: %s: line %d", name, fault_line(sql, result));
	}
	PQclear(result);
	return db->in_transaction ? within(db, e, fate) : e;
}

static void
pg_wait(struct db *db, int timeout_ms)
{
	const struct link *l = db->link;

	if (look(db) == OK)
		pg_wait_notify(l->conn, &db->watched, timeout_ms);
	else
		(void)poll(NULL, 0, timeout_ms < DOWN_MS ? timeout_ms : DOWN_MS);
}

/* The number is any that no other program on the database takes: "cem" in ASCII. */
const struct db_engine db_pgsql = {
	.open = pg_open,
	.close = pg_close,
	.begin = pg_begin,
	.commit = pg_commit,
	.rollback = pg_rollback,
	.run = pg_run,
	.flies = true,
	.prepare = pg_ready,
	.script = pg_script,
	.wait = pg_wait,
	.step_before = NULL,
	.step_lock = "SET LOCAL statement_timeout = 0;"
	    "SELECT pg_advisory_xact_lock(6514029)",
	.step_after = NULL
};
