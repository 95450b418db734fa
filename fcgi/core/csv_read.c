/* SPDX-License-Identifier: MIT */
/*
 * A row is gone through twice: first to find its end, by quotes alone, and then cell
 * by cell into one piece of memory of the row's own size. Between the two its bytes
 * are known to be UTF-8 without NUL, so the cells can be texts.
 */
#include <string.h>

#include "arena.h"
#include "csv_read.h"
#include "text.h"

static const char mark[] = "\xef\xbb\xbf";

/* The one of comma, semicolon and tab that the first line has most of, outside of
 * quotes. */
static char
find_separator(const char *p, const char *end)
{
	static const char kinds[] = ",;\t";
	size_t n[sizeof(kinds)] = { 0 }, best = 0;
	bool quoted = false;

	for (; p < end && (quoted || *p != '\n'); p++) {
		const char *kind = *p ? strchr(kinds, *p) : NULL;

		if (*p == '"')
			quoted = !quoted;
		else if (kind && !quoted)
			n[kind - kinds]++;
	}
	for (size_t i = 1; i < sizeof(kinds) - 1; i++)
		if (n[i] > n[best])
			best = i;
	return kinds[best];
}

void
csv_open(struct csv_file *f, const void *bytes, size_t size)
{
	size_t most = size < CSV_ROW_BYTES ? size : CSV_ROW_BYTES;

	*f = (struct csv_file){ .bytes = bytes, .size = size };
	if (size >= 3 && memcmp(bytes, mark, 3) == 0)
		f->at = 3;
	f->separator = find_separator(f->bytes + f->at, f->bytes + most);
}

/* Where the row at p ends: its LF, or the end of the file. NULL if it is too large or
 * a quote is never closed. Only a quote that begins a cell holds line ends. */
static const char *
find_end(const char *p, const char *end, char separator)
{
	const char *most = (size_t)(end - p) > CSV_ROW_BYTES ? p + CSV_ROW_BYTES : end;
	bool quoted = false, fresh = true;

	for (; p < most; p++) {
		if (*p == '\n' && !quoted)
			return p;
		if (!quoted) {
			quoted = fresh && *p == '"';
			fresh = *p == separator;
		} else if (*p == '"' && p + 1 < most && p[1] == '"') {
			p++;
		} else if (*p == '"') {
			quoted = false;
		}
	}
	return p == end && !quoted ? p : NULL;
}

/* Copy the cell at *p to *to; both are moved on behind it. plain_cell says what is wrong,
 * or NULL. */
static void
quoted_cell(const char **p, const char *end, char **to)
{
	const char *s = *p + 1;

	for (; s < end; s++) {
		if (*s == '"' && (s + 1 == end || s[1] != '"'))
			break;
		s += *s == '"';
		*(*to)++ = *s;
	}
	*p = s + 1; /* find_end has seen the closing quote */
}

static const char *
plain_cell(const char **p, const char *end, char separator, char **to)
{
	for (; *p < end && **p != separator; ++*p) {
		if (**p == '"')
			return "A cell with a quote mark in it must be in quotes";
		if (**p == '\r')
			return "A line must end in LF, or in CR LF";
		*(*to)++ = **p;
	}
	return NULL;
}

/* The cells of the row from p to end, which has no line end of its own. */
static const char *
split(const char *p, const char *end, char separator, struct csv_row *row, char *to)
{
	for (row->n = 0;; p++) {
		const char *why = NULL;
		char *cell = to;

		if (row->n == CSV_CELLS)
			return "A row has at most 100 cells";
		if (p < end && *p == '"')
			quoted_cell(&p, end, &to);
		else
			why = plain_cell(&p, end, separator, &to);
		if (why)
			return why;
		if (p < end && *p != separator)
			return "After the closing quote the cell must end";
		if (to - cell > CSV_CELL_BYTES)
			return "A cell has at most 8192 bytes";
		*to++ = '\0';
		row->cells[row->n++] = cell;
		if (p == end)
			return NULL;
	}
}

static const char *
read_row(const char *p, const char *end, char separator, struct arena *a,
    struct csv_row *row)
{
	size_t n;

	if (end > p && end[-1] == '\r')
		end--;
	n = (size_t)(end - p);
	if (!text_utf8(p, n))
		return "The row is not UTF-8: save the table as \"CSV UTF-8\"";
	row->cells = arena_array(a, const char *, CSV_CELLS);
	return split(p, end, separator, row, arena_take(a, n + 1));
}

bool
csv_next(struct csv_file *f, struct arena *a, struct csv_row *row)
{
	const char *p = f->bytes + f->at, *end = f->bytes + f->size, *stop;

	if (p == end)
		return false;
	*row = (struct csv_row){ .number = ++f->row };
	stop = find_end(p, end, f->separator);
	if (stop) {
		row->why = read_row(p, stop, f->separator, a, row);
	} else {
		row->why = "The row is larger than 65536 bytes, or one of its quotes "
		    "is never closed";
		stop = memchr(p, '\n', (size_t)(end - p));
		stop = stop ? stop : end;
	}
	if (row->why)
		row->n = 0;
	f->at = (size_t)(stop - f->bytes) + (stop < end);
	return true;
}

bool
csv_is_blank(const struct csv_row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (*row->cells[i])
			return false;
	return !row->why;
}
