/* SPDX-License-Identifier: MIT */
/*
 * Migrations: run each in the in-memory SQLite as the program will (foreign keys
 * checked at its end), refuse what only one of the databases knows, and read the
 * columns back. A CREATE TABLE with `-- people` among the comments before it makes a
 * table of people's data; the mark follows ALTER TABLE ... RENAME TO.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "sqlgen.h"

static const char *const type_names[] = {
	"TEXT", "BIGINT", "DOUBLE PRECISION", "BOOLEAN"
};

enum type
type_read(const char *s)
{
	for (int i = 0; i < TYPE_NONE; i++)
		if (s && strcasecmp(s, type_names[i]) == 0)
			return (enum type)i;
	return TYPE_NONE;
}

const char *
type_name(enum type type)
{
	return type == TYPE_NONE ? "no type" : type_names[type];
}

enum type
schema_type(const struct gen *g, const char *name)
{
	for (size_t i = 0; i < g->n_columns; i++)
		if (strcasecmp(g->columns[i].name, name) == 0)
			return g->columns[i].type;
	return TYPE_NONE;
}

const struct column *
schema_column(const struct gen *g, const char *table, const char *name)
{
	for (size_t i = 0; i < g->n_columns; i++)
		if (strcasecmp(g->columns[i].table, table) == 0 &&
		    strcasecmp(g->columns[i].name, name) == 0)
			return &g->columns[i];
	return NULL;
}

static const char **
people_find(const struct gen *g, const char *table)
{
	for (size_t i = 0; i < g->n_people; i++)
		if (strcasecmp(g->people[i], table) == 0)
			return &g->people[i];
	return NULL;
}

bool
schema_people(const struct gen *g, const char *table)
{
	return people_find(g, table) != NULL;
}

static void
people_add(struct gen *g, const char *table)
{
	if (people_find(g, table))
		return;
	g->people = list_more(g, g->people, g->n_people, sizeof(*g->people));
	g->people[g->n_people++] = table;
}

static void
people_drop(struct gen *g, const char *table)
{
	const char **found = people_find(g, table);

	if (found)
		*found = g->people[--g->n_people];
}

static bool
is_people_mark(const struct token *t)
{
	return t->kind == TOKEN_COMMENT && t->n >= 9 && t->n <= 12 &&
	    strncmp(t->at, "-- people", 9) == 0 && strspn(t->at + 9, " \r\n") >= t->n - 9;
}

/* One statement of a step, its comments in front: keep the list of people tables. */
static void
people_read(struct gen *g, const struct token *t)
{
	bool marked = false;
	const struct token *name;

	for (; t->kind == TOKEN_COMMENT; t++)
		marked = marked || is_people_mark(t);
	if (t->kind == TOKEN_END || !token_is(t + 1, "TABLE"))
		return;
	name = t + 2;
	while (token_in(name, (const char *const[]){ "IF", "NOT", "EXISTS", NULL }))
		name++;
	if (token_is(t, "CREATE") && marked)
		people_add(g, token_text(g, name));
	if (token_is(t, "DROP"))
		people_drop(g, token_text(g, name));
	if (token_is(t, "ALTER") && token_is(name + 1, "RENAME") &&
	    token_is(name + 2, "TO") && schema_people(g, token_text(g, name))) {
		people_drop(g, token_text(g, name));
		people_add(g, token_text(g, name + 3));
	}
}

/* Words that one of the databases does not know, or that the runner must own. */
static bool
check_words(struct gen *g, const char *file, const struct tokens *tokens)
{
	static const char *const refused[] = {
		"AUTOINCREMENT", "ROWID", "STRICT", "COLLATE", "PRAGMA", "BEGIN",
		"COMMIT", "ROLLBACK", "ATTACH", "DETACH", "VACUUM", "TRIGGER", "VIRTUAL",
		"TEMP", "TEMPORARY", "REPLACE", "GLOB", "REGEXP", "SERIAL", "BIGSERIAL",
		"CURRENT_TIMESTAMP", "CURRENT_DATE", NULL
	};

	for (size_t i = 0; i < tokens->n; i++) {
		const struct token *t = &tokens->items[i];

		if (t->kind == TOKEN_PARAM)
			return fault(g, file, t->line, "a migration has no parameters");
		if (token_in(t, refused))
			return fault(g, file, t->line, "%s is not for both databases, or "
			    "not for a migration", token_text(g, t));
	}
	return true;
}

/* Run one step as the program does: foreign keys are off while tables may be
 * rebuilt, and checked before the end (sqlite.org/lang_altertable.html, section 7). */
static bool
run_step(struct gen *g, const char *file, const char *sql)
{
	sqlite3_stmt *stmt;
	const char *p = sql, *rest;
	int line = 1, at, rc;

	for (; *p; p = rest) {
		for (; *p == ' ' || *p == '\n'; p++)
			line += *p == '\n';
		stmt = NULL;
		rc = sqlite3_prepare_v2(g->sqlite, p, -1, &stmt, &rest);
		at = rc == SQLITE_OK ? 0 : sqlite3_error_offset(g->sqlite);
		while (rc == SQLITE_OK && stmt && sqlite3_step(stmt) == SQLITE_ROW)
			;
		if (sqlite3_finalize(stmt) != SQLITE_OK || rc != SQLITE_OK) {
			for (int i = 0; i < at; i++)
				line += p[i] == '\n';
			return fault(g, file, line, "%s", sqlite3_errmsg(g->sqlite));
		}
		for (const char *c = p; c < rest; c++)
			line += *c == '\n';
	}
	return true;
}

