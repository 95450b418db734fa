/* SPDX-License-Identifier: MIT */
#ifndef DB_DB_H
#define DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct arena;

/*
 * The register's database: SQLite in one file, or PostgreSQL. Statements are
 * written in sql/ and typed by sqlgen, which makes a table (struct db_query) and
 * a function q_NAME for each; nothing else can be run. What a statement gives
 * back lives in the arena of db_arena.
 */
struct db;

enum db_type { DB_TEXT, DB_INT, DB_REAL, DB_BOOL };

/* One parameter or column: where it lies in the statement's struct, and how.
 * TEXT is const char *, INT int64_t, REAL double, BOOL bool; an optional number
 * is a pointer (const int64_t *), NULL for SQL NULL. TEXT may always be NULL. */
struct db_field {
	const char *name;
	enum db_type type;
	bool optional;
	size_t offset;
};

enum db_kind {
	DB_ONE,		/* exactly one row: ERR_MISSING if there is none */
	DB_MANY,	/* an array of rows */
	DB_EACH,	/* a function is called for each row */
	DB_EXEC,	/* no rows; the count of changed rows */
	DB_SEND,	/* no rows, no count, and in a transaction no waiting */
	DB_COPY		/* many new rows at once; PostgreSQL only */
};

/* One statement as sqlgen writes it. */
struct db_query {
	const char *name;
	const char *sqlite;		/* text with ?1 ?2 ...; NULL: not for it */
	const char *pgsql;		/* text with $1 $2 ...; NULL: not for it */
	enum db_kind kind;
	bool reads;			/* SQLite calls it read-only */
	const struct db_field *params, *columns;
	int n_params, n_columns;
	size_t row_size;		/* of the struct a row fills */
	int number;			/* its place in the list of all statements */
};

/* db_queries_count(): How many statements there are (generated). */
int db_queries_count(void);

/* db_queries(): All of them, ended by NULL (generated). */
const struct db_query *const *db_queries(void);

/* db_open(url, arena, out): Open "sqlite:/path/file.db", or a libpq URL
 * ("postgresql://..."). gssencmode is always disabled; TLS is as the URL says,
 * verify-full unless it says otherwise and the host is not a local socket.
 * ERR_DOWN if there is no database to talk to; the cause is in the log. */
enum err db_open(const char *url, struct arena *arena, struct db **out);

/* db_close(db): Close; an open transaction is rolled back. NULL is fine. */
void db_close(struct db *db);

/* db_arena(db, arena): Results go there from now on. */
void db_arena(struct db *db, struct arena *arena);

/* db_is_pgsql(db): True on PostgreSQL. */
bool db_is_pgsql(const struct db *db);

/* db_url_check(url): NULL if db_open would understand the form of url, else what
 * is wrong with it, without secrets. */
const char *db_url_check(const char *url);

/*
 * db_begin(db): Start a transaction that will write (immediate on SQLite).
 * Outside a transaction each statement stands for itself.
 * ERR_DOWN if the database does not answer, ERR_BUSY never.
 */
enum err db_begin(struct db *db);

/* db_intend(db): Begin with the first statement that writes, not before: what a
 * request reads and computes until then holds no lock. Commit and rollback are
 * called as after db_begin; with nothing written they do nothing. */
void db_intend(struct db *db);

/* db_commit(db): Make it last. On failure all is rolled back and ERR_DOWN,
 * ERR_BROKEN (also: a statement had failed in it) or ERR_CONFLICT (a deferred
 * constraint) returned; the client must not be told that it worked. */
enum err db_commit(struct db *db);

/* db_rollback(db): Undo. Harmless outside a transaction. */
void db_rollback(struct db *db);

/* How old the time may be that a transaction writes into its rows. Whoever reads what
 * changed since a time counts on it. */
#define DB_STAMP_AGE INT64_C(30000000)	/* microseconds */

/* db_stamp(db, now): now is the time that is written from here on: a commit later than
 * DB_STAMP_AGE after it is refused (ERR_DOWN). 0: no such limit, as at first. */
void db_stamp(struct db *db, int64_t now);

/* db_in_transaction(db): Between begin and commit or rollback. */
bool db_in_transaction(const struct db *db);

/* db_read_only(db, on): While on, a statement that writes is refused with
 * ERR_BROKEN: the second lock behind "a GET reads". */
void db_read_only(struct db *db, bool on);

/* db_bulk(db, on): While on, many rows are written in each transaction: more memory is
 * used, about 64 MB, where that makes it faster. */
void db_bulk(struct db *db, bool on);

/* db_meanwhile(db, work, context): While rows are copied (DB_COPY) and the server is not
 * yet ready for more, work is called: for something short that asks no database. It
 * returns false when there is nothing more to do. NULL: nothing is called any more. */
