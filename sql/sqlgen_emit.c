/* SPDX-License-Identifier: MIT */
/*
 * The two files that come out. For each statement the header has its structs and its
 * function, the source its tables (fcgi/db/db.h) and the function's body, which only
 * gives the types back that db_run does not know.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "sqlgen.h"

enum { LITERAL = 76 };	/* bytes of SQL in one line of a C literal */

static const char *const c_types[] = { "const char *", "int64_t ", "double ", "bool " };
static const char *const db_types[] = { "DB_TEXT", "DB_INT", "DB_REAL", "DB_BOOL" };
static const char *const db_kinds[] = {
	"DB_ONE", "DB_MANY", "DB_EACH", "DB_EXEC", "DB_SEND", "DB_COPY"
};

static void
emit_struct(struct buf *b, const struct statement *s, const char *what,
    const struct member *members, size_t n)
{
	if (!n)
		return;
	buf_print(b, "struct %s_%s {\n", s->name, what);
	for (size_t i = 0; i < n; i++) {
		const struct member *m = &members[i];

		buf_print(b, "\t%s%s%s%s;\n", m->optional ? "const " : "",
		    c_types[m->type], m->optional ? "*" : "", m->name);
	}
	buf_text(b, "};\n");
}

/* The arguments between the parentheses. */
static void
emit_arguments(struct buf *b, const struct statement *s)
{
	buf_text(b, "struct db *db");
	if (s->n_params)
		buf_print(b, ", const struct %s_in *%s", s->name,
		    s->kind == KIND_COPY ? "rows,\n    size_t n" : "in");
	if (s->kind == KIND_ONE)
		buf_print(b, ",\n    struct %s_row *out", s->row);
	else if (s->kind == KIND_MANY)
		buf_print(b, ",\n    struct %s_row **rows, size_t *n", s->row);
	else if (s->kind == KIND_EACH)
		buf_print(b, ",\n    enum err (*each)(void *context, const struct %s_row "
		    "*row), void *context", s->row);
	else if (s->kind == KIND_EXEC)
		buf_text(b, ", int64_t *n_changed");
}

/* The function that asks ahead, up to its closing parenthesis. */
static void
emit_ahead_head(struct buf *b, const struct statement *s, char blank)
{
	const bool guess = s->kind == KIND_ONE;

	buf_print(b, "%s%cq_%s_%s(struct db *db, const struct %s_in *in", guess ? "bool" :
	    "void", blank, s->name, guess ? "guess" : "ahead", s->name);
	if (guess)
		buf_print(b, ",\n    const struct %s_row *row", s->row);
	buf_char(b, ')');
}

static void
emit_declaration(struct buf *b, const struct statement *s)
{
	buf_print(b, "\n/* q_%s(%s): ", s->name, s->reads ? "reads" : "writes");
	for (const char *p = s->words; *p; p++) {
		if (*p == '\n')
			buf_text(b, "\n *");
		/* A comment's end within the words would end ours. */
		buf_char(b, *p == '\n' || (*p == '*' && p[1] == '/') ? ' ' : *p);
	}
	buf_text(b, " */\n");
	emit_struct(b, s, "in", s->params, s->n_params);
	if (s->row == s->name)
		emit_struct(b, s, "row", s->columns, s->n_columns);
	buf_print(b, "enum err q_%s(", s->name);
	emit_arguments(b, s);
	buf_text(b, ");\n");
	if (s->ahead) {
		emit_ahead_head(b, s, ' ');
		buf_text(b, ";\n");
		if (s->kind == KIND_ONE)
			buf_print(b, "bool q_%s_keep(const struct %s_row *row,\n"
			    "    struct db_kept *kept);\n", s->name, s->row);
	}
}

static void
emit_char(struct buf *b, char c)
{
	if (c == '\n')
		buf_text(b, "\\n");
	else if (c == '"' || c == '\\')
		buf_print(b, "\\%c", c);
	else if ((unsigned char)c < ' ' || (unsigned char)c >= 127)
		buf_print(b, "\\%03o", (unsigned)(unsigned char)c);
	else
		buf_char(b, c);
}

/* Shall the line of a literal end after c, its nth byte? */
static bool
ends_line(char c, size_t n)
{
	return c == '\n' || n >= LITERAL || (n >= LITERAL - 12 && c == ' ');
}

