/* SPDX-License-Identifier: MIT */
/*
 * The types of a statement's parameters and columns. SQLite prepares it and says
 * where each column comes from and which tables are named (by its authorizer).
 * A number that can't be NULL is a plain value: a column that is NOT NULL and whose
 * table is not on the right of a LEFT JOIN, or one declared under -- types:. A
 * statement for PostgreSQL only is read by its words and its declarations.
 */
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "sqlgen.h"

/* What SQLite tells while it prepares. */
struct seen {
	struct gen *g;
	struct statement *s;
	const char *function;	/* one that is not alike on both */
};

static void
add_table(struct gen *g, struct statement *s, const char *table)
{
	for (size_t i = 0; i < s->n_tables; i++)
		if (strcasecmp(s->tables[i], table) == 0)
			return;
	s->tables = list_more(g, s->tables, s->n_tables, sizeof(*s->tables));
	s->tables[s->n_tables++] = arena_text(g->arena, table);
}

static bool
known_function(const char *name)
{
	static const char *const known[] = {
		"count", "sum", "avg", "min", "max", "coalesce", "nullif", "length",
		"substr", "replace", "trim", "ltrim", "rtrim", "abs", "round",
		"row_number", "rank", "dense_rank", "ntile", "lag", "lead", "first_value",
		"last_value", NULL
	};

	for (size_t i = 0; known[i]; i++)
		if (strcasecmp(known[i], name) == 0)
			return true;
	return false;
}

static int
authorize(void *context, int action, const char *one, const char *two,
    const char *database, const char *inner)
{
	struct seen *seen = context;

	(void)database;
	(void)inner;
	if ((action == SQLITE_READ || action == SQLITE_INSERT ||
	    action == SQLITE_UPDATE || action == SQLITE_DELETE) && one)
		add_table(seen->g, seen->s, one);
	if (action == SQLITE_FUNCTION && two && !known_function(two))
		seen->function = arena_text(seen->g->arena, two);
	return SQLITE_OK;
}

/* Prepare the text as written, so that an error's offset gives its line. */
static sqlite3_stmt *
prepare(struct gen *g, struct statement *s)
{
	struct seen seen = { g, s, NULL };
	sqlite3_stmt *stmt = NULL;
	int at, line, rc;

	(void)sqlite3_set_authorizer(g->sqlite, authorize, &seen);
	rc = sqlite3_prepare_v2(g->sqlite, s->start, (int)s->length, &stmt, NULL);
	(void)sqlite3_set_authorizer(g->sqlite, NULL, NULL);
	if (rc != SQLITE_OK) {
		at = sqlite3_error_offset(g->sqlite);
		line = s->tokens.items[0].line;
		for (int i = 0; i < at; i++)
			line += s->start[i] == '\n';
		fault(g, s->file, line, "%s: %s", s->name, sqlite3_errmsg(g->sqlite));
		return NULL;
	}
	if (!seen.function || s->only != ONLY_NONE)
		return stmt;
	wrong(g, s, NULL, "%s: the function %s() is not known to be alike on both "
	    "databases; compute it in C, or mark -- only:", s->name, seen.function);
	(void)sqlite3_finalize(stmt);
	return NULL;
}

static struct mark *
mark_find(const struct statement *s, const char *name)
{
	for (size_t i = 0; i < s->n_marks; i++)
		if (strcmp(s->marks[i].name, name) == 0) {
			s->marks[i].used = true;
			return &s->marks[i];
		}
	return NULL;
}

static enum type
built_in(const char *name)
{
	static const struct { const char *name; enum type type; } names[] = {
		{ "limit", TYPE_INT }, { "skip", TYPE_INT }, { "now", TYPE_INT },
		{ "viewer_all", TYPE_BOOL }, { "viewer_account_id", TYPE_TEXT },
		{ "viewer_farmer_id", TYPE_TEXT },
		{ "viewer_organisation_id", TYPE_TEXT }
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].type;
	return TYPE_NONE;
}

/* The type that a name has everywhere, or by the comment of s. */
static bool
type_of(struct gen *g, const struct statement *s, const char *name, enum type *type)
{
	const struct mark *mark = mark_find(s, name);
	const enum type schema = schema_type(g, name);

	*type = schema != TYPE_NONE ? schema : built_in(name);
	if (!mark || mark->type == TYPE_NONE)
		return true;
	if (*type != TYPE_NONE && *type != mark->type)
		return wrong(g, s, NULL, "%s is %s in the schema, so it can't be %s "
		    "here; one name has one type", name, type_name(*type),
		    type_name(mark->type));
	*type = mark->type;
	return true;
}

/* Is a column of that name NULLable in a table that s names, or, when none of
 * these has it, in any table? */
static bool
nullable_somewhere(const struct gen *g, const struct statement *s, const char *name)
{
	bool found = false, here = false, anywhere = false;

	for (size_t i = 0; i < s->n_tables; i++) {
		const struct column *c = schema_column(g, s->tables[i], name);

		found = found || c;
		here = here || (c && c->nullable);
	}
	for (size_t i = 0; i < g->n_columns; i++)
		if (strcasecmp(g->columns[i].name, name) == 0)
			anywhere = anywhere || g->columns[i].nullable;
	return found ? here : anywhere;
}

