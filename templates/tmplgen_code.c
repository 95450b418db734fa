/* SPDX-License-Identifier: MIT */
/*
 * The directives of tmplgen and the C they become. Literal HTML gathers in g->text and
 * is written as one buf_add before the next directive. Blocks stand on a stack, each
 * with the place of the HTML where it began and where its branches ended.
 */
#include <ctype.h>
#include <string.h>

#include "arena.h"

#include "tmplgen.h"

/* Remember a name of a function or an include; false if it is known already. */
static bool
remember(struct gen *g, const char *name)
{
	for (int i = 0; i < g->n_names; i++)
		if (strcmp(g->names[i], name) == 0)
			return false;
	g->names[g->n_names++] = arena_text(g->arena, name);
	return true;
}

/* Begin a line of C that belongs to a line of the template. */
static void
code_line(struct gen *g, int line)
{
	if (g->said != line)
		buf_print(&g->code, "#line %d \"%s\"\n", line, g->file);
	g->said = line + 1; /* the C line that follows is one line long */
	for (int i = 0; i < g->depth; i++)
		buf_char(&g->code, '\t');
}

static void
code_string(struct buf *code, const char *s, size_t n)
{
	buf_char(code, '"');
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\n')
			buf_text(code, "\\n");
		else if (strchr("\"\\?", s[i]))
			buf_print(code, "\\%c", s[i]); /* \? : no trigraphs */
		else if ((unsigned char)s[i] < ' ')
			buf_print(code, "\\%03o", (unsigned)s[i]);
		else
			buf_char(code, s[i]);
	}
	buf_char(code, '"');
}

/* One C string for each line. */
static void
code_text(struct gen *g)
{
	const char *s = g->text.bytes, *end = s + g->text.n;

	if (g->text.n == 0)
		return;
	code_line(g, g->text_line);
	buf_print(&g->code, "buf_add(%s,", g->out);
	while (s < end) {
		const char *line_end = memchr(s, '\n', (size_t)(end - s));
		size_t n = (size_t)((line_end ? line_end + 1 : end) - s);

		buf_text(&g->code, "\n\t    ");
		code_string(&g->code, s, n);
		s += n;
	}
	buf_print(&g->code, ", %zu);\n", g->text.n);
	g->said = -1;
	g->text.n = 0;
}

static bool
is_identifier(const char *s, size_t n)
{
	if (n == 0 || n > MAX_NAME || isdigit((unsigned char)*s))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_')
			return false;
	return true;
}

