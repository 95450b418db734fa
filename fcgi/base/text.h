/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* Texts are UTF-8, ended by NUL. Functions that take a length take bytes. */

/* text_same(a, b): Equal, NULL being equal only to NULL. Not for secrets. */
bool text_same(const char *a, const char *b);

/* text_same_secret(a, b): Equal, in a time that depends on the lengths only. */
bool text_same_secret(const char *a, const char *b);

/* text_empty(s): NULL or "". */
bool text_empty(const char *s);

/* text_utf8(p, n): True if the n bytes are well-formed UTF-8 (RFC 3629: shortest
 * form, no surrogates, up to U+10FFFF) without a NUL. */
bool text_utf8(const char *p, size_t n);

/* text_points(s): Code points in s, which is well formed. */
size_t text_points(const char *s);

/* text_number(s, min, max, out): Read a whole decimal number, all of s, optional
 * minus, no blanks, within min..max. False leaves *out alone. */
bool text_number(const char *s, int64_t min, int64_t max, int64_t *out);

/* text_lower(a, s): A copy with A-Z in lower case; other letters stay. */
char *text_lower(struct arena *a, const char *s);

/* text_upper(a, s): A copy with a-z in upper case; other letters stay. */
char *text_upper(struct arena *a, const char *s);

/* text_trim(a, s): A copy without blanks, tabs and line ends at both ends. */
char *text_trim(struct arena *a, const char *s);

/* text_fold(a, s): The search key of s: lower case, marks removed (Latin-1 and
 * Latin Extended-A, eng and tilde n as n, circumflex w as w), apostrophes of all
 * three forms dropped, any other run of non-alphanumerics as one blank. */
char *text_fold(struct arena *a, const char *s);

/* text_hex(a, p, n): The bytes as lower-case hex. */
char *text_hex(struct arena *a, const void *p, size_t n);

/* text_hex_read(s, out, n): Read exactly n bytes from 2n hex digits. */
bool text_hex_read(const char *s, void *out, size_t n);

/* text_base64(a, p, n): base64url without padding (RFC 4648 section 5). */
char *text_base64(struct arena *a, const void *p, size_t n);

/* text_base64_read(a, s, len, n): The bytes of len characters of base64url, with
 * or without padding; their count in *n. NULL if a character is wrong, or the
 * last one carries bits that no encoder writes. */
uint8_t *text_base64_read(struct arena *a, const char *s, size_t len, size_t *n);

#endif
