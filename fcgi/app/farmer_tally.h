/* SPDX-License-Identifier: MIT */
#ifndef APP_FARMER_TALLY_H
#define APP_FARMER_TALLY_H

#include <stdint.h>

#include "err.h"

struct arena;
struct db;
struct farmer_draft;

/*
 * The kept figures: table farmer_tally says how many farmers there are of each
 * district and status, of each registrar, of each day. Whoever adds, changes or removes
 * farmers notes it here and writes the sums in the same transaction, once, at its end:
 * the rows are then taken in one order, so that two transactions can't wait for each
 * other, and a busy district's row is held for the shortest time.
 */
struct farmer_tally;

/* What a farmer is counted by. */
struct farmer_counted {
	const char *province_name, *district_name, *registration_status, *created_by;
	int64_t created_at;
	const double *farm_size_hectares;
};

/* farmer_tally_begin(arena): An empty collection. What it keeps is copied into arena,
 * which must not be reset before farmer_tally_write. */
struct farmer_tally *farmer_tally_begin(struct arena *arena);

/* farmer_tally_note(t, was, now): A farmer who was counted as was is to be counted as
 * now. was is NULL for a new one, now for one that goes. */
void farmer_tally_note(struct farmer_tally *t, const struct farmer_counted *was,
    const struct farmer_counted *now);

/* farmer_draft_counted(d): What the farmer of a draft is counted by. */
struct farmer_counted farmer_draft_counted(const struct farmer_draft *d);

/* farmer_tally_write(t, db): Add all that was noted to the table, and forget it. To be
 * called once in a transaction. */
enum err farmer_tally_write(struct farmer_tally *t, struct db *db);

/* farmer_tally_one(a, db, was, now): Note and write a single change. */
enum err farmer_tally_one(struct arena *a, struct db *db,
    const struct farmer_counted *was, const struct farmer_counted *now);

#endif
