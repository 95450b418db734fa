/* SPDX-License-Identifier: MIT */
/*
 * Statement files. A statement begins with `-- name: NAME :KIND`; the comment lines
 * after it say what it is for and who uses it, and carry the marks told below; then
 * comes one SQL statement up to its ';'. Comments between statements are free. A piece of
 * SQL that statements share begins with `-- fragment: NAME(ARGUMENT, ...)` and ends in
 * the same way (sqlgen_fragment.c).
 */
#include <string.h>

#include "arena.h"
#include "sqlgen.h"

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789_"

/*
 * The marks:
 *   -- types: n_open BIGINT, is_new BOOLEAN
 *	Types of parameters and computed columns that have no column's name. A number
 *	listed here is never NULL, so it is a plain value in the struct.
 *   -- nullable: area_ha
 *	But these may be NULL: a pointer, for a parameter as for a column.
 *   -- row: farmer_list
 *	The row is struct farmer_list_row; its columns must be the same.
 *   -- open: housekeeping, gives ids only
 *	Why a statement on people's data takes no :viewer_ parameter.
 *   -- only: sqlite (or pgsql)
 *	For that database, and free of the rules for both. Two may share a name.
 *   -- ahead: with the farmer's row
 *	With what it may be asked ahead of its time (db.h): a function for that is made
 *	too, q_NAME_ahead for :many, q_NAME_guess and q_NAME_keep for :one.
 */
struct reader {
	struct gen *g;
	const char *file;
	const struct token *t;	/* where we are, comments included */
	struct statement s;
};

static const char *const c_words[] = {
	"auto", "bool", "break", "case", "char", "const", "continue", "default", "do",
	"double", "else", "enum", "extern", "false", "float", "for", "goto", "if",
	"inline", "int", "int64_t", "long", "register", "restrict", "return", "short",
	"signed", "sizeof", "static", "struct", "switch", "true", "typedef", "union",
	"unsigned", "void", "volatile", "while", NULL
};

static bool
is_c_word(const char *name)
{
	for (size_t i = 0; c_words[i]; i++)
		if (strcmp(c_words[i], name) == 0)
			return true;
	return false;
}

bool
name_check(struct gen *g, const struct statement *s, const char *name)
{
	if (strlen(name) > 60 || name[0] < 'a' || name[0] > 'z' ||
	    strspn(name, NAME_LETTERS) != strlen(name))
		return wrong(g, s, NULL, "'%s' can't be a name in C: give it one "
		    "of a-z, 0-9 and _ with AS", name);
	if (is_c_word(name))
		return wrong(g, s, NULL, "'%s' is a word of C: give it another "
		    "name", name);
	return true;
}

/* The text of a comment without its dashes and the blanks around. */
static char *
comment_text(struct reader *r, const struct token *t)
{
	const char *p = t->at + 2;
	size_t n = t->n - 2;

	for (; n && strchr(" \t", *p); p++)
		n--;
	while (n && strchr(" \t\r*/", p[n - 1]))
		n--;
	return arena_copy(r->g->arena, p, n);
}

/* If text is "word: rest", cut it in two and return rest, else NULL. */
static char *
mark_rest(char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz");

	if (!n || text[n] != ':')
		return NULL;
	text[n++] = '\0';
	return text + n + strspn(text + n, " \t");
}

static bool
read_name(struct reader *r, char *rest)
{
	static const char *const kinds[] = { ":one", ":many", ":each", ":exec",
		":send", ":copy" };
	struct statement *s = &r->s;
	size_t n = strcspn(rest, " \t");
	const char *kind = rest + n + strspn(rest + n, " \t");

	s->name = s->row = arena_copy(r->g->arena, rest, n);
	s->kind = KIND_NONE;
	for (int i = 0; i < KIND_NONE; i++)
		if (strcmp(kinds[i], kind) == 0)
			s->kind = (enum kind)i;
	if (s->kind == KIND_NONE)
		return wrong(r->g, s, NULL, "write -- name: NAME :KIND with the "
		    "kind :one, :many, :each, :exec, :send or :copy");
	return name_check(r->g, s, s->name);
}