typedef bool db_work_fn(void *context);
void db_meanwhile(struct db *db, db_work_fn *work, void *context);

/* db_wait(db, timeout_ms): Wait until something may have changed that jobs wait for, at
 * most timeout_ms: on PostgreSQL a NOTIFY of cem_job, on SQLite any commit by another
 * process. Returns early on a signal, and whenever in doubt: look, then wait again.
 * Not within a transaction. */
void db_wait(struct db *db, int timeout_ms);

/* What was done since db_open. Statements that failed are those that the database did
 * not answer, or that made no sense; not those that a constraint refused. */
struct db_counts { int64_t statements, failed, commits, rollbacks; };

/* db_counts(db): The counts, good as long as db is open. */
const struct db_counts *db_counts(const struct db *db);

/* Called for each row of a DB_EACH statement; anything but OK stops and is returned.
 * The row lives until the call returns; no other statement can run meanwhile. */
typedef enum err db_each_fn(void *context, const void *row);

/*
 * db_run(...): Run one statement; only generated functions call it.
 * in: the struct with the parameters (NULL if it has none).
 * DB_ONE fills *out. DB_MANY sets *(void **)out to an array and *n to its length.
 * DB_EACH calls each(context, row). DB_EXEC sets *n (if n is not NULL) to the
 * number of rows changed. DB_SEND gives nothing back; in a transaction PostgreSQL may
 * tell of its failure only with a later statement or the commit. DB_COPY takes a
 * struct db_rows of the structs with the new rows; when a constraint refuses one of them
 * it stores none, and a transaction goes on as if it had not been tried. Fails with
 * ERR_MISSING (DB_ONE only), ERR_CONFLICT (a constraint refused it), ERR_DOWN (no answer,
 * disk full) or ERR_BROKEN. Any failure but ERR_MISSING and that of DB_COPY spoils an
 * open transaction: only db_rollback is left (PostgreSQL has it so, and both behave
 * alike). To go on after a conflict, write ON CONFLICT.
 */
struct db_rows { const void *rows; size_t n; };

struct db_call {
	const void *in;
	void *out;
	int64_t *n;
	db_each_fn *each;
	void *context;
};
enum err db_run(struct db *db, const struct db_query *query, const struct db_call *call);

/*
 * Asking ahead, where each question is a journey to a server: PostgreSQL. Only while
 * db_read_only is on, outside a transaction; elsewhere nothing happens, and statements
 * are run when they are. What is handed over must live as long as db_arena's arena. All
 * is forgotten when db_read_only is set, on or off. Only generated functions call the
 * first three, q_NAME_ahead, q_NAME_guess and q_NAME_keep.
 *
 * db_ahead(db, query, in): That statement will be run soon: send it with the next, and
 * give its answer when it is run with the same parameters.
 *
 * db_guess(db, query, in, row): Go on as if row were the answer to that statement of the
 * kind DB_ONE, and send it with the next. False if it must be run now. If another answer
 * comes, that next statement and all after it give nothing but ERR_AUTH. Until
 * db_confirm has said OK nothing that follows from the guess may be shown or noted.
 *
 * db_keep(query, row, kept): Copy a row with all that it leads to, for a later guess;
 * it must stay where it is. False if there is no room.
 *
 * db_confirm(db): OK if there was no guess or a right one, ERR_AUTH if it was wrong;
 * asks if that isn't known yet, which may fail as db_run.
 */
void db_ahead(struct db *db, const struct db_query *query, const void *in);
bool db_guess(struct db *db, const struct db_query *query, const void *in,
    const void *row);
enum { DB_KEPT = 1024 };
struct db_kept { _Alignas(int64_t) char room[DB_KEPT]; };
bool db_keep(const struct db_query *query, const void *row, struct db_kept *kept);
enum err db_confirm(struct db *db);

/* db_check(db): Let the database parse every statement there is for it, without
 * running one. ERR_BROKEN (each fault is logged) or ERR_DOWN. */
enum err db_check(struct db *db);

/* db_migrate(db, n_done): Bring the schema to the newest version, under a lock, each
 * step in a transaction. *n_done gets the number of steps run. Idempotent. */
enum err db_migrate(struct db *db, int *n_done);

/* db_version(db, out): The schema's version: the number of the last step; 0 for
 * an empty database. */
enum err db_version(struct db *db, int64_t *out);

/* db_version_wanted(): The version this program was built for. */
int64_t db_version_wanted(void);

/* One migration step, from sql/migrate/NNNN_name.sql (generated). */
struct db_step {
	int64_t version;
	const char *name;
	const char *sql;
};

/* db_steps(n): All of them, in order; made by sqlgen. */
const struct db_step *db_steps(int *n);

#endif
