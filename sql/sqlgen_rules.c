/* SPDX-License-Identifier: MIT */
/*
 * What may stand in a statement. Each rule here is a place where SQLite and
 * PostgreSQL differ, or where a statement could show people's data to the wrong
 * viewer or fill the memory. SQLite itself is asked in sqlgen_type.c.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "sqlgen.h"

/* Unless a statement is for one database only, none of these may stand in it. */
static const struct rule {
	const char *word, *instead;
} rules[] = {
	{ "LIKE", "search in a folded *_key column with >= and <" },
	{ "ILIKE", "search in a folded *_key column with >= and <" },
	{ "GLOB", "search in a folded *_key column with >= and <" },
	{ "REGEXP", "search in a folded *_key column with >= and <" },
	{ "MATCH", "search in a folded *_key column with >= and <" },
	{ "SIMILAR", "search in a folded *_key column with >= and <" },
	{ "LOWER", "fold names in C (text_fold) and store the *_key" },
	{ "UPPER", "fold names in C (text_fold) and store the *_key" },
	{ "DATE", "times are BIGINT microseconds; take :now as a parameter" },
	{ "TIME", "times are BIGINT microseconds; take :now as a parameter" },
	{ "DATETIME", "times are BIGINT microseconds; take :now as a parameter" },
	{ "STRFTIME", "times are BIGINT microseconds; take :now as a parameter" },
	{ "JULIANDAY", "times are BIGINT microseconds; take :now as a parameter" },
	{ "UNIXEPOCH", "times are BIGINT microseconds; take :now as a parameter" },
	{ "NOW", "times are BIGINT microseconds; take :now as a parameter" },
	{ "CURRENT_TIMESTAMP", "take :now as a parameter" },
	{ "CURRENT_DATE", "take :now as a parameter" },
	{ "CURRENT_TIME", "take :now as a parameter" },
	{ "IFNULL", "write COALESCE" },
	{ "COLLATE", "columns compare by bytes on both" },
	{ "INDEXED", "PostgreSQL does not know it" },
	{ "ROWID", "PostgreSQL does not know it" },
	{ "ISNULL", "write IS NULL" },
	{ "NOTNULL", "write IS NOT NULL" },
	{ "RIGHT", "turn it into a LEFT JOIN" },
	{ "FULL", "write a UNION of LEFT JOINs" },
	{ NULL, NULL }
};

/* A word that is a name there: after a '.' or AS, or before a '.'. */
static bool
is_qualified(const struct token *t, const struct token *first)
{
	return token_is(t + 1, ".") || (t > first &&
	    (token_is(t - 1, ".") || token_is(t - 1, "AS")));
}

static bool
check_word(struct gen *g, const struct statement *s, const struct token *t)
{
	const bool call = token_is(t + 1, "(");

	if (t->kind != TOKEN_WORD || is_qualified(t, s->tokens.items))
		return true;
	if (call && t->n > 4 && (strncasecmp(t->at, "json", 4) == 0))
		return wrong(g, s, t, "%s(): JSON differs between the databases; "
		    "use columns, or -- only:", token_text(g, t));
	for (const struct rule *rule = rules; rule->word; rule++) {
		if (!token_is(t, rule->word))
			continue;
		/* These are good names for a column too; only the call is meant. */
		if (!call && token_in(t, (const char *const[]){ "DATE", "TIME", "NOW",
		    "LOWER", "UPPER", "MATCH", NULL }))
			continue;
		return wrong(g, s, t, "%s differs between the databases: %s",
		    rule->word, rule->instead);
	}
	return true;
}

/* "a IS :b": PostgreSQL has IS only before NULL, TRUE, FALSE and DISTINCT FROM. */
static bool
check_is(struct gen *g, const struct statement *s, const struct token *t)
{
	const struct token *next = t + 1;

	if (!token_is(t, "IS"))
		return true;
	next += token_is(next, "NOT");
	if (token_in(next, (const char *const[]){ "NULL", "TRUE", "FALSE", "DISTINCT",
	    NULL }))
		return true;
	return wrong(g, s, t, "IS stands before NULL, TRUE, FALSE or DISTINCT "
	    "FROM; write IS NOT DISTINCT FROM");
}

/* "active = 1": SQLite does not mind, PostgreSQL refuses. */
static bool
check_boolean(struct gen *g, const struct statement *s, const struct token *t)
{
	if ((t->kind != TOKEN_WORD && t->kind != TOKEN_PARAM) ||
	    schema_type(g, token_text(g, t)) != TYPE_BOOL ||
	    !token_in(t + 1, (const char *const[]){ "=", "<>", "!=", NULL }) ||
	    t[2].kind != TOKEN_NUMBER)
		return true;
	return wrong(g, s, t, "%s is BOOLEAN: compare it with TRUE or FALSE",
	    token_text(g, t));
}