static struct mark *
mark_of(struct reader *r, const char *name)
{
	struct statement *s = &r->s;

	for (size_t i = 0; i < s->n_marks; i++)
		if (strcmp(s->marks[i].name, name) == 0)
			return &s->marks[i];
	s->marks = list_more(r->g, s->marks, s->n_marks, sizeof(*s->marks));
	s->marks[s->n_marks] = (struct mark){ name, TYPE_NONE, false, false };
	return &s->marks[s->n_marks++];
}

/* "a BIGINT, b BOOLEAN" for types, "a, b" for nullable. */
static bool
read_marks(struct reader *r, char *rest, int line, bool nullable)
{
	struct mark *mark;
	char *next, *type;
	size_t n;

	for (; rest; rest = next) {
		next = strchr(rest, ',');
		if (next)
			*next++ = '\0';
		rest += strspn(rest, " \t");
		for (n = strlen(rest); n && strchr(" \t", rest[n - 1]); n--)
			rest[n - 1] = '\0';
		n = strspn(rest, NAME_LETTERS);
		type = rest + n + strspn(rest + n, " \t");
		if (!n || (nullable ? *type != '\0' : type_read(type) == TYPE_NONE))
			return fault(r->g, r->file, line, nullable ?
			    "write -- nullable: name, name" :
			    "write -- types: name TYPE, name TYPE with TEXT, BIGINT, "
			    "DOUBLE PRECISION or BOOLEAN");
		mark = mark_of(r, arena_copy(r->g->arena, rest, n));
		mark->nullable = mark->nullable || nullable;
		mark->type = nullable ? mark->type : type_read(type);
	}
	return true;
}

static bool
read_only(struct reader *r, const char *rest, int line)
{
	r->s.only = strcmp(rest, "sqlite") == 0 ? ONLY_SQLITE :
	    strcmp(rest, "pgsql") == 0 ? ONLY_PGSQL : ONLY_NONE;
	return r->s.only != ONLY_NONE ||
	    fault(r->g, r->file, line, "write -- only: sqlite or -- only: pgsql");
}

static bool
read_open(struct reader *r, const char *rest, int line)
{
	r->s.open = rest;
	return *rest || fault(r->g, r->file, line, "write -- open: and why everybody may "
	    "see it");
}

/* One comment line after the name. */
static bool
read_comment(struct reader *r)
{
	char *text = comment_text(r, r->t), *rest = mark_rest(text);
	int line = r->t->line;

	if (rest && strcmp(text, "types") == 0)
		return read_marks(r, rest, line, false);
	if (rest && strcmp(text, "nullable") == 0)
		return read_marks(r, rest, line, true);
	if (rest && strcmp(text, "open") == 0)
		return read_open(r, rest, line);
	if (rest && strcmp(text, "only") == 0)
		return read_only(r, rest, line);
	if (rest && strcmp(text, "ahead") == 0) {
		r->s.ahead = true;
		return true;
	}
	if (rest && strcmp(text, "row") == 0) {
		r->s.row = rest;
		return true;
	}
	if (rest)
		return fault(r->g, r->file, line, "'%s:' is not a mark; there are name, "
		    "types, nullable, row, open, only and ahead", text);
	if (*text)
		r->s.words = r->s.words ? arena_print(r->g->arena, "%s\n%s", r->s.words,
		    text) : text;
	return true;
}

static bool
is_mark(struct reader *r, const struct token *t, const char *mark)
{
	char *text;

	if (t->kind != TOKEN_COMMENT)
		return false;
	text = comment_text(r, t);
	return mark_rest(text) && strcmp(text, mark) == 0;
}

/* Does something begin here? */
static bool
is_name(struct reader *r, const struct token *t)
{
	return is_mark(r, t, "name") || is_mark(r, t, "fragment");
}

