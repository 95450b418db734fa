/* SPDX-License-Identifier: MIT */
/*
 * The figures that are kept, not counted: what changes is collected in memory, summed
 * up by row of the table, and written in the order of the rows' keys. A change of a
 * farmer touches at most six rows, a batch of five hundred farmers of one day and one
 * registrar a few dozen. `cem check figures` counts all farmers anew, which takes
 * seconds for each million.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "command.h"
#include "db.h"
#include "farmer.h"
#include "farmer_tally.h"
#include "job.h"
#include "log.h"
#include "queries.h"

enum { ROOM_FIRST = 8 };

struct farmer_tally {
	struct arena *arena;
	struct farmer_tally_add_in *items;
	size_t n, room;
};

struct farmer_tally *
farmer_tally_begin(struct arena *arena)
{
	struct farmer_tally *t = arena_take(arena, sizeof(*t));

	t->arena = arena;
	return t;
}

static void
add(struct farmer_tally *t, const struct farmer_tally_add_in *item)
{
	struct farmer_tally_add_in *to;

	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : ROOM_FIRST;
		to = arena_array(t->arena, struct farmer_tally_add_in, t->room);
		if (t->n)
			memcpy(to, t->items, t->n * sizeof(*to));
		t->items = to;
	}
	to = &t->items[t->n++];
	*to = *item;
	to->created_by = arena_text(t->arena, item->created_by);
	to->district_name = arena_text(t->arena, item->district_name);
	to->province_name = arena_text(t->arena, item->province_name);
	to->registration_status = arena_text(t->arena, item->registration_status);
}

/* Whole square metres, as the statements that count anew round them. */
static int64_t
area_of(const double *hectares)
{
	return hectares ? (int64_t)(*hectares * 10000 + 0.5) : 0;
}

/* Count one farmer n times, 1 or -1. */
static void
count(struct farmer_tally *t, const struct farmer_counted *f, int64_t n)
{
	const int64_t day = f->created_at / CLOCK_DAY;
	const int64_t farms = f->farm_size_hectares ? n : 0;
	const int64_t area = area_of(f->farm_size_hectares) * n;

	add(t, &(struct farmer_tally_add_in){ .tally_by = "standing", .created_by = "",
	    .district_name = f->district_name, .province_name = f->province_name,
	    .registration_status = f->registration_status, .n_farmers = n,
	    .n_farms = farms, .area_m2 = area });
	add(t, &(struct farmer_tally_add_in){ .tally_by = "registrar",
	    .created_by = f->created_by, .district_name = f->district_name,
	    .province_name = "", .registration_status = "", .n_farmers = n,
	    .n_farms = farms, .area_m2 = area });
	add(t, &(struct farmer_tally_add_in){ .tally_by = "day", .day_number = day,
	    .created_by = "", .district_name = f->district_name, .province_name = "",
	    .registration_status = "", .n_farmers = n });
	add(t, &(struct farmer_tally_add_in){ .tally_by = "registrar day",
	    .day_number = day, .created_by = f->created_by, .district_name = "",
	    .province_name = "", .registration_status = "", .n_farmers = n });
}

void
farmer_tally_note(struct farmer_tally *t, const struct farmer_counted *was,
    const struct farmer_counted *now)
{
	if (was)
		count(t, was, -1);
	if (now)
		count(t, now, 1);
}

struct farmer_counted
farmer_draft_counted(const struct farmer_draft *d)
{
	return (struct farmer_counted){ .province_name = d->row.province_name,
		.district_name = d->row.district_name,
		.registration_status = d->row.registration_status,
		.created_by = d->created_by, .created_at = d->created_at,
		.farm_size_hectares = d->row.farm_size_hectares };
}