static bool
add_param(struct gen *g, struct statement *s, const char *name)
{
	const struct mark *mark = mark_find(s, name);
	struct member m = { name, TYPE_NONE, false };

	for (size_t i = 0; i < s->n_params; i++)
		if (strcmp(s->params[i].name, name) == 0)
			return true;
	if (!name_check(g, s, name) || !type_of(g, s, name, &m.type))
		return false;
	if (m.type == TYPE_NONE)
		return wrong(g, s, NULL, "%s: the parameter :%s has no type: no "
		    "column has this name; write -- types: %s BIGINT (or another)",
		    s->name, name, name);
	if (m.type != TYPE_TEXT)
		m.optional = mark ? mark->nullable : nullable_somewhere(g, s, name);
	s->params = list_more(g, s->params, s->n_params, sizeof(*s->params));
	s->params[s->n_params++] = m;
	return true;
}

/* Tables on the right of a LEFT JOIN: *all is set if that is not a table's name. */
static bool
is_outer(struct gen *g, const struct statement *s, const char *table, bool *all)
{
	const struct token *t = s->tokens.items;
	bool outer = false;

	for (size_t i = 0; i < s->tokens.n; i++) {
		const struct token *name = &t[i] + 2 + token_is(&t[i + 1], "OUTER");

		if (!token_is(&t[i], "LEFT"))
			continue;
		outer = outer || (table && token_is(name, table));
		for (size_t c = 0; c <= g->n_columns; c++) {
			if (c == g->n_columns)
				*all = true;
			else if (token_is(name, g->columns[c].table))
				break;
		}
	}
	return outer;
}

static bool
has_word(const struct statement *s, const char *const *words)
{
	for (size_t i = 0; i < s->tokens.n; i++)
		if (token_in(&s->tokens.items[i], words))
			return true;
	return false;
}

/* "name", "table.name", either with AS: the name of the column meant, else NULL. */
static const char *
plain_item(struct gen *g, const struct tokens *item)
{
	const struct token *t = item->items;
	size_t n = item->n;

	if (n >= 3 && token_is(&t[1], ".")) {
		t += 2;
		n -= 2;
	}
	if (n == 0 || (t->kind != TOKEN_WORD && t->kind != TOKEN_NAME) || n > 3 ||
	    token_in(t, (const char *const[]){ "NULL", "TRUE", "FALSE", NULL }) ||
	    (n == 3 && !token_is(&t[1], "AS")) || (n == 2 && t[1].kind != TOKEN_WORD))
		return NULL;
	return token_text(g, t);
}

/* One column of the result. origin is where SQLite says that it comes from, NULL
 * for an expression; item is its words. */
static bool
add_column(struct gen *g, struct statement *s, const char *name,
    const struct column *origin, const struct tokens *item)
{
	const struct mark *mark = mark_find(s, name);
	struct member m = { name, TYPE_NONE, false };
	bool all = false, outer;

	for (size_t i = 0; i < s->n_columns; i++)
		if (strcmp(s->columns[i].name, name) == 0)
			return wrong(g, s, NULL, "%s gives %s twice", s->name, name);
	if (!name_check(g, s, name) || !type_of(g, s, name, &m.type))
		return false;
	if (origin && m.type != TYPE_NONE && m.type != origin->type)
		return wrong(g, s, NULL, "%s gives %s.%s, a %s, the name %s, which "
		    "is %s elsewhere; one name has one type", s->name, origin->table,
		    origin->name, type_name(origin->type), name, type_name(m.type));
	m.type = origin ? origin->type : m.type;
	if (m.type == TYPE_NONE)
		return wrong(g, s, NULL, "%s: the column %s has no type: write "
		    "-- types: %s BIGINT (or another), and -- nullable: %s if it may be "
		    "NULL", s->name, name, name, name);
	outer = is_outer(g, s, origin ? origin->table : NULL, &all) || all;
	if (m.type != TYPE_TEXT && mark)
		m.optional = mark->nullable;
	else if (m.type != TYPE_TEXT && origin && plain_item(g, item) &&
	    !has_word(s, (const char *const[]){ "UNION", "EXCEPT", "INTERSECT", NULL }))
		m.optional = origin->nullable || outer;
	else if (m.type != TYPE_TEXT)
		return wrong(g, s, NULL, "%s: the number %s is computed, so say "
		    "whether it may be NULL: -- types: %s %s, or -- nullable: %s",
		    s->name, name, name, type_name(m.type), name);
	s->columns = list_more(g, s->columns, s->n_columns, sizeof(*s->columns));
	s->columns[s->n_columns++] = m;
	return true;
}

/* Where column i comes from; in a RETURNING SQLite does not say, but there is only
 * one table. */
