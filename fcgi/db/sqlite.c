/* SPDX-License-Identifier: MIT */
/*
 * SQLite: one connection to one file in WAL mode, every statement prepared once and
 * kept by its number. Parameters are bound without a copy and unbound before the
 * caller's memory can go. Before each transaction, and each statement outside one, the
 * file is looked at: if it was moved away or another lies in its place, writing into
 * the old one would lose what people entered, so it is opened anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "log.h"

#include "engine.h"

enum {
	BUSY_MS = 10000,	/* to wait for others who write */
	BUSY_LEAST_US = 250, BUSY_MORE_US = 500, /* between two tries */
	FOLD_AFTER = 1000, FOLD_BULK = 16384, /* pages of the log */
	FOLD_ALL = 4096,
	FOLD_BUSY_MS = 100,
	ROWS_FIRST = 16,
	LOOK_MS = 100	/* between two looks for other processes' commits */
};

struct link {
	sqlite3 *sqlite;	/* NULL: must be opened */
	sqlite3_stmt **kept;	/* by the number of the statement */
	int n_kept;
	int busy_ms;		/* to wait for others now */
	int fold_after, folded;	/* pages of the log between two times; at the last */
};

/* Map a result code, and log the cause; what is for the log. SQLite's messages
 * name tables and columns, never values. */
static enum err
failed(const struct link *l, int rc, const char *what)
{
	const char *words = l->sqlite ? sqlite3_errmsg(l->sqlite) : sqlite3_errstr(rc);

	switch (rc & 0xff) {
	case SQLITE_CONSTRAINT:
		log_write(LOG_INFO, "db: %s: conflict: %s", what, words);
		return ERR_CONFLICT;
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		log_write(LOG_ERROR, "db: %s: down: %s (%d)", what, words, rc);
		return ERR_DOWN;
	default:
		log_write(LOG_ERROR, "db: %s: %s (%d)", what, words, rc);
		return ERR_BROKEN;
	}
}

/* A new file is for its owner only; SQLite gives its own mode to the files beside
 * it. An existing one is not touched: closing a second descriptor of a file that this
 * process has open would drop SQLite's locks (fcntl(2)). */
static void
make_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		(void)close(fd);
}

static int
harden(sqlite3 *sqlite)
{
	static const struct { int option, value; } options[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 }
	};
	int rc = SQLITE_OK;

	for (size_t i = 0; i < sizeof(options) / sizeof(*options) && rc == SQLITE_OK; i++)
		rc = sqlite3_db_config(sqlite, options[i].option, options[i].value, NULL);
	return rc;
}

/*
 * Wait for those who write. SQLite's own handler sleeps longer and longer; then a process
 * that writes without a pause, as a job worker does, keeps others out for many seconds,
 * for the gaps between its transactions are short. Many tries find one; the time apart
 * is as good as random, so that two who wait don't miss them together.
 */
static int
wait_busy(void *context, int n_tries)
{
	static int64_t began;
	const int64_t now = clock_steady();
	const struct link *l = context;

	if (n_tries == 0)
		began = now;
	if (now - began > l->busy_ms * (CLOCK_SECOND / 1000))
		return 0;
	(void)usleep((useconds_t)(BUSY_LEAST_US + now % BUSY_MORE_US));
	return 1;
}

/*
 * Fold the log into the file, after a commit that left n pages in it. SQLite's own way is
 * to try that after each commit from 1000 pages on. When several processes write
 * without a pause, there is always a commit before one is done; then the log is never
 * begun anew, grows without end, and each commit pays for flushing the file. So each
 * process does it now and then only, and if the log has become long all the same, keeps
 * the others out for the moment that the rest takes. Who reads for long is not waited
 * for. The commit is done, so no failure is one of it.
 */
static int
fold(void *context, sqlite3 *sqlite, const char *name, int n)
{
	struct link *l = context;
	int rc;

	if (n < l->folded)
		l->folded = 0; /* it was begun anew */
	if (n < l->folded + l->fold_after)
		return SQLITE_OK;
	l->folded = n;
	rc = sqlite3_wal_checkpoint_v2(sqlite, name, SQLITE_CHECKPOINT_PASSIVE, NULL,
	    NULL);
	if (rc == SQLITE_OK && n >= FOLD_ALL) {
		l->busy_ms = FOLD_BUSY_MS;
		rc = sqlite3_wal_checkpoint_v2(sqlite, name, SQLITE_CHECKPOINT_RESTART,
		    NULL, NULL);
		l->busy_ms = BUSY_MS;
	}
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
		(void)failed(l, rc, "fold");
	return SQLITE_OK;
}

