/* SPDX-License-Identifier: MIT */
#ifndef SQL_SQLGEN_H
#define SQL_SQLGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

struct arena;

/* What the parts of the generator share; sqlgen.c tells how they work together. */

enum token_kind {
	TOKEN_END, TOKEN_WORD, TOKEN_NAME, TOKEN_STRING, TOKEN_NUMBER, TOKEN_PARAM,
	TOKEN_MARK, TOKEN_COMMENT
};

struct token {
	enum token_kind kind;
	const char *at;		/* in the file's text */
	size_t n;
	int line;
	int depth;		/* of parentheses; '(' and ')' have that of outside */
};

/* A list of tokens; items[n] is always a TOKEN_END, and after lex_strip so are the
 * next three. */
struct tokens {
	struct token *items;
	size_t n;
};

/* The four types, in the order of enum db_type. */
enum type { TYPE_TEXT, TYPE_INT, TYPE_REAL, TYPE_BOOL, TYPE_NONE };

struct column {
	const char *table, *name;
	enum type type;
	bool nullable;
};

struct step {
	int64_t version;
	const char *name, *sql;	/* without comments, lines kept */
};

enum kind { KIND_ONE, KIND_MANY, KIND_EACH, KIND_EXEC, KIND_SEND, KIND_COPY,
	KIND_NONE };
enum only { ONLY_NONE, ONLY_SQLITE, ONLY_PGSQL };

/* A name that a statement's comment declares. */
struct mark {
	const char *name;
	enum type type;		/* TYPE_NONE: only under nullable */
	bool nullable, used;
};

/* A member of a statement's in or row struct. */
struct member {
	const char *name;
	enum type type;
	bool optional;
};

struct statement {
	const char *file, *name, *words, *open;
	const char *row;	/* whose row struct it fills: its own, or another's */
	int line;
	enum kind kind;
	enum only only;
	struct mark *marks;
	size_t n_marks;
	const char *start;	/* the SQL in the file's text, without its ';' */
	size_t length;
	struct tokens tokens;
	struct member *params, *columns;
	size_t n_params, n_columns;
	const char **tables;	/* named by it, as SQLite understood it */
	size_t n_tables;
	bool ahead;		/* is asked ahead of its time */
	bool reads, merged;	/* merged: emitted as part of its twin */
	const char *sqlite, *pgsql;
};

/* A piece of SQL that statements share; its body has no comments. */
struct fragment {
	const char *file, *name;
	int line;
	const char **args;
	size_t n_args;
	struct mark *marks;	/* for the statements that use it */
	size_t n_marks;
	struct tokens body;
	bool used;
};

struct gen {
	struct arena *arena;
	sqlite3 *sqlite;
	struct step *steps;
	struct column *columns;
	const char **people;
	struct statement *statements;
	struct fragment *fragments;
	size_t n_steps, n_columns, n_people, n_statements, n_fragments;
	int faults;
};

/* fault(g, file, line, format, ...): Print file:line: text, and remember that
 * nothing may be written. Returns false, so that a check can return it. */
bool fault(struct gen *g, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* wrong(g, s, t, format, ...): A fault in a statement, on t's line or its first. */
bool wrong(struct gen *g, const struct statement *s, const struct token *t,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* list_more(g, items, n, size): items with room for one more than n; call it before
 * each append. The array doubles when n is 0 or a power of two from 8 on. */
void *list_more(struct gen *g, void *items, size_t n, size_t size);

/* lex(g, file, text, out): The tokens of text, comments included. False after a
 * fault. lex_part does it for n bytes that begin at line. */
bool lex(struct gen *g, const char *file, const char *text, struct tokens *out);
bool lex_part(struct gen *g, const struct token *part, const char *file,
    struct tokens *out);

/* lex_strip(g, tokens): tokens without the comments. */
struct tokens lex_strip(struct gen *g, const struct tokens *tokens);

/* lex_join(g, tokens, keep_lines): The text of tokens with one blank wherever the
 * source had any, or with its line breaks. */
const char *lex_join(struct gen *g, const struct tokens *tokens, bool keep_lines);

/* token_is(t, word): A word or mark that reads so, whatever its case. */
bool token_is(const struct token *t, const char *word);

/* token_in(t, words): token_is for one of a NULL-ended list. */
bool token_in(const struct token *t, const char *const *words);

/* token_text(g, t): A word as it is, a "name" without its quotes, a :parameter
 * without its colon. */
const char *token_text(struct gen *g, const struct token *t);

/* schema_step(g, path, text): Run one migration, check it, keep it. */
bool schema_step(struct gen *g, const char *path, const char *text);

/* schema_type(g, name): The type of the columns of that name, or TYPE_NONE. */
enum type schema_type(const struct gen *g, const char *name);

/* schema_column(g, table, name): One column, or NULL. */
const struct column *schema_column(const struct gen *g, const char *table,
    const char *name);

/* schema_people(g, table): True for a table of people's data. */
bool schema_people(const struct gen *g, const char *table);

/* type_read(s): The type so written in SQL, or TYPE_NONE. */
enum type type_read(const char *s);

/* type_name(type): As written in SQL. */
const char *type_name(enum type type);

/* name_check(g, s, name): A fault if name can't be a member of a C struct. */
bool name_check(struct gen *g, const struct statement *s, const char *name);

/* fragment_add(g, f): Keep one that was read. False after a fault: its name is taken. */
bool fragment_add(struct gen *g, const struct fragment *f);

/* fragment_expand(g, s, part): The text of part, a piece of the file of s, with the words
 * of fragments where they are used; lines stay as they are. s gets their marks.
 * TOKEN_END after a fault. */
struct token fragment_expand(struct gen *g, struct statement *s,
    const struct token *part);

/* fragments_check(g): A fault for each that is not used. */
void fragments_check(struct gen *g);

/* read_statements(g, path, text): Split a file into statements, and add them. */
bool read_statements(struct gen *g, const char *path, const char *text);

/* rules_check(g, s): What the words of a statement alone can tell. */
bool rules_check(struct gen *g, const struct statement *s);

/* rules_people(g, s): Does it say what the viewer may see, and has it a limit? */
bool rules_people(struct gen *g, const struct statement *s);

/* columns_split(g, s, out): The items of the result list, as token ranges; their
 * count, 0 if the statement gives no rows. */
size_t columns_split(struct gen *g, const struct statement *s, struct tokens **out);

/* type_statement(g, s): Prepare s, and find its parameters and columns. */
bool type_statement(struct gen *g, struct statement *s);

/* twins_type(g): Type every statement; then join a sqlite and a pgsql one of the same
 * name, compare rows that are shared, and make the texts for both databases. */
void twins_type(struct gen *g);

/* emit_header, emit_source: Write one file; false if it could not be written. */
bool emit_header(struct gen *g, const char *path);
bool emit_source(struct gen *g, const char *path, const char *header);

#endif
