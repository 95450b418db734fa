/* SPDX-License-Identifier: MIT */
/*
 * Migrations, forward only. Each step is one transaction, under a lock: several
 * programs may start at the same moment, and the second must find the step done.
 * Inside the lock the version is read again, so no step runs twice.
 *
 * For PostgreSQL the type TEXT becomes TEXT COLLATE "C": SQLite compares bytes, and
 * lists must come in the same order from both.
 */
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "log.h"

#include "engine.h"

/* These run before there is a schema, so sqlgen can't know them. A number below 0
 * means that they are not kept prepared. */
struct count_row { int64_t n; };
struct done_in { int64_t version; const char *name; int64_t done_at; };

static const struct db_field count_columns[] = {
	{ "n", DB_INT, false, offsetof(struct count_row, n) }
};
static const struct db_field done_params[] = {
	{ "version", DB_INT, false, offsetof(struct done_in, version) },
	{ "name", DB_TEXT, false, offsetof(struct done_in, name) },
	{ "done_at", DB_INT, false, offsetof(struct done_in, done_at) }
};

static const struct db_query table_there = {
	.name = "schema_step_there",
	.sqlite = "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'schema_step'",
	.pgsql = "SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('schema_step')",
	.kind = DB_ONE, .reads = true, .columns = count_columns, .n_columns = 1,
	.row_size = sizeof(struct count_row), .number = -1
};
static const struct db_query version_get = {
	.name = "schema_step_get",
	.sqlite = "SELECT COALESCE(MAX(version), 0) FROM schema_step",
	.pgsql = "SELECT COALESCE(MAX(version), 0) FROM schema_step",
	.kind = DB_ONE, .reads = true, .columns = count_columns, .n_columns = 1,
	.row_size = sizeof(struct count_row), .number = -1
};
static const struct db_query version_add = {
	.name = "schema_step_add",
	.sqlite = "INSERT INTO schema_step (version, name, done_at) VALUES (?1, ?2, ?3)",
	.pgsql = "INSERT INTO schema_step (version, name, done_at) VALUES ($1, $2, $3)",
	.kind = DB_EXEC, .params = done_params, .n_params = 3, .number = -1
};
/* PostgreSQL checks its keys by itself. */
static const struct db_query keys_broken = {
	.name = "schema_keys_broken",
	.sqlite = "SELECT COUNT(*) FROM pragma_foreign_key_check",
	.kind = DB_ONE, .reads = true, .columns = count_columns, .n_columns = 1,
	.row_size = sizeof(struct count_row), .number = -1
};

static const char table_make[] =
    "CREATE TABLE IF NOT EXISTS schema_step ("
    "version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, done_at BIGINT NOT NULL)";

static enum err
count(struct db *db, const struct db_query *query, int64_t *out)
{
	struct count_row row = { 0 };
	const struct db_call call = { .out = &row };
	enum err e = db_run(db, query, &call);

	*out = row.n;
	return e;
}

enum err
db_version(struct db *db, int64_t *out)
{
	int64_t there;
	enum err e = count(db, &table_there, &there);

	*out = 0;
	return e || !there ? e : count(db, &version_get, out);
}

int64_t
db_version_wanted(void)
{
	int n;
	const struct db_step *steps = db_steps(&n);

	return n ? steps[n - 1].version : 0;
}

/* The end of the quoted text that p begins with. */
static const char *
quoted_end(const char *p)
{
	const char quote = *p++;

	for (; *p; p++)
		if (*p == quote && *++p != quote)
			return p;
	return p;
}

static const char letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

static bool
word_is(const char *p, size_t n, const char *word)
{
	return strlen(word) == n && strncasecmp(p, word, n) == 0;
}

/* sql, without comments as sqlgen leaves it, with TEXT COLLATE "C" where a CREATE or
 * ALTER names the type. After AS it is a CAST's, which takes no collation. */
static const char *
collated(struct arena *arena, const char *sql)
{
	struct buf out = buf_make(arena, strlen(sql) + 1024);
	bool first = true, defines = false, after_as = false;
	size_t n;

	for (const char *p = sql; *p; p += n) {
		n = strspn(p, letters);
		if (n) {
			if (first)
				defines = word_is(p, n, "CREATE") ||
				    word_is(p, n, "ALTER");
			buf_add(&out, p, n);
			if (defines && !after_as && word_is(p, n, "TEXT"))
				buf_text(&out, " COLLATE \"C\"");
			after_as = word_is(p, n, "AS");
			first = false;
			continue;
		}
		n = *p == '\'' || *p == '"' ? (size_t)(quoted_end(p) - p) : 1;
		first = first || *p == ';';
		buf_add(&out, p, n);
	}
	return out.bytes;
}

/* The step itself, within its transaction. *done is false if another was faster. */
static enum err
step_within(struct db *db, const struct db_step *step, bool *done)
{
	const struct done_in in = { step->version, step->name, clock_now() };
	const struct db_call add = { .in = &in };
	const char *sql = db_is_pgsql(db) ? collated(db->arena, step->sql) : step->sql;
	int64_t version, broken = 0;
	enum err e = OK;

	*done = false;
	if (db->engine->step_lock)
		e = db->engine->script(db, "lock", db->engine->step_lock);
	if (!e)
		e = db->engine->script(db, "schema_step", table_make);
	if (!e)
		e = count(db, &version_get, &version);
	if (e || version >= step->version)
		return e;
	e = db->engine->script(db, step->name, sql);
	if (!e)
		e = db_run(db, &version_add, &add);
	if (!e && !db_is_pgsql(db))
		e = count(db, &keys_broken, &broken);
	if (!e && broken) {
		log_write(LOG_ERROR, "db: step %s leaves %lld rows that refer to nothing",
		    step->name, (long long)broken);
		e = ERR_BROKEN;
	}
	*done = !e;
	return e;
}

static enum err
step_run(struct db *db, const struct db_step *step, bool *done)
{
	enum err e = OK, after;

	if (db->engine->step_before)
		e = db->engine->script(db, "before", db->engine->step_before);
	if (!e)
		e = db_begin(db);
	if (!e) {
		e = step_within(db, step, done);
		if (e)
			db_rollback(db);
		else
			e = db_commit(db);
	}
	if (db->engine->step_after) {
		after = db->engine->script(db, "after", db->engine->step_after);
		e = e ? e : after;
	}
	if (e)
		log_write(LOG_ERROR, "db: step %04lld %s failed and is undone",
		    (long long)step->version, step->name);
	return e;
}

enum err
db_migrate(struct db *db, int *n_done)
{
	int n;
	const struct db_step *steps = db_steps(&n);
	int64_t version;
	bool done;
	enum err e;

	*n_done = 0;
	if (db->in_transaction)
		return ERR_BROKEN;
	e = db_version(db, &version);
	if (!e && version > db_version_wanted()) {
		log_write(LOG_ERROR, "db: the database has version %lld, this program "
		    "knows %lld: it is older than the database", (long long)version,
		    (long long)db_version_wanted());
		return ERR_BROKEN;
	}
	for (int i = 0; i < n && !e; i++) {
		if (steps[i].version <= version)
			continue;
		e = step_run(db, &steps[i], &done);
		if (e || !done)
			continue;
		(*n_done)++;
		log_write(LOG_INFO, "db: step %04lld %s done",
		    (long long)steps[i].version, steps[i].name);
	}
	return e;
}