/* The order in which rows are taken: any, as long as it is the same for all. */
static int
compare(const void *a, const void *b)
{
	const struct farmer_tally_add_in *x = a, *y = b;
	int found = strcmp(x->tally_by, y->tally_by);

	if (!found)
		found = (x->day_number > y->day_number) - (x->day_number < y->day_number);
	if (!found)
		found = strcmp(x->created_by, y->created_by);
	if (!found)
		found = strcmp(x->district_name, y->district_name);
	if (!found)
		found = strcmp(x->province_name, y->province_name);
	return found ? found : strcmp(x->registration_status, y->registration_status);
}

/* Sum up what is for one row; the sums come first, their number is returned. */
static size_t
sum_up(struct farmer_tally *t)
{
	struct farmer_tally_add_in *to = t->items;

	if (!t->n)
		return 0;
	qsort(t->items, t->n, sizeof(*t->items), compare);
	for (size_t i = 1; i < t->n; i++) {
		const struct farmer_tally_add_in *item = &t->items[i];

		if (compare(to, item) != 0) {
			*++to = *item;
			continue;
		}
		to->n_farmers += item->n_farmers;
		to->n_farms += item->n_farms;
		to->area_m2 += item->area_m2;
	}
	return (size_t)(to - t->items) + 1;
}

enum err
farmer_tally_write(struct farmer_tally *t, struct db *db)
{
	const size_t n = sum_up(t);
	enum err e = OK;

	for (size_t i = 0; i < n && !e; i++) {
		const struct farmer_tally_add_in *item = &t->items[i];

		if (item->n_farmers || item->n_farms || item->area_m2)
			e = q_farmer_tally_add(db, item);
	}
	t->n = 0;
	return e;
}

enum err
farmer_tally_one(struct arena *a, struct db *db, const struct farmer_counted *was,
    const struct farmer_counted *now)
{
	struct farmer_tally *t = farmer_tally_begin(a);

	farmer_tally_note(t, was, now);
	return farmer_tally_write(t, db);
}

static void
tell(const struct farmer_tally_drift_row *d)
{
	log_write(LOG_ERROR, "figures put right: by=\"%s\" day=%lld registrar=\"%s\" "
	    "district=\"%s\" status=%s lacked %lld farmers, %lld farms, %lld m2",
	    d->tally_by, (long long)d->day_number, d->created_by, d->district_name,
	    d->registration_status, (long long)d->n_farmers, (long long)d->n_farms,
	    (long long)d->area_m2);
}

static enum err
note_drift(void *context, const struct farmer_tally_drift_row *d)
{
	struct farmer_tally *t = context;

	add(t, &(struct farmer_tally_add_in){
	    .tally_by = arena_text(t->arena, d->tally_by),
	    .day_number = d->day_number, .created_by = d->created_by,
	    .district_name = d->district_name, .province_name = d->province_name,
	    .registration_status = d->registration_status,
	    .n_farmers = d->n_farmers, .n_farms = d->n_farms, .area_m2 = d->area_m2 });
	tell(d);
	return OK;
}

/* Count all farmers anew, and add what the table lacks: adding stays right while
 * others go on registering. The row written first lets two who do this wait for each
 * other, else both would add the same. */
static enum err
mend(struct db *db, struct arena *a, size_t *n)
{
	struct farmer_tally *t = farmer_tally_begin(a);
	enum err e = q_farmer_tally_add(db, &(struct farmer_tally_add_in){
	    .tally_by = "checked", .created_by = "", .district_name = "",
	    .province_name = "", .registration_status = "", .n_farmers = 1 });

	if (!e)
		e = q_farmer_tally_drift(db, &(struct farmer_tally_drift_in){
		    .day_length = CLOCK_DAY }, note_drift, t);
	*n = t->n;
	return e ? e : farmer_tally_write(t, db);
}

/* Every day by itself; what was put right is in the log, and the job says how many. */
enum err
farmer_tally_check(struct job *j)
{
	size_t n = 0;
	enum err e = mend(j->db, j->arena, &n);

	j->done = (int64_t)n;
	return e;
}

int
command_figures(struct command *c)
{
	return command_mend(c, mend, "figures", "farmers");
}