/* A text as lines of C literals, none of them long. */
static void
emit_literal(struct buf *b, const char *s, const char *indent)
{
	size_t n = 0;
	char before = '\0';

	buf_text(b, "\"");
	for (; *s; before = *s++, n++) {
		if (*s == '?' && before == '?')
			buf_char(b, '\\'); /* or it could begin a trigraph */
		emit_char(b, *s);
		if (s[1] && ends_line(*s, n)) {
			buf_print(b, "\"\n%s\"", indent);
			n = 0;
		}
	}
	buf_text(b, "\"");
}

static void
emit_fields(struct buf *b, const struct statement *s, bool row)
{
	const struct member *members = row ? s->columns : s->params;
	const size_t n = row ? s->n_columns : s->n_params;
	const char *what = row ? "row" : "in";

	if (!n)
		return;
	buf_print(b, "static const struct db_field %s_%s[] = {\n", s->name, what);
	for (size_t i = 0; i < n; i++)
		buf_print(b, "\t{ \"%s\", %s, %s,\n\t    offsetof(struct %s_%s, %s) },\n",
		    members[i].name, db_types[members[i].type],
		    members[i].optional ? "true" : "false", row ? s->row : s->name, what,
		    members[i].name);
	buf_text(b, "};\n");
}

static void
emit_text(struct buf *b, const char *name, const char *sql)
{
	buf_print(b, "\t.%s = ", name);
	if (sql)
		emit_literal(b, sql, "\t    ");
	else
		buf_text(b, "NULL");
	buf_text(b, ",\n");
}

static void
emit_query(struct buf *b, const struct statement *s, int number)
{
	emit_fields(b, s, false);
	emit_fields(b, s, true);
	buf_print(b, "static const struct db_query %s_query = {\n\t.name = \"%s\",\n",
	    s->name, s->name);
	emit_text(b, "sqlite", s->sqlite);
	emit_text(b, "pgsql", s->pgsql);
	buf_print(b, "\t.kind = %s,\n\t.reads = %s,\n", db_kinds[s->kind],
	    s->reads ? "true" : "false");
	if (s->n_params)
		buf_print(b, "\t.params = %s_in,\n\t.n_params = %d,\n", s->name,
		    (int)s->n_params);
	if (s->n_columns)
		buf_print(b, "\t.columns = %s_row,\n\t.n_columns = %d,\n"
		    "\t.row_size = sizeof(struct %s_row),\n", s->name, (int)s->n_columns,
		    s->row);
	if (s->kind == KIND_COPY)
		buf_print(b, "\t.row_size = sizeof(struct %s_in),\n", s->name);
	buf_print(b, "\t.number = %d\n};\n\n", number);
}

/* A function of the right type between db_run and the caller's. */
static void
emit_each(struct buf *b, const struct statement *s)
{
	buf_print(b, "struct %s_each {\n\tenum err (*each)(void *context, "
	    "const struct %s_row *row);\n\tvoid *context;\n};\n\n", s->name, s->row);
	buf_print(b, "static enum err\n%s_each(void *context, const void *row)\n{\n"
	    "\tconst struct %s_each *to = context;\n\n"
	    "\treturn to->each(to->context, row);\n}\n\n", s->name, s->name);
}

static void
emit_call(struct buf *b, const struct statement *s, const char *more)
{
	buf_print(b, "\tconst struct db_call call = { .in = %s%s };\n",
	    s->n_params ? "in" : "NULL", more);
}

static void
emit_function(struct buf *b, const struct statement *s)
{
	if (s->kind == KIND_EACH)
		emit_each(b, s);
	buf_print(b, "enum err\nq_%s(", s->name);
	emit_arguments(b, s);
	buf_text(b, ")\n{\n");
	if (s->kind == KIND_MANY) {
		buf_text(b, "\tvoid *all = NULL;\n\tint64_t count = 0;\n");
		emit_call(b, s, ", .out = &all, .n = &count");
		buf_print(b, "\tenum err e = db_run(db, &%s_query, &call);\n\n"
		    "\t*rows = all;\n\t*n = (size_t)count;\n\treturn e;\n}\n\n", s->name);
		return;
	}
	if (s->kind == KIND_EACH) {
		buf_print(b, "\tstruct %s_each to = { each, context };\n", s->name);
		emit_call(b, s, ",\n\t    ");
		buf_cut(b, b->n - strlen(" };\n"));
		buf_print(b, ".each = %s_each, .context = &to };\n", s->name);
	} else if (s->kind == KIND_COPY) {
		buf_text(b, "\tconst struct db_rows all = { rows, n };\n"
		    "\tconst struct db_call call = { .in = &all };\n");
	} else {
		emit_call(b, s, s->kind == KIND_ONE ? ", .out = out" :
		    s->kind == KIND_EXEC ? ", .n = n_changed" : "");
	}
	buf_print(b, "\n\treturn db_run(db, &%s_query, &call);\n}\n\n", s->name);
}

