/* SPDX-License-Identifier: MIT */
/*
 * One number out of EXIF data: how the camera was held. EXIF is a small TIFF file
 * (TIFF 6.0 section 2): a header with the byte order, then a list of 12-byte
 * entries. Only the first list is looked at; every offset is checked against the
 * length, and nothing is followed further.
 */
#include <string.h>

#include "image_decode.h"

enum {
	HEADER = 8,
	ENTRY = 12,
	TAG_ORIENTATION = 0x0112,
	TYPE_SHORT = 3,
	UPRIGHT = 1
};

/* A reader over n bytes with one byte order. */
struct tiff {
	const uint8_t *p;
	size_t n;
	bool little;
};

static uint32_t
read_number(const struct tiff *t, size_t at, size_t size)
{
	uint32_t value = 0;

	if (at > t->n || size > t->n - at)
		return 0;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | t->p[at + (t->little ? size - 1 - i : i)];
	return value;
}

int
image_orientation(const uint8_t *p, size_t n)
{
	struct tiff t = { p, n, false };
	uint32_t list, count, value;
	size_t entry;

	if (t.n > 6 && memcmp(t.p, "Exif\0\0", 6) == 0) {
		t.p += 6;
		t.n -= 6;
	}
	if (t.n < HEADER || (memcmp(t.p, "II*\0", 4) != 0 &&
	    memcmp(t.p, "MM\0*", 4) != 0))
		return UPRIGHT;
	t.little = t.p[0] == 'I';
	list = read_number(&t, 4, 4);
	count = read_number(&t, list, 2); /* at most 65535 */
	for (uint32_t i = 0; i < count; i++) {
		entry = (size_t)list + 2 + (size_t)i * ENTRY;
		if (entry >= t.n)
			break;
		if (read_number(&t, entry, 2) != TAG_ORIENTATION)
			continue;
		value = read_number(&t, entry + 8, 2);
		if (read_number(&t, entry + 2, 2) == TYPE_SHORT &&
		    read_number(&t, entry + 4, 4) == 1 && value >= 1 && value <= 8)
			return (int)value;
		break;
	}
	return UPRIGHT;
}
