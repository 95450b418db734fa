/* SPDX-License-Identifier: MIT */
#ifndef CORE_CSV_H
#define CORE_CSV_H

#include <stdint.h>

struct buf;

/*
 * Writing CSV (RFC 4180) for people with a spreadsheet: UTF-8 with its byte order
 * mark, lines that end in CR LF, quotes where they are needed. A text that a
 * spreadsheet would run as a formula (it begins with = + - @, their wide forms, a tab,
 * CR or LF, also after blanks) gets an apostrophe before it; numbers are written as such.
 */

/* csv_begin(b): The byte order mark, before the first line. */
void csv_begin(struct buf *b);

/* csv_text(b, s): A cell of text; NULL is an empty one. */
void csv_text(struct buf *b, const char *s);

/* csv_meant(s): The text that csv_text wrote s for: without its apostrophe. */
const char *csv_meant(const char *s);

/* csv_int(b, n), csv_real(b, x): A cell of a number; one that is none (NaN, infinite)
 * is left empty. */
void csv_int(struct buf *b, int64_t n);
void csv_real(struct buf *b, double x);

/* csv_end(b): End the line. */
void csv_end(struct buf *b);

#endif
