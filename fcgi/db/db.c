/* SPDX-License-Identifier: MIT */
/*
 * The database as the rest of the program sees it. The two engines do the talking;
 * here is what both must do alike: which statements may run when, what a failure
 * does to a transaction, and how a row gets into a struct. A statement that fails in
 * a transaction spoils it on both, because PostgreSQL has it so: whoever goes on
 * after a conflict notices in the first test, not in production.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "log.h"

#include "engine.h"

static const char sqlite_prefix[] = "sqlite:";

const char *
db_url_check(const char *url)
{
	if (!url || !*url)
		return "is empty";
	if (strncmp(url, "postgresql://", 13) == 0 ||
	    strncmp(url, "postgres://", 11) == 0)
		return pg_url_check(url);
	if (strncmp(url, sqlite_prefix, strlen(sqlite_prefix)) != 0)
		return "begins with neither sqlite: nor postgresql://";
	url += strlen(sqlite_prefix);
	if (!*url || url[strlen(url) - 1] == '/')
		return "names no file after sqlite:";
	if (*url == ':' || strncmp(url, "file:", 5) == 0)
		return "must name a plain file after sqlite:";
	return NULL;
}

enum err
db_open(const char *url, struct arena *arena, struct db **out)
{
	const char *wrong = db_url_check(url);
	struct db *db;
	enum err e;

	*out = NULL;
	if (wrong) {
		log_write(LOG_ERROR, "DATABASE_URL %s", wrong);
		return ERR_BROKEN;
	}
	db = calloc(1, sizeof(*db));
	if (!db)
		return ERR_DOWN;
	db->arena = arena;
	db->engine = *url == 's' ? &db_sqlite : &db_pgsql;
	db->address = strdup(*url == 's' ? url + strlen(sqlite_prefix) : url);
	e = db->address ? db->engine->open(db) : ERR_DOWN;
	if (e) {
		db_close(db);
		return e;
	}
	*out = db;
	return OK;
}

void
db_close(struct db *db)
{
	if (!db)
		return;
	db_rollback(db);
	if (db->link)
		db->engine->close(db);
	if (db->address) /* it may hold a password */
		explicit_bzero(db->address, strlen(db->address));
	free(db->address);
	free(db);
}

void
db_arena(struct db *db, struct arena *arena)
{
	db->arena = arena;
}

bool
db_is_pgsql(const struct db *db)
{
	return db->engine == &db_pgsql;
}

void
db_read_only(struct db *db, bool on)
{
	db->read_only = on;
	db_ahead_end(db);
}

bool
db_in_transaction(const struct db *db)
{
	return db->in_transaction;
}

void
db_bulk(struct db *db, bool on)
{
	if (db->engine->bulk)
		db->engine->bulk(db, on);
}

void
db_meanwhile(struct db *db, db_work_fn *work, void *context)
{
	db->work = work;
	db->work_context = context;
}

bool
db_work(struct db *db)
{
	bool more;

	if (!db->work)
		return false;
	db->in_each = true; /* no statement can run now */
	more = db->work(db->work_context);
	db->in_each = false;
	if (!more)
		db->work = NULL;
	return more;
}

void
db_wait(struct db *db, int timeout_ms)
{
	if (timeout_ms > 0)
		db->engine->wait(db, timeout_ms);
}

const struct db_counts *
db_counts(const struct db *db)
{
	return &db->counts;
}

enum err
db_begin(struct db *db)
{
	enum err e;

	if (db->in_transaction || db->in_each) {
		log_write(LOG_ERROR, "db: begin within a transaction or a cursor");
		return ERR_BROKEN;
	}
	e = db->engine->begin(db);
	db->counts.failed += e != OK;
	db->in_transaction = e == OK;
	db->intended = db->spoilt = false;
	return e;
}

void
db_intend(struct db *db)
{
	db->intended = !db->in_transaction;
}

void
db_stamp(struct db *db, int64_t now)
{
	db->stamp = now;
}

/* What goes wrong before the engine is asked to commit. */
static enum err
commit_fault(const struct db *db)
{
	if (db->spoilt || db->in_each) {
		log_write(LOG_ERROR, "db: commit after a statement failed: rolled back");
		return ERR_BROKEN;
	}
	if (db->stamp && clock_now() - db->stamp > DB_STAMP_AGE) {
		log_write(LOG_ERROR, "db: commit of what began long ago: rolled back");
		return ERR_DOWN;
	}
	return OK;
}

enum err
db_commit(struct db *db)
{
	enum err e;

	if (db->intended) {
		db->intended = false;
		return OK; /* nothing was written */
	}
	if (!db->in_transaction) {
		log_write(LOG_ERROR, "db: commit without a transaction");
		return ERR_BROKEN;
	}
	e = commit_fault(db);
	if (e) {
		db_rollback(db);
		return e;
	}
	e = db->engine->commit(db);
	if (e)
		db->engine->rollback(db);
	db->counts.commits += e == OK;
	db->counts.rollbacks += e != OK;
	db->in_transaction = false;
	return e;
}