static bool
check_both(struct gen *g, const struct statement *s)
{
	const struct token *t = s->tokens.items;

	for (size_t i = 0; i < s->tokens.n; i++, t++) {
		if (!check_word(g, s, t) || !check_is(g, s, t) || !check_boolean(g, s, t))
			return false;
		if (token_is(t, "=="))
			return wrong(g, s, t, "write = for ==");
		if ((token_is(t, "INSERT") && token_is(t + 1, "OR")) ||
		    (token_is(t, "REPLACE") && token_is(t + 1, "INTO")) ||
		    (token_is(t, "UPDATE") && token_is(t + 1, "OR")))
			return wrong(g, s, t, "PostgreSQL does not know this form; "
			    "write ON CONFLICT ... DO UPDATE or DO NOTHING");
	}
	return true;
}

/* A '*' that stands for columns, not for a product or in COUNT(*). */
static bool
check_star(struct gen *g, const struct statement *s, const struct token *t)
{
	static const char *const before[] = {
		"SELECT", "DISTINCT", "ALL", "RETURNING", ",", ".", NULL
	};

	if (!token_is(t, "*") || t == s->tokens.items || !token_in(t - 1, before))
		return true;
	return wrong(g, s, t, "list the columns instead of *");
}

static bool
check_limit(struct gen *g, const struct statement *s, const struct token *t)
{
	if (!token_in(t, (const char *const[]){ "LIMIT", "OFFSET", NULL }))
		return true;
	if (t[1].kind == TOKEN_NUMBER && strtod(t[1].at, NULL) > 10000)
		return wrong(g, s, t, "%s of more than 10000; read in parts by "
		    "a keyset, or use :each", token_text(g, t));
	if (token_is(t, "LIMIT") && token_is(t + 2, ","))
		return wrong(g, s, t, "write LIMIT n OFFSET m");
	return true;
}

/* The call whose argument t is, one level up for each round; NULL: none. */
static const struct token *
enclosing(const struct token *t, const struct token *first)
{
	int depth = t->depth - 1;

	while (t > first) {
		t--;
		if (t->depth == depth && token_is(t, "("))
			return t > first ? t - 1 : NULL;
	}
	return NULL;
}

/* SUM and AVG of BIGINT are numeric in PostgreSQL, integer or real in SQLite. */
static bool
check_sum(struct gen *g, const struct statement *s, const struct token *t)
{
	const struct token *around = t;

	if (!token_in(t, (const char *const[]){ "SUM", "AVG", NULL }) ||
	    !token_is(t + 1, "("))
		return true;
	while ((around = enclosing(around, s->tokens.items)))
		if (token_is(around, "CAST"))
			return true;
	return wrong(g, s, t, "%s without CAST: its type differs between the "
	    "databases; write CAST(%s(...) AS BIGINT)", token_text(g, t),
	    token_text(g, t));
}

/* MAX(a, b) is a function of two values in SQLite only. */
static bool
check_max(struct gen *g, const struct statement *s, const struct token *t)
{
	const struct token *p = t + 2;

	if (!token_in(t, (const char *const[]){ "MAX", "MIN", NULL }) ||
	    !token_is(t + 1, "("))
		return true;
	for (; p->depth > t->depth || (p->kind == TOKEN_MARK && *p->at == '('); p++)
		if (p->depth == t->depth + 1 && token_is(p, ","))
			return wrong(g, s, t, "%s of two values is not known to "
			    "PostgreSQL; write CASE", token_text(g, t));
	return true;
}

/* Compared somewhere in s, or said to be NOT NULL: then a NULL never gets in. */
static bool
compared(const struct statement *s, const struct token *name)
{
	static const char *const marks[] = { "<", ">", "<=", ">=", "=", NULL };
	const struct token *t = s->tokens.items;

	for (size_t i = 0; i < s->tokens.n; i++, t++)
		if (t->kind == TOKEN_WORD && t->n == name->n &&
		    strncasecmp(t->at, name->at, t->n) == 0 && (token_in(t + 1, marks) ||
		    (token_is(t + 1, "IS") && token_is(t + 2, "NOT"))))
			return true;
	return false;
}

static bool
nullable_name(const struct gen *g, const struct statement *s, const char *name)
{
	for (size_t i = 0; i < s->n_marks; i++)
		if (strcmp(s->marks[i].name, name) == 0)
			return s->marks[i].nullable;
	for (size_t i = 0; i < s->n_tables; i++) {
		const struct column *c = schema_column(g, s->tables[i], name);

		if (c && c->nullable)
			return true;
	}
	return false;
}

/* One term of an ORDER BY, from t up to a ',' or the end of the list. */
static const struct token *
order_term(const struct token *t, int depth, const struct token **name, bool *nulls)
{
	static const char *const stop[] = {
		",", ")", "LIMIT", "OFFSET", "ROWS", "RANGE", "GROUPS", "RETURNING", NULL
	};

	*name = NULL;
	*nulls = false;
	if (token_is(t + 1, "."))
		t += 2;
	if (t->kind == TOKEN_WORD && !token_is(t + 1, "("))
		*name = t;
	for (; t->kind != TOKEN_END && !(t->depth <= depth && token_in(t, stop)); t++)
		*nulls = *nulls || token_is(t, "NULLS");
	return t;
}