static bool
check_keys(struct gen *g, const char *file)
{
	sqlite3_stmt *stmt;
	bool good;

	if (sqlite3_prepare_v2(g->sqlite, "SELECT \"table\", parent FROM "
	    "pragma_foreign_key_check", -1, &stmt, NULL) != SQLITE_OK)
		return fault(g, file, 1, "%s", sqlite3_errmsg(g->sqlite));
	good = sqlite3_step(stmt) == SQLITE_DONE;
	if (!good)
		fault(g, file, 1, "a row of %s refers to a row that %s does not have",
		    sqlite3_column_text(stmt, 0), sqlite3_column_text(stmt, 1));
	(void)sqlite3_finalize(stmt);
	return good;
}

/* The line of the first word so named, for a fault in a column. */
static int
line_of(const struct tokens *tokens, const char *table, const char *name)
{
	bool inside = false;

	for (size_t i = 0; i < tokens->n; i++) {
		inside = inside || token_is(&tokens->items[i], table);
		if (inside && token_is(&tokens->items[i], name))
			return tokens->items[i].line;
	}
	return 1;
}

static bool
check_column(struct gen *g, const char *file, int line, sqlite3_stmt *row)
{
	const char *table = (const char *)sqlite3_column_text(row, 0);
	const char *name = (const char *)sqlite3_column_text(row, 1);
	const char *type = (const char *)sqlite3_column_text(row, 2);
	const char *value = (const char *)sqlite3_column_text(row, 5);
	const bool not_null = sqlite3_column_int(row, 3);

	if (type_read(type) == TYPE_NONE)
		return fault(g, file, line, "%s.%s has the type '%s'; there are TEXT, "
		    "BIGINT, DOUBLE PRECISION and BOOLEAN", table, name, type);
	if (sqlite3_column_int(row, 4) && !not_null)
		return fault(g, file, line, "%s.%s is in the primary key: write NOT "
		    "NULL, SQLite does not imply it", table, name);
	if (value && type_read(type) == TYPE_BOOL && strcasecmp(value, "TRUE") != 0 &&
	    strcasecmp(value, "FALSE") != 0)
		return fault(g, file, line, "%s.%s: the default of a BOOLEAN is TRUE or "
		    "FALSE", table, name);
	if (schema_type(g, name) != TYPE_NONE && schema_type(g, name) != type_read(type))
		return fault(g, file, line, "%s.%s is %s, but another column of this "
		    "name is %s; one name has one type", table, name, type,
		    type_name(schema_type(g, name)));
	g->columns = list_more(g, g->columns, g->n_columns, sizeof(*g->columns));
	g->columns[g->n_columns++] = (struct column){ arena_text(g->arena, table),
	    arena_text(g->arena, name), type_read(type), !not_null };
	return true;
}

/* Read every column back; done anew after each step, so that a fault has its file. */
static bool
read_columns(struct gen *g, const char *file, const struct tokens *tokens)
{
	sqlite3_stmt *stmt;
	bool good = true;

	g->columns = NULL;
	g->n_columns = 0;
	if (sqlite3_prepare_v2(g->sqlite, "SELECT t.name, c.name, c.type, c.\"notnull\", "
	    "c.pk, c.dflt_value FROM pragma_table_list AS t "
	    "JOIN pragma_table_xinfo(t.name) AS c "
	    "WHERE t.type = 'table' AND t.schema = 'main' AND t.name NOT LIKE 'sqlite%' "
	    "ORDER BY t.name, c.cid", -1, &stmt, NULL) != SQLITE_OK)
		return fault(g, file, 1, "%s", sqlite3_errmsg(g->sqlite));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		int line = line_of(tokens, (const char *)sqlite3_column_text(stmt, 0),
		    (const char *)sqlite3_column_text(stmt, 1));

		good = check_column(g, file, line, stmt) && good;
	}
	(void)sqlite3_finalize(stmt);
	return good;
}

/* "sql/migrate/0001_base.sql": its number and "base". */
static bool
step_name(struct gen *g, const char *path, struct step *step)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	size_t n = strlen(base);

	if (strspn(base, "0123456789") != 4 || base[4] != '_' || n < 10 ||
	    strcmp(base + n - 4, ".sql") != 0 ||
	    strspn(base + 5, "abcdefghijklmnopqrstuvwxyz0123456789_") != n - 9)
		return fault(g, path, 1, "a migration is called NNNN_name.sql");
	step->version = strtol(base, NULL, 10);
	step->name = arena_copy(g->arena, base + 5, n - 9);
	if (step->version != (int64_t)g->n_steps + 1)
		return fault(g, path, 1, "this is migration %04d, but %04d is next",
		    (int)step->version, (int)g->n_steps + 1);
	return true;
}

bool
schema_step(struct gen *g, const char *path, const char *text)
{
	struct tokens all, plain;
	struct step step;
	bool first = true;

	if (!step_name(g, path, &step) || !lex(g, path, text, &all))
		return false;
	plain = lex_strip(g, &all);
	step.sql = lex_join(g, &plain, true);
	if (!check_words(g, path, &plain) || !run_step(g, path, step.sql) ||
	    !check_keys(g, path) || !read_columns(g, path, &plain))
		return false;
	for (size_t i = 0; i < all.n; i++) {
		if (first)
			people_read(g, &all.items[i]);
		first = token_is(&all.items[i], ";");
	}
	g->steps = list_more(g, g->steps, g->n_steps, sizeof(*g->steps));
	g->steps[g->n_steps++] = step;
	return true;
}