/* The SQL up to its ';', and that nothing but comments follows. */
static bool
read_body(struct reader *r)
{
	struct statement *s = &r->s;
	struct token part = *r->t;
	struct tokens all;

	for (; r->t->kind != TOKEN_END && !token_is(r->t, ";"); r->t++)
		if (is_name(r, r->t))
			break;
	if (!token_is(r->t, ";"))
		return wrong(r->g, s, NULL, "%s has no ';' at its end", s->name);
	part.n = (size_t)(r->t->at - part.at);
	part = fragment_expand(r->g, s, &part);
	if (part.kind == TOKEN_END || !lex_part(r->g, &part, r->file, &all))
		return false;
	s->start = part.at;
	s->length = part.n;
	s->tokens = lex_strip(r->g, &all);
	if (!s->tokens.n)
		return wrong(r->g, s, NULL, "%s is empty", s->name);
	for (r->t++; r->t->kind == TOKEN_COMMENT && !is_name(r, r->t); r->t++)
		;
	if (r->t->kind != TOKEN_END && !is_name(r, r->t))
		return fault(r->g, r->file, r->t->line, "a statement needs its own "
		    "-- name: line");
	return true;
}

/* "NAME(ARGUMENT, ...)". */
static bool
read_head(struct reader *r, const char *rest, struct fragment *f)
{
	size_t n = strspn(rest, NAME_LETTERS);
	bool good = n && rest[n] == '(';

	f->name = arena_copy(r->g->arena, rest, n);
	for (rest += n + good; good && *rest != ')'; ) {
		n = strspn(rest, NAME_LETTERS);
		f->args = list_more(r->g, f->args, f->n_args, sizeof(*f->args));
		f->args[f->n_args++] = arena_copy(r->g->arena, rest, n);
		rest += n;
		good = n && (*rest == ')' || strncmp(rest, ", ", 2) == 0);
		rest += good && *rest == ',' ? 2 : 0;
	}
	return (good && !rest[1]) || fault(r->g, r->file, f->line, "write -- fragment: "
	    "NAME(ARGUMENT, ...), or NAME()");
}

static bool
read_fragment(struct reader *r)
{
	struct fragment f = { .file = r->file, .line = r->t->line };
	char *text = comment_text(r, r->t);

	r->s = (struct statement){ .file = r->file, .line = r->t->line };
	r->t++;
	if (!read_head(r, mark_rest(text), &f))
		return false;
	r->s.name = f.name;
	for (; r->t->kind == TOKEN_COMMENT && !is_name(r, r->t); r->t++)
		if (!read_comment(r))
			return false;
	if (r->s.row || r->s.open || r->s.only != ONLY_NONE || r->s.ahead)
		return wrong(r->g, &r->s, NULL, "a fragment has no marks but types and "
		    "nullable");
	if (!r->s.words)
		return wrong(r->g, &r->s, NULL, "say in a comment what %s is for",
		    f.name);
	if (!read_body(r))
		return false;
	f.marks = r->s.marks;
	f.n_marks = r->s.n_marks;
	f.body = r->s.tokens;
	return fragment_add(r->g, &f);
}

static bool
read_statement(struct reader *r)
{
	char *text = comment_text(r, r->t);

	r->s = (struct statement){ .file = r->file, .line = r->t->line };
	r->t++;
	if (!read_name(r, mark_rest(text)))
		return false;
	for (; r->t->kind == TOKEN_COMMENT && !is_name(r, r->t); r->t++)
		if (!read_comment(r))
			return false;
	if (!r->s.words)
		return wrong(r->g, &r->s, NULL, "say in a comment what %s is for and "
		    "who uses it", r->s.name);
	return read_body(r);
}

bool
read_statements(struct gen *g, const char *path, const char *text)
{
	struct reader r = { .g = g, .file = path };
	struct tokens all;
	bool good = true;

	if (!lex(g, path, text, &all))
		return false;
	r.t = all.items;
	while (r.t->kind == TOKEN_COMMENT && !is_name(&r, r.t))
		r.t++;
	if (r.t->kind != TOKEN_END && !is_name(&r, r.t))
		return fault(g, path, r.t->line, "a statement needs its own "
		    "-- name: line");
	while (r.t->kind != TOKEN_END) {
		if (is_mark(&r, r.t, "fragment")) {
			good = read_fragment(&r) && good;
		} else if (read_statement(&r)) {
			g->statements = list_more(g, g->statements, g->n_statements,
			    sizeof(*g->statements));
			g->statements[g->n_statements++] = r.s;
		} else {
			good = false;
		}
		while (r.t->kind != TOKEN_END && !is_name(&r, r.t))
			r.t++;
	}
	return good;
}