/* NULLs come first in SQLite and last in PostgreSQL, unless the order says. */
static bool
check_order(struct gen *g, const struct statement *s, const struct token *t)
{
	const int depth = t->depth;
	const struct token *name;
	bool nulls;

	if (!token_is(t, "ORDER") || !token_is(t + 1, "BY"))
		return true;
	t++;
	do {
		t = order_term(t + 1, depth, &name, &nulls);
		if (name && !nulls && !compared(s, name) &&
		    nullable_name(g, s, token_text(g, name)))
			return wrong(g, s, name, "ORDER BY %s, which may be NULL: "
			    "say NULLS FIRST or NULLS LAST", token_text(g, name));
	} while (token_is(t, ","));
	return true;
}

bool
rules_check(struct gen *g, const struct statement *s)
{
	static const char *const verbs[] = {
		"SELECT", "WITH", "INSERT", "UPDATE", "DELETE", NULL
	};
	const struct token *t = s->tokens.items;

	if (token_is(t, "COPY") != (s->kind == KIND_COPY) ||
	    (s->kind == KIND_COPY && s->only != ONLY_PGSQL))
		return wrong(g, s, t, "COPY and :copy belong together, and to "
		    "-- only: pgsql");
	if (!token_in(t, verbs) && s->kind != KIND_COPY)
		return wrong(g, s, t, "a statement begins with SELECT, WITH, "
		    "INSERT, UPDATE or DELETE");
	for (size_t i = 0; i < s->tokens.n; i++)
		if (!check_star(g, s, t + i) || !check_limit(g, s, t + i))
			return false;
	if (s->only != ONLY_NONE)
		return true;
	for (size_t i = 0; i < s->tokens.n; i++)
		if (!check_sum(g, s, t + i) || !check_max(g, s, t + i))
			return false;
	return check_both(g, s);
}

bool
rules_people(struct gen *g, const struct statement *s)
{
	const struct token *t = s->tokens.items;
	bool viewer = false, limit = false;
	const char *people = NULL;

	for (size_t i = 0; i < s->n_tables; i++)
		if (schema_people(g, s->tables[i]))
			people = s->tables[i];
	for (size_t i = 0; i < s->n_params; i++)
		viewer = viewer || strncmp(s->params[i].name, "viewer_", 7) == 0;
	/* What writes can't end with one: it stands where the rows are chosen. */
	for (size_t i = 0; i < s->tokens.n; i++)
		limit = limit || ((t[i].depth == 0 || !s->reads) &&
		    token_is(&t[i], "LIMIT"));
	if (people && !viewer && !s->open)
		return wrong(g, s, NULL, "%s touches people's data (%s): take what "
		    "the viewer may see as a :viewer_ parameter, or say -- open: why",
		    s->name, people);
	if (people && s->kind == KIND_MANY && !limit)
		return wrong(g, s, NULL, "%s lists people's data (%s) without a "
		    "LIMIT", s->name, people);
	if (s->only != ONLY_NONE)
		return true;
	for (size_t i = 0; i < s->tokens.n; i++)
		if (!check_order(g, s, t + i))
			return false;
	return true;
}

/* The first token of the list of results: after the statement's own SELECT, or after
 * its RETURNING. NULL: it gives no rows. */
static const struct token *
columns_start(const struct statement *s)
{
	static const char *const writes[] = { "INSERT", "UPDATE", "DELETE", NULL };
	const struct token *t = s->tokens.items;
	bool returning = false;

	for (; t->kind != TOKEN_END; t++) {
		if (t->depth)
			continue;
		if (token_in(t, writes))
			returning = true;
		if (token_is(t, "RETURNING"))
			return t + 1;
		if (token_is(t, "SELECT") && !returning)
			return t + 1 + token_in(t + 1, (const char *const[]){ "DISTINCT",
			    "ALL", NULL });
	}
	return NULL;
}

size_t
columns_split(struct gen *g, const struct statement *s, struct tokens **out)
{
	static const char *const stop[] = {
		"FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "UNION", "EXCEPT",
		"INTERSECT", "ORDER", "LIMIT", "OFFSET", NULL
	};
	const struct token *t = columns_start(s);
	struct tokens *items = NULL;
	size_t n = 0;

	if (!t)
		return 0;
	for (;; t++) {
		struct tokens item = { s->tokens.items + (t - s->tokens.items), 0 };

		while (t->kind != TOKEN_END && (t->depth || (!token_is(t, ",") &&
		    !token_in(t, stop))))
			t++;
		item.n = (size_t)(t - item.items);
		if (!item.n)
			break;
		items = list_more(g, items, n, sizeof(*items));
		items[n++] = item;
		if (!token_is(t, ","))
			break;
	}
	*out = items;
	return n;
}
