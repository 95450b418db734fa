/* SPDX-License-Identifier: MIT */
#ifndef WEB_HTML_H
#define WEB_HTML_H

#include <stdint.h>

struct buf;

/*
 * Escapers for HTML, one for each place a value can stand in. Templates call them
 * through html_value; the generator (templates/tmplgen.c) picks the one that fits
 * the place. Texts are UTF-8; NULL writes nothing.
 */

/* html_text(b, s): s between tags, or inside title and textarea. */
void html_text(struct buf *b, const char *s);

/* html_attr(b, s): s inside a quoted attribute, whichever the quote. */
void html_attr(struct buf *b, const char *s);

/* html_url(b, s): s as one part of an address: percent-encoded but for the
 * unreserved characters of RFC 3986 section 2.3. Empty stays empty. */
void html_url(struct buf *b, const char *s);

/* html_href(b, s): s as a whole address inside a quoted attribute. Only https://,
 * http:// and paths from the root ("/farmers?q=a") pass; anything else, also "//host",
 * blanks and control characters, is written as "#". */
void html_href(struct buf *b, const char *s);

/* html_raw(b, s): s as it is, for markup that we made ourselves. */
void html_raw(struct buf *b, const char *s);

/* html_number(b, n), html_count(b, n): A number in decimal; safe in any place. */
void html_number(struct buf *b, int64_t n);
void html_count(struct buf *b, uint64_t n);

/*
 * html_value(b, v, text):
 * Write v: a text by the function text (one of the above), a whole number in decimal.
 * Other types (bool, char, double, structs) do not compile: say what should be shown.
 * A macro, because only _Generic can choose by type.
 */
#define html_value(b, v, text) _Generic((v), \
	char *: text, const char *: text, \
	short: html_number, int: html_number, long: html_number, \
	long long: html_number, \
	unsigned short: html_count, unsigned: html_count, unsigned long: html_count, \
	unsigned long long: html_count)((b), (v))

#endif