static void
emit_ahead(struct buf *b, const struct statement *s)
{
	emit_ahead_head(b, s, '\n');
	if (s->kind == KIND_ONE)
		buf_print(b, "\n{\n\treturn db_guess(db, &%s_query, in, row);\n}\n\n"
		    "bool\nq_%s_keep(const struct %s_row *row,\n    struct db_kept *kept)"
		    "\n{\n\treturn db_keep(&%s_query, row, kept);\n}\n\n", s->name,
		    s->name, s->row, s->name);
	else
		buf_print(b, "\n{\n\tdb_ahead(db, &%s_query, in);\n}\n\n", s->name);
}

static void
emit_lists(struct gen *g, struct buf *b)
{
	int n = 0;

	buf_text(b, "static const struct db_query *const queries[] = {\n");
	for (size_t i = 0; i < g->n_statements; i++)
		if (!g->statements[i].merged) {
			buf_print(b, "\t&%s_query,\n", g->statements[i].name);
			n++;
		}
	buf_text(b, "\tNULL\n};\n\n");
	buf_print(b, "const struct db_query *const *\ndb_queries(void)\n{\n"
	    "\treturn queries;\n}\n\n");
	buf_print(b, "int\ndb_queries_count(void)\n{\n\treturn %d;\n}\n\n", n);
	buf_text(b, "static const struct db_step steps[] = {\n");
	for (size_t i = 0; i < g->n_steps; i++) {
		buf_print(b, "\t{ %d, \"%s\",\n\t    ", (int)g->steps[i].version,
		    g->steps[i].name);
		emit_literal(b, g->steps[i].sql, "\t    ");
		buf_text(b, " },\n");
	}
	buf_text(b, "\t{ 0, NULL, NULL }\n};\n\n");
	buf_print(b, "const struct db_step *\ndb_steps(int *n)\n{\n\t*n = %d;\n"
	    "\treturn steps;\n}\n", (int)g->n_steps);
}

static bool
write_file(struct gen *g, const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return fault(g, path, 1, "can't be written");
	if (fwrite(b->bytes, 1, b->n, f) != b->n || fclose(f) != 0) {
		(void)remove(path); /* half a file must not be compiled */
		return fault(g, path, 1, "can't be written");
	}
	return true;
}

static const char *
file_name(const char *path)
{
	return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

bool
emit_header(struct gen *g, const char *path)
{
	struct buf b = buf_make(g->arena, 1 << 16);
	char *guard = arena_text(g->arena, file_name(path));

	for (char *p = guard; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
	buf_print(&b, "/* SPDX-License-Identifier: MIT */\n/* Made by sqlgen from sql/. "
	    "*/\n#ifndef GEN_%s\n#define GEN_%s\n\n#include <stdbool.h>\n#include "
	    "<stddef.h>\n#include <stdint.h>\n\n#include \"err.h\"\n\nstruct db;\n"
	    "struct db_kept;\n",
	    guard, guard);
	for (size_t i = 0; i < g->n_statements; i++)
		if (!g->statements[i].merged)
			emit_declaration(&b, &g->statements[i]);
	buf_text(&b, "\n#endif\n");
	return write_file(g, path, &b);
}

bool
emit_source(struct gen *g, const char *path, const char *header)
{
	struct buf b = buf_make(g->arena, 1 << 16);
	int number = 0;

	buf_print(&b, "/* SPDX-License-Identifier: MIT */\n/* Made by sqlgen from sql/. "
	    "*/\n#include \"db.h\"\n#include \"%s\"\n\n", file_name(header));
	for (size_t i = 0; i < g->n_statements; i++) {
		const struct statement *s = &g->statements[i];

		if (s->merged)
			continue;
		emit_query(&b, s, number++);
		emit_function(&b, s);
		if (s->ahead)
			emit_ahead(&b, s);
	}
	emit_lists(g, &b);
	return write_file(g, path, &b);
}
