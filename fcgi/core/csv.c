/* SPDX-License-Identifier: MIT */
/*
 * CSV cell by cell. A cell writes the comma before it unless it is the first of its
 * line, which is known from the byte before: a line end or the byte order mark.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "csv.h"

#define MARK "\xef\xbb\xbf"

/* Is nothing written on this line yet? A cell never ends in a bare CR LF or in the
 * mark: the first would be in quotes, the second has csv_end before what follows. */
static void
cell(struct buf *b)
{
	bool first = b->n == 0 || b->bytes[b->n - 1] == '\n' ||
	    (b->n == 3 && memcmp(b->bytes, MARK, 3) == 0);

	if (!first)
		buf_char(b, ',');
}

/* How long the first of list is that s begins with; 0: with none. */
static size_t
begins(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (strncmp(s, *list, strlen(*list)) == 0)
			return strlen(*list);
	return 0;
}

/* Would a spreadsheet run it? Some drop blanks before a cell, and some read the wide
 * forms of the signs as the signs. */
static bool
is_formula(const char *s)
{
	static const char *const blanks[] = { " ", "\u00a0", "\u3000", NULL };
	static const char *const signs[] = { "=", "+", "-", "@", "\t", "\r", "\n",
		"\uff1d", "\uff0b", "\uff0d", "\uff20", NULL };

	for (size_t n; (n = begins(s, blanks)) > 0;)
		s += n;
	return begins(s, signs) > 0;
}

void
csv_begin(struct buf *b)
{
	buf_text(b, MARK);
}

void
csv_text(struct buf *b, const char *s)
{
	bool quoted;

	cell(b);
	if (!s || !*s) {
		buf_text(b, "\"\""); /* so that a line of one empty cell is one */
		return;
	}
	quoted = strpbrk(s, ",\"\r\n") != NULL;
	if (quoted)
		buf_char(b, '"');
	if (is_formula(s))
		buf_char(b, '\'');
	for (; *s; s++) {
		if (*s == '"')
			buf_char(b, '"');
		buf_char(b, *s);
	}
	if (quoted)
		buf_char(b, '"');
}

const char *
csv_meant(const char *s)
{
	return *s == '\'' && is_formula(s + 1) ? s + 1 : s;
}

void
csv_int(struct buf *b, int64_t n)
{
	cell(b);
	buf_number(b, n);
}

void
csv_real(struct buf *b, double x)
{
	char text[40] = "\"\"";

	/* The shortest of the three that reads back as x; 17 digits always do. */
	for (int digits = 15; digits <= 17 && isfinite(x); digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, x);
		if (strtod(text, NULL) == x)
			break;
	}
	cell(b);
	buf_text(b, text);
}

void
csv_end(struct buf *b)
{
	buf_text(b, "\r\n");
}
