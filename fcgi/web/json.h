/* SPDX-License-Identifier: MIT */
#ifndef WEB_JSON_H
#define WEB_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;

/* Reading JSON (RFC 8259) through jansson, and the escaping for writing it. */
struct json;

enum { JSON_DEPTH = 32 };	/* nested deeper is refused before parsing */

/* json_read(arena, p, n, why, at): Parse n bytes. Refuses invalid UTF-8, NUL, NaN,
 * duplicate keys, trailing bytes, depth beyond JSON_DEPTH. NULL on failure, with
 * *why a short reason in arena and *at the byte where it was seen. */
const struct json *json_read(struct arena *arena, const char *p, size_t n,
    const char **why, size_t *at);

/* json_free(j): Give back what json_read made; NULL is fine. */
void json_free(const struct json *j);

/* The names differ from jansson's, which both its header and its symbols reserve. */
enum json_kind {
	JSON_NONE, JSON_BOOL, JSON_INT, JSON_DECIMAL, JSON_TEXT, JSON_LIST, JSON_MAP
};

enum json_kind json_kind(const struct json *j);	/* NULL is JSON_NONE */
bool json_bool(const struct json *j);
int64_t json_int(const struct json *j);
double json_number(const struct json *j);	/* of an int or a decimal */
const char *json_text(const struct json *j);	/* lives as long as the tree */
size_t json_count(const struct json *j);	/* of a list */
const struct json *json_item(const struct json *j, size_t i);
const struct json *json_get(const struct json *j, const char *key); /* NULL: absent */

/* json_put_text(j, key, s): Put the text s into the map j under key, in place of what
 * was there. False if there is no memory. */
bool json_put_text(const struct json *j, const char *key, const char *s);

/* json_dump(arena, j, max): j as compact JSON of at most max bytes; when it would
 * be longer, the JSON text "..." stands for it. */
const char *json_dump(struct arena *arena, const struct json *j, size_t max);

/* json_write_text(out, s): Append s as a JSON string; NULL as null. Also safe
 * inside HTML script data: < > & U+2028 U+2029 are escaped only where JSON needs
 * it, so don't put it there. */
void json_write_text(struct buf *out, const char *s);

/* json_write_real(out, x): The shortest decimal that reads back as x (2.5, 3.0). */
void json_write_real(struct buf *out, double x);

#endif
