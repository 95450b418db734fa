/* SPDX-License-Identifier: MIT */
#ifndef APP_IMPORT_H
#define APP_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access.h"
#include "csv_read.h"
#include "farmer.h"

struct arena;
struct req;

enum { IMPORT_MB = 50 };	/* of a file of farmers; nginx has the same limit */

/* Who imports on the host itself. */
extern const struct viewer import_host;

/* import_queue(r, in, import_id): Queue the import of a stored file, in r's transaction,
 * for r's viewer. */
struct store_object;
struct import_new {
	const struct store_object *file;
	const char *file_name;
	bool dry_run;
};
enum err import_queue(struct req *r, const struct import_new *in, const char **import_id);

/*
 * A row of a table is read as the body of a registration, by the same shape: one set of
 * rules decides for both (import_cells.c).
 */
enum { IMPORT_COLUMNS = 40 };	/* there are fewer kinds of them */

struct import_columns {
	size_t n_cells;			/* of the first row */
	int cell[IMPORT_COLUMNS];	/* where each column stands; -1: nowhere */
};

/* import_head(r, row, columns): What the columns of a table are, by its first row.
 * ERR_BAD with the reply made: unknown, doubled, and missing ones are named. */
enum err import_head(struct req *r, const struct csv_row *row,
    struct import_columns *columns);

/* import_read(r, of, row, form): The registration that a row describes. ERR_INVALID or
 * ERR_BAD with the reply made; r's earlier reply and faults are forgotten first. */
struct import_places;
struct import_form_of {
	const struct import_columns *columns;
	const struct import_places *places;
};
enum err import_read(struct req *r, const struct import_form_of *of,
    const struct csv_row *row, struct farmer_form *form);

/*
 * Places by code or by name, so that a table needs only one of both (import_place.c).
 * What is not said is "" in a wanted place, and NULL in an answer.
 */
struct import_place {
	const char *province_code, *province_name, *district_code, *district_name,
	    *chiefdom_code, *chiefdom_name;
};

/* import_places_load(r, arena, places): All of them, in arena. */
enum err import_places_load(struct req *r, struct arena *arena,
    const struct import_places **places);

/* import_places_find(places, r, p): Fill in what follows from what p says; the rest
 * stays. False if a code or name leads to none, with the fault in r->faults. */
bool import_places_find(const struct import_places *places, struct req *r,
    struct import_place *p);

/*
 * The NRCs of a file, to tell which rows are of one farmer (import_seen.c).
 */
struct import_seen;

/* import_seen_make(arena, n_rows): For at most so many rows. */
struct import_seen *import_seen_make(struct arena *arena, int64_t n_rows);

/* import_seen_row(seen, nrc): The row that the NRC stands in, or 0. */
int64_t import_seen_row(const struct import_seen *seen, const char *nrc);

/* import_seen_add(seen, nrc, row): Remember it; nrc is of the right form. */
void import_seen_add(struct import_seen *seen, const char *nrc, int64_t row);

#endif