/* temp_store=2: sorting stays in memory, since a locked worker has no /tmp. The cache
 * holds the upper pages of the indexes of a million farmers; it grows to that (in KiB)
 * only if the file is as large. */
static int
set_up(struct link *l)
{
	sqlite3 *sqlite = l->sqlite;
	int rc = sqlite3_busy_handler(sqlite, wait_busy, l);

	(void)sqlite3_wal_hook(sqlite, fold, l); /* gives the one before */
	l->folded = 0;
	if (rc == SQLITE_OK)
		rc = harden(sqlite);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(sqlite, "PRAGMA journal_mode = WAL;"
		    "PRAGMA cell_size_check = ON;"
		    "PRAGMA temp_store = 2;"
		    "PRAGMA cache_size = -16384;"
		    "PRAGMA journal_size_limit = 67108864;", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(sqlite, conf.durable ? "PRAGMA synchronous = FULL" :
		    "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
	return rc;
}

static void
disconnect(struct link *l)
{
	for (int i = 0; i < l->n_kept; i++) {
		(void)sqlite3_finalize(l->kept[i]); /* repeats an error already told */
		l->kept[i] = NULL;
	}
	if (sqlite3_close(l->sqlite) != SQLITE_OK)
		log_write(LOG_ERROR, "db: close: %s", sqlite3_errmsg(l->sqlite));
	l->sqlite = NULL;
}

static enum err
connect_file(struct link *l, const char *path, int flags)
{
	enum err e;
	int rc;

	rc = sqlite3_open_v2(path, &l->sqlite, flags | SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc == SQLITE_OK)
		rc = set_up(l);
	if (rc == SQLITE_OK)
		return OK;
	e = failed(l, rc, "open");
	disconnect(l);
	return e;
}

static enum err
lite_open(struct db *db)
{
	struct link *l = calloc(1, sizeof(*l));

	db->link = l;
	if (!l)
		return ERR_DOWN;
	l->busy_ms = BUSY_MS;
	l->fold_after = FOLD_AFTER;
	l->n_kept = db_queries_count();
	l->kept = calloc((size_t)l->n_kept + 1, sizeof(*l->kept));
	if (!l->kept)
		return ERR_DOWN;
	make_private(db->address);
	return connect_file(l, db->address, SQLITE_OPEN_CREATE);
}

static void
lite_close(struct db *db)
{
	struct link *l = db->link;

	disconnect(l);
	free(l->kept);
	free(l);
}

/* Be connected to the file that has our name now. */
static enum err
look(struct db *db)
{
	struct link *l = db->link;
	int moved = 0;

	if (l->sqlite && sqlite3_file_control(l->sqlite, "main", SQLITE_FCNTL_HAS_MOVED,
	    &moved) == SQLITE_OK && !moved)
		return OK;
	if (l->sqlite) {
		log_write(LOG_WARN, "db: the file was moved or replaced; opened anew");
		disconnect(l);
	}
	return connect_file(l, db->address, 0);
}

static enum err
simple(struct link *l, const char *sql)
{
	int rc = sqlite3_exec(l->sqlite, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? OK : failed(l, rc, sql);
}

static enum err
lite_begin(struct db *db)
{
	enum err e = look(db);

	return e ? e : simple(db->link, "BEGIN IMMEDIATE");
}

static enum err
lite_commit(struct db *db)
{
	return simple(db->link, "COMMIT");
}

static void
lite_rollback(struct db *db)
{
	struct link *l = db->link;

	/* After some failures SQLite has already rolled back by itself. */
	if (l->sqlite && !sqlite3_get_autocommit(l->sqlite))
		(void)simple(l, "ROLLBACK"); /* logged; the file stays consistent */
}

static enum err
statement(struct link *l, const struct db_query *query, sqlite3_stmt **out)
{
	const bool keep = query->number >= 0;
	int rc;

	if (keep && l->kept[query->number]) {
		*out = l->kept[query->number];
		return OK;
	}
	rc = sqlite3_prepare_v3(l->sqlite, query->sqlite, -1,
	    keep ? SQLITE_PREPARE_PERSISTENT : 0, out, NULL);
	if (rc != SQLITE_OK)
		return failed(l, rc, query->name);
	if (keep)
		l->kept[query->number] = *out;
	return OK;
}

/* Ready for its next run, and no pointer of the caller is left in it. */
static void
put_back(const struct db_query *query, sqlite3_stmt *stmt)
{
	if (query->number < 0) {
		(void)sqlite3_finalize(stmt); /* repeats an error already told */
		return;
	}
	(void)sqlite3_reset(stmt); /* the same */
	(void)sqlite3_clear_bindings(stmt);
}

static int
bind_one(sqlite3_stmt *stmt, int place, enum db_type type, const void *value)
{
	if (!value)
		return sqlite3_bind_null(stmt, place);
	switch (type) {
	case DB_INT:
		return sqlite3_bind_int64(stmt, place, *(const int64_t *)value);
	case DB_REAL:
		return sqlite3_bind_double(stmt, place, *(const double *)value);
	case DB_BOOL:
		return sqlite3_bind_int(stmt, place, *(const bool *)value);
	default:
		return sqlite3_bind_text(stmt, place, value, -1, SQLITE_STATIC);
	}
}

static int
bind(sqlite3_stmt *stmt, const struct db_query *query, const struct db_call *call)
{
	int rc = SQLITE_OK;

	for (int i = 0; i < query->n_params && rc == SQLITE_OK; i++)
		rc = bind_one(stmt, i + 1, query->params[i].type,
		    db_param(query, call, i));
	return rc;
}

/* One value; SQLite lets any type into any column, so what it has is checked. */
static enum err
fill_column(const struct db_fill *f, sqlite3_stmt *stmt, int i)
{
	const enum db_type type = f->query->columns[i].type;
	const int has = sqlite3_column_type(stmt, i);
	union db_number number = { 0 };

	if (has == SQLITE_NULL)
		return db_fill_null(f, i);
	if (type == DB_TEXT && has == SQLITE_TEXT) {
		const char *p = (const char *)sqlite3_column_text(stmt, i);

		db_fill_text(f, i, p ? p : "", (size_t)sqlite3_column_bytes(stmt, i));
		return OK;
	}
	if (type == DB_INT && has == SQLITE_INTEGER)
		number.whole = sqlite3_column_int64(stmt, i);
	else if (type == DB_REAL && (has == SQLITE_FLOAT || has == SQLITE_INTEGER))
		number.real = sqlite3_column_double(stmt, i);
	else if (type == DB_BOOL && has == SQLITE_INTEGER)
		number.truth = sqlite3_column_int(stmt, i) != 0;
	else {
		log_write(LOG_ERROR, "db: %s gave another type for %s", f->query->name,
		    f->query->columns[i].name);
		return ERR_BROKEN;
	}
	db_fill_number(f, i, number);
	return OK;
}

static enum err
fill_row(const struct db_fill *f, sqlite3_stmt *stmt)
{
	enum err e = OK;

	for (int i = 0; i < f->query->n_columns && !e; i++)
		e = fill_column(f, stmt, i);
	return e;
}

/* Step to the end, also past the wanted row: only then is a write done. */
static enum err
run_one(struct db_fill *f, sqlite3_stmt *stmt, int *rc)
{
	enum err e;

	*rc = sqlite3_step(stmt);
	if (*rc != SQLITE_ROW)
		return ERR_MISSING;
	e = fill_row(f, stmt);
	if (e)
		return e;
	*rc = sqlite3_step(stmt);
	if (*rc != SQLITE_ROW)
		return OK;
	log_write(LOG_ERROR, "db: %s gave more than one row", f->query->name);
	return ERR_BROKEN;
}

static enum err
run_many(struct db_fill *f, sqlite3_stmt *stmt, const struct db_call *call, int *rc)
{
	const size_t size = f->query->row_size;
	size_t n = 0, room = ROWS_FIRST;
	char *rows = arena_items(f->db->arena, room, size), *more;
	enum err e;

	while ((*rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (n == room) {
			more = arena_items(f->db->arena, 2 * room, size);
			memcpy(more, rows, room * size);
			rows = more;
			room *= 2;
		}
		f->row = rows + n++ * size;
		e = fill_row(f, stmt);
		if (e)
			return e;
	}
	memcpy(call->out, &rows, sizeof(rows));
	*call->n = (int64_t)n;
	return OK;
}

static enum err
run_each(struct db_fill *f, sqlite3_stmt *stmt, const struct db_call *call, int *rc)
{
	enum err e;

	f->row = arena_take(f->db->arena, f->query->row_size);
	f->spare = arena_array(f->db->arena, union db_number,
	    (size_t)f->query->n_columns);
	while ((*rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		e = fill_row(f, stmt);
		if (!e)
			e = db_call_each(f->db, call, f->row);
		if (e)
			return e;
	}
	return OK;
}

static enum err
run_kind(struct db *db, const struct db_query *query, sqlite3_stmt *stmt,
    const struct db_call *call)
{
	struct db_fill f = { db, query, call->out, NULL };
	struct link *l = db->link;
	enum err e = OK;
	int rc;

	rc = bind(stmt, query, call);
	if (rc != SQLITE_OK)
		return failed(l, rc, query->name);
	if (query->kind == DB_ONE)
		e = run_one(&f, stmt, &rc);
	else if (query->kind == DB_MANY)
		e = run_many(&f, stmt, call, &rc);
	else if (query->kind == DB_EACH)
		e = run_each(&f, stmt, call, &rc);
	else
		rc = sqlite3_step(stmt);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return failed(l, rc, query->name);
	if (!e && query->kind == DB_EXEC && call->n)
		*call->n = sqlite3_changes64(l->sqlite);
	return e;
}

static enum err
lite_run(struct db *db, const struct db_query *query, const struct db_call *call)
{
	sqlite3_stmt *stmt;
	enum err e = OK;

	if (!db->in_transaction)
		e = look(db);
	if (!e)
		e = statement(db->link, query, &stmt);
	if (e)
		return e;
	e = run_kind(db, query, stmt, call);
	put_back(query, stmt);
	return e;
}

static enum err
lite_prepare(struct db *db, const struct db_query *query)
{
	sqlite3_stmt *stmt;
	enum err e = OK;

	if (!db->in_transaction)
		e = look(db);
	return e ? e : statement(db->link, query, &stmt);
}

/* The line of a script that p points into. */
static int
line_at(const char *sql, const char *p)
{
	int line = 1;

	for (; sql < p; sql++)
		line += *sql == '\n';
	return line;
}

static enum err
lite_script(struct db *db, const char *name, const char *sql)
{
	struct link *l = db->link;
	const char *p, *rest;
	sqlite3_stmt *stmt;
	enum err e = OK;
	int rc;

	if (!db->in_transaction)
		e = look(db);
	for (p = sql; !e && *p; p = rest) {
		p += strspn(p, " \n");
		rc = sqlite3_prepare_v2(l->sqlite, p, -1, &stmt, &rest);
		while (rc == SQLITE_OK && stmt && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
			rc = SQLITE_OK;
		if (rc != SQLITE_OK && rc != SQLITE_DONE) {
			e = failed(l, rc, name);
			log_write(LOG_ERROR, "db: %s: near line %d", name,
			    line_at(sql, p));
		}
		(void)sqlite3_finalize(stmt); /* repeats the error told above */
	}
	return e;
}

/* A batch's pages stay in memory till its commit, and the log is folded into the file
 * every 64 MB instead of after each of them. */
static void
lite_bulk(struct db *db, bool on)
{
	struct link *l = db->link;

	l->fold_after = on ? FOLD_BULK : FOLD_AFTER;
	(void)lite_script(db, "bulk", on ? "PRAGMA cache_size = -65536" :
	    "PRAGMA cache_size = -16384"); /* logged; only slower */
}

/* It grows with every commit of another process; asking costs a few microseconds. */
static bool
version(sqlite3_stmt *stmt, int64_t *out)
{
	const bool good = sqlite3_step(stmt) == SQLITE_ROW;

	if (good)
		*out = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt); /* repeats an error already told */
	return good;
}

static void
lite_wait(struct db *db, int timeout_ms)
{
	struct link *l = db->link;
	int64_t seen = db->watched;
	sqlite3_stmt *stmt = NULL;
	bool good = look(db) == OK && sqlite3_prepare_v2(l->sqlite, "PRAGMA data_version",
	    -1, &stmt, NULL) == SQLITE_OK;

	for (; timeout_ms > 0; timeout_ms -= LOOK_MS) {
		good = good && version(stmt, &db->watched);
		if (db->watched != seen || poll(NULL, 0, timeout_ms < LOOK_MS ?
		    timeout_ms : LOOK_MS) != 0)
			break;
	}
	(void)sqlite3_finalize(stmt); /* the same */
}

/* Tables may be rebuilt in a step, which needs the keys unchecked meanwhile; migrate.c
 * checks them before it ends (sqlite.org/lang_altertable.html, section 7). */
const struct db_engine db_sqlite = {
	.open = lite_open,
	.close = lite_close,
	.begin = lite_begin,
	.commit = lite_commit,
	.rollback = lite_rollback,
	.run = lite_run,
	.prepare = lite_prepare,
	.script = lite_script,
	.wait = lite_wait,
	.bulk = lite_bulk,
	.step_before = "PRAGMA foreign_keys = OFF",
	.step_lock = NULL,
	.step_after = "PRAGMA foreign_keys = ON"
};
