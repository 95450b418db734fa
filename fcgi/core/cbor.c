/* SPDX-License-Identifier: MIT */
/*
 * Just the CBOR (RFC 8949) that cards need. Reading goes over bytes that anybody may
 * have made: every length is held against what is left, each step takes at least one
 * byte, and nesting is counted in an array, so no input recurses or runs on. Writing
 * is the deterministic form of section 4.2.
 */
#include <string.h>

#include "arena.h"
#include "cbor.h"
#include "text.h"

/* The argument of a head whose first byte is taken off: section 3. */
static bool
argument_read(struct cbor *in, int info, uint64_t *value)
{
	size_t size, i;

	*value = (uint64_t)info;
	if (info < 24)
		return true;
	if (info > 27)
		return false; /* reserved, or an indefinite length */
	size = (size_t)1 << (info - 24);
	if (size > in->n)
		return false;
	for (*value = 0, i = 0; i < size; i++)
		*value = *value << 8 | in->p[i];
	in->p += size;
	in->n -= size;
	return true;
}

bool
cbor_next(struct cbor *in, struct cbor_item *item)
{
	int info;

	if (!in->n)
		return false;
	item->major = (enum cbor_major)(*in->p >> 5);
	item->bytes = NULL;
	info = *in->p & 31;
	in->p++;
	in->n--;
	if (!argument_read(in, info, &item->value))
		return false;
	if (item->major == CBOR_SIMPLE)
		return info != 24 || item->value >= 32; /* section 3.3 */
	if (item->major != CBOR_BYTES && item->major != CBOR_TEXT)
		return true;
	if (item->value > in->n)
		return false;
	item->bytes = in->p;
	in->p += item->value;
	in->n -= item->value;
	return item->major == CBOR_BYTES ||
	    text_utf8((const char *)item->bytes, item->value);
}

/* How many items follow a head and belong to it; false if that can't be. */
static bool
children_count(const struct cbor_item *item, size_t left, uint64_t *count)
{
	switch (item->major) {
	case CBOR_ARRAY:
		*count = item->value;
		return item->value <= left;
	case CBOR_MAP:
		*count = item->value * 2;
		return item->value <= left / 2;
	case CBOR_TAG:
		*count = 1;
		return true;
	default:
		*count = 0;
		return true;
	}
}

/* Step over one whole item, checking all of it. False as cbor_next, or if it is nested
 * deeper than CBOR_DEPTH. */
static bool
skip(struct cbor *in)
{
	uint64_t wanted[CBOR_DEPTH + 1] = { 1 }, count;
	struct cbor_item item;
	int depth = 0;

	while (depth > 0 || wanted[0]) {
		if (!wanted[depth]) {
			depth--;
			continue;
		}
		wanted[depth]--;
		if (!cbor_next(in, &item) || !children_count(&item, in->n, &count))
			return false;
		if (!count)
			continue;
		if (depth == CBOR_DEPTH)
			return false;
		wanted[++depth] = count;
	}
	return true;
}

static bool
key_same(const struct cbor_item *a, const struct cbor_item *b)
{
	return a->major == b->major && a->value == b->value &&
	    (a->major != CBOR_TEXT || !memcmp(a->bytes, b->bytes, a->value));
}

static bool
key_read(struct cbor *in, struct cbor_map *map)
{
	struct cbor_item *key = &map->keys[map->n];
	int i;

	if (!cbor_next(in, key))
		return false;
	if (key->major != CBOR_UINT && key->major != CBOR_NEGATIVE &&
	    key->major != CBOR_TEXT)
		return false;
	for (i = 0; i < map->n; i++)
		if (key_same(&map->keys[i], key))
			return false;
	return true;
}

bool
cbor_map(struct cbor *in, struct cbor_map *map)
{
	struct cbor_item head;
	struct cbor *value;

	map->n = 0;
	if (!cbor_next(in, &head) || head.major != CBOR_MAP || head.value > CBOR_PAIRS)
		return false;
	while ((uint64_t)map->n < head.value) {
		if (!key_read(in, map))
			return false;
		value = &map->values[map->n];
		value->p = in->p;
		if (!skip(in))
			return false;
		value->n = (size_t)(in->p - value->p);
		map->n++;
	}
	return true;
}

const struct cbor *
cbor_find(const struct cbor_map *map, int64_t key)
{
	enum cbor_major major = key < 0 ? CBOR_NEGATIVE : CBOR_UINT;
	uint64_t value = key < 0 ? (uint64_t)(-1 - key) : (uint64_t)key;
	int i;

	for (i = 0; i < map->n; i++)
		if (map->keys[i].major == major && map->keys[i].value == value)
			return &map->values[i];
	return NULL;
}

bool
cbor_int(const struct cbor *value, int64_t *out)
{
	struct cbor in = *value;
	struct cbor_item item;

	if (!cbor_next(&in, &item) || in.n || item.value > INT64_MAX)
		return false;
	if (item.major != CBOR_UINT && item.major != CBOR_NEGATIVE)
		return false;
	*out = item.major == CBOR_UINT ? (int64_t)item.value : -1 - (int64_t)item.value;
	return true;
}

bool
cbor_text(const struct cbor *value, struct arena *a, const char **out)
{
	struct cbor in = *value;
	struct cbor_item item;

	if (!cbor_next(&in, &item) || in.n || item.major != CBOR_TEXT)
		return false;
	*out = arena_copy(a, item.bytes, item.value);
	return true;
}

bool
cbor_bytes(const struct cbor *value, const uint8_t **p, size_t *n)
{
	struct cbor in = *value;
	struct cbor_item item;

	if (!cbor_next(&in, &item) || in.n || item.major != CBOR_BYTES)
		return false;
	*p = item.bytes;
	*n = item.value;
	return true;
}

void
cbor_put(struct buf *b, enum cbor_major major, uint64_t value)
{
	unsigned type = (unsigned)major << 5, info;
	int size;

	if (value < 24) {
		buf_char(b, (char)(type | value));
		return;
	}
	info = value <= UINT8_MAX ? 24 : value <= UINT16_MAX ? 25 :
	    value <= UINT32_MAX ? 26 : 27;
	buf_char(b, (char)(type | info));
	for (size = 1 << (info - 24); size > 0; size--)
		buf_char(b, (char)(value >> 8 * (size - 1) & 0xff));
}

void
cbor_put_int(struct buf *b, int64_t value)
{
	if (value < 0)
		cbor_put(b, CBOR_NEGATIVE, (uint64_t)(-1 - value));
	else
		cbor_put(b, CBOR_UINT, (uint64_t)value);
}

void
cbor_put_text(struct buf *b, const char *s)
{
	cbor_put(b, CBOR_TEXT, strlen(s));
	buf_text(b, s);
}

void
cbor_put_bytes(struct buf *b, const void *p, size_t n)
{
	cbor_put(b, CBOR_BYTES, n);
	buf_add(b, p, n);
}
