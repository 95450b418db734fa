/* SPDX-License-Identifier: MIT */
/*
 * tmplgen OUT_H OUT_C FILE.html...: compiles HTML templates to C at build time. A file
 * holds functions; nothing but blanks and comments stands outside them:
 *
 *   {{ include "page.h" }}                       for the types of the arguments
 *   {{ define NAME(struct buf *out, ARGS) }}     begins void NAME(struct buf *, ARGS)
 *   {{ if C }} {{ else if C }} {{ else }} {{ end }}
 *   {{ for int i = 0; i < p->n; i++ }} {{ end }}
 *   {{ render NAME(out, ARGS) }}                 calls another one, in text only
 *   {{ end }}                                    ends the define
 *
 * Any other {{ C }} is a value: a const char * (NULL prints nothing) or a whole number,
 * escaped for the place where it stands. `| url` makes it one percent-encoded part of
 * an address, `| href` a whole address that is checked at run time, `| raw` leaves it
 * as it is (text only; `grep '| raw' templates/` lists them all). C is any expression,
 * also over several lines; a `}}` or a `|` of its own goes into quotes or parentheses.
 *
 * #line points the compiler's errors into the template. What may stand in which place
 * is in tmplgen_place.c, the directives and their C in tmplgen_code.c. A directive alone
 * on its line leaves no blank line, HTML comments are not sent, and the branches of an
 * if end all in the same place, so that escaping never depends on the data.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"

#include "tmplgen.h"

enum { MAX_FILE = 1 << 20 };	/* bytes of one template */

bool
refuse(const struct gen *g, int line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: ", g->file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return false;
}

static int
count_lines(const char *s, size_t n)
{
	int lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += s[i] == '\n';
	return lines;
}

/* Outside a define: only blanks and comments. */
static bool
read_outside(struct gen *g, const char *s, size_t n)
{
	const char *end = s + n;
	const char *from = s;

	while (s < end) {
		const char *close = NULL;

		if (isspace((unsigned char)*s)) {
			s++;
			continue;
		}
		if (end - s > 4 && memcmp(s, "<!--", 4) == 0)
			close = memmem(s, (size_t)(end - s), "-->", 3);
		if (!close)
			return refuse(g, g->line + count_lines(from, (size_t)(s - from)),
			    "text outside a define");
		s = close + 3;
	}
	return true;
}

static bool
read_literal(struct gen *g, const char *s, size_t n)
{
	const char *why;
	size_t at;

	if (g->depth == 0)
		return read_outside(g, s, n);
	if (g->text.n == 0)
		g->text_line = g->line;
	why = place_feed(&g->place, s, n, &g->text, &at);
	if (why)
		return refuse(g, g->line + count_lines(s, at), "%s", why);
	return true;
}

/* The end of a directive that begins at s: its "}}" outside quotes, or NULL. */
static const char *
directive_end(const char *s, const char *end)
{
	char quote = '\0';

	for (; s + 1 < end; s++) {
		if (quote && *s == '\\')
			s++;
		else if (quote && *s == quote)
			quote = '\0';
		else if (!quote && (*s == '"' || *s == '\''))
			quote = *s;
		else if (!quote && s[0] == '}' && s[1] == '}')
			return s;
		else if (!quote && s[0] == '{' && s[1] == '{')
			return NULL; /* the next one: this one has no end */
	}
	return NULL;
}

/* The inside of a directive, trimmed, with line ends as blanks. */
static char *
directive_words(struct gen *g, const char *s, const char *end)
{
	char *words;

	while (s < end && isspace((unsigned char)*s))
		s++;
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	words = arena_copy(g->arena, s, (size_t)(end - s));
	for (char *p = words; *p; p++)
		if (isspace((unsigned char)*p))
			*p = ' ';
	return words;
}

/*
 * If the directive from open to close stands alone on its line, the blanks around it
 * are layout of the template, not HTML. Returns how many bytes of literal before open
 * are dropped, and moves *close past the line end.
 */
static size_t
alone_on_line(const struct gen *g, const char *open, const char **close)
{
	const char *before = open, *after = *close;

	while (before > g->s && (before[-1] == ' ' || before[-1] == '\t'))
		before--;
	while (after < g->end && (*after == ' ' || *after == '\t' || *after == '\r'))
		after++;
	if ((before > g->s && before[-1] != '\n') || (after < g->end && *after != '\n'))
		return 0;
	if (before == g->s && g->s[-1] != '\n')
		return 0;
	*close = after < g->end ? after + 1 : after;
	return (size_t)(open - before);
}