static size_t
word_length(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

static const char *
skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

static bool
block_open(struct gen *g, enum block_kind kind, int line)
{
	if (g->depth == MAX_DEPTH)
		return refuse(g, line, "more than %d blocks in blocks", MAX_DEPTH);
	g->blocks[g->depth++] = (struct block){
		.kind = kind, .line = line, .start = g->place };
	return true;
}

/* define NAME(struct buf *OUT, ...) */
static bool
do_define(struct gen *g, const struct directive *d)
{
	static const char first[] = "(struct buf *";
	size_t n = word_length(d->rest), n_out, len = strlen(d->rest);
	const char *name, *out;

	if (g->depth)
		return refuse(g, d->line, "define inside the define of line %d",
		    g->blocks[0].line);
	if (!is_identifier(d->rest, n) || strncmp(d->rest + n, first, strlen(first)) != 0)
		return refuse(g, d->line, "expected: define NAME(struct buf *out, ...)");
	out = d->rest + n + strlen(first);
	n_out = word_length(out);
	if (!is_identifier(out, n_out) || !out[n_out] || !strchr(",)", out[n_out]) ||
	    d->rest[len - 1] != ')')
		return refuse(g, d->line, "expected: define NAME(struct buf *out, ...)");
	if (g->n_names == MAX_NAMES)
		return refuse(g, d->line, "more than %d names", MAX_NAMES);
	name = arena_print(g->arena, "%.*s", (int)n, d->rest);
	if (!remember(g, name))
		return refuse(g, d->line, "%s is defined twice", name);
	memcpy(g->out, out, n_out);
	g->out[n_out] = '\0';
	g->place = (struct place){ .at = PLACE_TEXT, .fresh = true };
	buf_print(&g->heads, "void %s;\n", d->rest);
	buf_print(&g->code, "\n#line %d \"%s\"\nvoid\n", d->line, g->file);
	buf_print(&g->code, "#line %d \"%s\"\n%s\n{\n", d->line, g->file, d->rest);
	g->said = -1;
	return block_open(g, BLOCK_DEFINE, d->line);
}

static bool
do_include(struct gen *g, const struct directive *d)
{
	size_t len = strlen(d->rest);

	if (g->depth)
		return refuse(g, d->line, "include inside a define");
	if (len < 3 || d->rest[0] != '"' || strchr(d->rest + 1, '"') != d->rest + len - 1)
		return refuse(g, d->line, "expected: include \"name.h\"");
	if (g->n_names == MAX_NAMES)
		return refuse(g, d->line, "more than %d names", MAX_NAMES);
	if (remember(g, d->rest))
		buf_print(&g->includes, "#include %s\n", d->rest);
	return true;
}

static bool
do_if(struct gen *g, const struct directive *d)
{
	if (!*d->rest)
		return refuse(g, d->line, "if without a condition");
	code_line(g, d->line);
	buf_print(&g->code, "if (%s) {\n", d->rest);
	return block_open(g, BLOCK_IF, d->line);
}

static bool
do_for(struct gen *g, const struct directive *d)
{
	if (!*d->rest)
		return refuse(g, d->line, "expected: for start; condition; step");
	code_line(g, d->line);
	buf_print(&g->code, "for (%s) {\n", d->rest);
	return block_open(g, BLOCK_FOR, d->line);
}

/* A branch of an if is over: its end must be the place where the others ended. */
static bool
branch_end(struct gen *g, struct block *b, int line)
{
	if (b->n_ends && !place_same(&b->ends, &g->place))
		return refuse(g, line, "the branches of the if of line %d end in "
		    "different places of the HTML", b->line);
	if (b->n_ends)
		place_join(&b->ends, &g->place);
	else
		b->ends = g->place;
	b->n_ends++;
	return true;
}

static bool
do_else(struct gen *g, const struct directive *d)
{
	struct block *b = g->depth ? &g->blocks[g->depth - 1] : NULL;
	bool more = strncmp(d->rest, "if", 2) == 0 && isspace((unsigned char)d->rest[2]);

	if (!b || (b->kind != BLOCK_IF && b->kind != BLOCK_ELSE))
		return refuse(g, d->line, "else without if");
	if (b->kind == BLOCK_ELSE)
		return refuse(g, d->line, "else after the else of the if of line %d",
		    b->line);
	if (*d->rest && !more)
		return refuse(g, d->line, "expected: else, or else if CONDITION");
	if (!branch_end(g, b, d->line))
		return false;
	g->place = b->start;
	g->depth--;
	code_line(g, d->line);
	if (more)
		buf_print(&g->code, "} else if (%s) {\n", skip_blanks(d->rest + 2));
	else
		buf_text(&g->code, "} else {\n");
	g->depth++;
	b->kind = more ? BLOCK_IF : BLOCK_ELSE;
	return true;
}

static bool
end_define(struct gen *g, const struct block *b, int line)
{
	if (g->place.at != PLACE_TEXT || g->place.pre)
		return refuse(g, line, "the define of line %d ends inside a tag, "
		    "a comment, pre, title or textarea", b->line);
	return true;
}

static bool
end_for(struct gen *g, const struct block *b, int line)
{
	if (!place_same(&b->start, &g->place) || b->start.address != g->place.address)
		return refuse(g, line, "the for of line %d ends in another place of the "
		    "HTML than it began", b->line);
	return true;
}

static bool
end_if(struct gen *g, struct block *b, int line)
{
	if (!branch_end(g, b, line))
		return false;
	if (b->kind == BLOCK_IF) { /* no else: nothing at all is a branch too */
		g->place = b->start;
		if (!branch_end(g, b, line))
			return false;
	}
	g->place = b->ends;
	return true;
}

static bool
do_end(struct gen *g, const struct directive *d)
{
	struct block *b = g->depth ? &g->blocks[g->depth - 1] : NULL;
	bool fits;

	if (!b)
		return refuse(g, d->line, "end without define, if or for");
	if (*d->rest)
		return refuse(g, d->line, "expected: end, alone");
	if (b->kind == BLOCK_DEFINE)
		fits = end_define(g, b, d->line);
	else if (b->kind == BLOCK_FOR)
		fits = end_for(g, b, d->line);
	else
		fits = end_if(g, b, d->line);
	if (!fits)
		return false;
	g->depth--;
	code_line(g, d->line);
	buf_text(&g->code, "}\n");
	return true;
}

static bool
do_render(struct gen *g, const struct directive *d)
{
	size_t n = word_length(d->rest), len = strlen(d->rest);

	if (g->place.at != PLACE_TEXT)
		return refuse(g, d->line, "render outside the text between tags");
	if (!is_identifier(d->rest, n) || d->rest[n] != '(' || d->rest[len - 1] != ')')
		return refuse(g, d->line, "expected: render NAME(out, ...)");
	code_line(g, d->line);
	buf_print(&g->code, "%s;\n", d->rest);
	return true;
}

/*
 * The last '|' of an expression that is not in quotes, in brackets or part of "||".
 * What follows is the filter.
 */
static char *
find_filter(char *s)
{
	char *bar = NULL;
	char quote = '\0';
	int depth = 0;

	for (; *s; s++) {
		if (quote) {
			if (*s == '\\' && s[1])
				s++;
			else if (*s == quote)
				quote = '\0';
		} else if (*s == '"' || *s == '\'') {
			quote = *s;
		} else if (strchr("([{", *s)) {
			depth++;
		} else if (strchr(")]}", *s)) {
			depth--;
		} else if (*s == '|' && s[1] == '|') {
			s++;
		} else if (*s == '|' && depth == 0) {
			bar = s;
		}
	}
	return bar;
}

/* Two words side by side are no C expression: a directive that we don't have. */
static bool
is_unknown_directive(const char *s)
{
	static const char *const words[] = { "while", "do", "switch", "case", "return",
		"goto", "break", "continue", NULL };
	size_t n = word_length(s);
	const char *next = s + n + strspn(s + n, " \t");

	for (int i = 0; words[i]; i++)
		if (strlen(words[i]) == n && strncmp(s, words[i], n) == 0)
			return true;
	return n && next > s + n && (isalnum((unsigned char)*next) || *next == '_' ||
	    *next == '"');
}

static bool
do_value(struct gen *g, const struct directive *d)
{
	static const char *const filters[] = { "", "url", "href", "raw" };
	static const char *const writers[] = { "html_text", "html_url", "html_href",
		"html_raw" };
	char *bar = find_filter(d->words);
	const char *name = "", *why, *writer;
	int filter = FILTER_NONE;

	if (bar) {
		*bar = '\0';
		name = skip_blanks(bar + 1);
		for (filter = FILTER_RAW; filter > FILTER_NONE; filter--)
			if (strcmp(name, filters[filter]) == 0)
				break;
		if (filter == FILTER_NONE)
			return refuse(g, d->line, "unknown filter: | %s", name);
	}
	if (bar && find_filter(d->words))
		return refuse(g, d->line, "more than one filter");
	if (!*skip_blanks(d->words))
		return refuse(g, d->line, "empty {{ }}");
	if (is_unknown_directive(d->words))
		return refuse(g, d->line, "unknown directive: %.*s",
		    (int)word_length(d->words), d->words);
	writer = writers[filter];
	if (filter == FILTER_NONE && g->place.at == PLACE_VALUE)
		writer = "html_attr";
	why = place_value(&g->place, (enum place_filter)filter);
	if (why)
		return refuse(g, d->line, "%s", why);
	code_line(g, d->line);
	buf_print(&g->code, "html_value(%s, (%s), %s);\n", g->out, d->words, writer);
	return true;
}

struct keyword {
	const char *word;
	bool (*act)(struct gen *g, const struct directive *d);
	bool outside;		/* may stand outside a define */
	bool block;		/* changes the flow, so the place matters */
};

static const struct keyword keywords[] = {
	{ "include", do_include, true, false },
	{ "define", do_define, true, false },
	{ "if", do_if, false, true },
	{ "else", do_else, false, true },
	{ "for", do_for, false, true },
	{ "render", do_render, false, false },
	{ "end", do_end, false, true },
	{ NULL, do_value, false, false }
};

static const struct keyword *
find_keyword(const char *words)
{
	const struct keyword *k = keywords;
	size_t n = word_length(words);

	while (k->word && (strlen(k->word) != n || memcmp(k->word, words, n) != 0))
		k++;
	return k;
}

bool
code_is_value(const char *words)
{
	return !find_keyword(words)->word;
}

bool
code_run(struct gen *g, struct directive *d)
{
	const struct keyword *k = find_keyword(d->words);
	const char *why;

	d->rest = skip_blanks(d->words + (k->word ? strlen(k->word) : 0));
	if (g->depth == 0 && !k->outside && k->act != do_end)
		return refuse(g, d->line, "outside a define: {{ %s }}", d->words);
	why = g->depth && k->block ? place_block(&g->place) : NULL;
	/* A define that ends in a comment or a name is told so by do_end. */
	if (why && !(k->act == do_end && g->depth == 1))
		return refuse(g, d->line, "%s", why);
	code_text(g);
	return k->act(g, d);
}