static const struct column *
origin_of(struct gen *g, const struct statement *s, sqlite3_stmt *stmt, int i,
    const struct tokens *item)
{
	const char *table = sqlite3_column_table_name(stmt, i);
	const char *name = sqlite3_column_origin_name(stmt, i);
	static const char *const before[] = { "INTO", "UPDATE", "FROM", NULL };
	const struct token *t = s->tokens.items;

	if (table && name)
		return schema_column(g, table, name);
	name = plain_item(g, item);
	if (!name || s->reads)
		return NULL;
	for (size_t k = 0; k < s->tokens.n; k++)
		if (token_in(&t[k], before) && t[k].depth == 0)
			return schema_column(g, token_text(g, &t[k + 1]), name);
	return NULL;
}

static bool
read_sqlite(struct gen *g, struct statement *s, sqlite3_stmt *stmt)
{
	struct tokens *items;
	size_t n = columns_split(g, s, &items);

	s->reads = sqlite3_stmt_readonly(stmt);
	for (int i = 1; i <= sqlite3_bind_parameter_count(stmt); i++)
		if (!add_param(g, s, arena_text(g->arena,
		    sqlite3_bind_parameter_name(stmt, i) + 1)))
			return false;
	if (n != (size_t)sqlite3_column_count(stmt))
		return wrong(g, s, NULL, "%s: the list of its columns is not "
		    "understood; write it plainly", s->name);
	for (int i = 0; i < (int)n; i++)
		if (!add_column(g, s, arena_text(g->arena, sqlite3_column_name(stmt, i)),
		    origin_of(g, s, stmt, i, &items[i]), &items[i]))
			return false;
	return true;
}

/* The name that an item gets: after AS, else the column's own. */
static const char *
item_name(struct gen *g, const struct tokens *item)
{
	const struct token *last = &item->items[item->n - 1];

	if (item->n >= 2 && token_is(last - 1, "AS"))
		return token_text(g, last);
	return plain_item(g, item);
}

/* A column's origin without SQLite's help: the first NULLable one of its name, so
 * that a doubt makes it a pointer. */
static const struct column *
origin_guess(const struct gen *g, const char *name)
{
	const struct column *found = NULL;

	for (size_t i = 0; name && i < g->n_columns; i++)
		if (strcasecmp(g->columns[i].name, name) == 0 &&
		    (!found || g->columns[i].nullable))
			found = &g->columns[i];
	return found;
}

static bool
read_pgsql(struct gen *g, struct statement *s)
{
	static const char *const writes[] = {
		"INSERT", "UPDATE", "DELETE", "MERGE", "SHARE", "NEXTVAL", "SETVAL",
		"COPY", NULL
	};
	const struct token *t = s->tokens.items;
	struct tokens *items;
	size_t n = columns_split(g, s, &items);

	s->reads = !has_word(s, writes);
	for (size_t i = 0; i < s->tokens.n; i++) {
		if (t[i].kind == TOKEN_PARAM && !add_param(g, s, token_text(g, &t[i])))
			return false;
		if (t[i].kind == TOKEN_WORD || t[i].kind == TOKEN_NAME)
			add_table(g, s, token_text(g, &t[i]));
		/* What a COPY takes are the columns that it names. */
		if (s->kind == KIND_COPY && t[i].depth && t[i].kind == TOKEN_WORD &&
		    !add_param(g, s, token_text(g, &t[i])))
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		const char *name = item_name(g, &items[i]);

		if (!name)
			return wrong(g, s, items[i].items, "%s: give this column "
			    "a name with AS", s->name);
		if (!add_column(g, s, name, origin_guess(g, plain_item(g, &items[i])),
		    &items[i]))
			return false;
	}
	return true;
}

static bool
check_kind(struct gen *g, const struct statement *s)
{
	const bool rows = s->kind != KIND_EXEC && s->kind != KIND_SEND &&
	    s->kind != KIND_COPY;

	if (!rows && s->n_columns)
		return wrong(g, s, NULL, "%s is %s, but gives rows; make it :one, "
		    ":many or :each", s->name, s->kind == KIND_EXEC ? ":exec" : ":send");
	if (rows && !s->n_columns)
		return wrong(g, s, NULL, "%s gives no rows; make it :exec or :send, or "
		    "add RETURNING", s->name);
	if (s->kind == KIND_EACH && !s->reads)
		return wrong(g, s, NULL, "%s is :each and writes; make it :many",
		    s->name);
	if (s->ahead && (!s->reads || !s->n_params || (s->kind != KIND_ONE &&
	    s->kind != KIND_MANY)))
		return wrong(g, s, NULL, "%s can't be asked ahead: that is for what "
		    "reads, has parameters and is :one or :many", s->name);
	for (size_t i = 0; i < s->n_marks; i++)
		if (!s->marks[i].used)
			return wrong(g, s, NULL, "%s declares %s, but has no parameter "
			    "or column of that name", s->name, s->marks[i].name);
	return true;
}

bool
type_statement(struct gen *g, struct statement *s)
{
	sqlite3_stmt *stmt;
	bool good;

	if (!rules_check(g, s))
		return false;
	if (s->only == ONLY_PGSQL) {
		good = read_pgsql(g, s);
	} else {
		stmt = prepare(g, s);
		good = stmt && read_sqlite(g, s, stmt);
		(void)sqlite3_finalize(stmt);
	}
	return good && check_kind(g, s) && rules_people(g, s);
}
