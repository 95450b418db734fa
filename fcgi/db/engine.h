/* SPDX-License-Identifier: MIT */
#ifndef DB_ENGINE_H
#define DB_ENGINE_H

#include "db.h"

/* What db.c, migrate.c and the two engines share; nobody else includes this. */

/* One of the two: sqlite.c or pgsql.c. Every function logs what it fails with. */
struct db_engine {
	/* Connect to db->address; sets db->link. */
	enum err (*open)(struct db *db);
	void (*close)(struct db *db);
	enum err (*begin)(struct db *db);
	enum err (*commit)(struct db *db);
	void (*rollback)(struct db *db);
	enum err (*run)(struct db *db, const struct db_query *query,
	    const struct db_call *call);
	/* Check that the statement is understood, without running it. */
	enum err (*prepare)(struct db *db, const struct db_query *query);
	/* Run several statements; name is for the log. */
	enum err (*script)(struct db *db, const char *name, const char *sql);
	/* Wait for a change (db_wait). */
	void (*wait)(struct db *db, int timeout_ms);
	bool flies;	/* run also asks what was announced (ahead.c) */
	void (*bulk)(struct db *db, bool on);	/* db_bulk, or NULL */
	const char *step_before;	/* script before a migration step, or NULL */
	const char *step_lock;		/* script within its transaction, or NULL */
	const char *step_after;		/* script after it, or NULL */
};

/* A statement that was announced, and what it gave. */
struct db_ahead {
	const struct db_query *query;
	struct db_call call;	/* out and n lead to the following, or the arena */
	void *rows;
	int64_t n;
	enum err e;		/* OK, or ERR_MISSING of DB_ONE */
	bool here;		/* was asked; else it goes with the next statement */
	const void *guess;	/* the row that it should be; or NULL */
};
enum { DB_AHEAD_MAX = 4 };

struct db {
	const struct db_engine *engine;
	struct arena *arena;
	char *address;			/* what comes after "sqlite:", or the URL */
	void *link;			/* the engine's own */
	bool in_transaction;
	bool intended;		/* db_intend: begin with the first write */
	bool spoilt;			/* a statement failed in it */
	bool read_only;
	bool in_each;			/* a DB_EACH function is being called */
	int64_t stamp;			/* db_stamp */
	struct db_counts counts;
	db_work_fn *work;	/* db_meanwhile */
	void *work_context;
	int64_t watched;	/* db_wait: what was seen last */
	struct db_ahead ahead[DB_AHEAD_MAX];
	int n_ahead;
	enum { GUESS_NONE, GUESS_OPEN, GUESS_RIGHT, GUESS_WRONG } guess;
};

extern const struct db_engine db_sqlite;
extern const struct db_engine db_pgsql;

/* pg_url_check(url): NULL if libpq understands url, else what is wrong. */
const char *pg_url_check(const char *url);

/*
 * A row on its way into a struct. Of DB_EACH rows nothing is copied: texts point
 * into the engine's memory and optional numbers into spare (one for each column),
 * both until the next row. Of all others everything is in the arena.
 */
union db_number {
	int64_t whole;
	double real;
	bool truth;
};

struct db_fill {
	struct db *db;
	const struct db_query *query;
	void *row;
	union db_number *spare;
};

/* db_fill_number(f, column, number): Store a number that is not NULL. */
void db_fill_number(const struct db_fill *f, int column, union db_number number);

/* db_fill_text(f, column, p, n): Store a text of n bytes, followed by a NUL. */
void db_fill_text(const struct db_fill *f, int column, const char *p, size_t n);

/* db_fill_null(f, column): Store SQL NULL; ERR_BROKEN (logged) if the column is a
 * plain number, which sqlgen was told is never NULL. */
enum err db_fill_null(const struct db_fill *f, int column);

/* db_work(db): A piece of what there is to do meanwhile; false if there is nothing. */
bool db_work(struct db *db);

/* db_call_each(db, call, row): Call the function of a DB_EACH statement. */
enum err db_call_each(struct db *db, const struct db_call *call, const void *row);

/* db_param(query, call, i): Where parameter i lies; NULL if it is SQL NULL. A text
 * gives its first byte, a number its address. */
const void *db_param(const struct db_query *query, const struct db_call *call, int i);

/* db_ahead_here(db): All that was announced has its answer: compare the guess. */
void db_ahead_here(struct db *db);

/* db_ahead_answer(db, query, call, e): True if it was asked already: call and *e have
 * what came. */
bool db_ahead_answer(struct db *db, const struct db_query *query,
    const struct db_call *call, enum err *e);

/* db_ahead_end(db): Forget what was announced, and the guess. */
void db_ahead_end(struct db *db);

#endif