/* Read up to the next directive and through it; *more is false at the end. */
static bool
read_piece(struct gen *g, bool *more)
{
	const char *open = memmem(g->s, (size_t)(g->end - g->s), "{{", 2);
	const char *inside_end, *close;
	struct directive d;
	size_t n, dropped;
	bool is_value;

	*more = open != NULL;
	if (!open)
		return read_literal(g, g->s, (size_t)(g->end - g->s));
	n = (size_t)(open - g->s);
	d.line = g->line + count_lines(g->s, n);
	inside_end = directive_end(open + 2, g->end);
	if (!inside_end)
		return refuse(g, d.line, "{{ without }}");
	close = inside_end + 2;
	d.words = directive_words(g, open + 2, inside_end);
	is_value = code_is_value(d.words);
	dropped = is_value ? 0 : alone_on_line(g, open, &close);
	if (!read_literal(g, g->s, n - dropped))
		return false;
	g->line = d.line;
	if (!code_run(g, &d))
		return false;
	g->line += count_lines(open, (size_t)(close - open));
	g->place.fresh = !is_value && close[-1] == '\n';
	g->s = close;
	return true;
}

/* The whole file behind one line end, so that the byte before s can be looked at. */
static const char *
read_file(struct arena *a, const char *name, size_t *n)
{
	FILE *f = fopen(name, "rb");
	char *text = arena_take(a, MAX_FILE + 2);
	bool good;

	if (!f)
		return NULL;
	text[0] = '\n';
	*n = fread(text + 1, 1, MAX_FILE + 1, f);
	good = !ferror(f) && *n <= MAX_FILE;
	if (fclose(f) != 0 || !good)
		return NULL;
	return text + 1;
}

static bool
compile(struct gen *g, const char *file)
{
	bool more = true;
	size_t n;

	g->file = file;
	g->line = 1;
	g->said = -1;
	g->depth = 0;
	g->s = read_file(g->arena, file, &n);
	if (!g->s)
		return refuse(g, 1, "can't be read, or is longer than %d bytes",
		    MAX_FILE);
	if (memchr(g->s, '\0', n))
		return refuse(g, 1, "contains a NUL");
	g->end = g->s + n;
	while (more)
		if (!read_piece(g, &more))
			return false;
	if (g->depth)
		return refuse(g, g->blocks[g->depth - 1].line, "no end");
	return true;
}

static bool
write_file(const char *name, const struct buf *b)
{
	FILE *f = fopen(name, "wb");
	bool good;

	if (!f) {
		perror(name);
		return false;
	}
	good = fwrite(b->bytes, 1, b->n, f) == b->n;
	good = fclose(f) == 0 && good;
	if (!good)
		perror(name);
	return good;
}

/* Both files; the .c includes the .h by its name without folders. */
static bool
write_both(struct gen *g, const char *out_h, const char *out_c)
{
	const char *slash = strrchr(out_h, '/');
	struct buf h = buf_make(g->arena, g->includes.n + g->heads.n + 512);
	struct buf c = buf_make(g->arena, g->code.n + 512);

	buf_text(&h, "/* Made by tmplgen from templates/; do not edit. */\n"
	    "#ifndef TEMPLATES_GENERATED_H\n#define TEMPLATES_GENERATED_H\n\n");
	buf_add(&h, g->includes.bytes, g->includes.n);
	buf_text(&h, "\nstruct buf;\n\n");
	buf_add(&h, g->heads.bytes, g->heads.n);
	buf_text(&h, "\n#endif\n");
	buf_print(&c, "/* Made by tmplgen from templates/; do not edit. */\n"
	    "#include \"buf.h\"\n#include \"html.h\"\n#include \"%s\"\n",
	    slash ? slash + 1 : out_h);
	buf_add(&c, g->code.bytes, g->code.n);
	return write_file(out_h, &h) && write_file(out_c, &c);
}

int
main(int argc, char **argv)
{
	struct arena *a;
	struct gen *g;
	bool good = true;

	if (argc < 4) {
		fputs("usage: tmplgen OUT_H OUT_C FILE.html...\n", stderr);
		return 2;
	}
	a = arena_make((size_t)256 << 20, NULL);
	g = arena_take(a, sizeof(*g));
	g->arena = a;
	g->includes = buf_make(a, 1024);
	g->heads = buf_make(a, 4096);
	g->code = buf_make(a, 65536);
	g->text = buf_make(a, 4096);
	for (int i = 3; i < argc; i++)
		good = compile(g, argv[i]) && good;
	good = good && write_both(g, argv[1], argv[2]);
	arena_end(a);
	return good ? 0 : 1;
}
