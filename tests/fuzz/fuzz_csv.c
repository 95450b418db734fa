/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a CSV file: every row is read, numbered and within the limits, reading
 * goes on from any row's place to the same rest, and what was read is the same when it
 * is written and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "csv_read.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_row(const struct csv_row *row)
{
	if (row->why ? row->n != 0 : row->n == 0 || row->n > CSV_CELLS)
		abort();
	for (size_t i = 0; i < row->n; i++)
		if (strlen(row->cells[i]) > CSV_CELL_BYTES ||
		    !text_utf8(row->cells[i], strlen(row->cells[i])))
			abort();
}

static void
check_same(const struct csv_row *a, const struct csv_row *b)
{
	if (a->number != b->number || a->n != b->n || text_same(a->why, NULL) !=
	    text_same(b->why, NULL))
		abort();
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->cells[i], b->cells[i]) != 0)
			abort();
}

/* The row with every cell in quotes: it must read back as what it is. */
static void
check_again(struct arena *arena, const struct csv_row *row, char separator)
{
	struct buf b = buf_make(arena, 100);
	struct csv_file f;
	struct csv_row again;

	for (size_t i = 0; i < row->n; i++) {
		if (i)
			buf_char(&b, separator);
		buf_char(&b, '"');
		for (const char *p = row->cells[i]; *p; p++)
			buf_print(&b, "%s%c", *p == '"' ? "\"" : "", *p);
		buf_char(&b, '"');
	}
	buf_text(&b, "\r\n");
	if (b.n > CSV_ROW_BYTES)
		return;
	csv_open(&f, b.bytes, b.n);
	f.separator = separator;
	f.row = row->number - 1;
	if (!csv_next(&f, arena, &again) || f.at != b.n)
		abort();
	check_same(row, &again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *arena;
	struct csv_file f, from;
	struct csv_row row, same;
	int64_t number = 0;

	if (!arena)
		arena = arena_make(16 << 20, NULL);
	csv_open(&f, data, size);
	for (from = f; csv_next(&f, arena, &row); from = f) {
		struct csv_file g;

		check_row(&row);
		csv_open(&g, data, size);
		g.at = from.at;
		g.row = from.row;
		if (row.number != ++number || f.at <= from.at || f.at > size ||
		    !csv_next(&g, arena, &same) || g.at != f.at)
			abort();
		check_same(&row, &same);
		if (!row.why)
			check_again(arena, &row, f.separator);
		arena_reset(arena);
	}
	arena_reset(arena);
	return 0;
}
