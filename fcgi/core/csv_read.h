/* SPDX-License-Identifier: MIT */
#ifndef CORE_CSV_READ_H
#define CORE_CSV_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * Reading CSV (RFC 4180) as spreadsheets of many countries write it: UTF-8 with or
 * without its byte order mark; lines that end in LF or CR LF; comma, semicolon or tab
 * between the cells, whichever the first line has most of. A row that is beyond the
 * rules or the limits is told with its number and costs no other row. After an
 * unclosed quote it goes on with the line after the one where the row began.
 */
enum {
	CSV_CELLS = 100,		/* of a row */
	CSV_CELL_BYTES = 8 * 1024,
	CSV_ROW_BYTES = 64 * 1024
};

/* A file, whose bytes somebody else holds; at and row are where the reading is: set
 * both back to what they were to read from there again. */
struct csv_file {
	const char *bytes;
	size_t size;
	size_t at;	/* where the next row begins */
	int64_t row;	/* number of the row read last, as a spreadsheet shows it */
	char separator;
};

struct csv_row {
	int64_t number;		/* 1 is the first row of the file */
	const char **cells;	/* texts in UTF-8 */
	size_t n;
	const char *why;	/* what is wrong with the row; NULL: nothing */
};

/* csv_open(f, bytes, size): Begin at the first row. */
void csv_open(struct csv_file *f, const void *bytes, size_t size);

/* csv_next(f, a, row): The next row, in a; an empty line is one empty cell. False at
 * the end. If row->why is set there are no cells, and the reading can go on. */
bool csv_next(struct csv_file *f, struct arena *a, struct csv_row *row);

/* csv_is_blank(row): Is there nothing in any of its cells? */
bool csv_is_blank(const struct csv_row *row);

#endif