void
db_rollback(struct db *db)
{
	db->intended = false;
	if (!db->in_transaction)
		return;
	db->spoilt = true;
	if (db->in_each)
		return; /* the rows of a statement are still coming */
	db->engine->rollback(db);
	db->counts.rollbacks++;
	db->in_transaction = false;
}

/* Our own mistakes, told before the database sees them. */
static const char *
refusal(const struct db *db, const struct db_query *query)
{
	if (!(db_is_pgsql(db) ? query->pgsql : query->sqlite))
		return "is not for this database";
	if (db->read_only && !query->reads)
		return "writes, but only reading is allowed here";
	if (db->in_each)
		return "runs while another statement's rows are read";
	if (db->in_transaction && db->spoilt)
		return "runs in a transaction that has failed";
	return NULL;
}

/* A number that only one of the databases would store. */
static const char *
bad_number(const struct db_query *query, const struct db_call *call)
{
	for (int i = 0; i < query->n_params && query->kind != DB_COPY; i++) {
		const double *real = db_param(query, call, i);

		if (query->params[i].type == DB_REAL && real && !isfinite(*real))
			return "has a parameter that is not a number";
	}
	return NULL;
}

/* Is the guess good enough for the statement? Only reads are sent before that is known,
 * and those whose rows are taken as they come are not. */
static enum err
known(struct db *db, const struct db_query *query)
{
	if (db->guess == GUESS_WRONG)
		return ERR_AUTH;
	if (db->guess == GUESS_OPEN && (!query->reads || db->in_transaction ||
	    (query->kind != DB_ONE && query->kind != DB_MANY)))
		return db_confirm(db);
	return OK;
}

enum err
db_run(struct db *db, const struct db_query *query, const struct db_call *call)
{
	const char *wrong = refusal(db, query);
	enum err e = OK;

	if (call->n)
		*call->n = 0;
	wrong = wrong ? wrong : bad_number(query, call);
	if (wrong) {
		log_write(LOG_ERROR, "db: %s %s", query->name, wrong);
		return ERR_BROKEN;
	}
	if (db->intended && !query->reads)
		e = db_begin(db);
	if (e)
		return e;
	if (db_ahead_answer(db, query, call, &e))
		return e;
	e = known(db, query);
	if (e)
		return e;
	db->counts.statements++;
	e = db->engine->run(db, query, call);
	if ((!e || e == ERR_MISSING) && db->guess == GUESS_WRONG)
		e = ERR_AUTH;
	db->counts.failed += e == ERR_DOWN || e == ERR_BROKEN;
	if (e && e != ERR_MISSING && db->in_transaction &&
	    (e != ERR_CONFLICT || query->kind != DB_COPY))
		db->spoilt = true;
	return e;
}

enum err
db_check(struct db *db)
{
	const struct db_query *const *q = db_queries();
	enum err e, worst = OK;

	for (; *q; q++) {
		if (!(db_is_pgsql(db) ? (*q)->pgsql : (*q)->sqlite) ||
		    (*q)->kind == DB_COPY) /* which can't be prepared */
			continue;
		e = db->engine->prepare(db, *q);
		worst = e ? e : worst;
	}
	return worst;
}

/* Where column's member is in the row. */
static char *
member(const struct db_fill *f, int column)
{
	return (char *)f->row + f->query->columns[column].offset;
}

/* The member of a number, or room for it that its pointer member points to. */
static void *
number_room(const struct db_fill *f, int column)
{
	void *room, *at = member(f, column);

	if (!f->query->columns[column].optional)
		return at;
	room = f->spare ? &f->spare[column] :
	    arena_take(f->db->arena, sizeof(union db_number));
	memcpy(at, &room, sizeof(room));
	return room;
}

void
db_fill_number(const struct db_fill *f, int column, union db_number number)
{
	void *room = number_room(f, column);

	if (f->query->columns[column].type == DB_INT)
		*(int64_t *)room = number.whole;
	else if (f->query->columns[column].type == DB_REAL)
		*(double *)room = number.real;
	else
		*(bool *)room = number.truth;
}

void
db_fill_text(const struct db_fill *f, int column, const char *p, size_t n)
{
	const char *text = f->spare ? p : arena_copy(f->db->arena, p, n);

	memcpy(member(f, column), &text, sizeof(text));
}

enum err
db_fill_null(const struct db_fill *f, int column)
{
	const struct db_field *field = &f->query->columns[column];
	const void *none = NULL;

	if (field->type != DB_TEXT && !field->optional) {
		log_write(LOG_ERROR, "db: %s gave NULL for %s, a plain number",
		    f->query->name, field->name);
		return ERR_BROKEN;
	}
	memcpy(member(f, column), &none, sizeof(none));
	return OK;
}

enum err
db_call_each(struct db *db, const struct db_call *call, const void *row)
{
	enum err e;

	db->in_each = true;
	e = call->each(call->context, row);
	db->in_each = false;
	return e;
}

const void *
db_param(const struct db_query *query, const struct db_call *call, int i)
{
	const struct db_field *field = &query->params[i];
	const char *at = (const char *)call->in + field->offset;
	const void *pointed;

	if (field->type != DB_TEXT && !field->optional)
		return at;
	memcpy(&pointed, at, sizeof(pointed));
	return pointed;
}
