/* SPDX-License-Identifier: MIT */
#ifndef CORE_JOURNAL_LINE_H
#define CORE_JOURNAL_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct audit_insert_in;

/*
 * A row of the audit as one line of text: twelve fields with U+001F between them and a
 * line feed after the last. No field has a byte below 0x20 in it, so nothing needs to
 * be escaped and no field can forge another. An empty field is NULL.
 */
enum { JOURNAL_LINE = 4096, JOURNAL_FIELDS = 12 };

/* journal_line(out, row): Write row into out (not ended by NUL); control characters
 * become '?'. Returns its length, or 0 if it does not fit or a field is missing that
 * every row has. Values before and after a change are not for this: reads have none. */
size_t journal_line(char out[JOURNAL_LINE], const struct audit_insert_in *row);

/* journal_line_read(line, n, row): Take apart the n bytes of one line, its line feed
 * not counted; they are changed, and row points into them. line[n] is overwritten.
 * False if journal_line did not write them. */
bool journal_line_read(char *line, size_t n, struct audit_insert_in *row);

#endif
