/* SPDX-License-Identifier: MIT */
#ifndef CORE_CBOR_H
#define CORE_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct arena;

/* CBOR (RFC 8949): what signed cards are written in. The major types in order. */
enum cbor_major {
	CBOR_UINT, CBOR_NEGATIVE, CBOR_BYTES, CBOR_TEXT,
	CBOR_ARRAY, CBOR_MAP, CBOR_TAG, CBOR_SIMPLE
};

enum {
	CBOR_DEPTH = 32,	/* arrays, maps and tags within each other */
	CBOR_PAIRS = 128	/* entries of a map that we look into */
};

/* Bytes that are still to be read. Reading moves p and takes from n. */
struct cbor {
	const uint8_t *p;
	size_t n;
};

/* One head, and the content if it is a string. */
struct cbor_item {
	enum cbor_major major;
	uint64_t value;		/* number, length, count, or the tag */
	const uint8_t *bytes;	/* of CBOR_BYTES and CBOR_TEXT: value of them */
};

struct cbor_map {
	int n;
	struct cbor_item keys[CBOR_PAIRS];
	struct cbor values[CBOR_PAIRS];	/* each exactly one item */
};

/* cbor_next(in, item): Read a head and, for a string, its content. False at the
 * end, for a length beyond the end, for indefinite lengths (which no claim needs),
 * for reserved heads, and for text that is not UTF-8 or holds a NUL. */
bool cbor_next(struct cbor *in, struct cbor_item *item);

/* cbor_map(in, map): Read one map. Keys are numbers or texts. False as above, or if
 * a key comes twice, or there are more than CBOR_PAIRS. */
bool cbor_map(struct cbor *in, struct cbor_map *map);

/* cbor_find(map, key): The value of a number key, or NULL. */
const struct cbor *cbor_find(const struct cbor_map *map, int64_t key);

/* cbor_int, cbor_text, cbor_bytes(value, ...): True if value is one item of that
 * type. The text is copied to arena a; the bytes stay where they are. */
bool cbor_int(const struct cbor *value, int64_t *out);
bool cbor_text(const struct cbor *value, struct arena *a, const char **out);
bool cbor_bytes(const struct cbor *value, const uint8_t **p, size_t *n);

/* cbor_put(b, major, value): Append a head, as short as can be. */
void cbor_put(struct buf *b, enum cbor_major major, uint64_t value);

/* cbor_put_int, cbor_put_text, cbor_put_bytes: Append one item. */
void cbor_put_int(struct buf *b, int64_t value);
void cbor_put_text(struct buf *b, const char *s);
void cbor_put_bytes(struct buf *b, const void *p, size_t n);

#endif
