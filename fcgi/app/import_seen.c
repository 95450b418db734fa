/* SPDX-License-Identifier: MIT */
/*
 * Which NRCs were in the file before. An NRC of the right form is a number of nine
 * digits, so a table of two numbers a row is enough: open addressing, at most half
 * full. A row is added only when it was taken, so a bad row hides no good one.
 */
#include "arena.h"
#include "import.h"

struct entry { uint32_t nrc, row; };	/* row 0: nobody */

struct import_seen {
	struct entry *entries;
	size_t mask;
};

static uint32_t
number_of(const char *nrc)
{
	uint32_t n = 0;

	for (; *nrc; nrc++)
		if (*nrc >= '0' && *nrc <= '9')
			n = n * 10 + (uint32_t)(*nrc - '0');
	return n;
}

/* Where it stands, or the free place where it would. */
static struct entry *
place_of(const struct import_seen *seen, uint32_t nrc)
{
	size_t at = (nrc * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & seen->mask;

	while (seen->entries[at].row && seen->entries[at].nrc != nrc)
		at = (at + 1) & seen->mask;
	return &seen->entries[at];
}

struct import_seen *
import_seen_make(struct arena *arena, int64_t n_rows)
{
	struct import_seen *seen = arena_take(arena, sizeof(*seen));
	size_t room = 1024;

	while (room < (size_t)n_rows * 2)
		room *= 2;
	seen->mask = room - 1;
	seen->entries = arena_array(arena, struct entry, room);
	return seen;
}

int64_t
import_seen_row(const struct import_seen *seen, const char *nrc)
{
	return place_of(seen, number_of(nrc))->row;
}

void
import_seen_add(struct import_seen *seen, const char *nrc, int64_t row)
{
	const uint32_t n = number_of(nrc);

	*place_of(seen, n) = (struct entry){ n, (uint32_t)row };
}
