/* SPDX-License-Identifier: MIT */
/*
 * The words of SQL, as far as SQLite and PostgreSQL agree on them: words, "names",
 * 'strings', numbers, :parameters, marks and comments. What they disagree on
 * (`name`, [name], ?1, $1, @x, ::) is refused here, so nothing later has to care.
 */
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "buf.h"
#include "sqlgen.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS "0123456789"

enum { AHEAD = 4 };	/* TOKEN_ENDs after a list, so that rules may look ahead */

struct lexer {
	struct gen *g;
	const char *file, *p, *end;
	int line, depth;
	bool whole;		/* a file, whose statements need not be whole */
	struct tokens *out;
};

static bool
among(char c, const char *set)
{
	return c && strchr(set, c) != NULL;
}

static size_t
span(const struct lexer *l, const char *p, const char *set)
{
	size_t n = 0;

	while (p + n < l->end && among(p[n], set))
		n++;
	return n;
}

static size_t
until(const struct lexer *l, const char *p, const char *stop)
{
	size_t n = 0, len = strlen(stop);

	while (p + n < l->end && strncmp(p + n, stop, len) != 0)
		n++;
	return n;
}

/* A string or a "name": a doubled quote is part of it. 0 if it has no end. */
static size_t
quoted(const struct lexer *l)
{
	char quote = *l->p;

	for (const char *p = l->p + 1; p < l->end; p++) {
		if (*p != quote)
			continue;
		if (p + 1 < l->end && p[1] == quote)
			p++;
		else
			return (size_t)(p + 1 - l->p);
	}
	return 0;
}

static size_t
number(const struct lexer *l)
{
	size_t n = span(l, l->p, DIGITS ".");

	if (l->p + n < l->end && among(l->p[n], "eE")) {
		n++;
		if (l->p + n < l->end && among(l->p[n], "+-"))
			n++;
		n += span(l, l->p + n, DIGITS);
	}
	return n;
}

static size_t
mark(const struct lexer *l)
{
	static const char *const pairs[] = { "<=", ">=", "<>", "!=", "||", "->", "==" };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (l->end - l->p >= 2 && strncmp(l->p, pairs[i], 2) == 0)
			return 2;
	return 1;
}

/* The token at l->p: its kind, and in *n its length; 0 means that it is refused. */
static enum token_kind
measure(const struct lexer *l, size_t *n)
{
	const char *p = l->p;

	if (among(*p, LETTERS)) {
		*n = span(l, p, LETTERS DIGITS);
		return TOKEN_WORD;
	}
	if (among(*p, DIGITS) || (*p == '.' && p + 1 < l->end && among(p[1], DIGITS))) {
		*n = number(l);
		return TOKEN_NUMBER;
	}
	if (*p == '\'' || *p == '"') {
		*n = quoted(l);
		return *p == '"' ? TOKEN_NAME : TOKEN_STRING;
	}
	if (*p == ':') {
		*n = span(l, p + 1, LETTERS DIGITS);
		*n += *n && !among(p[1], DIGITS) ? 1 : 0;
		return TOKEN_PARAM;
	}
	if (l->end - p >= 2 && strncmp(p, "--", 2) == 0) {
		*n = until(l, p, "\n");
		return TOKEN_COMMENT;
	}
	if (l->end - p >= 2 && strncmp(p, "/*", 2) == 0) {
		*n = until(l, p + 2, "*/") + 4;
		*n = p + *n <= l->end ? *n : 0;
		return TOKEN_COMMENT;
	}
	*n = among(*p, "()+-*/%,.;=<>!|&~") ? mark(l) : 0;
	return TOKEN_MARK;
}

static bool
refuse(const struct lexer *l, enum token_kind kind)
{
	const char c = *l->p;

	if (kind == TOKEN_PARAM && l->p + 1 < l->end && l->p[1] == ':')
		return fault(l->g, l->file, l->line, "'::' is not for both databases; "
		    "write CAST(x AS TYPE)");
	if (kind == TOKEN_PARAM)
		return fault(l->g, l->file, l->line, "':' without a parameter's name");
	if (kind == TOKEN_STRING || kind == TOKEN_NAME || kind == TOKEN_COMMENT)
		return fault(l->g, l->file, l->line, "this quote or comment has no end");
	if (among(c, "?$@#"))
		return fault(l->g, l->file, l->line, "parameters are written :name");
	return fault(l->g, l->file, l->line, "the character '%c' (%d) is not for both "
	    "databases", c >= ' ' && c < 127 ? c : '?', (unsigned char)c);
}

