/* SPDX-License-Identifier: MIT */
/*
 * One name, one statement: in general one text for both databases; with -- only:
 * marks a text for each, whose structs must come out equal, or a text for one. The
 * PostgreSQL text of such a pair takes its types from the SQLite one.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "sqlgen.h"

static struct statement *
twin_of(const struct gen *g, const struct statement *s)
{
	for (size_t i = 0; i < g->n_statements; i++) {
		struct statement *t = &g->statements[i];

		if (t != s && strcmp(t->name, s->name) == 0 && t->only == ONLY_SQLITE)
			return t;
	}
	return NULL;
}

/* A name used twice, and not as a pair. */
static bool
check_name(struct gen *g, const struct statement *s)
{
	for (const struct statement *t = g->statements; t < s; t++) {
		if (strcmp(t->name, s->name) != 0)
			continue;
		if (t->only == ONLY_NONE || s->only == ONLY_NONE || t->only == s->only)
			return wrong(g, s, NULL, "the name %s is taken (%s:%d)",
			    s->name, t->file, t->line);
	}
	return true;
}

/* Let s know the types of its twin's members. */
static void
inherit(struct gen *g, struct statement *s, const struct member *members, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool there = false;

		for (size_t k = 0; k < s->n_marks; k++)
			there = there || strcmp(s->marks[k].name, members[i].name) == 0;
		if (there)
			continue;
		s->marks = list_more(g, s->marks, s->n_marks, sizeof(*s->marks));
		s->marks[s->n_marks++] = (struct mark){ members[i].name, members[i].type,
		    members[i].optional, true };
	}
}

static const struct member *
member_find(const struct member *members, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

static bool
same_members(const struct member *a, size_t n, const struct member *b, size_t m)
{
	for (size_t i = 0; i < n; i++) {
		const struct member *other = member_find(b, m, a[i].name);

		if (!other || other->type != a[i].type ||
		    other->optional != a[i].optional)
			return false;
	}
	return n == m;
}

/* Rows are filled by position, so the columns must also stand in the same order. */
static bool
same_columns(const struct statement *a, const struct statement *b)
{
	if (!same_members(a->columns, a->n_columns, b->columns, b->n_columns))
		return false;
	for (size_t i = 0; i < a->n_columns; i++)
		if (strcmp(a->columns[i].name, b->columns[i].name) != 0)
			return false;
	return true;
}

/* The text of s with sign and a parameter's place in the struct of owner. */
static const char *
numbered(struct gen *g, const struct statement *s, const struct statement *owner,
    char sign)
{
	struct buf b = buf_make(g->arena, s->length);
	const struct token *t, *before = NULL;
	const struct member *m;

	for (size_t i = 0; i < s->tokens.n; i++, before = t) {
		t = &s->tokens.items[i];
		if (before && before->at + before->n != t->at)
			buf_char(&b, ' ');
		if (t->kind != TOKEN_PARAM) {
			buf_add(&b, t->at, t->n);
			continue;
		}
		m = member_find(owner->params, owner->n_params, token_text(g, t));
		buf_char(&b, sign);
		buf_number(&b, m - owner->params + 1);
	}
	return b.bytes;
}

/* What will run must be what was checked. */
static bool
check_again(struct gen *g, const struct statement *s)
{
	sqlite3_stmt *stmt = NULL;
	bool same;

	same = sqlite3_prepare_v2(g->sqlite, s->sqlite, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_bind_parameter_count(stmt) == (int)s->n_params &&
	    sqlite3_column_count(stmt) == (int)s->n_columns;
	(void)sqlite3_finalize(stmt);
	return same || wrong(g, s, NULL, "%s: its text could not be numbered: %s",
	    s->name, sqlite3_errmsg(g->sqlite));
}

static void
join(struct gen *g, struct statement *s, struct statement *twin)
{
	if (!same_members(s->params, s->n_params, twin->params, twin->n_params) ||
	    !same_columns(s, twin) || s->kind != twin->kind || s->reads != twin->reads) {
		wrong(g, s, NULL, "%s: the two texts for sqlite and pgsql differ in "
		    "kind, parameters or columns", s->name);
		return;
	}
	twin->pgsql = numbered(g, s, twin, '$');
	s->merged = true;
}

/* `-- row: NAME`: the rows must be alike, and NAME must have a row of its own. */
static void
check_rows(struct gen *g)
{
	struct statement *end = g->statements + g->n_statements;

	for (struct statement *s = g->statements; s < end; s++) {
		const struct statement *owner = NULL;

		if (s->row == s->name || s->merged)
			continue;
		for (size_t i = 0; i < g->n_statements; i++)
			if (strcmp(g->statements[i].name, s->row) == 0 &&
			    g->statements[i].row == g->statements[i].name)
				owner = &g->statements[i];
		if (!owner)
			wrong(g, s, NULL, "%s: no statement %s has a row of its own",
			    s->name, s->row);
		else if (!same_columns(s, owner))
			wrong(g, s, NULL, "%s: its columns are not those of %s (%s:%d)",
			    s->name, s->row, owner->file, owner->line);
	}
}

void
twins_type(struct gen *g)
{
	struct statement *end = g->statements + g->n_statements;

	for (struct statement *s = g->statements; s < end; s++) {
		if (!check_name(g, s) || (s->only == ONLY_PGSQL && twin_of(g, s)))
			continue;
		if (!type_statement(g, s))
			continue;
		s->sqlite = s->only == ONLY_PGSQL ? NULL : numbered(g, s, s, '?');
		s->pgsql = s->only == ONLY_SQLITE ? NULL : numbered(g, s, s, '$');
		if (s->sqlite)
			check_again(g, s);
	}
	for (struct statement *s = g->statements; s < end && !g->faults; s++) {
		struct statement *twin = twin_of(g, s);

		if (s->only != ONLY_PGSQL || !twin)
			continue;
		inherit(g, s, twin->params, twin->n_params);
		inherit(g, s, twin->columns, twin->n_columns);
		if (type_statement(g, s))
			join(g, s, twin);
	}
	if (!g->faults)
		check_rows(g);
}
