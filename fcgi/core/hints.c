/* SPDX-License-Identifier: MIT */
/*
 * Takes the hints out of a TrueType font in memory: the programs that fit outlines to
 * the dots of a screen. A card is printed; without them its PDF is a fifth smaller.
 * They leave their tables' entries in the directory, and each glyph its instructions,
 * both or neither: these call what those define. The tables: OpenType 1.9, "otff"
 * (the directory), "glyf", "loca", "head" and "maxp".
 */
#include <string.h>

#include "hints.h"

enum { HEADER = 12, ENTRY = 16 };
enum { WORDS = 1, SCALE = 8, MORE = 0x20, SCALES = 0x40, MATRIX = 0x80, PROGRAM = 0x100 };

struct table {
	uint8_t *p;
	size_t n;
};

static size_t
get16(const uint8_t *p)
{
	return (size_t)(p[0] << 8 | p[1]);
}

static size_t
get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The table with this tag; one of no bytes if there is none, or it is cut off. */
static struct table
table_find(uint8_t *font, size_t n, const char *tag)
{
	size_t i, at, size;

	for (i = 0; i < get16(font + 4); i++) {
		const uint8_t *entry = font + HEADER + i * ENTRY;

		at = get32(entry + 8);
		size = get32(entry + 12);
		if (memcmp(entry, tag, 4) == 0 && at <= n && size <= n - at)
			return (struct table){ font + at, size };
	}
	return (struct table){ font, 0 };
}

static void
directory_thin(uint8_t *font)
{
	static const char gone[][5] = { "fpgm", "prep", "cvt ", "gasp" };
	size_t i, k, kept = 0, n = get16(font + 4);

	for (i = 0; i < n; i++) {
		const uint8_t *entry = font + HEADER + i * ENTRY;

		for (k = 0; k < 4 && memcmp(entry, gone[k], 4) != 0; k++)
			continue;
		if (k == 4)
			memmove(font + HEADER + kept++ * ENTRY, entry, ENTRY);
	}
	put16(font + 4, kept);
}

/* Parts of other glyphs: their program stands behind them, and is not looked for. */
static void
composite_thin(uint8_t *glyph, size_t n)
{
	size_t at = 10, flags = MORE;

	while (flags & MORE && at + 4 <= n) {
		flags = get16(glyph + at);
		put16(glyph + at, flags & ~(size_t)PROGRAM);
		at += 4 + (flags & WORDS ? 4U : 2U) + (flags & SCALE ? 2U :
		    flags & SCALES ? 4U : flags & MATRIX ? 8U : 0U);
	}
}

static void
glyph_thin(uint8_t *glyph, size_t n)
{
	size_t at, size;

	if (n < 12)
		return;
	if (glyph[0] & 0x80) {
		composite_thin(glyph, n);
		return;
	}
	at = 10 + 2 * get16(glyph);
	if (at + 2 > n)
		return;
	size = get16(glyph + at);
	at += 2;
	if (!size || size > n - at)
		return;
	put16(glyph + at - 2, 0);
	memmove(glyph + at, glyph + at + size, n - at - size);
	memset(glyph + n - size, 0, size);
}

void
hints_remove(uint8_t *font, size_t n)
{
	struct table head, maxp, loca, glyf;
	size_t i, wide, from, to;

	if (n < HEADER || n < HEADER + get16(font + 4) * ENTRY)
		return;
	head = table_find(font, n, "head");
	maxp = table_find(font, n, "maxp");
	loca = table_find(font, n, "loca");
	glyf = table_find(font, n, "glyf");
	if (head.n < 54 || maxp.n < 6)
		return;
	wide = get16(head.p + 50) ? 4 : 2;
	if ((get16(maxp.p + 4) + 1) * wide > loca.n)
		return;
	for (i = 0; i < get16(maxp.p + 4); i++) {
		const uint8_t *p = loca.p + i * wide;

		from = wide == 4 ? get32(p) : 2 * get16(p);
		to = wide == 4 ? get32(p + 4) : 2 * get16(p + 2);
		if (from <= to && to <= glyf.n)
			glyph_thin(glyf.p + from, to - from);
	}
	directory_thin(font);
}