static void
add(struct lexer *l, enum token_kind kind, size_t n)
{
	struct tokens *t = l->out;
	bool closes = kind == TOKEN_MARK && *l->p == ')';

	if (closes)
		l->depth--;
	t->items = list_more(l->g, t->items, t->n + 1, sizeof(*t->items));
	t->items[t->n++] = (struct token){ kind, l->p, n, l->line, l->depth };
	t->items[t->n] = (struct token){ TOKEN_END, l->p + n, 0, l->line, 0 };
	if (kind == TOKEN_MARK && *l->p == '(')
		l->depth++;
	for (size_t i = 0; i < n; i++)
		l->line += l->p[i] == '\n';
	l->p += n;
}

static bool
run(struct lexer *l)
{
	enum token_kind kind;
	size_t n;

	*l->out = (struct tokens){ list_more(l->g, NULL, 0, sizeof(struct token)), 0 };
	l->out->items[0] = (struct token){ TOKEN_END, l->p, 0, l->line, 0 };
	while (l->p < l->end) {
		if (among(*l->p, " \t\r\n")) {
			l->line += *l->p++ == '\n';
			continue;
		}
		kind = measure(l, &n);
		if (n == 0)
			return refuse(l, kind);
		add(l, kind, n);
		if (l->depth < 0 && !l->whole)
			return fault(l->g, l->file, l->line, "')' without its '('");
	}
	if (l->depth && !l->whole)
		return fault(l->g, l->file, l->line, "'(' without its ')'");
	return true;
}

bool
lex_part(struct gen *g, const struct token *part, const char *file, struct tokens *out)
{
	struct lexer l = { g, file, part->at, part->at + part->n, part->line, 0, false,
	    out };

	return run(&l);
}

bool
lex(struct gen *g, const char *file, const char *text, struct tokens *out)
{
	struct lexer l = { g, file, text, text + strlen(text), 1, 0, true, out };

	return run(&l);
}

struct tokens
lex_strip(struct gen *g, const struct tokens *tokens)
{
	struct tokens out = { NULL, 0 };

	out.items = arena_array(g->arena, struct token, tokens->n + AHEAD);
	for (size_t i = 0; i < tokens->n; i++)
		if (tokens->items[i].kind != TOKEN_COMMENT)
			out.items[out.n++] = tokens->items[i];
	for (size_t i = 0; i < AHEAD; i++)
		out.items[out.n + i] = tokens->items[tokens->n];
	return out;
}

static int
lines_in(const struct token *t)
{
	int n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->at[i] == '\n';
	return n;
}

const char *
lex_join(struct gen *g, const struct tokens *tokens, bool keep_lines)
{
	struct buf b = buf_make(g->arena, 256);
	const struct token *t, *before = NULL;
	int line = tokens->n && keep_lines ? 1 : 0;

	for (size_t i = 0; i < tokens->n; i++, before = t) {
		t = &tokens->items[i];
		if (keep_lines && t->line > line)
			for (; line < t->line; line++)
				buf_char(&b, '\n');
		else if (before && before->at + before->n != t->at)
			buf_char(&b, ' ');
		buf_add(&b, t->at, t->n);
		line += keep_lines ? lines_in(t) : 0;
	}
	return b.bytes;
}

bool
token_is(const struct token *t, const char *word)
{
	return (t->kind == TOKEN_WORD || t->kind == TOKEN_MARK) &&
	    strlen(word) == t->n && strncasecmp(t->at, word, t->n) == 0;
}

bool
token_in(const struct token *t, const char *const *words)
{
	for (; *words; words++)
		if (token_is(t, *words))
			return true;
	return false;
}

const char *
token_text(struct gen *g, const struct token *t)
{
	char *s, *to;

	if (t->kind == TOKEN_PARAM)
		return arena_copy(g->arena, t->at + 1, t->n - 1);
	s = arena_copy(g->arena, t->at, t->n);
	if (t->kind != TOKEN_NAME)
		return s;
	to = s;
	for (const char *p = s + 1; p < s + t->n - 1; p++) {
		*to++ = *p;
		p += *p == '"';
	}
	*to = '\0';
	return s;
}
